# a sentence for the learner stays on one line
"""01 · the data: popularity, ranking without what was seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...ranking import rank
from .. import reference_answers, worlds
from ..exercise import Exercise, Mistake


def _top(scores: Any, seen: Any, k: int, sign: float = 1.0, mask: float | None = -np.inf) -> Any:
    """A ranking with a mistake: ascending order, or another mask than minus infinity, or none."""
    left = np.array(scores, float)
    if mask is not None:
        left[seen] = mask
    return np.argsort(-sign * left, kind="stable")[:k]


EXERCISES = (
    Exercise(
        "data-1",
        "Which film does the popularity model recommend to Ann first? Give its number.",
        right=lambda: 3,
        mistakes=(
            Mistake(lambda: 1, "Film 1 is the most watched of all, but Ann has seen it. Seen films are left out."),
            Mistake(lambda: 4, "Film 4 is the *least* watched of those that are left: the order is reversed."),
            Mistake(lambda: 2, "Ann has seen film 2."),
        ),
        hints=(
            "Count the viewers of each film, then cross out what Ann has seen.",
            "Viewers: film 0 has 2, film 1 has 4, film 2 has 2, film 3 has 3, film 4 has 1. Ann saw 0, 1 and 2.",
            "Films 3 and 4 are left, and film 3 has more viewers.",
        ),
        praise="Hard to beat, and the same for all users but for what is crossed out.",
    ),
    Exercise(
        "data-2",
        "What share of all ratings has the most rated tenth of the films? A number from 0 to 1.",
        right=reference_answers.share_of_top_tenth,
        mistakes=(
            Mistake(
                reference_answers.share_of_bottom_tenth,
                "That is the *least* rated tenth: sort downwards, `np.sort(counts)[::-1]`.",
            ),
            Mistake(
                lambda: 100 * reference_answers.share_of_top_tenth(),
                "Right, in per cent. As a share it lies between 0 and 1.",
            ),
            Mistake(
                reference_answers.ratings_of_top_tenth,
                "That is how many ratings they have; divide by how many there are, `counts.sum()`.",
            ),
            Mistake(lambda: 1 - reference_answers.share_of_top_tenth(), "That is what the other nine tenths share."),
            Mistake(lambda: 0.1, "0.1 is the share of the *films*. How many *ratings* do they have?"),
        ),
        hints=(
            "`counts` is how many ratings each film has. Which entries are the top tenth once they are sorted?",
            "With the largest first, they are the first `len(counts) // 10`. Sum them, and divide by the sum of all.",
            "`np.sort(counts)[::-1][: len(counts) // 10].sum() / counts.sum()`",
        ),
        praise="A model that knows nothing but this curve is the first rival of every other.",
    ),
    Exercise(
        "data-3",
        "Write top(scores, seen, k): the k best films, best first, without those that were seen.",
        right=rank,
        cases=worlds.rankings,
        mistakes=(
            Mistake(
                lambda scores, seen, k: _top(scores, seen, k, mask=None),
                "Films that were seen are still in the list. A good model puts them on top, where they are no news.",
            ),
            Mistake(
                lambda scores, seen, k: _top(scores, seen, k, sign=-1.0, mask=np.inf),
                "The order is reversed: `np.argsort` puts the smallest first. Sort `-scores`.",
            ),
            Mistake(
                lambda scores, seen, k: _top(scores, seen, k, sign=-1.0),
                "The order is reversed (`np.argsort` puts the smallest first), so that the films you crossed out lead.",
            ),
            Mistake(
                lambda scores, seen, k: _top(scores, seen, k, sign=-1.0, mask=None),
                "The order is reversed, `np.argsort` puts the smallest first, and seen films are still in the list.",
            ),
            Mistake(
                lambda scores, seen, k: _top(scores, seen, k, mask=0.0),
                "Seen films got the score 0, but scores may be below 0: then 0 wins. Use `-np.inf`.",
            ),
            Mistake(
                lambda scores, seen, k: _top(scores, seen, k)[::-1],
                "The right films, worst first. Turn them round.",
            ),
            Mistake(
                lambda scores, seen, k: np.sort(scores)[::-1][:k],
                "Those are the scores; asked for are the films' numbers: `np.argsort`, not `np.sort`.",
            ),
        ),
        hints=(
            "Two steps: make sure that no seen film can win, then sort.",
            "Copy the scores, set `scores[seen] = -np.inf`, and sort the negative with `np.argsort`.",
            "`scores = scores.copy(); scores[seen] = -np.inf; return np.argsort(-scores)[:k]`",
        ),
        praise="This is how every list in this course is made, by the package's own core.rank.",
    ),
)
