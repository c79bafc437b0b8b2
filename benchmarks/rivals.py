"""The two rivals, in numpy, computed in the same run: EASE and user-based nearest neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np

from recwidgets.data import Interactions

EASE_LAMBDA, NEIGHBOURS, POWER = 400.0, 200, 3


class Table:
    """A finished table of scores (n_users, n_items) that recommend_all can rank."""

    def __init__(self, data: Interactions, scores: Any) -> None:
        self.data, self.table = data, scores

    def scores(self, user: Any) -> Any:
        return self.table[self.data.user_index(user)]


def matrix(data: Interactions) -> Any:
    """1 where a user rated a film: float64 (n_users, n_items)."""
    seen = np.zeros((data.n_users, data.n_items))
    seen[data.user, data.item] = 1.0
    return seen


def ease(data: Interactions, penalty: float = EASE_LAMBDA) -> Table:
    """Steck 2019 (arXiv:1905.03375), equation 8: the closed form, no film may explain itself."""
    seen = matrix(data)
    inverse = np.linalg.inv(seen.T @ seen + penalty * np.eye(data.n_items))  # (n_items, n_items)
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return Table(data, seen @ weights)


def user_knn(data: Interactions, k: int = NEIGHBOURS, power: int = POWER) -> Table:
    """The films of the k most similar users, weighted by cosine ** power."""
    seen = matrix(data)
    length = np.sqrt(seen.sum(1, keepdims=True))
    near = (seen @ seen.T) / np.maximum(length * length.T, 1e-12)  # (n_users, n_users)
    np.fill_diagonal(near, 0.0)
    k = min(k, data.n_users - 1)
    edge = np.partition(near, data.n_users - k, axis=1)[:, data.n_users - k, None]
    return Table(data, np.where(near >= edge, near, 0.0) ** power @ seen)
