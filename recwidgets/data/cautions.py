"""What to know before one believes a number from a split: sentences, with counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from recwidgets.data._arrays import Bools, Int64s

if TYPE_CHECKING:
    from recwidgets.data.interactions import Interactions

LEAK = (
    "a random split leaks the future: a model may learn from what a user did after the rating it is asked about, "
    'so its accuracy is too high; data.split("temporal") asks only about each user\'s newest ratings'
)
NO_TIMES = "the data have no times, so a row's place in the table was taken for its time"
NO_TEST = "no user has ratings enough for a test row; pass a larger test share"
ONE_EACH = (
    "every user has one rating, which stays in train, so no share gives a test row; "
    'data.split("temporal-global") and data.split("random") hold out users\' only ratings'
)
TIED = "ratings of one second stand on both sides of the cut"  # how the sentence on ties begins


class LeakWarning(UserWarning):
    """A split lets a model see the future of what it is asked about."""


def cautions(data: Interactions, kind: str, part: Int64s, repeated: Bools) -> str | None:
    """All that is to be said of a split, a sentence a line, or None.

    part: int (n,), 0 train, 1 validation, 2 test. repeated: bool (n,), held-out rows that are left out.
    """
    found = [
        _no_test(data, part, repeated),
        LEAK if kind == "random" and data.has_times else None,
        NO_TIMES if kind != "random" and not data.has_times else None,
        _cold(data, part, repeated),
        _left_out(part, repeated),
        _ties(data, part) if kind != "random" and data.has_times else None,
    ]
    return "\n".join(filter(None, found)) or None


def _no_test(data: Interactions, part: Int64s, repeated: Bools) -> str | None:
    if ((part == 2) & ~repeated).any() or repeated.any():  # with repeated rows alone, they are the reason
        return None
    return ONE_EACH if np.bincount(data.user).max() == 1 else NO_TEST


def _cold(data: Interactions, part: Int64s, repeated: Bools) -> str | None:
    """Users who are asked about and were never learned from."""
    learned = np.bincount(data.user[part == 0], minlength=data.n_users)
    asked = np.flatnonzero(np.bincount(data.user[(part == 2) & ~repeated], minlength=data.n_users))
    cold = int(np.count_nonzero(learned[asked] == 0))
    if not cold:
        return None
    return (
        f"{cold:,} of the {len(asked):,} users in test {'has' if cold == 1 else 'have'} no train row, so a model "
        f'knows nothing of them; evaluate() gives them apart as result["cold"], the others as result["warm"]'
    )


def _left_out(part: Int64s, repeated: Bools) -> str | None:
    tests, others = np.count_nonzero(repeated & (part == 2)), np.count_nonzero(repeated & (part == 1))
    if not tests + others:
        return None
    counts = " and ".join(f"{n:,} {name}" for n, name in ((tests, "test"), (others, "validation")) if n)
    return (
        f"{counts} {'row holds' if tests + others == 1 else 'rows hold'} a film that the same user has in train, so "
        "they could never be hit where seen films are left out of the lists; they are in no part"
    )


def _ties(data: Interactions, part: Int64s) -> str | None:
    """Users for whom the order of the table, not time, decides which of several rows are test."""
    test = part == 2
    newest = np.full(data.n_users, np.iinfo(np.int64).min)
    oldest = np.full(data.n_users, np.iinfo(np.int64).max)
    np.maximum.at(newest, data.user[~test], data.time[~test])
    np.minimum.at(oldest, data.user[test], data.time[test])
    tied = newest == oldest  # (n_users,)
    if not tied.any():
        return None
    at_cut = tied[data.user] & (data.time == newest[data.user])
    highest = np.full(data.n_users, -1)  # item of the tied rows before the cut
    lowest = np.full(data.n_users, data.n_items)  # and behind it
    np.maximum.at(highest, data.user[at_cut & ~test], data.item[at_cut & ~test])
    np.minimum.at(lowest, data.user[at_cut & test], data.item[at_cut & test])
    by_id = "; here the films with the largest ids are test" if (highest < lowest)[tied].all() else ""
    asked = np.count_nonzero(np.bincount(data.user[test]))
    return (
        f"{TIED} for {np.count_nonzero(tied):,} of the {asked:,} users in test: which of them are test is decided "
        f"by the order of the table, not by time{by_id}"
    )
