"""What learners' functions are tried on: examples small enough for a sheet of paper, and MovieLens."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ..core import Floats
from ..data import Interactions, load_movielens
from ..graph import Graph, graph_of
from ..models._constants import POWER, recency_start
from ..models.knn import unit
from .exercise import Case
from .own import dense

DIM = 6  # of the random embeddings that travel over the real graph


@cache
def train() -> Interactions:
    """The embedded MovieLens without each user's newest fifth."""
    return load_movielens("latest-small").split("temporal", test=0.2).train


def draw(seed: int, *shape: int) -> Floats:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def paper() -> Interactions:
    """Three people, four films; film 3 was watched by nobody. Ann 0 1, Bob 1 2, Cyd 2 alone."""
    user, item = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 2, 2])
    return Interactions(
        user=user, item=item, rating=np.ones(5, np.float32), time=np.arange(5), users=np.array(["Ann", "Bob", "Cyd"]),
        items=np.array(["f0", "f1", "f2", "f3"]), titles=np.array([f"Film {n}" for n in range(4)]), genres=((),) * 4,
        name="on paper",
    )  # fmt: skip


# -- the graph ------------------------------------------------------------------------------------------


def graphs() -> tuple[Case, ...]:
    """(graph, users, films, hops): on paper, and MovieLens."""
    small, real = paper(), train()
    return (
        Case("the example on paper", (graph_of(small), draw(1, 3, 3), draw(2, 4, 3), 2)),
        Case("MovieLens", (real_graph(), draw(3, real.n_users, DIM), draw(4, real.n_items, DIM), 2)),
    )


@cache
def real_graph() -> Graph:
    return graph_of(train())


def tables() -> tuple[Case, ...]:
    """(watched, users, films): the same worlds as tables of 0 and 1. The first has no film without a viewer."""
    small, real = paper(), train()
    watched = dense(graph_of(small), small.n_items)
    return (
        Case("the example on paper", (watched[:, :3], draw(1, 3, 2), draw(2, 3, 2))),
        Case("the example with a film that nobody watched", (watched, draw(1, 3, 2), draw(5, 4, 2))),
        Case("MovieLens", (dense(real_graph(), real.n_items), draw(3, real.n_users, DIM), draw(4, real.n_items, DIM))),
    )


def gradients() -> tuple[Case, ...]:
    """(watched, d_people), what came back to each person: on paper, with one who watched nothing, and MovieLens."""
    small, real = paper(), train()
    watched = dense(graph_of(small), small.n_items)
    nobody = np.vstack([watched, np.zeros((1, small.n_items), np.float32)])
    return (
        Case("the example on paper", (watched, draw(1, 3, 2))),
        Case("the example with a person who watched nothing", (nobody, draw(6, 4, 2))),
        Case("MovieLens", (dense(real_graph(), real.n_items), draw(3, real.n_users, DIM))),
    )


# -- the neighbours ---------------------------------------------------------------------------------------

# nearest by cosine, by inner product and by distance are different rows
POINTS = np.array([[3.0, 0.3], [1.0, 0.0], [0.3, 0.4], [-0.1, 1.2], [0.2, -0.5]], np.float32)
APART = np.array([[1.0, 0.0], [-1.0, 0.3], [-0.5, 1.0], [-0.1, 1.0]], np.float32)  # all cosines with row 0 are below 0
TWINS = np.array([[2.0, 1.0], [2.0, 1.0], [-1.0, 1.0]], np.float32)


def places() -> tuple[Case, ...]:
    """(places, who, k): five points, and where MovieLens' users stand."""
    return (
        Case("the five points", (POINTS, 1, 2)),
        Case("the five points", (POINTS, 2, 3)),
        Case("four people who look other ways", (APART, 0, 3)),
        *(Case("three people, two of them at one place", (TWINS, who, 1)) for who in (1, 0)),
        *(Case("MovieLens", (real_places(), who, 10)) for who in (0, 41, 413)),
    )


@cache
def real_places() -> Floats:
    """The users' means of random film embeddings, less the mean of all."""
    from ..graph import mean_over

    where = mean_over(real_graph().items_of, draw(6, train().n_items, DIM))
    return np.asarray(where - where.mean(0), np.float32)


def banks() -> tuple[Case, ...]:
    """(places, values, who, k, power). In the second, one of the k looks the other way."""
    real = real_places()
    return (
        Case("the five points", (POINTS, draw(7, 5, 3), 1, 2, 3)),
        Case("the five points, all but oneself", (POINTS, draw(7, 5, 3), 1, 4, 2)),
        *(Case("MovieLens", (real, real + 0.1 * draw(8, *real.shape), who, 10, POWER)) for who in (0, 41, 413)),
    )


def nearness(rows: Any, places_: Floats, who: int) -> Any:
    """Cosines of these rows with row `who`."""
    return unit(places_)[np.asarray(rows, np.int64)] @ unit(places_[who])


# -- sessions -------------------------------------------------------------------------------------------------


def ages() -> tuple[Case, ...]:
    """(learned, half_life): plain weights, and those that the layer starts with, with all half-lives."""
    learned = np.exp(recency_start(50))
    return (
        Case("five clicks", (np.ones((5, 1), np.float32), 2.0)),
        *(Case("the layer's 50 films", (learned, half_life)) for half_life in (1.0, 4.0, float("inf"))),
        Case("a short history", (learned[:7], 3.0)),
    )


def sessions() -> tuple[Case, ...]:
    """(films, learned, half_life, maps): a few clicks, and the last films of two of MovieLens' users."""
    learned = np.exp(recency_start(50))
    means = learned.shape[1]
    maps = np.asarray((np.eye(DIM) + 0.2 * draw(9, means, DIM, DIM)) / means, np.float32)
    cases = [Case("five clicks", (draw(10, 5, DIM), learned[:5], 2.0, maps))]
    films = draw(11, train().n_items, DIM)
    for user, half_life in ((0, 4.0), (41, float("inf"))):
        last = train().history(user)[::-1][:50]
        cases.append(Case("MovieLens", (films[last], learned[: len(last)], half_life, maps)))
    return tuple(cases)


# -- ranking and measuring -------------------------------------------------------------------------------------


def rankings() -> tuple[Case, ...]:
    """(scores, seen, k): with scores below zero, and MovieLens' popularity."""
    data = train()
    scores = np.array([-2.0, -0.5, -3.0, -1.0, -4.0, -0.1])
    return (
        Case("six films", (scores, np.array([1, 4]), 3)),
        Case("six films", (draw(12, 6).astype(float), np.array([0]), 4)),
        *(Case("MovieLens", (data.popularity + draw(13, data.n_items), data.history(user), 10)) for user in (0, 41)),
    )


def lists() -> tuple[Case, ...]:
    """(hit, relevant): was each ranked film watched later, and how many films there are to find."""
    rng = np.random.default_rng(14)
    made = [(rng.random(10) < 0.3, n) for n in (4, 10, 25)]
    return (
        Case("a hit at rank 1 and 3, two to find", (np.array([1, 0, 1, 0, 0]), 2)),
        Case("a list without a hit", (np.zeros(5, int), 3)),
        *(Case(f"a list of ten, {n} to find", (hit.astype(int), n)) for hit, n in made),
    )


def times() -> tuple[Case, ...]:
    """(train_times, test_times) of one user."""
    rng = np.random.default_rng(15)
    return (
        Case("times 1 2 5 and 3 4 6", (np.array([1, 2, 5]), np.array([3, 4, 6]))),
        Case("times 5 1 2 and 3 4 6", (np.array([5, 1, 2]), np.array([3, 4, 6]))),
        Case("times 1 2 5 and 4 5 6", (np.array([1, 2, 5]), np.array([4, 5, 6]))),
        Case("times 1 2 5 and 6 3 4", (np.array([1, 2, 5]), np.array([6, 3, 4]))),
        Case("a temporal split", (np.arange(8), np.arange(8, 10))),
        Case("a random split", tuple(np.split(rng.permutation(50), [40]))),
    )
