"""A model by the protocol alone, without the base class. tests/test_registry.py adds it to a copy of the package."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np

from ..core import FitEvent, Floats, Snapshot, Who, person_of
from ..data import Interactions


class ItemMean:
    """Scores an item by the mean of its ratings, moved towards the mean of all where it has few."""

    name: ClassVar[str] = "item_mean"
    label: ClassVar[str] = "Mean rating"

    def steps(
        self, data: Interactions, validation: Interactions | None = None, epochs: int | None = None
    ) -> Iterator[FitEvent]:
        self.data = data
        total = np.bincount(data.item, data.rating, data.n_items) + 5 * data.rating.mean()
        self.mean = (total / (np.bincount(data.item, minlength=data.n_items) + 5)).astype(np.float32)
        yield FitEvent(1, 1, {"loss": 0.0}, Snapshot(self.name, {"mean": self.mean}))

    def scores(self, user: Who) -> Floats:
        person_of(self.data, user)  # an id that is not there is an error, as with other models
        return self.mean
