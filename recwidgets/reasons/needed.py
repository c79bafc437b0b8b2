"""What would have to go: the smallest set of a person's items, or of the neighbours, without which a rival is ahead.

A rival g is ahead of f where score(g) − score(f) > 0. Taking rows out of a mean scales what is left, but not its sign:
mean over the kept rows of (row · (f − g)) + own · (f − g) < 0 exactly if the kept rows' sum of
b = row · (f − g) + own · (f − g) is. So for one rival the largest b go first, and the shortest prefix that leaves a
negative sum is the smallest set there is: any other set of that size leaves at least as much.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..core import Floats, Ints, Person, Terms
from .ages import MOST, NONE_FOUND, Found, fewest_by_age
from .asked import Asked

RIVALS = 400  # items looked at, those that rank right below
AT_ONCE = 32  # rivals whose rows are sorted together
ROUNDING = 3  # rows more, at most, where float32 scores do not yet show what float64 found
MOST_NEIGHBOURS = 50  # neighbours that may go
TRIED = 60  # items that a model without terms is asked without, one at a time

Array = NDArray[Any]


class Needed(NamedTuple):
    """rows: indices of items (or of neighbours, as users), in the order that they weigh; rival: -1 where there is none.

    proven: no smaller set lets any of the rivals ahead, and the model's own scores show it.
    """

    items: Ints
    neighbours: Ints
    rival: int
    proven: bool


NOBODY = np.zeros(0, np.int32)
NOTHING = Needed(NOBODY, NOBODY, -1, False)


def needed(asked: Asked) -> Needed:
    """The smallest set over the 400 unseen items that rank right below; NOTHING where no set is found."""
    rivals = asked.below[:RIVALS]
    if not len(rivals) or not asked.n:
        return NOTHING
    if asked.terms is None:
        return _one_of(asked, rivals)
    if asked.terms.kind == "neighbours":
        return _neighbours(asked, rivals)
    recent = asked.terms.kind == "recent"
    found = _confirmed(asked, fewest_by_age(asked, rivals) if recent else _of_mean(asked, asked.terms, rivals))
    if found.rival < 0 and (not recent or asked.n <= MOST + 1):  # no smaller set does it, so all of them may
        return _all(asked, rivals)
    return found


def _all(asked: Asked, rivals: Ints) -> Needed:
    """Without any history: what the model then answers is its own rule."""
    scores = np.asarray(asked.model.scores(asked.person._replace(history=NOBODY)))
    ahead = np.flatnonzero(scores[rivals] > scores[asked.item])
    return Needed(asked.person.history, NOBODY, int(rivals[ahead[0]]), True) if len(ahead) else NOTHING


def _of_mean(asked: Asked, terms: Terms, rivals: Ints) -> Found:
    """Of a mean over the history."""
    apart = _apart(asked, rivals)
    n = len(terms.index)
    rows = (n * terms.vectors.sum(1, dtype=np.float64) + terms.own + terms.base) @ apart  # b of the docstring
    count, rival = _fewest(rows, n - 1)
    if not count:
        return NONE_FOUND
    order = np.argsort(-rows[:, rival], kind="stable")[: count + ROUNDING]
    return Found(terms.index[order], count, int(rivals[rival]))


def _apart(asked: Asked, rivals: Ints) -> NDArray[np.float64]:
    """The item's vector less each rival's: (dim, rivals)."""
    vectors = asked.vectors
    apart: NDArray[np.float64] = (vectors[asked.item].astype(np.float64) - vectors[rivals]).T
    return apart


def _fewest(rows: Array, most: int) -> tuple[int, int]:
    """(how many rows, largest first, must go until a column's sum is negative; which column), 0 where none does.

    rows: (n, rivals). Of columns that need as few, the first. A column cannot need fewer rows than its sum has of its
    largest one, so most are never sorted.
    """
    total, largest = rows.sum(0), rows.max(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        least = np.where(largest > 0, np.ceil(total / largest - 1e-9), np.inf)
    order = np.argsort(least, kind="stable")
    best, column = most + 1, -1
    for first in range(0, len(order), AT_ONCE):
        some = order[first : first + AT_ONCE]
        if least[some[0]] > best:
            break
        gone = np.cumsum(-np.sort(-rows[:, some], axis=0), axis=0)  # (n, ≤ 32)
        enough = np.where(gone > total[some], np.arange(1, len(rows) + 1)[:, None], most + 1).min(0)
        for count, rival in zip(enough.tolist(), some.tolist(), strict=True):
            if count < best or (count == best and count <= most and rival < column):
                best, column = count, rival
    return (best, column) if column >= 0 else (0, -1)


def _confirmed(asked: Asked, found: Found) -> Needed:
    """Ask the model without them; with a few more where float32 rounds the difference away."""
    for count in range(found.enough, len(found.items) + 1) if found.rival >= 0 else ():
        kept = asked.person.history[~np.isin(asked.person.history, found.items[:count])]
        if _ahead(asked, asked.person._replace(history=kept), found.rival):
            return Needed(found.items[:count], NOBODY, found.rival, True)
    return NOTHING


def _ahead(asked: Asked, person: Person, rival: int) -> bool:
    scores = asked.model.scores(person)
    return bool(scores[rival] > scores[asked.item])


def _neighbours(asked: Asked, rivals: Ints) -> Needed:
    """Of neighbours: without j of them the next j are asked; the k of the first k + j that contribute least are kept.

    The weights are scaled to sum to one, which leaves the sign as it is.
    """
    assert asked.terms is not None
    k = len(asked.terms.index)
    wide = asked.model.terms(asked.person, k + MOST_NEIGHBOURS)
    apart = _apart(asked, rivals)
    given = wide.vectors.sum(1, dtype=np.float64) @ apart  # (asked, rivals)
    given += np.outer(wide.shares, wide.base @ apart)  # what is the same for all, by weight: a mean's sign is the sum's
    for count in range(1, len(given) - k + 1):
        among = given[: k + count]
        kept = np.sort(among, axis=0)[:k].sum(0)  # (rivals,)
        for rival in np.flatnonzero(kept < 0).tolist():
            out = wide.index[np.argsort(-among[:, rival], kind="stable")[:count]]
            person = asked.person._replace(without=(*asked.person.without, *out.tolist()))
            if _ahead(asked, person, int(rivals[rival])):
                return Needed(NOBODY, out, int(rivals[rival]), True)
    return NOTHING


def _one_of(asked: Asked, rivals: Ints) -> Needed:
    """A model without terms is asked without each item in turn; a set of more than one is not looked for."""
    history = asked.person.history
    if not 1 < len(history) <= TRIED:
        return NOTHING
    found, lead = NOTHING, 0.0
    for item in history.tolist():
        scores: Floats = np.asarray(asked.model.scores(asked.person._replace(history=history[history != item])))
        ahead = scores[rivals] - scores[asked.item]
        best = int(np.argmax(np.where(np.isnan(ahead), -np.inf, ahead)))
        if ahead[best] > lead:
            found, lead = Needed(np.array([item], np.int32), NOBODY, int(rivals[best]), True), float(ahead[best])
    return found
