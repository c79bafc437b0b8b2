"""What a panel, `recommend` and `evaluate` may ask of a model: a few protocols, each optional but the first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

from .core import Explanation, FitEvent, Floats, Ints, Knob, Snapshot, Terms, Who
from .data import Interactions


@runtime_checkable
class Recommender(Protocol):
    """What a panel, `recommend` and `evaluate` ask of a model. A class of your own may have it too."""

    label: str

    def steps(
        self, data: Interactions, validation: Interactions | None = None, epochs: int | None = None
    ) -> Iterator[FitEvent]: ...
    def scores(self, user: Who) -> Floats: ...


@runtime_checkable
class Rewindable(Protocol):
    """Can answer as it was at a snapshot: the panel then has a slider over the epochs."""

    def at(self, snapshot: Snapshot | None = None) -> Any: ...


@runtime_checkable
class Tunable(Protocol):
    """Has knobs that a learner may turn; `at(**knobs)` gives a view with other values."""

    knobs: Sequence[Knob]
    values: Mapping[str, Any]

    def at(self, snapshot: Snapshot | None = None, **knobs: Any) -> Any: ...


@runtime_checkable
class Explains(Protocol):
    """Takes a score apart; the parts add up to it."""

    def explain(self, user: Who, item: str | int) -> Explanation: ...


@runtime_checkable
class Vectors(Protocol):
    """A score is the inner product of a query vector and an item vector."""

    def vectors(self) -> tuple[Floats, Floats]: ...


@runtime_checkable
class SumsTerms(Vectors, Protocol):
    """Its query vector is a sum of terms: `rw.reason` then says what each item of a history adds to any item.

    terms: of one person; average_terms: their mean over all users, in one row; alone: the queries of histories of one
    item each, (n, dim).
    """

    def scores(self, user: Who) -> Floats: ...
    def terms(self, user: Who) -> Terms: ...
    def average_terms(self) -> Terms: ...
    def alone(self, items: Ints) -> Floats: ...
