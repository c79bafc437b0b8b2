"""The scores of a whole list in three parts each: what the person's own items add, the own embedding, all users."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import Floats, Ints, Person
from ..protocols import SumsTerms
from .usual import Usual


def score_parts(
    model: Any, usual: Usual, person: Person, scores: Floats, items: Ints
) -> NDArray[np.float64] | None:  # fmt: skip
    """What the scores of `items` are made of, float64 (len(items), 3): its rows add up to the scores.

    Columns: the person's items or neighbours beyond as much of the average user's; the own embedding beyond the average
    one; what all users get. The same parts as in `rw.reason`, for all items of a list at once. None for a model that
    does not sum terms, or a person without history.
    """
    if not isinstance(model, SumsTerms) or not len(person.history) or usual.items is None:
        return None
    terms, average = model.terms(person), usual.terms(model)
    vectors = usual.items[items].astype(np.float64)
    lead = vectors - usual.items[usual.popular].mean(0, dtype=np.float64)  # (n, dim)
    mine = terms.vectors.sum((0, 1), dtype=np.float64) - terms.shares.sum() * average.vectors[0].sum(0)
    own = terms.own.astype(np.float64) - average.own
    found = np.stack([lead @ mine, lead @ own, np.zeros(len(items))], 1)
    found[:, 2] = np.asarray(scores[items], np.float64) - found.sum(1)
    return found
