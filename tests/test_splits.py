"""Splits: disjoint, complete, the same each time, and nobody is asked about the past."""

import dataclasses
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recwidgets.data import Interactions, LeakWarning, load_movielens
from recwidgets.data.cautions import LEAK, NO_TEST, NO_TIMES, ONE_EACH
from recwidgets.data.splits import KINDS

pytestmark = pytest.mark.filterwarnings("ignore::recwidgets.data.LeakWarning")


def table(user, time=None, n_items=40, item=None):
    """Interactions of the given users and times; each row's rating is its number, so that rows can be told apart."""
    n, n_users = len(user), max(user) + 1
    n_items = max(n, n_items)  # so that nobody has a film twice
    ids = [str(i) for i in range(max(n_users, n_items))]
    return Interactions(
        user, np.arange(n) % n_items if item is None else item, np.arange(n), np.arange(n) if time is None else time,
        ids[:n_users], ids[:n_items], ids[:n_items], ((),) * n_items, has_times=time is not None,
    )  # fmt: skip


def rows(part):
    return part.rating.astype(int).tolist()


@st.composite
def worlds(draw):
    user = draw(st.lists(st.integers(0, 5), min_size=2, max_size=60))
    time = draw(st.lists(st.integers(0, 9), min_size=len(user), max_size=len(user)))  # ties are the rule
    return table(user, time)


shares = st.tuples(st.floats(0.05, 0.6), st.sampled_from([None, 0.0, 0.1, 0.3]))


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
        one = np.bincount(split.train.user, minlength=data.n_users) == 1  # of these, the only row may be given back
        older = [key for key, user in zip(keys[0], split.train.user, strict=True) if not one[user]]
        assert max(older, default=(-1, -1)) < min(keys[1]) and max(keys[1]) < min(keys[2])


@settings(max_examples=100, deadline=None)
@given(worlds())
def test_leave_one_out_takes_one_test_and_one_validation_row_where_there_are_enough(data):
    split = data.split("leave-one-out")
    counts = np.bincount(data.user, minlength=data.n_users)
    assert np.array_equal(np.bincount(split.test.user, minlength=data.n_users), (counts >= 2).astype(int))
    assert np.array_equal(np.bincount(split.validation.user, minlength=data.n_users), (counts >= 3).astype(int))
    without = data.split("leave-one-out", validation=0)
    assert not len(without.validation) and rows(without.test) == rows(split.test)


@settings(max_examples=200, deadline=None)
@given(worlds(), st.sampled_from(KINDS), shares, st.integers(0, 3))
def test_validation_changes_no_test_row_and_leaves_nobody_without_a_train_row(data, kind, share, seed):
    split, without = data.split(kind, *share, seed=seed), data.split(kind, share[0], validation=0, seed=seed)
    assert rows(split.test) == rows(without.test)
    assert set(np.unique(without.train.user)) == set(np.unique(split.train.user))


@settings(max_examples=200, deadline=None)
@given(worlds(), st.data(), st.sampled_from(KINDS), shares)
def test_a_held_out_row_that_repeats_a_film_of_its_users_train_rows_is_in_no_part(data, draw, kind, share):
    item = draw.draw(st.lists(st.integers(0, 3), min_size=len(data), max_size=len(data)))
    merged = table(data.user, data.time, item=item)
    split, plain = merged.split(kind, *share), data.split(kind, *share)
    assert rows(split.train) == rows(plain.train)
    known = set(zip(split.train.user.tolist(), split.train.item.tolist(), strict=True))
    gone = []
    for name in ("validation", "test"):
        stay = [row for row in rows(getattr(plain, name)) if (int(data.user[row]), item[row]) not in known]
        assert rows(getattr(split, name)) == stay
        gone.append(len(getattr(plain, name)) - len(stay))
    assert ("in no part" in (split.warning or "")) == (sum(gone) > 0)


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
        assert len(data.split(kind, validation=0).validation) == 0


def test_every_fifth_user_gives_validation_rows_where_nobody_says_otherwise():
    data = table(np.repeat(range(10), 50).tolist())
    for kind in ("random", "temporal", "temporal-global"):
        assert [len(part) for part in data.split(kind)[:3]] == [380, 20, 100], kind  # a fifth of a fifth
        assert [len(part) for part in data.split(kind, test=0.92)[:3]] == [36, 4, 460], kind  # half of what is left
    split = data.split("temporal")
    assert np.bincount(split.test.user).tolist() == [10] * 10
    assert np.bincount(split.validation.user, minlength=10).tolist() == [0, 0, 0, 0, 10, 0, 0, 0, 0, 10]
    half = data.split("temporal", validation=0.1)
    assert np.bincount(half.validation.user, minlength=10).tolist() == [0, 10] * 5
    every = data.split("temporal", validation=0.4)  # more than the test share: everybody gives so much
    assert np.bincount(every.validation.user).tolist() == [20] * 10
    assert [len(part) for part in data.split("leave-one-out")[:3]] == [480, 10, 10]


def test_a_world_of_few_users_has_validation_rows_too():
    assert len(table([0] * 10 + [1] * 10).split("temporal").validation) == 2


def test_somebody_who_would_have_validation_rows_alone_keeps_the_oldest_in_train():
    #             user 1's only rows are of times 6 and 5, and times 5 to 7 are validation
    data = table([0, 0, 0, 0, 0, 1, 1, 0, 0, 0], [0, 1, 2, 3, 4, 6, 5, 7, 8, 9])
    split = data.split("temporal-global", test=0.2, validation=0.3)
    assert (rows(split.train), rows(split.validation), rows(split.test)) == ([0, 1, 2, 3, 4, 6], [5, 7], [8, 9])


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


def test_users_in_test_without_a_train_row_are_counted():
    split = table([0] * 4 + [1, 2, 0], [0, 1, 2, 3, 7, 8, 9]).split("temporal-global", test=3 / 7)
    assert split.warning.startswith("2 of the 3 users in test have no train row, so a model knows nothing of them")
    split = load_movielens().split("temporal-global")
    assert split.warning.startswith("88 of the 116 users in test have no train row")


def test_users_whose_cut_falls_within_a_second_are_counted():
    time = [1, 2, 2, 1, 2, 3, 1, 2, 2]  # user 0's and user 2's last two are of one second
    data = table([0, 0, 0, 1, 1, 1, 2, 2, 2], time)
    said = data.split("leave-one-out").warning
    assert said.startswith("ratings of one second stand on both sides of the cut for 2 of the 3 users in test")
    assert said.endswith("here the films with the largest ids are test")  # the films are numbered as the rows
    other = table([0, 0, 0, 1, 1, 1, 2, 2, 2], time, item=[0, 9, 8, 3, 4, 5, 6, 7, 8]).split("leave-one-out").warning
    assert "for 2 of the 3 users" in other and other.endswith("by the order of the table, not by time")


def test_on_movielens_it_is_said_for_how_many_users_the_file_decides():
    data = load_movielens()
    by_hand = 0  # users whose last two ratings, in the order of time and file, are of one second
    for user in range(data.n_users):
        last = sorted(data.time[data.user == user].tolist())[-2:]
        by_hand += last[0] == last[1]
    said = data.split("leave-one-out").warning
    assert by_hand == 94 and "for 94 of the 610 users in test" in said and "the largest ids are test" in said
    assert "for 125 of the 610 users in test" in data.split("temporal").warning
    assert "one second" not in data.split("random").warning  # it claims no order


def test_films_merged_by_title_are_not_asked_for_again():
    data = table([0, 0, 0, 0, 0, 1, 1, 1, 1, 1], range(10), item=[0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    titles = [f"t{n}" for n in range(40)]
    titles[4] = "t0"  # user 0's newest is a film of their train rows, under another id
    merged = dataclasses.replace(data, titles=np.array(titles)).by_title()
    split = merged.split("temporal")
    assert (rows(split.test), rows(data.split("temporal").test)) == ([9], [4, 9])
    assert split.warning.startswith("1 test row holds a film that the same user has in train, so they could never")


def test_without_times_a_temporal_split_says_what_it_took_for_time():
    data = table([0, 1] * 50)
    assert data.split("temporal").warning == NO_TIMES
    assert data.split("random").warning is None  # no future is known, so none leaks


def test_a_split_without_a_test_row_says_so():
    split = table([0, 1, 2], [1, 2, 3]).split("temporal")
    assert len(split.test) == 0 and split.warning == ONE_EACH
    assert len(table([0, 0, 1], [1, 2, 3]).split("temporal", test=0.1).test) == 0
    assert table([0, 0, 1], [1, 2, 3]).split("temporal", test=0.1).warning == NO_TEST
    assert len(table([0, 0, 1], [1, 2, 3]).split("temporal", test=0.4).test) == 1  # and a larger share helps


def test_no_share_helps_where_everybody_has_one_rating_and_the_sentence_names_the_kinds_that_do():
    data = table([0, 1, 2], [1, 2, 3])
    for kind in ("temporal", "leave-one-out"):
        split = data.split(kind, test=0.9)
        assert len(split.test) == 0 and "no share gives a test row" in split.warning, kind
    for kind in ("temporal-global", "random"):
        assert f'"{kind}"' in ONE_EACH and len(data.split(kind).test) == 1, kind


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"kind": "by-moon"}, "one of 'temporal', 'random', 'temporal-global', 'leave-one-out', got 'by-moon'"),
        ({"test": 0}, "test must be a share between 0 and 1, got 0"),
        ({"test": 1.0}, "test must be a share between 0 and 1, got 1.0"),
        ({"test": -0.2}, "got -0.2"),
        ({"test": float("nan")}, "got nan"),
        ({"validation": -0.1}, "validation must be a share from 0 to below 1, got -0.1"),
        ({"kind": "leave-one-out", "validation": -0.1}, "validation must be a share from 0 to below 1, got -0.1"),
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
    given = np.bincount(split.validation.user, minlength=data.n_users)
    n = np.bincount(data.user)
    assert np.count_nonzero(given) == 122 == data.n_users / 5
    assert np.array_equal(given[given > 0], (np.rint(0.4 * n) - np.rint(0.2 * n)).astype(int)[given > 0])
    parts = (len(split.train), len(split.validation), len(split.test))
    assert parts == (80_672 - given.sum(), given.sum(), 20_164)
