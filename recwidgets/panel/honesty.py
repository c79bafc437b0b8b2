"""Four honesty checks. Each can be switched off, and the numbers get better for the wrong reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .. import metrics
from ..data import Split
from ..ranking import recommend_all

DEPTH = 10
DRAWS = 20


class Check(NamedTuple):
    """A rule of honest measuring: its name, what it asks for, and what happens when it is off."""

    name: str
    label: str
    on: str
    off: str


CHECKS = (
    Check("leak", "Held-out films only", "Films are looked for that no model has been shown.",
         "Off: the films that the models were trained on count as hits too. They have seen the answers."),
    Check("seen", "New films only", "Films that a user has seen are not recommended again.",
         "Off: seen films stay in the lists. A good model puts them on top, where they cannot be hits."),
    Check("baseline", "Baselines shown", "Popularity and chance stand beside every number.",
         "Off: a number alone looks good, whatever it is."),
    Check("seed", "All users, one draw", "All users count, with the 95 % interval.",
         f"Off: the luckiest of {DRAWS} draws of a tenth of the users is reported, for each model its own."),
)  # fmt: skip


class Row(NamedTuple):
    """One model's numbers: (value, low, high) by metric; low and high are NaN without an interval."""

    name: str
    label: str
    values: dict[str, tuple[float, float, float]]


METRICS = ("top_10_accuracy", "ndcg", "coverage", "novelty")


def measure(
    models: dict[str, Any],
    labels: dict[str, str],
    split: Split,
    off: frozenset[str] = frozenset(),
    told: Callable[[int, int], None] = lambda done, total: None,
) -> list[Row]:
    """The leaderboard's rows, without the checks in `off`; numpy only.

    told: called before each model with (models done, models in all); it may raise to end the work.
    """
    train = split.train
    held_out = split.test
    rows = []
    for done, (name, model) in enumerate(models.items()):
        told(done, len(models))
        keep_seen = "seen" in off or "leak" in off
        ranked = recommend_all(model, train, min(DEPTH, train.n_items), seen=keep_seen)
        rows.append(Row(name, labels[name], _numbers(ranked, train, held_out, off)))
    return rows


def _numbers(ranked: Any, train: Any, held_out: Any, off: frozenset[str]) -> dict[str, tuple[float, float, float]]:
    hit, relevant = metrics.hits(ranked, held_out), metrics.n_relevant(held_out)
    accuracy_hits, rows = hit.sum(1).astype(float), np.bincount(held_out.user, minlength=held_out.n_users).astype(float)
    if "leak" in off:
        hit = hit | metrics.hits(ranked, train)
        known = metrics.n_relevant(train)
        relevant, rows = relevant + known, rows + known
        accuracy_hits = hit.sum(1).astype(float)
    ndcg = metrics.per_user(hit, relevant, DEPTH)["ndcg"]
    novelty = np.where(relevant > 0, metrics.novelty(ranked, train.n_raters, train.n_users, DEPTH), np.nan)
    share = accuracy_hits.sum() / max(rows.sum(), 1)
    low, high = _ratio_interval(accuracy_hits, rows)
    values = {
        "top_10_accuracy": (share, low, high),
        "ndcg": (float(np.nanmean(ndcg)), *metrics.bootstrap(ndcg)),
        "coverage": (metrics.coverage(ranked, train.n_items, DEPTH), np.nan, np.nan),
        "novelty": (float(np.nanmean(novelty)), *metrics.bootstrap(novelty)),
    }
    return _luckiest(values, accuracy_hits, rows, ndcg) if "seed" in off else values


def _ratio_interval(hits: Any, rows: Any, n: int = 1000) -> tuple[float, float]:
    """95 % interval of sum(hits) / sum(rows), resampling users."""
    some = rows > 0
    hits, rows = hits[some], rows[some]
    if not len(rows):
        return float("nan"), float("nan")
    counts = metrics.resamples(len(rows), n)
    low, high = np.quantile(counts @ hits / np.maximum(counts @ rows, 1), [0.025, 0.975])
    return float(low), float(high)


def _luckiest(
    values: dict[str, tuple[float, float, float]], hits: Any, rows: Any, ndcg: Any
) -> dict[str, tuple[float, float, float]]:
    """The best of several small draws of users, without its interval: how a lucky seed looks."""
    draw = np.random.default_rng(0)
    users = np.flatnonzero(rows > 0)
    picked = [draw.choice(users, max(1, len(users) // 10), replace=False) for _ in range(DRAWS)]
    best = {
        "top_10_accuracy": max(hits[some].sum() / rows[some].sum() for some in picked),
        "ndcg": max(float(np.nanmean(ndcg[some])) for some in picked),
    }
    return values | {name: (value, float("nan"), float("nan")) for name, value in best.items()}
