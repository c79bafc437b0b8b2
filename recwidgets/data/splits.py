"""Splits: what a model may learn from, and what it is asked afterwards."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from recwidgets.data._arrays import Int64s

if TYPE_CHECKING:
    from recwidgets.data.interactions import Interactions

KINDS = ("temporal", "random", "temporal-global", "leave-one-out")

LEAK = (
    "a random split leaks the future: a model may learn from what a user did after the rating it is asked about, "
    'so its accuracy is too high; data.split("temporal") asks only about each user\'s newest ratings'
)
NO_TIMES = "the data have no times, so a row's place in the table was taken for its time"
NO_TEST = "no user has ratings enough for a test row; pass a larger test share"


class LeakWarning(UserWarning):
    """A split lets a model see the future of what it is asked about."""


class Split(NamedTuple):
    """Three parts of one data set that share its ids, and how they were made."""

    train: Interactions
    validation: Interactions  # no rows where no validation share was asked for
    test: Interactions
    kind: str
    seed: int
    warning: str | None  # what to know before one believes a number from this split


def split(
    data: Interactions, kind: str = "temporal", test: float = 0.2, validation: float = 0.0, seed: int = 42
) -> Split:
    """Cut `data` into train, validation and test: disjoint, complete, the same for the same arguments.

    kind: "temporal": each user's own newest share; a user always keeps one train row.
          "random": rows at random (warns: it leaks the future).
          "temporal-global": one cut in time for everybody; a user may have no train row.
          "leave-one-out": each user's last row is test, the one before validation, both shares unused;
          a user of two rows has no validation row, a user of one row stays in train.
    test, validation: shares of all rows, or of each user's (rounded). seed: for "random" only.
    Rows of one time are ordered by their row number. Raises ValueError on an unknown kind or an impossible share.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(map(repr, KINDS))}, got {kind!r}")
    if kind != "leave-one-out":
        _check_shares(test, validation)
    if len(data) < 2:
        raise ValueError(f"a split needs at least two interactions, got {len(data)}")
    part = _PARTS[kind](data, test, validation, seed)  # (n,) 0 train, 1 validation, 2 test
    warning = _warning(data, kind, part)
    if warning == LEAK:
        warnings.warn(LEAK, LeakWarning, stacklevel=3)  # points at the caller of data.split
    train, validation_, test_ = (data.take(np.flatnonzero(part == p)) for p in range(3))
    return Split(train, validation_, test_, kind, seed, warning)


def _warning(data: Interactions, kind: str, part: Int64s) -> str | None:
    if not (part == 2).any():
        return NO_TEST
    if kind == "random":
        return LEAK if data.has_times else None
    return None if data.has_times else NO_TIMES


def _check_shares(test: float, validation: float) -> None:
    if not 0 < test < 1:
        raise ValueError(f"test must be a share between 0 and 1, got {test!r}")
    if not 0 <= validation < 1:
        raise ValueError(f"validation must be a share from 0 to below 1, got {validation!r}")
    if test + validation >= 1:
        raise ValueError(
            f"test + validation must leave something to train on, got {test!r} + {validation!r} = {test + validation:g}"
        )


def _last_rows(order: Int64s, test: float, validation: float) -> Int64s:
    """Test and validation from the end of `order`, at least one test and one train row."""
    n = len(order)
    n_test = min(max(round(test * n), 1), n - 1)
    n_held = min(max(round((test + validation) * n), n_test), n - 1)
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
    owner = np.repeat(np.arange(data.n_users), n)
    from_end = indptr[owner + 1] - np.arange(len(data))  # (n,) 1 = the user's newest
    part = np.empty(len(data), np.int64)
    part[rows] = (from_end <= n_held[owner]).astype(np.int64) + (from_end <= n_test[owner])
    return part


def _temporal(data: Interactions, test: float, validation: float, seed: int) -> Int64s:
    n = np.diff(data.by_user.indptr)
    spare = np.maximum(n - 1, 0)  # one row stays in train
    n_test = np.minimum(np.rint(test * n).astype(np.int64), spare)
    n_held = np.minimum(np.rint((test + validation) * n).astype(np.int64), spare)
    return _newest(data, n_test, n_held)


def _leave_one_out(data: Interactions, test: float, validation: float, seed: int) -> Int64s:
    spare = np.maximum(np.diff(data.by_user.indptr) - 1, 0)
    return _newest(data, np.minimum(spare, 1), np.minimum(spare, 2))


_PARTS = {"temporal": _temporal, "random": _random, "temporal-global": _global, "leave-one-out": _leave_one_out}
