"""What a model is trained with: TensorFlow, or numpy alone. The networks of both are in recwidgets.nets."""

from __future__ import annotations

import os
from typing import Any

from . import _memory, _tf

BACKENDS = ("tensorflow", "numpy")
VARIABLE = "RECWIDGETS_BACKEND"
LABELS = {"tensorflow": "TensorFlow", "numpy": "numpy"}


def checked(backend: Any) -> str | None:
    """`backend` where it is "tensorflow", "numpy" or None, else a ValueError."""
    if backend is not None and backend not in BACKENDS:
        raise ValueError(f"backend must be {_choices()} or None, got {backend!r}; None takes TensorFlow where it is")
    return None if backend is None else str(backend)


def chosen(backend: str | None) -> str:
    """What training takes: `backend`, else RECWIDGETS_BACKEND, else TensorFlow where it is installed, else numpy.

    Nothing is imported for it. Raises ValueError for another word in RECWIDGETS_BACKEND.
    """
    asked = backend or os.environ.get(VARIABLE) or None
    if asked is None:
        return "tensorflow" if _tf.installed() else "numpy"
    if asked not in BACKENDS:
        raise ValueError(f"{VARIABLE} must be {_choices()}, got {asked!r}; without it, TensorFlow is taken where it is")
    return asked


def at_work(backend: str | None) -> str:
    """As `chosen`, when the training begins.

    Raises TooLittleMemory where TensorFlow would not fit into the memory, is not loaded yet, and nobody asked for it.
    """
    taken = chosen(backend)
    if taken == "tensorflow" and not (backend or os.environ.get(VARIABLE) or _tf.is_loaded()):
        said = _memory.sentence(_memory.rooms())
        if said:
            raise _memory.TooLittleMemory(said)
    return taken


def _choices() -> str:
    return " or ".join(f'"{name}"' for name in BACKENDS)
