"""What the viewers of one item have in common beyond what all users rate: a clue for a goal. numpy only."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..data import Interactions

LEAST, SHARE = 3, 0.1  # at least so many of an item's viewers, and this share of them, must have rated the other item


class Hint(NamedTuple):
    """An item that `both` of the `viewers` rated; lift: how many times as often as all users did."""

    item: int
    both: int
    viewers: int
    lift: float


def clue_of(data: Interactions, item: int, n: int = 5) -> list[Hint]:
    """The n items with the largest lift among the viewers of `item`, largest first; ties go to the most rated.

    lift = (share of the viewers who rated it) / (share of all users who did). Items that fewer than LEAST viewers, or
    less than a SHARE of them, have rated are left out: chance alone gives those a large lift.
    """
    viewers = np.unique(data.user[data.item == item])
    mine = np.isin(data.user, viewers)
    pairs = np.unique(data.user[mine].astype(np.int64) * data.n_items + data.item[mine])  # each pair of both once
    both = np.bincount(pairs % max(data.n_items, 1), minlength=data.n_items)
    lift = (both / max(len(viewers), 1)) / np.maximum(data.n_raters / data.n_users, 1e-12)
    enough = both >= max(LEAST, SHARE * len(viewers))
    enough[item] = False
    order = np.lexsort((-both, -np.where(enough, lift, 0.0)))[:n]
    return [Hint(int(i), int(both[i]), len(viewers), float(lift[i])) for i in order if enough[i]]
