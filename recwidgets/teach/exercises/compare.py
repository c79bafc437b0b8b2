# ruff: noqa: E501  # a sentence for the learner stays on one line
"""05 · comparing: a metric by hand, a leak, a difference that is one."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import reference_answers, worlds
from ..exercise import Exercise, Mistake, on_paper


def _ndcg(hit: Any, relevant: int, first: int = 1, ideal: bool = True) -> Any:
    """nDCG of one list. first: what is added to the rank inside the logarithm."""
    hit = np.asarray(hit, float)
    gain = 1 / np.log2(np.arange(1, len(hit) + 1) + first)
    best = gain[: min(relevant, len(hit))].sum() if ideal else 1.0
    return float((hit * gain).sum() / best)


def _best(k: int) -> float:
    """The largest sum of k hits."""
    return float((1 / np.log2(np.arange(1, k + 1) + 1)).sum())


def _leaked(train_times: Any, test_times: Any) -> Any:
    return float(np.mean(test_times < np.max(train_times)))


def _verdict() -> str:
    low, high = reference_answers.difference()
    return "gnn" if low > 0 else "knn" if high < 0 else "neither"


def _other(word: str) -> Any:
    """A wrong word: as it is compared, the right one is never taken for a mistake."""
    return lambda: word


EXERCISES = (
    Exercise(
        "compare-1",
        "Two films are to be found; the list of five has them at rank 1 and rank 3. What is its nDCG@5?",
        right=lambda: _ndcg([1, 0, 1, 0, 0], 2),
        compare=on_paper,
        mistakes=(
            Mistake(
                lambda: _ndcg([1, 0, 1, 0, 0], 2, ideal=False),
                "That is the DCG. The *n* divides by the best possible: both films on top.",
            ),
            Mistake(
                lambda: 1.5 / 2, "You divide by the number of films. The best possible is less than 2: 1 + 1/log2(3)."
            ),
            Mistake(
                lambda: 1.5 / _best(5), "Your ideal has hits on all five places; there are only two films to find."
            ),
            Mistake(lambda: 2 / 5, "That is the precision: two of five. nDCG looks at *where* they stand."),
            Mistake(lambda: 1.0, "Both were found, so recall is 1. But one of them stands only third."),
        ),
        hints=(
            "Each hit counts 1/log2(rank + 1). What is the best that two films could reach?",
            "DCG = 1 + 0.5. The ideal has them at rank 1 and 2: 1 + 1/log2(3).",
            "`(1 + 1 / np.log2(4)) / (1 + 1 / np.log2(3))`",
        ),
    ),
    Exercise(
        "compare-2",
        "Write ndcg(hit, relevant): nDCG of one list; hit (k,) of 0 and 1, best first; `relevant` films are to be found.",
        right=_ndcg,
        cases=worlds.lists,
        mistakes=(
            Mistake(
                lambda hit, relevant: _ndcg(hit, relevant, ideal=False),
                "That is the DCG: divide by the best that is possible.",
            ),
            Mistake(
                lambda hit, relevant: _ndcg(hit, len(hit)),
                "The ideal has hits everywhere; there are only `relevant` films to find.",
            ),
            Mistake(
                lambda hit, relevant: _ndcg(hit, max(int(np.sum(hit)), 1)),
                "You divide by the best order of the hits that there *are*. The ideal knows all `relevant` films.",
            ),
            Mistake(
                lambda hit, relevant: _ndcg(hit, int(np.sum(hit))),  # 0/0 where nothing was hit
                "You divide by the best order of the hits that there *are*, which is 0/0 for a list without any. The ideal knows all `relevant` films.",
            ),
            Mistake(
                lambda hit, relevant: _ndcg(hit, relevant) * _best(min(relevant, len(hit))) / _best(relevant),
                "The ideal cannot have more hits than the list has places: min(relevant, len(hit)).",
            ),
            Mistake(
                lambda hit, relevant: float(np.mean(hit)),
                "That is the precision: it does not look at where the hits stand.",
            ),
            Mistake(
                lambda hit, relevant: float(np.sum(hit) / relevant),
                "That is the recall: it does not look at where the hits stand.",
            ),
            Mistake(
                lambda hit, relevant: _ndcg(hit, relevant, first=0),
                "log2(1) is 0: the first rank must count 1/log2(1 + 1).",
            ),
            Mistake(
                lambda hit, relevant: _ndcg(hit, relevant, first=2),
                "The ranks count from 1: the first gain is 1/log2(2) = 1.",
            ),
        ),
        hints=(
            "`gain = 1 / np.log2(rank + 1)` with ranks 1, 2, …; sum it over the hits; divide by the best sum there can be.",
            "The best: `relevant` hits on the first places, but no more than the list is long.",
            "`g = 1 / np.log2(np.arange(2, len(hit) + 2)); return (hit * g).sum() / g[:min(relevant, len(hit))].sum()`",
        ),
        praise="The same as recwidgets.metrics, also where more films are to be found than the list is long.",
    ),
    Exercise(
        "compare-3",
        "Write leaked(train_times, test_times): the share of test ratings that are older than the newest train rating.",
        right=_leaked,
        cases=worlds.times,
        mistakes=(
            Mistake(
                lambda train, test: float(np.mean(test > np.max(train))), "That is the share that does *not* leak."
            ),
            Mistake(
                lambda train, test: float(np.sum(test < np.max(train))),
                "That is how many; asked for is the share: the mean.",
            ),
            Mistake(lambda train, test: float(np.mean(train < np.max(test))), "Train and test are swapped."),
            Mistake(
                lambda train, test: float(np.mean(test <= np.max(train))),
                "*Older* than the newest: one of the very same second is not older. `<`, not `<=`.",
            ),
            Mistake(
                lambda train, test: float(np.mean(test < train[-1])),
                "You take the last of the array for the newest; the times need not be in order. The newest is `.max()`.",
            ),
            Mistake(
                lambda train, test: float(np.mean(test < np.min(train))),
                "Older than the *newest* train rating: one from the future is enough.",
            ),
        ),
        hints=(
            "A test rating leaks if the model was shown something that came after it.",
            "`test_times < train_times.max()` is True where it leaks; a mean of True and False is a share.",
            "`return (test_times < train_times.max()).mean()`",
        ),
        praise="No metric notices a leak; only looking at the times does.",
    ),
    Exercise(
        "compare-4",
        'Which of the two is better on these users: "gnn", "knn", or "neither", if the interval of the difference holds 0?',
        right=_verdict,
        mistakes=(
            Mistake(
                _other("neither"),
                "Look at the interval of the *difference*: does it hold 0? Two intervals that overlap can still differ, as the same users are in both.",
            ),
            Mistake(
                _other("gnn"),
                "Look at the interval of gnn - knn: below 0 means that knn is ahead, around 0 that neither is.",
            ),
            Mistake(
                _other("knn"),
                "Look at the interval of gnn - knn: above 0 means that gnn is ahead, around 0 that neither is.",
            ),
        ),
        hints=(
            "Compare user by user: the interval of the difference, not the two intervals.",
            "The interval was printed: both ends above 0, both below, or one on each side?",
            "Both above: gnn. Both below: knn. One on each side: neither.",
        ),
        praise="On these users, this split and this seed. Another data set may say otherwise.",
    ),
)
