"""What a model refuses, and the sentence that it says."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from ..core import Snapshot
from ..data import Interactions


def check_trainable(data: Interactions) -> None:
    """Two users and two films are the least that a recommender can learn from."""
    if data.n_users < 2 or data.n_items < 2 or not len(data):
        raise ValueError(
            f"training needs at least two users and two films, got {data.n_users} and "
            f"{data.n_items} ({len(data)} interactions); add more data"
        )


def check_start(model: Any, start: Snapshot, data: Interactions) -> None:
    """A training goes on from a snapshot of the same model, of as many users and items, and as long embeddings."""
    if "start" not in inspect.signature(model._epochs).parameters:
        raise TypeError(f"{type(model).__name__} cannot go on from a snapshot; leave start out to begin from nothing")
    if start.model != model.name:
        raise ValueError(f"start must be a snapshot of {model.name!r}, got one of {start.model!r}")
    rows = {"users": data.n_users, "films": data.n_items, "films_in": data.n_items}
    for name, array in start.arrays.items():
        want = rows.get(name)
        if want is not None and array.shape != (want, dim := model.settings().get("dim", array.shape[1])):
            raise ValueError(
                f"start has {name} of shape {array.shape}, and this training needs ({want}, {dim}): go on with the "
                "data and the dim that the snapshot was trained with"
            )


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)


def whole(name: str, value: Any, least: int) -> int:
    """`value` as an int, or a sentence."""
    if not is_number(value) or not np.isfinite(value) or value != int(value) or value < least:
        raise ValueError(f"{name} must be a whole number of at least {least}, got {value!r}")
    return int(value)


def positive(name: str, value: Any) -> float:
    """`value` as a float, or a sentence."""
    if not is_number(value) or not np.isfinite(value) or value <= 0:
        raise ValueError(f"{name} must be a number above 0, got {value!r}")
    return float(value)


def as_in(model: Any, kind: type, *methods: str) -> bool:
    """Are these methods of a model those of `kind`? A derived class may answer in a way of its own."""
    return all(getattr(type(model), name) is getattr(kind, name) for name in methods)
