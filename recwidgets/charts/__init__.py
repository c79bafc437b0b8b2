"""The charts, one file each: a pure function and a thin bqplot view."""
