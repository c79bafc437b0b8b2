"""The graph neural network trained with a learner's backward(): the gradient of the mean, in the place of the real one.

It is trained in numpy, where the whole backward pass can be read: recwidgets/nets/gnn_numpy.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import Floats
from ..data import Interactions
from ..models.gnn import GNN
from ..nets.gnn_numpy import GNNNumpy
from ..nets.parts_numpy import Edges
from .safe_call import AnswerError, called, name_of, numbers, sentence

Function = Callable[..., Any]


class OwnBackward(GNN):
    """The graph neural network, trained with one's own backward(watched, d_people).

    backward: watched (n_people, n_films), 1 where a person watched a film and else 0, and d_people (n_people, dim), the
    gradient of the loss by the means that the people became -> the gradient by the films, (n_films, dim). Both means of
    the network go through it: for a film that became the mean of its viewers, the table is turned.
    """

    def __init__(self, backward: Function, **settings: Any) -> None:
        super().__init__(**settings | {"backend": "numpy"})
        self.backward = backward
        self.label = f"{GNN.label} · your {name_of(backward)}"  # type: ignore[misc]  # each function has its own name

    def _numpy_network(self, data: Interactions, knobs: dict[str, Any]) -> Any:
        return _Network(self.backward, data, self.dim, int(knobs["layers"]), self.seed)


class _Network(GNNNumpy):
    """The real network, with the learner's gradient of a mean."""

    def __init__(self, backward: Function, data: Interactions, dim: int, layers: int, seed: int) -> None:
        super().__init__(data, dim, layers, seed)
        self._backward, self._careful = backward, True
        self._table: tuple[Edges, Floats] | None = None  # of the step's edges

    def back_to_items(self, rated: Edges, of_user: Any, d_users: Any) -> Any:
        return self._asked(self._watched(rated), d_users)

    def back_to_users(self, rated: Edges, of_item: Any, d_items: Any) -> Any:
        return self._asked(self._watched(rated).T, d_items)

    def _watched(self, rated: Edges) -> Floats:
        """1 where an edge is: float32 (n_users, n_items)."""
        if self._table is None or self._table[0] is not rated:
            watched = np.zeros(rated.shape, np.float32)
            watched[rated.row, rated.column] = 1.0
            self._table = (rated, watched)
        return self._table[1]

    def _asked(self, watched: Floats, d_mean: Floats) -> Floats:
        """The gradient by the neighbours. The first answer is looked at with care: the arrays are large."""
        if self._careful:
            answer, self._careful = called(self._backward, watched, d_mean), False
        else:
            try:
                answer = self._backward(watched, d_mean)
            except Exception as error:
                raise AnswerError(sentence(self._backward, error)) from None
        gradient, wanted = numbers(answer), (watched.shape[1], d_mean.shape[1])
        if gradient.shape != wanted:
            raise AnswerError(
                f"{name_of(self._backward)} must give a row for each film, shape {wanted}, for a table of shape "
                f"{watched.shape} and a gradient of shape {d_mean.shape}; got {gradient.shape}"
            )
        return gradient.astype(np.float32)


__all__ = ["OwnBackward"]
