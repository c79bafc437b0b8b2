"""A model with less of all users' taste: it answers from q − alpha · q̄, where q̄ is the mean query of all users."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..core import Explanation, Floats, Part, Terms, Who
from ..data import Interactions
from .usual import usual

LABEL = "less of all users’ taste"


def less_shared(model: Any, alpha: float, data: Interactions) -> Any:
    """A view of `model`, of the same class, whose scores are its own less alpha times the average user's.

    alpha: 0 = as trained, 1 = what is the person's alone. data: what the model learned from. Only what the model has is
    there: its parts, terms and vectors add up to the new scores. What the average user gets, and what an item alone
    would get, stay the model's: they are what an answer is compared with. `as_trained` is the model itself.
    Raises TypeError for a model of which no such view can be made.
    """
    view = copy.copy(model)
    try:
        kind: Any = type(model)
        view.__class__ = _less(kind)
    except TypeError:
        label = getattr(model, "label", type(model).__name__)
        words = f"{label} cannot be asked for less of all users' taste: its class has a layout of its own"
        raise TypeError(words) from None
    view.as_trained, view.alpha, view.average = model, alpha, usual(model, data)
    return view


@functools.cache
def _less(base: type) -> type:
    """The class of such views: what `base` has of these methods, answered anew."""
    own: dict[str, Callable[..., Any]] = {
        "scores": _scores, "scores_of": _scores_of, "explain": _explain, "vectors": _vectors, "query": _query,
        "terms": _terms, "average_terms": _average_terms, "alone": _alone, "at": _at,
    }  # fmt: skip
    return type(base.__name__, (base,), {name: method for name, method in own.items() if hasattr(base, name)})


def _scores(self: Any, user: Who) -> Floats:
    return np.asarray(self.as_trained.scores(user) - np.float32(self.alpha) * self.average.scores, np.float32)


def _scores_of(self: Any, users: Sequence[Who]) -> Floats:
    return np.asarray(self.as_trained.scores_of(users) - np.float32(self.alpha) * self.average.scores, np.float32)


def _explain(self: Any, user: Who, item: str | int) -> Explanation:
    found: Explanation = self.as_trained.explain(user, item)
    taken = -self.alpha * float(self.average.scores[self.average.data.item_index(item)])
    return replace(found, score=found.score + taken, parts=(*found.parts, Part(LABEL, "base", taken)))


def _taken(self: Any) -> Floats:
    """alpha · q̄, (dim,)."""
    return np.asarray(self.alpha * self.average.query, np.float32)


def _vectors(self: Any) -> tuple[Floats, Floats]:
    queries, items = self.as_trained.vectors()
    return np.asarray(queries - _taken(self), np.float32), items


def _query(self: Any, user: Who) -> Floats:
    return np.asarray(self.as_trained.query(user) - _taken(self), np.float32)


def _terms(self: Any, user: Who, *more: Any) -> Terms:
    found: Terms = self.as_trained.terms(user, *more)
    return found._replace(base=np.asarray(found.base - _taken(self), np.float32))


def _average_terms(self: Any) -> Terms:
    found: Terms = self.as_trained.average_terms()
    return found


def _alone(self: Any, items: Any) -> Floats:
    found: Floats = self.as_trained.alone(items)
    return found


def _at(self: Any, *arguments: Any, **knobs: Any) -> Any:
    """Another view of the model, as trained: at another epoch the average user gets something else."""
    return self.as_trained.at(*arguments, **knobs)
