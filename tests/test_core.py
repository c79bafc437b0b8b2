"""Core: ranking is written once, and a slow, plain ranking agrees with it."""

import gc
import math
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import Fixed, Svd, random_table, table, ties_and_all, trained

from recwidgets import graph, recommend, recommend_all
from recwidgets.core import Explanation, Part, Person, Snapshot, person_of
from recwidgets.data import UnknownItem, UnknownUser, planted
from recwidgets.models.popularity import Popularity
from recwidgets.protocols import Recommender
from recwidgets.ranking import rank_rows


def naive(scores, seen, k):
    """The first k of one user, item by item: no numpy."""
    left = [
        (-float(score), item)
        for item, score in enumerate(scores)
        if item not in set(seen) and not math.isnan(score) and score != -math.inf
    ]
    return [item for _, item in sorted(left)[:k]]


def lists_of(model, data, k, seen):
    return [recommend(model, data, user, k, seen=seen).index.tolist() for user in data.users.tolist()]


def cut(row):
    return [item for item in row.tolist() if item >= 0]


# ------------------------------------------------------------------ one list, and all lists


@pytest.mark.parametrize("seen", [False, True])
@pytest.mark.parametrize("k", [1, 3, 10, 11, 12])
def test_one_list_and_all_lists_agree_with_a_plain_sort_where_ranking_is_hard(k, seen):
    data, model = ties_and_all()
    expected = [
        naive(model.table[user], [] if seen else data.history(user).tolist(), k) for user in range(data.n_users)
    ]
    assert lists_of(model, data, k, seen) == expected
    assert [cut(row) for row in recommend_all(model, data, k, seen=seen)] == expected


def test_equal_scores_go_to_the_lower_index():
    data, model = ties_and_all()
    assert recommend(model, data, "u1", 4).index.tolist() == [1, 2, 4, 5]
    assert recommend_all(model, data, 4)[0].tolist() == [1, 2, 4, 5]


def test_who_has_seen_everything_is_recommended_nothing():
    data, model = ties_and_all()
    found = recommend(model, data, "u3")
    assert (found.items, found.titles, len(found.scores), len(found.index)) == ((), (), 0, 0)
    assert repr(found) == "no film left to recommend"
    assert recommend_all(model, data, 3)[2].tolist() == [-1, -1, -1]
    assert recommend(model, data, "u3", 3, seen=True).index.tolist() == [11, 10, 9]


def test_a_score_that_is_no_number_is_never_recommended():
    data, model = ties_and_all()
    assert recommend(model, data, "u2", 12).index.tolist() == [4, 7]
    assert recommend_all(model, data, 12)[1].tolist() == [4, 7] + [-1] * 10
    assert 0 not in recommend(model, data, "u4", 12, seen=True).index
    assert 1 not in recommend(model, data, "u4", 12, seen=True).index


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_any_table_of_scores_is_ranked_as_by_a_plain_sort(data):
    n_users, n_items = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 9))
    value = st.sampled_from([0.0, 1.0, 1.0, 2.0, -3.0, -3e38, math.nan, -math.inf, math.inf])
    row = st.lists(value, min_size=n_items, max_size=n_items)
    scores = data.draw(st.lists(row, min_size=n_users, max_size=n_users))
    pairs = data.draw(st.sets(st.tuples(st.integers(0, n_users - 1), st.integers(0, n_items - 1))))
    k, seen = data.draw(st.integers(1, n_items)), data.draw(st.booleans())
    world = table(sorted(pairs), n_users, n_items)
    model = Fixed(world, scores)
    expected = [naive(scores[u], [] if seen else world.history(u).tolist(), k) for u in range(n_users)]
    assert lists_of(model, world, k, seen) == expected
    assert [cut(row) for row in recommend_all(model, world, k, seen=seen)] == expected


class Whole(Popularity):
    """Vectors of whole numbers, so that products are exact and ties are true ties."""

    label = "Whole numbers"

    def learn(self, data):
        super().learn(data)
        rng = np.random.default_rng(5)
        self._queries = rng.integers(-2, 3, (data.n_users, 3)).astype(np.float32)
        self._items = rng.integers(-2, 3, (data.n_items, 3)).astype(np.float32)
        return self

    def vectors(self):
        return self._queries, self._items

    def scores(self, user):
        return self._items @ self._queries[person_of(self.data, user).user]


@pytest.mark.parametrize("block", [1, 50, 1 << 23])
def test_vectors_are_ranked_as_scores_are_whatever_the_size_of_a_block(monkeypatch, block):
    monkeypatch.setattr("recwidgets.ranking.BLOCK", block)
    data = random_table(np.random.default_rng(1), 23, 40)
    model = Whole().learn(data)
    for k in (1, 10, 39, 40):
        expected = [naive(model.scores(user), data.history(n), k) for n, user in enumerate(data.users.tolist())]
        assert [cut(row) for row in recommend_all(model, data, k)] == expected
        assert lists_of(model, data, k, False) == expected


def test_a_trained_model_gives_the_same_lists_both_ways_but_for_float32_rounding():
    data = random_table(np.random.default_rng(2), 30, 60)
    model = trained(data)
    for user, row in zip(data.users.tolist(), recommend_all(model, data, 60), strict=True):
        one, scores = recommend(model, data, user, 60), model.scores(user)
        assert sorted(one.index.tolist()) == sorted(cut(row))
        np.testing.assert_allclose(scores[one.index], scores[cut(row)], rtol=1e-5, atol=1e-5)


def test_all_lists_are_int32_and_shaped_users_by_k():
    data, model = ties_and_all()
    ranked = recommend_all(model, data, 7)
    assert ranked.dtype == np.int32
    assert ranked.shape == (5, 7)


def test_a_model_is_asked_with_the_ids_that_the_caller_used():
    """The films of `data` count as seen; what the model learned from is the model's own business."""
    part, whole = table([(0, 0), (1, 1)], 2, 5), table([(0, 0), (1, 1), (0, 4)], 2, 5)
    asked = []
    model = Fixed(part, [[1, 2, 3, 4, 5]] * 2)
    plain = model.scores
    model.scores = lambda user: (asked.append(user), plain(user))[1]
    assert recommend(model, whole, "u1", 5).index.tolist() == [3, 2, 1]
    assert recommend_all(model, whole, 5)[0].tolist() == [3, 2, 1, -1, -1]
    assert asked[0] == "u1"
    assert type(asked[0]) is str


def test_scores_that_are_whole_numbers_can_be_ranked():
    data, _ = ties_and_all()
    model = Fixed(data, np.zeros((5, 12)))
    model.table = np.arange(60).reshape(5, 12)
    assert recommend_all(model, data, 2)[0].tolist() == recommend(model, data, "u1", 2).index.tolist() == [11, 10]


def test_the_callers_scores_are_not_changed():
    data, model = ties_and_all()
    before = model.table.copy()
    recommend(model, data, "u1")
    recommend_all(model, data, 5)
    np.testing.assert_array_equal(model.table, before)


# ------------------------------------------------------------------ k, and who is asked


@pytest.mark.parametrize("k", [0, -1, 13, 2.0, "3", None, True])
def test_a_k_that_cannot_be_is_refused_in_a_sentence(k):
    data, model = ties_and_all()
    for ask in (lambda: recommend(model, data, "u1", k), lambda: recommend_all(model, data, k)):
        with pytest.raises(ValueError, match="k must be a whole number from 1 to 12 .* got "):
            ask()


def test_numpys_own_integers_are_a_k_too():
    data, model = ties_and_all()
    assert len(recommend(model, data, "u1", np.int64(2)).items) == 2


def test_a_model_of_other_data_is_refused_in_a_sentence():
    data, _ = ties_and_all()
    other = table([(0, 0), (1, 1)], 5, 3)
    model = Fixed(other, np.zeros((5, 3)))
    for ask in (lambda: recommend(model, data, "u1"), lambda: recommend_all(model, data, 5)):
        with pytest.raises(ValueError, match=r"12 films of the data, got 3; pass the interactions"):
            ask()
    with pytest.raises(ValueError, match=r"5 × 12 users × films of the data, got 5 × 3"):
        recommend_all(Popularity().learn(other), data, 5)


def test_a_person_is_an_id_or_a_history_of_item_ids():
    data = table([(0, 2), (0, 1), (1, 0)], 2, 3)
    assert person_of(data, "u1").user == 0
    assert person_of(data, "u1").history.tolist() == [2, 1]
    own = person_of(data, ["f3", "f1"])
    assert own.user is None
    assert own.history.tolist() == [2, 0]
    assert own.history.dtype == np.int32
    assert person_of(data, own) is own
    assert person_of(data, []).history.tolist() == []
    assert person_of(data, np.array(["f2"])).history.tolist() == [1]


def test_numbers_are_ids_as_text_is():
    data = table([(0, 0), (1, 1)], 2, 2)
    numbered = type(data)(
        data.user, data.item, data.rating, data.time, np.array(["7", "8"]), np.array(["1", "2"]), data.titles, ((), ())
    )
    assert person_of(numbered, 8).user == person_of(numbered, np.int64(8)).user == person_of(numbered, "8").user == 1
    assert person_of(numbered, [2, "1"]).history.tolist() == [1, 0]


def test_a_film_named_twice_counts_once():
    data = table([(0, 0)], 1, 3)
    assert person_of(data, ["f2", "f1", "f2"]).history.tolist() == [1, 0]


def test_unknown_ids_are_said_to_be_unknown():
    data, model = ties_and_all()
    with pytest.raises(UnknownUser, match=r"user must be one of 5 ids \('u1' … 'u5'\), got 'u9'"):
        recommend(model, data, "u9")
    with pytest.raises(UnknownItem, match=r"item must be one of 12 ids .* got 'f99'"):
        recommend(model, data, ["f1", "f99"])
    with pytest.raises(TypeError, match=r"user id or a list of item ids, got 2\.5"):
        recommend(model, data, 2.5)
    with pytest.raises(TypeError, match="user id or a list of item ids, got None"):
        recommend(model, data, None)


def test_a_history_of_ones_own_leaves_its_own_films_out():
    data = random_table(np.random.default_rng(3), 10, 20)
    model = trained(data)
    found = recommend(model, data, ["f1", "f7"], 20)
    assert len(found.items) == 18
    assert not {"f1", "f7"} & set(found.items)
    assert len(recommend(model, data, ["f1", "f7"], 20, seen=True).items) == 20


def test_a_recommendation_carries_ids_titles_scores_and_index_of_the_same_films():
    data, model = ties_and_all()
    found = recommend(model, data, "u5", 3)
    assert found.items == ("f1", "f2", "f3")
    assert found.titles == ("Film 1 (1950)", "Film 2 (1951)", "Film 3 (1952)")
    assert found.scores.dtype == np.float32
    assert repr(found).splitlines()[0] == "  1     0.000  Film 1 (1950)"


# ------------------------------------------------------------------ the other types


def test_the_protocol_asks_for_three_things():
    data, fixed = ties_and_all()
    assert isinstance(fixed, Recommender)
    assert isinstance(Svd(), Recommender)
    assert isinstance(Popularity(), Recommender)
    assert not isinstance(object(), Recommender)


def test_a_snapshot_cannot_be_edited_and_knows_its_size():
    snapshot = Snapshot("svd", {"films": np.zeros((3, 2), np.float32), "own": np.ones(4, np.float32)})
    assert snapshot.nbytes == 40
    assert snapshot["own"].tolist() == [1, 1, 1, 1]
    with pytest.raises(ValueError, match="read-only"):
        snapshot["films"][0, 0] = 1


def test_the_largest_parts_are_large_in_either_direction():
    parts = (Part("a", "film", 1.0), Part("b", "film", -3.0), Part("c", "own", 2.0), Part("d", "film", 0.5))
    taken = Explanation("f1", "Film", 0.5, parts)
    assert [part.label for part in taken.largest(2)] == ["b", "c"]
    assert [part.label for part in taken.largest(2, "film")] == ["b", "a"]
    assert taken.total("film") == -1.5
    assert taken.total("film", "own") == 0.5
    assert taken.total("neighbour") == 0.0


def test_a_person_handed_in_is_taken_as_it_is():
    data = table([(0, 0), (0, 1), (1, 2)], 2, 4)
    model = Fixed(data, [[1, 2, 3, 4], [0, 0, 0, 0]])
    assert recommend(model, data, Person(0, data.history(0)[:1]), 4).index.tolist() == [3, 2, 1]


def test_ranking_everybody_equals_sorting_each_row_whatever_the_ties():
    """Scores of few values, so that ties stand across the last place."""
    draw = np.random.default_rng(7)
    data = planted(n_users=40, n_items=60, seed=2).data
    given_scores = draw.integers(0, 5, (data.n_users, data.n_items)).astype(np.float32)
    given_scores[3] = 1.0

    class Table:
        def vectors(self):
            return given_scores, np.eye(data.n_items, dtype=np.float32)

    for k in (1, 5, 37, 60):
        found = recommend_all(Table(), data, k)
        for user in range(data.n_users):
            scores = given_scores[user].copy()
            scores[data.history(user)] = -np.inf
            expected = [item for item in np.argsort(-scores, kind="stable") if scores[item] > -np.inf][:k]
            assert found[user].tolist() == expected + [-1] * (k - len(expected))


@pytest.mark.parametrize("block", [1, 7, 10**6])
@pytest.mark.parametrize("some", [False, True])
def test_means_over_neighbours_are_the_same_in_blocks_of_any_size(block, some, monkeypatch):
    draw = np.random.default_rng(4)
    data = random_table(draw, 9, 14, density=0.25)
    edges, vectors = graph.graph_of(data).users_of, draw.normal(size=(9, 3)).astype(np.float32)
    counted = draw.random(len(edges.indices)) < 0.5 if some else None
    monkeypatch.setattr(graph, "BLOCK", block)
    got = graph.mean_over(edges, vectors, counted)
    for node in range(14):
        near = range(edges.indptr[node], edges.indptr[node + 1])
        kept = [vectors[edges.indices[n]] for n in near if counted is None or counted[n]]
        assert np.allclose(got[node], sum(kept, np.zeros(3)) / max(len(near), 1), atol=1e-6)


def test_vectors_of_whole_numbers_are_ranked_as_their_real_products_are():
    """int8 products overflow, and no whole number is minus infinity."""
    data = random_table(np.random.default_rng(8), 6, 20, density=0.2)
    draw = np.random.default_rng(1)
    queries, items = draw.integers(-99, 99, (6, 3)).astype(np.int8), draw.integers(-99, 99, (20, 3)).astype(np.int8)

    class Whole:
        data, label = None, "whole numbers"

        def vectors(self):
            return queries.tolist(), items

    found = recommend_all(Whole(), data, 4)
    for user in range(6):
        left = [item for item in range(20) if item not in data.history(user)]
        exact = {item: sum(int(a) * int(b) for a, b in zip(queries[user], items[item], strict=True)) for item in left}
        assert found[user].tolist() == sorted(left, key=lambda item: (-exact[item], item))[:4]


def test_the_graph_is_built_once_for_a_data_set_and_goes_with_it(monkeypatch):
    data, built = random_table(np.random.default_rng(3), 9, 14), []
    plain = graph.users_of_items
    monkeypatch.setattr(graph, "users_of_items", lambda data: built.append(1) or plain(data))
    first = graph.graph_of(data)
    assert all(graph.graph_of(data) is first for _ in range(5)) and built == [1]
    assert graph.graph_of(data.take(np.arange(len(data)))) is not first
    gone = weakref.ref(data)
    del data
    gc.collect()
    assert gone() is None


@given(
    scores=st.lists(st.integers(-3, 3), min_size=300, max_size=300),
    k=st.integers(1, 40),
    gone=st.sets(st.integers(0, 299), max_size=290),
)
@settings(max_examples=40, deadline=None)
def test_the_best_of_a_long_row_are_those_of_a_sort(scores, k, gone):
    """Rows long enough that groups of items are looked at first; many ties, and rows with few items left."""
    plain = np.stack([np.array(scores, np.float32), np.random.default_rng(k).normal(size=300).astype(np.float32)])
    plain[:, sorted(gone)] = -np.inf
    expected = [naive(row, (), k) for row in plain]
    assert [cut(row) for row in rank_rows(plain.copy(), k)] == expected


def test_the_mean_over_few_neighbours_is_the_same_to_the_last_bit():
    rng = np.random.default_rng(4)
    degree = np.concatenate([[0, 1, graph.FEW, graph.FEW + 1], rng.integers(0, 2 * graph.FEW, 300)])
    indices = rng.integers(0, 80, degree.sum()).astype(np.int32)
    edges = graph.Edges(np.concatenate([[0], np.cumsum(degree)]), indices)
    vectors = rng.normal(size=(80, 24)).astype(np.float32)
    slow = np.zeros((len(degree), 24), np.float32)
    for node in np.flatnonzero(degree):
        total = vectors[edges.of(node)[0]].copy()
        for near in edges.of(node)[1:]:
            total += vectors[near]
        slow[node] = total / np.float32(degree[node])
    np.testing.assert_array_equal(graph.mean_over(edges, vectors), slow)
    np.testing.assert_array_equal(graph.mean_over(edges, vectors, np.ones(len(indices), np.bool_)), slow)
