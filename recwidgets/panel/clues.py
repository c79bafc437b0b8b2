"""What the viewers of one item have in common beyond what all users rate: a clue for a goal. numpy only."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..data import Interactions
from ..data._arrays import sized

LEAST = 3  # viewers that must have rated both, at least
SHARES = (0.5, 0.25, 0.1, 0.0)  # of the viewers that must have: the first one that leaves enough items


class Hint(NamedTuple):
    """An item that `both` of the `viewers` rated; lift: how many times as often as all users did."""

    item: int
    both: int
    viewers: int
    lift: float


def clue_of(data: Interactions, item: int, n: int = 5) -> list[Hint]:
    """The n items with the largest lift among the viewers of `item`, largest first; ties go to the most rated.

    lift = (share of the viewers who rated it) / (share of all users who did). Chance alone gives items that few have
    rated a large lift; so only those count that half of the viewers have rated, or a quarter, or a tenth, where there
    are fewer than n others, and never those that fewer than LEAST have.
    """
    viewers = np.unique(data.user[data.item == item])
    mine = np.isin(data.user, viewers)
    pairs = np.unique(data.user[mine].astype(np.int64) * data.n_items + data.item[mine])  # each pair of both once
    both = np.bincount(sized(pairs % max(data.n_items, 1)), minlength=data.n_items)
    both[item] = 0
    lift = (both / max(len(viewers), 1)) / np.maximum(data.n_raters / data.n_users, 1e-12)
    enough = [both >= max(LEAST, share * len(viewers)) for share in SHARES]
    chosen = next((known for known in enough if known.sum() >= n), enough[-1])
    order = np.lexsort((-both, -np.where(chosen, lift, 0.0)))[:n]
    return [Hint(int(i), int(both[i]), len(viewers), float(lift[i])) for i in order if chosen[i]]
