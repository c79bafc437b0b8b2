"""Teaching: exercises that check themselves, guesses before answers, layers of the learner's own, tours.

check(id, answer), hint(id), Predict(panel), live(id, function), tour(panel), progress().
Everything stays on this machine: progress is one small file in the folder of the notebook.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any

_HOME = {
    "check": "checking",
    "hint": "checking",
    "progress": "checking",
    "Verdict": "checking",
    "Exercise": "exercise",
    "Mistake": "exercise",
    "EXERCISES": "exercises",
    "Predict": "predict",
    "live": "live_panel",
    "OwnGNN": "own",
    "OwnKNN": "own",
    "OwnSession": "own",
    "OwnBackward": "own_backward",
    "tour": "tours",
}

__all__ = ["EXERCISES", *(name for name in _HOME if name != "EXERCISES")]


def __getattr__(name: str) -> Any:
    if name == "teach":  # so that `recwidgets.teach` is found on first use, like every other public name
        return sys.modules[__name__]
    if name not in _HOME:
        raise AttributeError(f"recwidgets.teach has no {name!r}; it has {', '.join(sorted(_HOME))}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
