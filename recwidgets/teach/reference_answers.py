"""Right answers that are worked out from the data and the pretrained models when an exercise needs them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from .. import metrics
from ..data import Split, load_movielens
from ..pretrained import load_pretrained
from ..ranking import recommend, recommend_all

USER = "42"  # of the first notebook
MODELS = ("gnn", "knn", "session")


@cache
def split() -> Split:
    return load_movielens("latest-small").split("temporal", test=0.2)


@cache
def model(name: str) -> Any:
    return load_pretrained(name, split().train)[0]


@cache
def first_ten(name: str) -> frozenset[int]:
    """The first ten of user 42, as indices."""
    return frozenset(recommend(model(name), split().train, USER, k=10).index.tolist())


def on_all_lists() -> int:
    return len(frozenset.intersection(*(first_ten(name) for name in MODELS)))


def on_both(one: str, two: str) -> int:
    return len(first_ten(one.lower()) & first_ten(two.lower()))


def on_any_list() -> int:
    return len(frozenset.union(*(first_ten(name) for name in MODELS)))


def watched_later(name: str) -> int:
    """How many of the first ten user 42 went on to watch."""
    test = split().test
    return len(first_ten(name) & set(test.history(test.user_index(USER)).tolist()))


def share_of_top_tenth() -> float:
    """The share of all ratings that the most rated tenth of the films has."""
    counts = np.sort(load_movielens("latest-small").popularity)[::-1]
    return float(counts[: len(counts) // 10].sum() / counts.sum())


def ratings_of_top_tenth() -> float:
    return share_of_top_tenth() * len(load_movielens("latest-small"))


def share_of_bottom_tenth() -> float:
    counts = np.sort(load_movielens("latest-small").popularity)
    return float(counts[: len(counts) // 10].sum() / counts.sum())


@cache
def ndcg(name: str) -> Any:
    """nDCG@10 of each user, NaN where nothing is held out."""
    train, _, test, *_ = split()
    hit = metrics.hits(recommend_all(model(name), train, 10), test)
    return metrics.per_user(hit, metrics.n_relevant(test), 10)["ndcg"]


def difference(one: str = "gnn", two: str = "knn") -> tuple[float, float]:
    """The 95 % interval of the mean difference of nDCG@10, user by user."""
    return metrics.bootstrap(ndcg(one) - ndcg(two))


def interval(name: str) -> tuple[float, float]:
    return metrics.bootstrap(ndcg(name))
