"""Data: one checked type, its splits, and where it comes from. Importing this needs numpy only."""

from recwidgets.data.interactions import Interactions, UnknownItem, UnknownUser
from recwidgets.data.movielens import load_movielens
from recwidgets.data.splits import LeakWarning, Split
from recwidgets.data.titles import display_title

__all__ = ["Interactions", "LeakWarning", "Split", "UnknownItem", "UnknownUser", "display_title", "load_movielens"]
