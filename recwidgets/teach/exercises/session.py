# ruff: noqa: E501  # a sentence for the learner stays on one line
"""04 · the session: weights by age."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import worlds
from ..exercise import Exercise, Mistake


def _recency(learned: Any, half_life: float, turned: bool = False) -> Any:
    """As Session.weights: the learned weights, halved every `half_life` films, each column summing to one."""
    age = np.arange(len(learned))
    fade = 0.5 ** (age / half_life)
    weight = learned * (fade[::-1] if turned else fade)[:, None]
    return weight / weight.sum(0)


def _query(films: Any, learned: Any, half_life: float, maps: Any) -> Any:
    means = _recency(learned, half_life).T @ films  # (means, dim)
    return np.einsum("md,mde->e", means, maps)


def _faded(learned: Any, fade: Any) -> Any:
    return learned * np.asarray(fade)[:, None]


def _normal(weight: Any) -> Any:
    return weight / weight.sum(0)


PLAIN = 0.5 ** (np.arange(5) / 2)  # as in the notebook

EXERCISES = (
    Exercise(
        "session-1",
        "The half-life is two films. How much does the film four clicks before the last weigh, if the last weighs 1?",
        right=lambda: 0.25,
        mistakes=(
            Mistake(
                lambda: 0.5, "That is the film *two* clicks before: one half-life. Four clicks are two half-lives."
            ),
            Mistake(
                lambda: 0.0625, "That halves at every click. With a half-life of two, it halves at every second one."
            ),
            Mistake(
                lambda: 0.5 ** (5 / 2), "You counted five clicks: the one *four* before the last has the age 4, not 5."
            ),
            Mistake(lambda: 0.125, "That is three halvings. Four clicks are two half-lives of two: two halvings."),
            Mistake(lambda: 4.0, "Older films weigh less, not more."),
            Mistake(lambda: 0.0, "It halves and halves, and is never nothing."),
        ),
        hints=("How many half-lives are four clicks?", "Two half-lives: half of a half.", "`0.5 ** (4 / 2)`"),
    ),
    Exercise(
        "session-2",
        "Fill the line: weights of five clicks, newest first, half-life two, that sum to one.",
        right=lambda: PLAIN / PLAIN.sum(),
        mistakes=(
            Mistake(lambda: PLAIN, "You forgot to normalise: these do not sum to one. Divide by their sum."),
            Mistake(
                lambda: PLAIN[::-1] / PLAIN.sum(), "The order is reversed: the oldest weighs most. Age 0 is the newest."
            ),
            Mistake(lambda: PLAIN[::-1], "The order is reversed, and these do not sum to one."),
            Mistake(
                lambda: PLAIN / 5, "You divide by how many there are; a mean's weights are divided by their *sum*."
            ),
            Mistake(lambda: np.full(5, 0.2), "All weigh the same: that is a half-life without an end."),
            Mistake(
                lambda: _normal(0.5 ** np.arange(5)), "That halves at every click: divide the age by the half-life."
            ),
            Mistake(
                lambda: _normal(np.exp(-np.arange(5) / 2)),
                "`np.exp(-age / 2)` is not a half-life: after two clicks it is 0.37, not 0.5.",
            ),
        ),
        hints=(
            "`weight` is right already, but for one thing: what do its numbers sum to?",
            "Divide by the sum.",
            "`weight / weight.sum()`",
        ),
    ),
    Exercise(
        "session-3",
        "Write recency(learned, half_life): `learned` (n, means), row 0 = newest, faded by age; each column sums to one.",
        right=_recency,
        cases=worlds.ages,
        mistakes=(
            Mistake(
                lambda learned, h: _recency(learned, h, turned=True),
                "The order is reversed: row 0 is the *newest* film, and it must fade least.",
            ),
            Mistake(
                lambda learned, h: _faded(learned, 0.5 ** (np.arange(len(learned)) / h)),
                "You forgot to normalise: each column must sum to one.",
            ),
            Mistake(
                lambda learned, h: (w := _faded(learned, 0.5 ** (np.arange(len(learned)) / h))) / w.sum(),
                "You divide by the sum of *all* numbers; each column is a mean of its own: `.sum(0)`.",
            ),
            Mistake(
                lambda learned, h: (
                    (w := _faded(learned, 0.5 ** (np.arange(len(learned)) / h))) / w.sum(1, keepdims=True)
                ),
                "You divide each row by its sum; it is the *columns* that sum to one: `.sum(0)`.",
            ),
            Mistake(
                lambda learned, h: _normal(_faded(learned, np.exp(-np.arange(len(learned)) / h))),
                "`np.exp(-age / half_life)` is 0.37 after one half-life, not 0.5: use `0.5 ** (age / half_life)`.",
            ),
            Mistake(
                lambda learned, h: _normal(_faded(learned, 0.5 ** np.arange(len(learned)))),
                "The half-life is not used: every film halves. Divide the age by it.",
            ),
            Mistake(lambda learned, h: _normal(learned), "The weights are as learned; the half-life does nothing."),
            Mistake(
                lambda learned, h: _normal(_faded(np.ones_like(learned), 0.5 ** (np.arange(len(learned)) / h))),
                "What was *learned* is lost: multiply with it.",
            ),
        ),
        hints=(
            "It is the one line from before, times what was learned, for several columns at once.",
            "`fade = 0.5 ** (age / half_life)` has shape (n,); `fade[:, None]` makes it a column that multiplies each.",
            "`w = learned * 0.5 ** (np.arange(len(learned)) / half_life)[:, None]; return w / w.sum(0)`",
        ),
        praise="The same as Session.weights, to 1e-5, for every half-life.",
    ),
    Exercise(
        "session-4",
        "Write layer(films, learned, half_life, maps): the query, (dim,). films are newest first.",
        right=_query,
        cases=worlds.sessions,
        mistakes=(
            Mistake(
                lambda films, learned, h, maps: _query(films[::-1], learned, h, maps),
                "The order is reversed: `films` come newest first already.",
            ),
            Mistake(
                lambda films, learned, h, maps: np.einsum(
                    "md,mde->e", _faded(learned, 0.5 ** (np.arange(len(learned)) / h)).T @ films, maps
                ),
                "You forgot to normalise the weights: each column must sum to one.",
            ),
            Mistake(
                lambda films, learned, h, maps: np.einsum("md,med->e", _recency(learned, h).T @ films, maps),
                "Each map is used the wrong way round: the mean stands on the left, `mean @ map`.",
            ),
            Mistake(
                lambda films, learned, h, maps: _query(films, learned, h, maps) / len(maps),
                "You average what the maps give; the layer adds them up.",
            ),
            Mistake(
                lambda films, learned, h, maps: (_recency(learned, h).T @ films).sum(0),
                "The maps are not used: each mean goes through its own, `mean @ map`.",
            ),
            Mistake(lambda films, learned, h, maps: _query(films, learned, np.inf, maps), "The half-life is not used."),
        ),
        hints=(
            "Three steps: the weights from your recency(), a weighted mean of the films for each column, each mean through its map.",
            "`means = recency(learned, half_life).T @ films` is (means, dim). Then add up `mean @ map` over the pairs.",
            "`return sum(mean @ m for mean, m in zip(recency(learned, half_life).T @ films, maps))`",
        ),
        praise="A session layer of your own, equal to the real one to 1e-5.",
    ),
)
