"""A model in one file, numpy alone. tests/test_registry.py adds it to a copy of the package."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from ..core import Floats, Part, Person
from ..data import Interactions
from ._base import BetweenBatches, EmbeddingModel, whole

BATCHES = 4


class BPR(EmbeddingModel):
    """Bayesian personalised ranking: a seen item is to score above a sampled unseen one.

    The query is the mean of the history's items.

    Snapshot: "items_in" and "items_out" (n_items, dim).
    Source: Rendle et al. 2009 (arXiv:1205.2618); the query as in FISM, Kabbur et al. 2013.
    """

    name: ClassVar[str] = "bpr"
    label: ClassVar[str] = "BPR"

    def __init__(self, dim: int = 16, *, seed: int = 0, epochs: int = 60, learning_rate: float = 1.0) -> None:
        super().__init__(seed=seed, epochs=epochs, learning_rate=learning_rate)
        self.dim = whole("dim", dim, 1)

    def settings(self) -> dict[str, Any]:
        return super().settings() | {"dim": self.dim}

    def _epochs(
        self, data: Interactions, total: int, between_batches: BetweenBatches
    ) -> Iterator[tuple[float, dict[str, Any]]]:
        rng = np.random.default_rng(self.seed)
        seen = np.zeros((data.n_users, data.n_items), np.float32)
        seen[data.user, data.item] = 1.0
        length = np.maximum(seen.sum(1), 2)[data.user, None]
        items = rng.normal(0, 0.3, (2, data.n_items, self.dim)).astype(np.float32)  # in, out
        for _ in range(total):
            losses = []
            for done, rows in enumerate(np.array_split(rng.permutation(len(data)), BATCHES), 1):
                user, liked = data.user[rows], data.item[rows]
                other = rng.integers(0, data.n_items, len(rows))
                unseen = (1 - seen[user, other])[:, None]  # a sampled item that was seen teaches nothing
                context = seen[user].copy()
                context[np.arange(len(rows)), liked] = 0  # an item does not explain itself
                query = context @ items[0] / (length[rows] - 1)  # (batch, dim)
                better = (query * (items[1][liked] - items[1][other])).sum(1, keepdims=True)
                push = unseen / (1 + np.exp(np.clip(better, -50, 50)))  # the gradient of -log sigmoid
                gap = push * (items[1][liked] - items[1][other]) / (length[rows] - 1)
                change = np.zeros_like(items)
                change[0] = context.T @ gap
                np.add.at(change[1], liked, push * query)
                np.add.at(change[1], other, -push * query)
                counts = np.maximum(np.bincount(data.item[rows], minlength=data.n_items), 1)[:, None]
                items += self.learning_rate * change / counts / np.sqrt(BATCHES) - 0.002 * items
                losses.append(float((unseen * np.logaddexp(0, -better)).mean()))
                between_batches(done, BATCHES)
            yield float(np.mean(losses)), {"items_in": items[0].copy(), "items_out": items[1].copy()}

    def _query(self, person: Person) -> Floats:
        own = self._snapshot["items_in"][person.history]
        return own.mean(0) if len(own) else np.zeros(self.dim, np.float32)

    def _queries(self) -> Floats:
        data = self._trained()
        return np.stack([self._query(Person(user, data.history(user))) for user in range(data.n_users)])

    def _items(self) -> Floats:
        return self._snapshot["items_out"]

    def _parts(self, person: Person, item: int) -> Iterator[Part]:
        data, target = self._trained(), self._items()[item]
        for own in person.history.tolist():
            value = float(self._snapshot["items_in"][own] @ target) / len(person.history)
            yield Part(str(data.titles[own]), "film", value, own)
