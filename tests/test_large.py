"""A million ratings on a small machine: what is quick for large data gives what the plain way gives."""

import numpy as np
import pytest

import recwidgets as rw
from recwidgets.core import Person, Snapshot
from recwidgets.data import popularity_world
from recwidgets.data._arrays import distinct, stable_order
from recwidgets.graph import users_of_items
from recwidgets.why.around import principal_axes


@pytest.fixture(scope="module")
def data():
    return popularity_world(60_000)


def knn(data, **knobs):
    """A model of the right shapes that has learned nothing."""
    draw = np.random.default_rng(0)
    tables = {"users": data.n_users, "films_in": data.n_items, "films_out": data.n_items}
    arrays = {name: draw.normal(size=(rows, 8)).astype(np.float32) for name, rows in tables.items()}
    model = rw.KNN(dim=8, **knobs)
    model.data, model.snapshot = data, Snapshot("knn", arrays)
    return model


@pytest.mark.parametrize("similarity", ["cosine", "dot product", "distance"])
@pytest.mark.parametrize("k", [1, 20, 100])
def test_the_neighbours_of_all_users_at_once_are_those_of_each(data, similarity, k):
    model = knn(data, similarity=similarity, k=k)
    queries, _ = model.vectors()
    for user in range(0, data.n_users, 5):
        expected = model.query(str(data.users[user]))
        np.testing.assert_allclose(queries[user], expected, rtol=2e-4, atol=2e-5)
    films = np.arange(0, data.n_items, 60, dtype=np.int32)
    expected = [model._query(Person(None, films[n : n + 1])) for n in range(len(films))]
    np.testing.assert_allclose(model.alone(films), expected, rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("similarity", ["cosine", "dot product", "distance"])
def test_users_in_one_place_are_each_others_neighbours_in_order_of_their_index(similarity):
    """Ties across the k-th neighbour: all users share three histories, so nearly all are as near as each other."""
    user, item = np.divmod(np.arange(900), 3)
    data = rw.Interactions.from_frame({"user": user, "item": item + 3 * (user % 3)})
    model = knn(data, similarity=similarity, k=7)
    queries, _ = model.vectors()
    for n in range(0, 300, 17):
        np.testing.assert_array_equal(queries[n], model.query(str(data.users[n])))


@pytest.mark.parametrize("below", [1, 7, 1 << 16, (1 << 16) + 1, 1 << 24, 1 << 31])
@pytest.mark.parametrize("beside_below", [1, 3, 1 << 20, 1 << 31])
def test_whole_numbers_are_ordered_as_numpy_does(below, beside_below):
    draw = np.random.default_rng(below)
    values, beside = (draw.integers(0, most, 5_000).astype(np.int32) for most in (below, beside_below))
    order, last = stable_order(values, below, beside, beside_below)  # more than 64 bits for the two greatest
    expected = np.argsort(values, kind="stable")
    np.testing.assert_array_equal(order, expected)
    np.testing.assert_array_equal(last, beside[expected])
    assert last.dtype == beside.dtype
    np.testing.assert_array_equal(distinct(values), np.unique(values))
    assert not len(stable_order(values[:0], below, beside[:0], beside_below)[0]) and not len(distinct(values[:0]))


def test_histories_and_viewers_stand_in_the_order_of_a_sort_by_all_columns(data):
    draw = np.random.default_rng(3)
    for table in (data, data.take(draw.permutation(len(data)))):
        np.testing.assert_array_equal(table.by_user.rows, np.lexsort((table.time, table.user)))
        viewers, order = users_of_items(table), np.lexsort((table.user, table.item))
        np.testing.assert_array_equal(viewers.indices, table.user[order])
        assert viewers.degree.tolist() == np.bincount(table.item, minlength=table.n_items).tolist()


@pytest.mark.parametrize("shape", [(500, 6), (4, 9), (1, 3), (5, 1)])
def test_the_map_has_the_axes_of_an_svd(shape):
    vectors = np.random.default_rng(1).normal(size=shape) * np.arange(1, shape[1] + 1)
    flat = principal_axes(vectors)
    _, sizes, axes = np.linalg.svd(vectors - vectors.mean(0), full_matrices=False)
    for n in range(min(2, np.count_nonzero(sizes > 1e-9))):
        assert abs(float(flat.axes[n] @ axes[n])) == pytest.approx(1, abs=1e-5)
        assert flat.axes[n][np.abs(flat.axes[n]).argmax()] > 0
    assert flat.kept == pytest.approx(float((sizes[:2] ** 2).sum() / (sizes**2).sum()) if sizes.any() else 1.0)
