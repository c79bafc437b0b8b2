"""Evaluation that people can trust: every metric with its interval, the baselines always beside it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import metrics
from .data import Interactions, Split
from .ranking import check_k, recommend_all

DEPTHS = (1, 5, 10, 50, 100)


def evaluate(
    model: Any,
    split: Split,
    k: Sequence[int] | None = None,
    *,
    at: int = 10,
    seen: bool = False,
    baselines: bool = True,
    seed: int = 0,
    progress: bool = True,
) -> dict[str, Any]:
    """Rank the catalogue for every user and compare with the held-out films.

    k: depths of the top-K accuracy (share of held-out rows in the first K, as TFRS counts);
    None: those of 1, 5, 10, 50, 100 that the catalogue has.
    at: depth of nDCG, recall, precision, MAP, MRR, coverage and novelty. seen: leave the films
    already seen in the lists, as TFRS' tutorial does. progress: a bar, where it takes
    longer than a second. The model must have been trained on
    split.train. Returns {"top_10_accuracy": …, "ndcg": …, "intervals": {"ndcg": (low, high), …},
    "users": …, "warning": … or None, "baselines": {"popularity": {…}, "random": {…}}}.
    Intervals: 95 %, bootstrap over users (none on coverage: resampling users only lowers it).
    Raises ValueError where nothing is held out.
    """
    if not len(split.test):
        raise ValueError("split.test holds no row, so there is nothing to evaluate on; split with test=0.2")
    n_items = split.train.n_items
    wanted = [depth for depth in DEPTHS if depth <= n_items] if k is None else k
    depths = sorted({check_k(depth, n_items) for depth in (*wanted, at)})
    ranked = recommend_all(model, split.train, max(depths), seen=seen, progress=progress)
    result = score_lists(ranked, split, depths, at, seed)
    result["warning"] = split.warning
    if split.warning:
        warnings.warn(split.warning, stacklevel=2)
    if baselines:
        result["baselines"] = {
            name: score_lists(lists, split, depths, at, seed)
            for name, lists in baseline_lists(split.train, max(depths), seen, seed).items()
        }
    return result


def score_lists(ranked: Any, split: Split, depths: Sequence[int], at: int, seed: int = 0) -> dict[str, Any]:
    """All metrics of ready lists, int (n_users, depth), best first, -1 = the list has ended."""
    train, test = split.train, split.test
    hit = metrics.hits(ranked, test)
    relevant = metrics.n_relevant(test)
    values = metrics.per_user(hit, relevant, at)
    values["novelty"] = metrics.novelty(ranked, train.popularity, train.n_users, at)
    values["novelty"] = np.where(relevant > 0, values["novelty"], np.nan)
    result: dict[str, Any] = {f"top_{depth}_accuracy": metrics.top_k_accuracy(ranked, test, depth) for depth in depths}
    result.update({name: float(np.nanmean(value)) for name, value in values.items()})
    result["coverage"] = metrics.coverage(ranked, train.n_items, at)
    result["intervals"] = {name: metrics.bootstrap(v, seed=seed) for name, v in values.items()}
    result["users"] = int((relevant > 0).sum())
    return result


def baseline_lists(train: Interactions, k: int, seen: bool, seed: int) -> dict[str, Any]:
    """The lists of the two models that any other must beat: popularity and pure chance."""
    from .models.popularity import Chance, Popularity

    return {
        "popularity": recommend_all(Popularity().learn(train), train, k, seen=seen),
        "random": recommend_all(Chance(seed).learn(train), train, k, seen=seen),
    }
