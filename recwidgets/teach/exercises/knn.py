# ruff: noqa: E501  # a sentence for the learner stays on one line
"""03 · the neighbours: who is near, and how much they weigh."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...models._constants import LEAST
from .. import worlds
from ..exercise import Exercise, Mistake
from ..worlds import nearness


def _nearest(places: Any, who: int, k: int, own: float | None = -np.inf, sign: float = 1.0) -> Any:
    """own: the nearness that `who` is given to itself, None = as it is."""
    near = sign * nearness(np.arange(len(places)), places, who)
    if own is not None:
        near[who] = own
    return np.argsort(-near, kind="stable")[:k]


def _as_near(got: Any, wanted: Any, arguments: Any) -> bool:
    """Rows that are as near as those wanted, in this order, each once; two that are equally near may change places."""
    places, who, _ = arguments
    rows = np.asarray(got, float)
    if rows.shape != wanted.shape or not (rows == np.rint(rows)).all() or rows.min() < 0 or rows.max() >= len(places):
        return False
    if len(np.unique(rows)) != len(rows) or who in rows:
        return False
    return bool(np.abs(nearness(rows, places, who) - nearness(wanted, places, who)).max() <= 1e-5)


def _average(places: Any, values: Any, who: int, k: int, power: float, **wrong: Any) -> Any:
    """The layer, or the layer with something wrong."""
    many = len(places) - 1 if wrong.get("all") else k
    found = _nearest(places, who, many, wrong.get("own", -np.inf), wrong.get("sign", 1.0))
    near = nearness(found, places, who)
    weight = (near if wrong.get("negative") else np.maximum(near, LEAST)) ** power
    if wrong.get("plain"):
        weight = np.ones(len(found))
    if not wrong.get("sums"):
        weight = weight / weight.sum()
    return weight @ (places if wrong.get("stand") else values)[found]


def _mistaken(**wrong: Any) -> Any:
    return lambda *arguments: _average(*arguments, **wrong)


COSINES = np.array([0.9, 0.6, 0.1])  # as in the notebook

EXERCISES = (
    Exercise(
        "knn-1",
        "Who are Ann's two nearest by cosine, nearest first? Ann is row 1.",
        right=lambda: _nearest(worlds.POINTS, 1, 2),
        mistakes=(
            Mistake(lambda: [1, 0], "Ann is her own nearest neighbour here; nobody counts as their own."),
            Mistake(
                lambda: _nearest(worlds.POINTS, 1, 2)[::-1],
                "The right two, but the one that points most nearly Ann's way comes first, however long its arrow is.",
            ),
            Mistake(
                lambda: _nearest(worlds.POINTS, 1, 2, sign=-1.0), "Those are the two *farthest*: the order is reversed."
            ),
            Mistake(lambda: [2, 4], "By distance, yes. The cosine asks for the *direction* alone, not for the length."),
        ),
        compare=lambda got, wanted, _: got.shape == wanted.shape and bool((got == wanted).all()),
        hints=(
            "Draw an arrow from the origin to each point. Which arrows point the way Ann's does?",
            "Ann points straight to the right. Row 0 is nearly on the same line, only longer.",
            "Row 0 first (nearly the same direction), then row 2.",
        ),
    ),
    Exercise(
        "knn-2",
        "Fill the line: the three neighbours' weights, the third power of their cosines, summing to one.",
        right=lambda: COSINES**3 / (COSINES**3).sum(),
        mistakes=(
            Mistake(lambda: COSINES**3, "You forgot to normalise: weights sum to one, so divide by their sum."),
            Mistake(
                lambda: COSINES / COSINES.sum(),
                "These sum to one, but the power is missing: `cosine ** 3` comes first.",
            ),
            Mistake(
                lambda: (COSINES / COSINES.sum()) ** 3,
                "First the power, then the division: these sum to less than one.",
            ),
            Mistake(lambda: 3 * COSINES / COSINES.sum(), "Times three is not *to the power of* three: `cosine ** 3`."),
            Mistake(
                lambda: np.exp(3 * COSINES) / np.exp(3 * COSINES).sum(),
                "That is a softmax. It would do as well; this layer takes a power of the cosine.",
            ),
            Mistake(lambda: np.full(3, 1 / 3), "All weigh the same here; the nearer ones should weigh more."),
        ),
        hints=(
            "Two steps: the power, then let them sum to one.",
            "`w = cosine ** 3`, divided by `w.sum()`.",
            "`cosine**3 / (cosine**3).sum()`",
        ),
    ),
    Exercise(
        "knn-3",
        "Write nearest(places, who, k): the row numbers of the k nearest to row `who` by cosine, nearest first, without `who`.",
        right=_nearest,
        cases=worlds.places,
        compare=_as_near,
        mistakes=(
            Mistake(
                lambda places, who, k: _nearest(places, who, k, own=0.0),
                "You gave yourself the cosine 0. Others may be below 0, and then 0 wins: take `-np.inf`.",
            ),
            Mistake(
                lambda places, who, k: np.argsort(
                    -np.delete(nearness(np.arange(len(places)), places, who), who), kind="stable"
                )[:k],
                "With `np.delete` all rows after `who` move up by one, so that their numbers are wrong. Set `cosine[who] = -np.inf`.",
            ),
            Mistake(
                lambda places, who, k: _nearest(places, who, k + 1, own=None)[1:],
                "You drop whoever stands first in the list. Where somebody stands just where you do, that may be your twin: "
                "take `who` out by its number, before sorting.",
            ),
            Mistake(
                lambda places, who, k: _nearest(places, who, k, own=None),
                "The user is its own neighbour: nobody is nearer to you than you. Take `who` out before sorting.",
            ),
            Mistake(
                lambda places, who, k: _nearest(places, who, k, sign=-1.0),
                "The order is reversed: these are the farthest. `np.argsort` puts the smallest first.",
            ),
            Mistake(
                lambda places, who, k: np.argsort(nearness(np.arange(len(places)), places, who), kind="stable")[:k],
                "The order is reversed: these are the farthest. `np.argsort` puts the smallest first.",
            ),
            Mistake(
                lambda places, who, k: _nearest(places, who, k)[::-1],
                "The right neighbours, but the nearest comes first.",
            ),
            Mistake(
                lambda places, who, k: [n for n in np.argsort(-(places @ places[who]), kind="stable") if n != who][:k],
                "You compare inner products, so that long vectors win. The cosine divides by both lengths.",
            ),
            Mistake(
                lambda places, who, k: np.argsort(-(places @ places[who]), kind="stable")[:k],
                "You compare inner products, so that long vectors win, and `who` is still in. Divide by both lengths.",
            ),
            Mistake(
                lambda places, who, k: [
                    n for n in np.argsort(np.linalg.norm(places - places[who], axis=1), kind="stable") if n != who
                ][:k],
                "You compare distances. The layer compares directions: the cosine.",
            ),
            Mistake(
                lambda places, who, k: np.sort(nearness(np.arange(len(places)), places, who))[::-1][:k],
                "Those are the cosines; asked for are the row numbers: `np.argsort`, not `np.sort`.",
            ),
        ),
        hints=(
            "Three steps: the cosine with all users, take yourself out, sort.",
            "`cosine = places @ places[who]`, divided by all lengths and by your length; `cosine[who] = -np.inf`; then "
            "`np.argsort(-cosine)`.",
            "`n = np.linalg.norm(places, axis=1); c = places @ places[who] / (n * n[who]); c[who] = -np.inf; "
            "return np.argsort(-c)[:k]`",
        ),
        praise="The neighbours that KNN.neighbours finds, on paper and among MovieLens' users.",
    ),
    Exercise(
        "knn-4",
        "Write layer(places, values, who, k, power): the k nearest's values, averaged with weights `cosine ** power`.",
        right=_average,
        cases=worlds.banks,
        mistakes=(
            Mistake(_mistaken(plain=True), "All k weigh the same. The layer weighs them by `cosine ** power`."),
            Mistake(
                _mistaken(negative=True),
                "A cosine below 0 to an even power counts as near. Keep it out: `np.maximum(cosine, 0.001)`.",
            ),
            Mistake(_mistaken(sums=True), "You forgot to normalise: the weights must sum to one."),
            Mistake(_mistaken(own=None), "The user is its own neighbour: take `who` out before sorting."),
            Mistake(_mistaken(all=True), "All users are averaged; only the k nearest should be."),
            Mistake(_mistaken(stand=True), "You average where they *stand* (`places`); what is averaged is `values`."),
            Mistake(_mistaken(sign=-1.0), "These are the k farthest: the order is reversed."),
        ),
        hints=(
            "Use your own nearest(), then the one line with the weights, then `weights @ values[found]`.",
            "`found = nearest(places, who, k)`; the cosines of those, at least 0.001, to the power; divided by their sum.",
            "`f = nearest(places, who, k); n = np.linalg.norm(places, axis=1); c = places[f] @ places[who] / (n[f] * n[who]); "
            "w = np.maximum(c, 0.001) ** power; return w / w.sum() @ values[f]`",
        ),
        praise="A KNN layer of your own, equal to the real one to 1e-5.",
    ),
)
