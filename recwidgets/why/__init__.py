"""The explanations, one file each: a pure function and a thin view."""
