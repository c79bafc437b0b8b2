"""The panels: one state, acts on it, what is shown of it."""
