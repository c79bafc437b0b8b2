"""Evaluation that people can trust: every metric with its interval, the baselines always beside it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import metrics
from .data import Interactions, Split
from .data.cautions import TIED
from .ranking import check_k, recommend_all

DEPTHS = (1, 5, 10, 50, 100)
AT = 10  # the depth of nDCG and the like where nobody asks for another


def evaluate(
    model: Any,
    split: Split,
    k: Sequence[int] | None = None,
    *,
    at: int | None = None,
    seen: bool = False,
    baselines: bool = True,
    seed: int = 0,
    progress: bool = True,
) -> dict[str, Any]:
    """Rank the catalogue for every user and compare with the films of the test rows.

    k: depths of the top-K accuracy (share of the test films in the first K, as TFRS counts);
    None: those of 1, 5, 10, 50, 100 that the catalogue has.
    at: depth of nDCG, recall, precision, MAP, MRR, coverage and novelty; None: 10, or all there are.
    seen: leave the films already seen in the lists, as TFRS' tutorial does; seen = in split.train, the
    validation rows are not. progress: a bar, where it takes longer than a second. The model must have been
    trained on split.train.
    Returns {"top_10_accuracy": …, "ndcg": …, "intervals": {"ndcg": (low, high), …}, "users": …,
    "warm": {…}, "cold": {…}, "warning": … or None, "baselines": {"popularity": {…}, "random": {…}}}.
    warm, cold: the users of the test rows with and without a row in split.train, apart: {"users": …,
    "top_10_accuracy": …, "ndcg": …, …}, or {"users": 0}. The numbers beside them are of both together.
    Intervals: 95 %, bootstrap over users (none on coverage: resampling users only lowers it).
    warning: split.warning, which is warned about, too, but for ratings of one second.
    Raises ValueError where nothing is held out.
    """
    if not len(split.test):
        raise ValueError(
            "split.test holds no row, so there is nothing to evaluate on; "
            + (split.warning or "split with test=0.2").replace("\n", "; ")
        )
    n_items = split.train.n_items
    wanted = [depth for depth in DEPTHS if depth <= n_items] if k is None else k
    at = min(AT, n_items) if at is None else at
    depths = sorted({check_k(depth, n_items) for depth in (*wanted, at)})
    ranked = recommend_all(model, split.train, max(depths), seen=seen, progress=progress)
    result = score_lists(ranked, split, depths, at, seed)
    result["warning"] = split.warning
    for sentence in (split.warning or "").splitlines():
        if not sentence.startswith(TIED):  # half of all data have ties: said, but no alarm
            warnings.warn(sentence, stacklevel=2)
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
    values["novelty"] = metrics.novelty(ranked, train.n_raters, train.n_users, at)
    values["novelty"] = np.where(relevant > 0, values["novelty"], np.nan)
    asked = relevant > 0
    known = np.bincount(train.user, minlength=train.n_users) > 0

    result = _means(hit, relevant, values, depths, asked)
    result["coverage"] = metrics.coverage(ranked, train.n_items, at)
    result["intervals"] = {name: metrics.bootstrap(v, seed=seed) for name, v in values.items()}
    result["warm"] = _means(hit, relevant, values, depths, asked & known)
    result["cold"] = _means(hit, relevant, values, depths, asked & ~known)
    return result


def _means(hit: Any, relevant: Any, values: dict[str, Any], depths: Sequence[int], of: Any) -> dict[str, Any]:
    """The metrics of some users, bool (n_users,), and how many they are."""
    found: dict[str, Any] = {"users": int(of.sum())}
    if found["users"]:
        n = relevant[of].sum()
        found |= {f"top_{depth}_accuracy": float(hit[of, :depth].sum() / n) for depth in depths}
        found |= {name: float(np.nanmean(value[of])) for name, value in values.items()}
    return found


def baseline_lists(train: Interactions, k: int, seen: bool, seed: int) -> dict[str, Any]:
    """The lists of the two models that any other must beat: popularity and pure chance."""
    from .models.popularity import Chance, Popularity

    return {
        "popularity": recommend_all(Popularity().learn(train), train, k, seen=seen),
        "random": recommend_all(Chance(seed).learn(train), train, k, seen=seen),
    }
