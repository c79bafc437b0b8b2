"""One item of a person in a graph network, taken further apart: what it brings by itself, and through each viewer."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..core import Person
from ..data import Interactions
from .asked import ask
from .flow import lead_of


class Through(NamedTuple):
    """itself + the viewers' sum − usual = value, what the item adds to the score beyond an average item.

    viewers: (index of a user, what comes through them), largest first; the person may be one of them.
    usual: what as much of the average user adds.
    """

    value: float
    itself: float
    viewers: tuple[tuple[int, float], ...]
    usual: float


def through_viewers(model: Any, data: Interactions, person: Person, own: int, item: int) -> Through:
    """What `own`, an item of the history (index), adds to the score of `item` (index).

    For a model with `terms` and `through_viewers`. Raises ValueError where `own` is not in the history.
    """
    asked = ask(model, data, person, str(data.items[item]))
    terms = asked.terms
    if terms is None or own not in terms.index:
        raise ValueError(f"own must be one of the {asked.n} items of the history, by index, got {own!r}")
    lead, row = lead_of(asked), int(np.flatnonzero(terms.index == own)[0])
    itself = float(terms.vectors[row, 0] @ lead) if terms.vectors.shape[1] else 0.0
    users, values = model.through_viewers(asked.person, own, lead)
    order = np.argsort(-values, kind="stable")
    usual = float(terms.shares[row] * (asked.usual.terms(model).vectors[0] @ lead).sum())
    total = itself + float(values.sum(dtype=np.float64)) - usual
    return Through(total, itself, tuple(zip(users[order].tolist(), values[order].tolist(), strict=True)), usual)
