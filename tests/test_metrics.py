"""Metrics: by hand, against plain Python, and value for value against the independent evaluator where it is there."""

import importlib.util
import math
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import table

from recwidgets import metrics

# ------------------------------------------------------------------ one example by hand


@pytest.fixture
def hand():
    """Three users, six films. User 1 has two held-out films, user 2 one, user 3 none."""
    test = table([(0, 1), (0, 4), (1, 5)], 3, 6)
    ranked = np.array([[4, 0, 1, 2], [0, 1, 2, 5], [3, 4, 5, -1]])
    return ranked, test


def test_hits_stand_where_the_list_names_a_held_out_film(hand):
    ranked, test = hand
    assert metrics.hits(ranked, test).astype(int).tolist() == [[1, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
    assert metrics.n_relevant(test).tolist() == [2, 1, 0]


def test_the_end_of_a_list_hits_nothing():
    test = table([(0, 3), (1, 0)], 2, 4)
    assert not metrics.hits(np.full((2, 3), -1), test).any()
    assert not metrics.hits(np.array([[0, 1], [2, 3]]), table([], 2, 4)).any()


def test_the_worked_example_at_three(hand):
    ranked, test = hand
    found = metrics.per_user(metrics.hits(ranked, test), metrics.n_relevant(test), 3)
    second, third = 1 / math.log2(3), 1 / math.log2(4)
    np.testing.assert_allclose(found["ndcg"], [(1 + third) / (1 + second), 0, math.nan])
    np.testing.assert_allclose(found["recall"], [1, 0, math.nan])
    np.testing.assert_allclose(found["precision"], [2 / 3, 0, math.nan])
    np.testing.assert_allclose(found["map"], [(1 + 2 / 3) / 2, 0, math.nan])
    np.testing.assert_allclose(found["mrr"], [1, 0, math.nan])


def test_the_worked_example_at_four(hand):
    ranked, test = hand
    found = metrics.per_user(metrics.hits(ranked, test), metrics.n_relevant(test), 4)
    np.testing.assert_allclose(found["ndcg"][1], 1 / math.log2(5))
    np.testing.assert_allclose([found["mrr"][1], found["map"][1], found["precision"][1]], [0.25, 0.25, 0.25])


def test_top_k_accuracy_counts_held_out_rows(hand):
    ranked, test = hand
    assert [metrics.top_k_accuracy(ranked, test, k) for k in (1, 2, 3, 4)] == pytest.approx([1 / 3, 1 / 3, 2 / 3, 1])


def test_coverage_is_the_share_of_the_catalogue_that_is_shown(hand):
    ranked, _ = hand
    assert metrics.coverage(ranked, 6, 1) == pytest.approx(3 / 6)
    assert metrics.coverage(ranked, 6, 4) == 1
    assert metrics.coverage(np.full((3, 4), -1), 6, 4) == 0


def test_novelty_is_surprise_in_bits():
    popularity = np.array([8, 4, 1, 0])
    ranked = np.array([[0, 1], [2, -1], [3, 0], [-1, -1]])
    found = metrics.novelty(ranked, popularity, 8, 2)
    np.testing.assert_allclose(found, [(0 + 1) / 2, 3, (3 + 0) / 2, math.nan])


def test_novelty_counts_users_and_not_rows():
    data = table([(0, 0), (0, 0), (1, 0)], 2, 2)  # both users rated film 0, one of them twice: no surprise
    assert metrics.novelty(np.array([[0], [0]]), data.n_raters, data.n_users, 1).tolist() == [0, 0]
    assert data.n_raters.tolist() == [2, 0] and data.popularity.tolist() == [3, 0]


def test_a_film_that_a_user_has_in_two_test_rows_counts_once():
    test = table([(0, 1), (0, 1), (0, 2), (1, 3)], 2, 4)
    ranked = np.array([[1, 0], [0, 2]])
    assert metrics.top_k_accuracy(ranked, test, 2) == pytest.approx(1 / 3)
    recall = metrics.per_user(metrics.hits(ranked, test), metrics.n_relevant(test), 2)["recall"]
    assert recall.tolist() == [1 / 2, 0]


def test_nothing_held_out_has_no_accuracy():
    assert math.isnan(metrics.top_k_accuracy(np.array([[0]]), table([], 1, 2), 1))


# ------------------------------------------------------------------ against plain Python


def slow(ranked, relevant, k):
    """Every metric of one user from the definitions: `relevant` is a set that is not empty."""
    top = [item for item in ranked[:k] if item >= 0]
    gain = sum(1 / math.log2(place + 2) for place, item in enumerate(top) if item in relevant)
    best = sum(1 / math.log2(place + 2) for place in range(min(k, len(relevant))))
    precisions = [
        len(relevant & set(top[: place + 1])) / (place + 1) for place, item in enumerate(top) if item in relevant
    ]
    places = [place + 1 for place, item in enumerate(top) if item in relevant]
    return {
        "ndcg": gain / best,
        "recall": len(places) / len(relevant),
        "precision": len(places) / k,
        "map": sum(precisions) / len(relevant),
        "mrr": 1 / places[0] if places else 0.0,
    }


@st.composite
def lists_and_tests(draw):
    n_users, n_items = draw(st.integers(1, 6)), draw(st.integers(2, 12))
    pair = st.tuples(st.integers(0, n_users - 1), st.integers(0, n_items - 1))
    rows = draw(st.lists(pair, min_size=1, max_size=30))  # a pair may stand twice, as in data by title
    depth = draw(st.integers(1, n_items))
    ranked = np.full((n_users, depth), -1)
    for user in range(n_users):
        order = draw(st.permutations(range(n_items)))[: draw(st.integers(0, depth))]
        ranked[user, : len(order)] = order
    return ranked, table(rows, n_users, n_items), draw(st.integers(1, depth))


@given(lists_and_tests())
@settings(max_examples=150, deadline=None)
def test_every_metric_equals_its_definition(case):
    ranked, test, k = case
    found = metrics.per_user(metrics.hits(ranked, test), metrics.n_relevant(test), k)
    for user in range(test.n_users):
        relevant = set(test.history(user).tolist())
        for name, values in found.items():
            expected = slow(ranked[user].tolist(), relevant, k)[name] if relevant else math.nan
            assert values[user] == pytest.approx(expected, nan_ok=True), name
    films = set(zip(test.user.tolist(), test.item.tolist(), strict=True))  # a film counts once, in however many rows
    share = sum(item in ranked[user, :k].tolist() for user, item in films) / len(films)
    assert metrics.top_k_accuracy(ranked, test, k) == pytest.approx(share)


@given(lists_and_tests())
@settings(max_examples=60, deadline=None)
def test_metrics_stay_between_none_and_all(case):
    ranked, test, k = case
    found = metrics.per_user(metrics.hits(ranked, test), metrics.n_relevant(test), k)
    for values in found.values():
        known = values[~np.isnan(values)]
        assert ((known >= 0) & (known <= 1 + 1e-12)).all()


def test_the_best_list_scores_one():
    test = table([(0, 2), (0, 3), (1, 0)], 2, 4)
    ranked = np.array([[3, 2, 0], [0, 1, 2]])
    found = metrics.per_user(metrics.hits(ranked, test), metrics.n_relevant(test), 3)
    for name in ("ndcg", "recall", "map", "mrr"):
        np.testing.assert_allclose(found[name], [1, 1])


# ------------------------------------------------------------------ intervals


@pytest.mark.parametrize("n_users", [2, 5, 30, 900])
@pytest.mark.parametrize("seed", range(4))
def test_an_interval_holds_the_mean_and_stays_within_the_values(n_users, seed):
    values = np.random.default_rng(seed).beta(0.5, 3, n_users)
    low, high = metrics.bootstrap(values, seed=seed)
    assert values.min() <= low < values.mean() < high <= values.max()


@given(value=st.floats(0, 1), n_users=st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_where_all_users_are_alike_the_interval_has_no_width(value, n_users):
    assert metrics.bootstrap(np.full(n_users, value), n=50) == pytest.approx((value, value))


def test_an_interval_is_as_wide_as_the_normal_one():
    """For many users the percentile interval is the mean ± 1.96 standard errors."""
    values = np.random.default_rng(0).normal(0.3, 0.1, 2000)
    low, high = metrics.bootstrap(values, n=4000)
    error = values.std() / math.sqrt(len(values))
    np.testing.assert_allclose([low, high], values.mean() + np.array([-1.96, 1.96]) * error, atol=0.15 * error)


def test_an_interval_leaves_out_users_without_a_value_and_repeats_itself():
    values = np.random.default_rng(1).random(30)
    values[::4] = np.nan
    assert metrics.bootstrap(values, seed=3) == metrics.bootstrap(values[~np.isnan(values)], seed=3)
    assert metrics.bootstrap(values, seed=3) != metrics.bootstrap(values, seed=4)
    assert all(math.isnan(end) for end in metrics.bootstrap(np.array([np.nan])))


# ------------------------------------------------------------------ the independent evaluator


@pytest.fixture(scope="module")
def bench(repo):
    """The evaluator that judges every system alike. It is not part of this package."""
    place = os.environ.get("RECWIDGETS_BENCH") or repo.parent / "shared" / "bench"
    path = os.path.join(place, "evalbench.py")
    if not os.path.exists(path):
        pytest.skip("no evalbench.py: set RECWIDGETS_BENCH to its folder")
    spec = importlib.util.spec_from_file_location("evalbench", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def small(bench, monkeypatch):
    """The evaluator on 40 users and 60 films: its own arithmetic, rows of our choice. Every film has its own title."""
    monkeypatch.setattr(bench, "N_USERS", 40)
    monkeypatch.setattr(bench, "N_ITEMS", 60)
    monkeypatch.setattr(bench, "titles", lambda data_dir: (np.arange(60), [f"{n:02}" for n in range(60)]))
    rng = np.random.default_rng(8)
    pairs = rng.permutation(np.argwhere(rng.random((40, 60)) < 0.25))
    cut = int(0.75 * len(pairs))
    monkeypatch.setattr(bench, "split", lambda d, protocol: (np.arange(cut), np.arange(cut, len(pairs))))
    raw = {"user": pairs[:, 0], "item": pairs[:, 1]}
    return raw, table(pairs[:cut], 40, 60), table(pairs[cut:], 40, 60)


def without(ranked, train):
    """The lists with the seen films taken out, padded with -1 at their end."""
    out = np.full_like(ranked, -1)
    for user, row in enumerate(ranked):
        kept = row[~np.isin(row, train.history(user))]
        out[user, : len(kept)] = kept
    return out


def shuffled(seed, n_users=40, n_items=60):
    rng = np.random.default_rng(seed)
    return np.stack([rng.permutation(n_items) for _ in range(n_users)])


@pytest.mark.parametrize("seed", range(5))
def test_ranking_metrics_equal_the_evaluators(bench, small, seed):
    raw, train, test = small
    ranked = shuffled(seed)
    theirs = bench.score_topn(raw, "p1", ranked + 1)
    lists = without(ranked, train)
    ours = metrics.per_user(metrics.hits(lists, test), metrics.n_relevant(test), 10)
    named = {"MAP": "map", "nDCG@10": "ndcg", "Precision@10": "precision", "Recall@10": "recall"}
    for name, own in named.items():
        assert np.nanmean(ours[own]) == pytest.approx(theirs[name], rel=1e-12), name
    assert (metrics.n_relevant(test) > 0).sum() == theirs["users"]


@pytest.mark.parametrize("seed", range(5))
def test_top_k_accuracy_equals_the_evaluators_with_seen_films_kept_and_removed(bench, small, seed):
    raw, train, test = small
    ranked = shuffled(seed)
    theirs = bench.score_tfrs(raw, "p3", ranked + 1, None, ks=(1, 5, 10, 50))
    for k in (1, 5, 10, 50):
        assert metrics.top_k_accuracy(ranked, test, k) == pytest.approx(theirs[f"top{k}"], rel=1e-12)
        removed = metrics.top_k_accuracy(without(ranked, train), test, k)
        assert removed == pytest.approx(theirs[f"top{k}_removed"], rel=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_next_item_metrics_equal_the_evaluators(bench, small, monkeypatch, seed):
    """One held-out film a user: recall is the hit rate."""
    raw, train, _ = small
    ranked = shuffled(seed)
    last = np.array([next(item for item in range(60) if item not in set(train.history(u))) for u in range(40)])
    user, item = np.r_[train.user, np.arange(40)], np.r_[train.item, last]
    n = len(train)
    monkeypatch.setattr(bench, "split", lambda d, protocol: (np.arange(n), np.arange(n, n + 40)))
    theirs = bench.score_next({"user": user, "item": item}, "p2", ranked + 1)
    test = table(list(enumerate(last)), 40, 60)
    for suffix, lists in (("", without(ranked, train)), ("_kept", ranked)):
        ours = metrics.per_user(metrics.hits(lists, test), metrics.n_relevant(test), 10)
        for name, own in {"HR@10": "recall", "NDCG@10": "ndcg", "MRR@10": "mrr"}.items():
            assert ours[own].mean() == pytest.approx(theirs[name + suffix], rel=1e-12), name + suffix


def test_metrics_equal_the_evaluators_on_movielens_100k(bench, ml100k):
    """The published split, all 943 users, random lists of the whole catalogue."""
    if not ml100k.is_dir():
        pytest.skip("the evaluator reads MovieLens 100K from a folder, RECWIDGETS_ML100K is a zip")
    raw = bench.load(ml100k)
    train_rows, test_rows = bench.split(raw, "p1")
    pairs = np.column_stack([raw["user"], raw["item"]])
    train, test = (table(pairs[rows], 943, 1682) for rows in (train_rows, test_rows))
    ranked = shuffled(1, 943, 1682)
    ranked[::2] = np.argsort(-train.popularity, kind="stable")  # half of the lists with hits at the top
    theirs = bench.score_topn(raw, "p1", ranked + 1)
    lists = without(ranked, train)
    ours = metrics.per_user(metrics.hits(lists, test), metrics.n_relevant(test), 10)
    for name, own in {"MAP": "map", "nDCG@10": "ndcg", "Precision@10": "precision", "Recall@10": "recall"}.items():
        assert np.nanmean(ours[own]) == pytest.approx(theirs[name], rel=1e-12), name
