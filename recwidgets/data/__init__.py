"""Data: one checked type, its splits, and where it comes from. Importing this needs numpy only."""

from recwidgets.data.cautions import LeakWarning
from recwidgets.data.download import DownloadError
from recwidgets.data.interactions import Interactions, UnknownItem, UnknownUser
from recwidgets.data.movielens import load_movielens
from recwidgets.data.planted import Planted, planted
from recwidgets.data.splits import Split
from recwidgets.data.titles import display_title, shown_title
from recwidgets.data.worlds import checkerboard, popularity_world

__all__ = [
    "DownloadError",
    "Interactions",
    "LeakWarning",
    "Planted",
    "Split",
    "UnknownItem",
    "UnknownUser",
    "checkerboard",
    "display_title",
    "load_movielens",
    "planted",
    "popularity_world",
    "shown_title",
]
