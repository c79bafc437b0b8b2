"""The panel and its parts. Views are pure functions; only panel.py wires them."""
