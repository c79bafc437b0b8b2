"""Splits: disjoint, complete, the same each time, and nobody is asked about the past."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recwidgets.data import Interactions, LeakWarning, load_movielens
from recwidgets.data.splits import KINDS, LEAK, NO_TEST, NO_TIMES

pytestmark = pytest.mark.filterwarnings("ignore::recwidgets.data.LeakWarning")


def table(user, time=None, n_items=40):
    """Interactions of the given users and times; each row's rating is its number, so that rows can be told apart."""
    n, n_users = len(user), max(user) + 1
    ids = [str(i) for i in range(max(n_users, n_items))]
    return Interactions(
        user, np.arange(n) % n_items, np.arange(n), np.arange(n) if time is None else time,
        ids[:n_users], ids[:n_items], ids[:n_items], ((),) * n_items, has_times=time is not None,
    )  # fmt: skip


def rows(part):
    return part.rating.astype(int).tolist()


@st.composite
def worlds(draw):
    user = draw(st.lists(st.integers(0, 5), min_size=2, max_size=60))
    time = draw(st.lists(st.integers(0, 9), min_size=len(user), max_size=len(user)))  # ties are the rule
    return table(user, time)


shares = st.tuples(st.floats(0.05, 0.6), st.sampled_from([0.0, 0.1, 0.3]))


@settings(max_examples=200, deadline=None)
@given(worlds(), st.sampled_from(KINDS), shares, st.integers(0, 3))
def test_parts_are_disjoint_complete_share_ids_and_come_out_the_same_again(data, kind, share, seed):
    split = data.split(kind, *share, seed=seed)
    parts = (split.train, split.validation, split.test)
    assert sorted(row for part in parts for row in rows(part)) == list(range(len(data)))
    assert len(split.train) > 0
    for part in parts:
        assert part.users is data.users and part.items is data.items and part.titles is data.titles
        assert rows(part) == sorted(rows(part))  # the order of the source
    again = data.split(kind, *share, seed=seed)
    assert [rows(part) for part in again[:3]] == [rows(part) for part in parts]


@settings(max_examples=200, deadline=None)
@given(worlds(), st.sampled_from(["temporal", "leave-one-out"]), shares)
def test_each_users_train_is_older_than_validation_and_validation_than_test(data, kind, share):
    split = data.split(kind, *share)
    for user in np.unique(data.user):
        keys = [
            [(int(part.time[row]), int(part.rating[row])) for row in part.rows_of(user)]
            for part in (split.train, split.validation, split.test)
        ]
        assert keys[0], "every user keeps a train row"
        flat = [key for part in keys for key in part]
        assert flat == sorted(flat)


@settings(max_examples=100, deadline=None)
@given(worlds(), shares)
def test_a_global_cut_is_one_moment_for_everybody(data, share):
    split = data.split("temporal-global", *share)
    keys = [list(zip(p.time.tolist(), rows(p), strict=True)) for p in (split.train, split.validation, split.test)]
    assert max(keys[0]) < min(keys[2])
    if keys[1]:
        assert max(keys[0]) < min(keys[1]) and max(keys[1]) < min(keys[2])


@settings(max_examples=100, deadline=None)
@given(worlds())
def test_leave_one_out_takes_one_test_and_one_validation_row_where_there_are_enough(data):
    split = data.split("leave-one-out")
    counts = np.bincount(data.user, minlength=data.n_users)
    assert np.array_equal(np.bincount(split.test.user, minlength=data.n_users), (counts >= 2).astype(int))
    assert np.array_equal(np.bincount(split.validation.user, minlength=data.n_users), (counts >= 3).astype(int))


def test_a_hand_worked_temporal_split():
    #             user 0: oldest row 3, then 1 and 2 at one time, newest 0; user 1: one row; user 2: rows 5, 6
    data = table([0, 0, 0, 0, 1, 2, 2], [9, 5, 5, 1, 7, 3, 3])
    split = data.split("temporal", test=0.25, validation=0.25)
    assert rows(split.test) == [0]
    assert rows(split.validation) == [2, 6]  # row 2 and not 1: a tie goes by row; user 2 rounds 0.5 + 0.5 rows to 0 + 1
    assert rows(split.train) == [1, 3, 4, 5]
    one_out = data.split("leave-one-out")
    assert (rows(one_out.test), rows(one_out.validation), rows(one_out.train)) == ([0, 6], [2], [1, 3, 4, 5])
    cut = data.split("temporal-global", test=2 / 7, validation=1 / 7)
    assert (rows(cut.test), rows(cut.validation), rows(cut.train)) == ([0, 4], [2], [1, 3, 5, 6])


def test_shares_are_of_the_whole():
    data = table([0] * 50 + [1] * 50)
    for kind in ("random", "temporal", "temporal-global"):
        split = data.split(kind, test=0.2, validation=0.1)
        assert (len(split.train), len(split.validation), len(split.test)) == (70, 10, 20), kind
    assert len(data.split("temporal").validation) == 0


def test_the_seed_changes_the_random_split_and_no_other():
    data = table([0, 1] * 50, list(range(100)))
    assert rows(data.split("random", seed=1).test) != rows(data.split("random", seed=2).test)
    for kind in ("temporal", "temporal-global", "leave-one-out"):
        assert rows(data.split(kind, seed=1).test) == rows(data.split(kind, seed=2).test)


def test_a_random_split_warns_once_that_it_leaks_the_future_and_the_others_do_not():
    data = table([0, 1] * 50, list(range(100)))
    with pytest.warns(LeakWarning, match="leaks the future") as caught:
        split = data.split("random")
    assert len(caught) == 1 and caught[0].filename == __file__  # it points at the caller's line
    assert split.warning == LEAK and (split.kind, split.seed) == ("random", 42)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert all(data.split(kind).warning is None for kind in KINDS if kind != "random")


def test_without_times_a_temporal_split_says_what_it_took_for_time():
    data = table([0, 1] * 50)
    assert data.split("temporal").warning == NO_TIMES
    assert data.split("random").warning is None  # no future is known, so none leaks


def test_a_split_without_a_test_row_says_so():
    split = table([0, 1, 2], [1, 2, 3]).split("temporal")
    assert len(split.test) == 0 and split.warning == NO_TEST


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"kind": "by-moon"}, "one of 'temporal', 'random', 'temporal-global', 'leave-one-out', got 'by-moon'"),
        ({"test": 0}, "test must be a share between 0 and 1, got 0"),
        ({"test": 1.0}, "test must be a share between 0 and 1, got 1.0"),
        ({"test": -0.2}, "got -0.2"),
        ({"test": float("nan")}, "got nan"),
        ({"validation": -0.1}, "validation must be a share from 0 to below 1, got -0.1"),
        ({"test": 0.5, "validation": 0.5}, r"something to train on, got 0.5 \+ 0.5 = 1"),
    ],
)
def test_impossible_splits_are_refused_with_the_rule(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        table([0, 1] * 5).split(**arguments)


def test_one_interaction_cannot_be_split():
    with pytest.raises(ValueError, match="at least two interactions, got 1"):
        table([0, 1]).take([0]).split()


def test_on_movielens_every_user_is_asked_about_a_fifth():
    data = load_movielens()
    split = data.split()
    asked = np.bincount(split.test.user, minlength=data.n_users)
    assert np.array_equal(asked, np.rint(0.2 * np.bincount(data.user)).astype(int))
    assert (len(split.train), len(split.test), split.warning) == (80_672, 20_164, None)
