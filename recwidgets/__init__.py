"""recwidgets: recommenders you can see through.

The public names are found on first use (PEP 562), so that importing the package costs next to
nothing: TensorFlow is loaded when training starts, bqplot when a panel is made.
The models, the charts and the pictures of why are found in their folders: see `_found`.
"""

import importlib
import os
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any

from ._found import public_classes

# TFRS works with Keras 2 only, and tf.keras decides once which Keras it is: this must be set
# before anybody touches it. A value of the user's own is left alone.
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")

__version__ = "0.1.0"

_HOME = {  # without what the registry finds
    "Interactions": "data",
    "Split": "data",
    "DownloadError": "data",
    "load_movielens": "data",
    "checkerboard": "data",
    "planted": "data",
    "display_title": "data",
    "Explanation": "core",
    "FitEvent": "core",
    "Knob": "core",
    "Part": "core",
    "Recommendations": "core",
    "person_of": "core",
    "Explains": "protocols",
    "Recommender": "protocols",
    "Rewindable": "protocols",
    "Trainable": "protocols",
    "Tunable": "protocols",
    "Snapshot": "core",
    "SumsTerms": "protocols",
    "Terms": "core",
    "reason": "reasons.reason",
    "Reason": "reasons.reason",
    "why_not": "reasons.why_not",
    "Difference": "reasons.why_not",
    "personal_share": "reasons.share",
    "PersonalShare": "reasons.share",
    "personal_curve": "reasons.share",
    "PersonalCurve": "reasons.share",
    "recommend": "ranking",
    "recommend_all": "ranking",
    "evaluate": "evaluation",
    "TrainingHistory": "training",
    "fit": "training",
    "GNNLayer": "nets.gnn",
    "KNNLayer": "nets.knn",
    "SessionLayer": "nets.session",
    "load_model": "models",
    "load_pretrained": "pretrained",
    "Chart": "charts._base",
    "Why": "why._base",
    "Panel": "panel.panel",
    "GNNPanel": "panel.ready",
    "KNNPanel": "panel.ready",
    "SessionPanel": "panel.ready",
    "ComparePanel": "panel.compare",
    "Goal": "panel.goal",
    "teach": "teach",
    "check": "teach",
    "hint": "teach",
    "Predict": "teach",
}

if TYPE_CHECKING:  # editors complete what they can see
    from .charts._base import Chart
    from .charts.columns import Columns
    from .charts.pie import Pie
    from .charts.polygon import Polygon
    from .core import Explanation, FitEvent, Knob, Part, Recommendations, Snapshot, Terms, person_of
    from .data import DownloadError, Interactions, Split, checkerboard, display_title, load_movielens
    from .data.planted import planted
    from .evaluation import evaluate
    from .models import load_model
    from .models.gnn import GNN
    from .models.knn import KNN
    from .models.popularity import Chance, Popularity
    from .models.session import Session
    from .nets.gnn import GNNLayer
    from .nets.knn import KNNLayer
    from .nets.session import SessionLayer
    from .panel.compare import ComparePanel
    from .panel.goal import Goal
    from .panel.panel import Panel
    from .panel.ready import GNNPanel, KNNPanel, SessionPanel
    from .pretrained import load_pretrained
    from .protocols import Explains, Recommender, Rewindable, SumsTerms, Trainable, Tunable
    from .ranking import recommend, recommend_all
    from .reasons.reason import Reason, reason
    from .reasons.share import PersonalCurve, PersonalShare, personal_curve, personal_share
    from .reasons.why_not import Difference, why_not
    from .teach.checking import check, hint
    from .teach.predict import Predict
    from .training import TrainingHistory, fit
    from .why._base import Why
    from .why.graph import GraphWhy
    from .why.neighbours import NeighboursWhy
    from .why.timeline import TimelineWhy


def __getattr__(name: str) -> Any:
    value: Any
    if name == "__all__":
        value = ["__version__", *_HOME, *public_classes()]
    elif name.startswith("__"):  # what Python itself asks a module for, such as __path__
        raise AttributeError(f"recwidgets has no {name!r}")
    elif name not in _HOME and PathFinder.find_spec(f"{__name__}.{name}", __path__):  # asked for before it is imported
        raise AttributeError(f"recwidgets.{name} is a module: import recwidgets.{name} first")
    else:
        home = _HOME.get(name) or public_classes().get(name)
        if home is None:
            known = sorted([*_HOME, *public_classes()])
            raise AttributeError(f"recwidgets has no {name!r}; it has {', '.join(known)}")
        value = getattr(importlib.import_module(f"{__name__}.{home}"), name)
    globals()[name] = value  # the next look-up is a plain one
    return value


def __dir__() -> list[str]:
    return sorted(__getattr__("__all__"))
