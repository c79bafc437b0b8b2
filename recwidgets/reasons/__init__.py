"""Reasons: why this item, why not that one, what would have to go, and how much of a list is personal. numpy only."""
