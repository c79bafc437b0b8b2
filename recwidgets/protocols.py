"""What a panel, `recommend` and `evaluate` may ask of a model: a few protocols, each optional but the first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from .core import FitEvent, Floats, Who
from .data import Interactions


@runtime_checkable
class Recommender(Protocol):
    """What a panel, `recommend` and `evaluate` ask of a model. A class of your own may have it too."""

    label: str

    def steps(
        self, data: Interactions, validation: Interactions | None = None, epochs: int | None = None
    ) -> Iterator[FitEvent]: ...
    def scores(self, user: Who) -> Floats: ...
