"""Splits: what a model may learn from, what is chosen on, and what it is asked in the end."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from recwidgets.data._arrays import Bools, Int64s, sized
from recwidgets.data.cautions import LEAK, LeakWarning, cautions

if TYPE_CHECKING:
    from recwidgets.data.interactions import Interactions

KINDS = ("temporal", "random", "temporal-global", "leave-one-out")
ONE_IN = 5  # users who give validation rows where nobody asks for a share of them


class Split(NamedTuple):
    """Three parts of one data set that share its ids, and how they were made.

    train: what a model learns from, and all that it knows of a user when it is asked. validation: what curves, settings
    and early choices are looked at on; no rows where validation=0. test: what is left for the end, once all is chosen;
    `evaluate` asks about it, and nothing else should. Films of the validation rows may stand in a model's lists.
    """

    train: Interactions
    validation: Interactions
    test: Interactions
    kind: str
    seed: int
    warning: str | None  # what to know before one believes a number from this split: a sentence a line


def split(
    data: Interactions, kind: str = "temporal", test: float = 0.2, validation: float | None = None, seed: int = 42
) -> Split:
    """Cut `data` into train, validation and test: disjoint, the same for the same arguments.

    kind: "temporal": each user's own newest share is test; of some users, the rows right before it are validation
          (see below); a user always keeps one train row, and one of few ratings may have no test or validation row.
          "random": rows at random (warns: it leaks the future).
          "temporal-global": two cuts in time for all users; a user may have no train row, which is said.
          "leave-one-out": each user's last row is test, the one before validation (validation=0: none), the shares
          unused; a user of two rows has no validation row, a user of one row stays in train.
    test: share of all rows, or of each user's (rounded). validation: share of all rows; in "temporal", so many users
    give it, spread evenly over `data.users`, as are needed when each gives as many rows as are test: half of the users
    for validation=0.1, test=0.2. All the others are asked about the test with nothing missing right before it, which
    matters: without its users' last tenth, the session model's nDCG@10 on ml-latest-small falls from .154 to .098.
    validation=None: of every fifth user, so a fifth of the test share; less where test leaves little.
    The test rows are the same for every `validation`. seed: for "random" only.
    Validation leaves nobody without a train row: a user whose rows before the test rows would all be validation keeps
    the oldest of them in train. Rows of one time are ordered by their row number; where that decides what is test, it
    is said. A held-out row whose film the same user has in train (see `Interactions.by_title`) could never be hit: it
    is in no part, and said. All other rows are in one part. What is said is in `Split.warning`.
    Raises ValueError on an unknown kind or an impossible share.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(map(repr, KINDS))}, got {kind!r}")
    if kind != "leave-one-out" or validation is not None:
        validation = _checked_validation(test, validation, kind)
    if len(data) < 2:
        raise ValueError(f"a split needs at least two interactions, got {len(data)}")
    part = _PARTS[kind](data, test, 1.0 if validation is None else validation, seed)  # (n,) 0 train, 1, 2 test
    _give_back(data, part)
    repeated = _repeated(data, part)
    warning = cautions(data, kind, part, repeated)
    if LEAK in (warning or ""):
        warnings.warn(LEAK, LeakWarning, stacklevel=3)  # points at the caller of data.split
    train, validation_, test_ = (data.take(np.flatnonzero((part == p) & ~repeated)) for p in range(3))
    return Split(train, validation_, test_, kind, seed, warning)


def _checked_validation(test: float, validation: float | None, kind: str) -> float:
    """The share of validation rows; leave-one-out has no shares, but 0 means none there too."""
    if kind != "leave-one-out" and not 0 < test < 1:
        raise ValueError(f"test must be a share between 0 and 1, got {test!r}")
    if validation is None:
        return _as_test(test) / ONE_IN
    if not 0 <= validation < 1:
        raise ValueError(f"validation must be a share from 0 to below 1, got {validation!r}")
    if kind != "leave-one-out" and test + validation >= 1:
        raise ValueError(
            f"test + validation must leave something to train on, got {test!r} + {validation!r} = {test + validation:g}"
        )
    return validation


def _give_back(data: Interactions, part: Int64s) -> None:
    """In `part`: the oldest validation row of a user without a train row is train."""
    poor = np.bincount(data.user[part == 0], minlength=data.n_users) == 0
    rows = data.by_user.rows  # each user's rows together, oldest first
    rows = rows[(part[rows] == 1) & poor[data.user[rows]]]
    user = data.user[rows]
    part[rows[np.flatnonzero(np.diff(user, prepend=-1))]] = 0


def _repeated(data: Interactions, part: Int64s) -> Bools:
    """Which held-out rows hold a film that the same user has in train, bool (n,)."""
    pair = data.user.astype(np.int64) * data.n_items + data.item
    held, learned = np.flatnonzero(part > 0), np.sort(pair[part == 0])
    place = np.minimum(np.searchsorted(learned, pair[held]), max(len(learned) - 1, 0))
    found = np.zeros(len(data), np.bool_)
    found[held] = learned[place] == pair[held] if len(learned) else False
    return found


def _as_test(test: float) -> float:
    """The share of a user's rows that validation takes: as many as test does, or half of what that leaves."""
    return min(test, (1 - test) / 2)


def _sum(test: float, validation: float) -> float:
    return round(test + validation, 12)  # 0.2 + 0.1 is 0.3, and not 4e-17 more, which would round 40.5 rows up


def _last_rows(order: Int64s, test: float, validation: float) -> Int64s:
    """Test and validation from the end of `order`, at least one test and one train row."""
    n = len(order)
    n_test = min(max(round(test * n), 1), n - 1)
    n_held = min(max(round(_sum(test, validation) * n), n_test), n - 1)
    part = np.zeros(n, np.int64)
    part[order[n - n_held :]] = 1
    part[order[n - n_test :]] = 2
    return part


def _random(data: Interactions, test: float, validation: float, seed: int) -> Int64s:
    return _last_rows(np.random.default_rng(seed).permutation(len(data)), test, validation)


def _global(data: Interactions, test: float, validation: float, seed: int) -> Int64s:
    return _last_rows(np.argsort(data.time, kind="stable"), test, validation)


def _newest(data: Interactions, n_test: Int64s, n_held: Int64s) -> Int64s:
    """Per user the newest n_test rows are test, the next up to n_held validation; shapes (n_users,)."""
    indptr, _, rows = data.by_user
    n = np.diff(indptr)
    owner = np.repeat(np.arange(data.n_users), sized(n))
    from_end = indptr[owner + 1] - np.arange(len(data))  # (n,) 1 = the user's newest
    part = np.empty(len(data), np.int64)
    part[rows] = (from_end <= n_held[owner]).astype(np.int64) + (from_end <= n_test[owner])
    return part


def _temporal(data: Interactions, test: float, validation: float, seed: int) -> Int64s:
    n = np.diff(data.by_user.indptr)
    spare = np.maximum(n - 1, 0)  # one row stays in train
    n_test = np.minimum(np.rint(test * n).astype(np.int64), spare)
    own = max(validation, _as_test(test))  # the share of a user who gives any
    n_held = np.minimum(np.rint(_sum(test, own) * n).astype(np.int64), spare)
    gives = np.zeros(data.n_users, bool)
    if validation:
        n_giving = max(round(validation / own * data.n_users), 1)
        gives[(np.arange(n_giving) + 1) * data.n_users // n_giving - 1] = True  # spread evenly: of five, the fifth
    return _newest(data, n_test, np.where(gives, n_held, n_test))


def _leave_one_out(data: Interactions, test: float, validation: float, seed: int) -> Int64s:
    spare = np.maximum(np.diff(data.by_user.indptr) - 1, 0)
    return _newest(data, np.minimum(spare, 1), np.minimum(spare, 2 if validation else 1))


_PARTS = {"temporal": _temporal, "random": _random, "temporal-global": _global, "leave-one-out": _leave_one_out}
