"""The leaderboard's numbers: four honesty checks to switch off, and which differences are more than noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import metrics
from ..data import Split
from ..ranking import recommend_all_in_steps
from ..steps import Steps
from .changes import sentence

DEPTH = 10
DRAWS = 20
RESAMPLES = 1000
BASELINES = ("popularity", "chance")


class NotRanked(RuntimeError):
    """A model failed where all users are asked at once; the message says which model, and what it raised."""


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
    """One model's numbers: (value, low, high) by metric; low and high are NaN without an interval.

    ndcg: nDCG@10 of each user, float (n_users,), NaN where nothing is held out; None = only the means are known.
    """

    name: str
    label: str
    values: dict[str, tuple[float, float, float]]
    ndcg: NDArray[np.float64] | None = None


class Lead(NamedTuple):
    """How far one model is ahead of another in nDCG@10, user by user. Names are those of the rows.

    mean: of the users' differences, one − other. low, high: 95 % of the means lie between them when the users are drawn
    anew with replacement RESAMPLES times. users: how many count, those with a held-out film.
    """

    one: Row
    other: Row
    mean: float
    low: float
    high: float
    users: int

    @property
    def more_than_noise(self) -> bool:
        """Does the interval leave out 0?"""
        return self.low > 0 or self.high < 0


def lead(one: Row, other: Row) -> Lead | None:
    """The paired difference of two models in nDCG@10; None where the users' own numbers are not known.

    Paired: of each user the difference is taken first, so what makes a user easy or hard for both models cancels out,
    and two models whose intervals overlap can still differ. The interval is the percentile
    bootstrap of `metrics.bootstrap` over users, seed 0, the same draws for every pair. It says how much the mean
    depends on which users there are; what another seed or another split of the data would change is not in it.
    """
    if one.ndcg is None or other.ndcg is None:
        return None
    apart = one.ndcg - other.ndcg
    n = int(np.count_nonzero(~np.isnan(apart)))
    if not n:
        return None
    return Lead(one, other, float(np.nanmean(apart)), *metrics.bootstrap(apart, RESAMPLES), n)


def leads(rows: Sequence[Row]) -> list[Lead]:
    """What is compared: up to three models each with each, of more the best with each; then each with popularity.

    In the order of their means, the highest first.
    """
    models = sorted((row for row in rows if row.name not in BASELINES), key=lambda row: -row.values["ndcg"][0])
    base = [row for row in rows if row.name == "popularity"]
    with_each = models if len(models) <= EACH else models[:1]
    among = [(one, other) for n, one in enumerate(with_each) for other in models[n + 1 :]]
    pairs = [*among, *((row, other) for row in models for other in base)]
    return [found for one, other in pairs if (found := lead(one, other)) is not None]


EACH = 3  # models that are compared each with each
METRICS = ("top_10_accuracy", "ndcg", "coverage", "novelty")


def measure_in_steps(
    models: dict[str, Any],
    labels: dict[str, str],
    split: Split,
    off: frozenset[str] = frozenset(),
    told: Callable[[int, int], None] = lambda done, total: None,
) -> Steps[list[Row]]:
    """The leaderboard's rows, without the checks in `off`; numpy only.

    told: called before each model with (models done, models in all); it may raise to end the work. May be left
    between two blocks of users.
    """
    train = split.train
    held_out = split.test
    rows = []
    for done, (name, model) in enumerate(models.items()):
        told(done, len(models))
        keep_seen = "seen" in off or "leak" in off
        try:
            ranked = yield from recommend_all_in_steps(model, train, min(DEPTH, train.n_items), seen=keep_seen)
        except Exception as error:
            raise NotRanked(f"{labels[name]} could not rank all films for all users: {sentence(error)}") from error
        asked = int(np.count_nonzero(np.bincount(held_out.user)))
        yield from metrics.resamples_in_steps(asked)  # kept for what follows
        rows.append(Row(name, labels[name], *_numbers(ranked, train, held_out, off)))
        yield
    return rows


def _numbers(
    ranked: Any, train: Any, held_out: Any, off: frozenset[str]
) -> tuple[dict[str, tuple[float, float, float]], NDArray[np.float64]]:
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
    return (_luckiest(values, accuracy_hits, rows, ndcg) if "seed" in off else values), ndcg


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
