"""Votes: which of a person's items, each asked alone, put an item into their top 10. The model's own answers."""

from __future__ import annotations

import numpy as np

from ..core import Ints
from ..protocols import SumsTerms
from .asked import Asked

MOST_ASKED = 300  # items that a model without `alone` is asked about, one by one

NOBODY = np.zeros(0, np.int32)


def tops_of(asked: Asked) -> Ints | None:
    """The top 10 of each item of the person asked alone, int32 (n, 10); None where the model cannot be asked so."""
    history = asked.person.history
    if isinstance(asked.model, SumsTerms) or len(history) <= MOST_ASKED:
        try:
            return asked.usual.tops(asked.model, history)
        except (TypeError, ValueError, KeyError, IndexError):
            if isinstance(asked.model, SumsTerms):
                raise
    return None  # a model of one's own that answers for the users of its data only, or for too many to ask


def voters_of(asked: Asked) -> Ints:
    """The items of the person that vote for the item asked about, in the history's order; never itself."""
    tops = tops_of(asked)
    return NOBODY if tops is None else asked.person.history[(tops == asked.item).any(1)]


def usual_votes(asked: Asked) -> float:
    """The mean number of votes of the 100 items that the average user gets first; NaN where there are no votes."""
    tops = tops_of(asked)
    if tops is None:
        return float("nan")
    popular = asked.usual.popular
    return float(np.isin(tops, popular).sum() / max(len(popular), 1))
