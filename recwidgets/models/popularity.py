"""The two models that every other must beat: the most popular items, and chance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Self

import numpy as np

from ..core import Explanation, FitEvent, Floats, Part, Snapshot, Who, person_of
from ..data import Interactions
from ..ranking import held_out_accuracy


class Popularity:
    """Recommends what most users rated: score = number of ratings, the same for all users."""

    name: ClassVar[str] = "popularity"
    label: ClassVar[str] = "Popularity"
    reason: ClassVar[str] = "ratings by all users"  # what the one part of a score is

    def __init__(self) -> None:
        self.data: Interactions | None = None
        self.snapshot: Snapshot | None = None

    def learn(self, data: Interactions) -> Self:
        """Count; that is all there is to train."""
        self.data = data
        self.snapshot = Snapshot(self.name, {"scores": self._count(data)})
        return self

    def _count(self, data: Interactions) -> Floats:
        return data.popularity.astype(np.float32)

    def steps(
        self, data: Interactions, validation: Interactions | None = None, epochs: int | None = None
    ) -> Iterator[FitEvent]:
        """One step, whatever `epochs` says: there is nothing to repeat."""
        self.learn(data)
        assert self.snapshot is not None
        accuracy = float("nan")
        if validation is not None and len(validation):
            accuracy = held_out_accuracy(self, data, validation)
        yield FitEvent(1, 1, {"loss": 0.0, "top_10_accuracy": accuracy}, self.snapshot)

    def vectors(self) -> tuple[Floats, Floats]:
        """One dimension: every user's query is 1, an item's vector is its score."""
        data, scores = self._learned()
        return np.ones((data.n_users, 1), np.float32), scores[:, None]

    def scores(self, user: Who) -> Floats:
        """float32 (n_items,): the same for every user. Raises UnknownUser or UnknownItem, as other models do."""
        data, scores = self._learned()
        person_of(data, user)
        return scores

    def explain(self, user: Who, item: str | int) -> Explanation:
        """One part, the score itself: how many users rated the item."""
        data, index = self._learned()[0], self._learned()[0].item_index(item)
        part = Part(self.reason, "base", float(self.scores(user)[index]), index)
        return Explanation(str(data.items[index]), str(data.titles[index]), part.value, (part,))

    def _learned(self) -> tuple[Interactions, Floats]:
        if self.data is None or self.snapshot is None:
            raise ValueError(f"{self.label} has not counted yet; run rw.fit(model, data)")
        return self.data, self.snapshot["scores"]


class Chance(Popularity):
    """Random scores, other ones for each user: what a model that has learned nothing reaches."""

    name: ClassVar[str] = "chance"
    label: ClassVar[str] = "Chance"
    reason: ClassVar[str] = "a random number"

    def __init__(self, seed: int = 0) -> None:
        super().__init__()
        self.seed = seed

    vectors = None  # type: ignore[assignment]  # no two vectors have these scores as their product

    def _count(self, data: Interactions) -> Floats:
        return np.zeros(data.n_items, np.float32)  # nothing is learned

    def scores(self, user: Who) -> Floats:
        """float32 (n_items,): random, other ones for each user, and always the same for one user."""
        data = self._learned()[0]
        person = person_of(data, user)
        seeds = [self.seed, -1 if person.user is None else person.user, *person.history[:1].tolist()]
        return np.random.default_rng([abs(seed) for seed in seeds]).random(data.n_items, dtype=np.float32)
