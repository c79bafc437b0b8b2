"""The HTML region: what is on the page, and the learner's acts sent back. Below charts and why."""
