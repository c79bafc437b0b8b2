"""Small worlds: what was planted can be found, and is the same each time."""

import numpy as np
import pytest

from recwidgets.data import checkerboard, planted, popularity_world


@pytest.fixture(scope="module")
def world():
    return planted()


def matrix(data):
    seen = np.zeros((data.n_users, data.n_items), bool)
    seen[data.user, data.item] = True
    return seen


# ------------------------------------------------------------------ checkerboard


@pytest.mark.parametrize("n", [6, 7, 8, 20])
def test_a_checkerboard_withholds_one_film_of_each_users_own_colour(n):
    train, withheld = checkerboard(n)
    seen = matrix(train)
    own = (np.arange(n)[:, None] + np.arange(n)) % 2 == 0
    assert not (seen & ~own).any()
    assert np.array_equal((own & ~seen).sum(1), np.ones(n))
    assert withheld[:, 0].tolist() == list(range(n))
    assert not seen[withheld[:, 0], withheld[:, 1]].any() and own[withheld[:, 0], withheld[:, 1]].all()


def test_the_withheld_film_is_the_best_guess_of_plain_cooccurrence():
    train, withheld = checkerboard(8)
    seen = matrix(train).astype(float)
    scores = seen @ (seen.T @ seen)
    scores[seen > 0] = -1
    assert np.array_equal(scores.argmax(1), withheld[:, 1])


def test_a_board_too_small_to_learn_from_is_refused():
    with pytest.raises(ValueError, match="at least 6 users and films, got 4"):
        checkerboard(4)


# ------------------------------------------------------------------ planted


def test_the_same_seed_is_the_same_world_and_another_is_another(world):
    again, other = planted(), planted(seed=1)
    assert np.array_equal(again.data.item, world.data.item) and np.array_equal(again.data.time, world.data.time)
    assert not np.array_equal(other.data.item[:100], world.data.item[:100])


def test_it_says_that_it_is_made_up(world):
    assert "synthetic" in world.data.name
    assert world.data.titles[:2].tolist() == ["Noir 1", "Western 1"]
    assert world.data.genres[0] == ("Noir",)


def test_nobody_has_a_film_twice(world):
    assert matrix(world.data).sum() == len(world.data)


def test_users_mostly_watch_their_own_taste_and_rate_it_higher(world):
    data = world.data
    own = world.taste_of_item[data.item] == world.taste_of_user[data.user]
    assert 0.8 < own.mean() < 0.9  # loyalty 0.85
    assert data.rating[own].mean() > data.rating[~own].mean() + 1


def test_popularity_is_skewed(world):
    counts = np.sort(world.data.popularity)
    assert counts[-20:].sum() > 3 * counts[:20].sum()


def test_the_planted_neighbours_are_the_nearest_ones_far_more_often_than_chance(world):
    seen = matrix(world.data).astype(float)
    seen /= np.linalg.norm(seen, axis=1, keepdims=True)
    near = seen @ seen.T
    np.fill_diagonal(near, -1)
    nearest = np.argsort(-near, axis=1, kind="stable")[:, :4]
    found = np.mean([np.isin(nearest[u], world.neighbours[u]).mean() for u in range(world.data.n_users)])
    assert found > 0.35  # chance: 4 of 299
    assert all(u not in others and len(others) == 4 for u, others in enumerate(world.neighbours))


def test_sessions_are_close_in_time_and_films_follow_as_planted(world):
    data, session = world.data, world.session_of_row
    same_user = np.diff(data.user) == 0
    gap, inside = np.diff(data.time)[same_user], np.diff(session)[same_user] == 0
    assert gap.min() > 0  # rows stand oldest first
    assert gap[inside].max() < 1800 < 86_400 < gap[~inside].min()
    follows = (world.next_item[data.item[:-1]] == data.item[1:])[same_user]
    assert follows[inside].mean() > 0.35 and follows[~inside].mean() < 0.1
    assert np.array_equal(world.taste_of_item[world.next_item], world.taste_of_item)
    assert sorted(world.next_item) == list(range(data.n_items))  # each film follows one


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [({"n_users": 10}, "n_users=10"), ({"tastes": 1}, "tastes=1"), ({"n_items": 30}, "n_items=30"),
     ({"films": 150}, "films=150"), ({"loyalty": 2}, "loyalty=2"), ({"follow": -1}, "follow=-1")],
)  # fmt: skip
def test_a_world_with_too_little_to_plant_is_refused(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        planted(**arguments)


def test_other_sizes_and_more_tastes_than_names_work():
    small = planted(n_users=60, n_items=100, tastes=10, films=8, circle=3)
    assert len(set(small.taste_of_item.tolist())) == 10
    assert small.data.titles[9].startswith("Taste 10")


# ------------------------------------------------------------------ any size


@pytest.mark.parametrize("n", [1_000, 100_000, 300_000])
def test_a_world_of_any_size_has_exactly_that_many_different_pairs(n):
    data = popularity_world(n)
    assert len(data) == n
    assert len(np.unique(data.user.astype(np.int64) * data.n_items + data.item)) == n
    assert (np.diff(data.time) >= 0).all()
    assert "synthetic" in data.name


def test_its_popularity_is_like_that_of_ml_100k():
    data = popularity_world(100_000)
    assert (data.n_users, data.n_items) == (943, 1_682)
    share = np.cumsum(np.sort(data.popularity)[::-1]) / len(data)
    # what the most rated 1, 10, 20 and 50 % of films hold in ML-100K
    for place, expected in ((0.01, 0.076), (0.1, 0.429), (0.2, 0.647), (0.5, 0.927)):
        assert abs(share[int(place * data.n_items)] - expected) < 0.03


def test_a_world_of_any_size_is_seeded():
    assert np.array_equal(popularity_world(5_000, 3).item, popularity_world(5_000, 3).item)
    assert not np.array_equal(popularity_world(5_000, 3).item, popularity_world(5_000, 4).item)
    with pytest.raises(ValueError, match="at least 1,000, got 10"):
        popularity_world(10)
