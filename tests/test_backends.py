"""The three networks in TensorFlow and in numpy: same start and draws, same gradients; finite differences."""

import numpy as np
import pytest
from test_package import BLOCK, run_python

import recwidgets as rw
from recwidgets import _backend, _tf
from recwidgets.evaluation import score_lists
from recwidgets.models import make
from recwidgets.nets import clicks, gnn_numpy, knn_numpy, parts_numpy, session_numpy
from recwidgets.nets.clicks import Candidates

NAMES = ("gnn", "knn", "session")
DRAWN = {"gnn": gnn_numpy.Drawn, "knn": knn_numpy.Drawn, "session": session_numpy.Drawn}
KINDS = [("gnn", {}), ("gnn", {"layers": 1}), ("gnn", {"layers": 0}), ("session", {})] + [
    ("knn", {"similarity": similarity, "k": 9}) for similarity in ("cosine", "dot product", "distance")
]
IDS = [" ".join(map(str, (name, *knobs.values()))) for name, knobs in KINDS]


@pytest.fixture(scope="module")
def world():
    """Planted tastes; some histories longer than the session's window."""
    return rw.planted(n_users=60, n_items=90, seed=1).data.split("temporal", test=0.2, validation=0)


def take_way(way, monkeypatch):
    if way == "scipy":
        pytest.importorskip("scipy.sparse")
    else:
        monkeypatch.setattr(parts_numpy, "scipy_sparse", lambda: None)
    monkeypatch.setattr(parts_numpy, "BLAS", way != "in a tab")
    return way


@pytest.fixture(params=["scipy", "numpy alone"])
def sparse(request, monkeypatch):
    """With scipy.sparse and without."""
    return take_way(request.param, monkeypatch)


@pytest.fixture(params=["scipy", "numpy alone", "in a tab"])
def way(request, monkeypatch):
    """With scipy.sparse, without, and without fast products, too: as in a browser's tab."""
    return take_way(request.param, monkeypatch)


def run(steps):
    """What a generator returns."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def pair(name, data, dim=8, **knobs):
    """The model, its TFRS network, and its numpy network with the same arrays."""
    model = make(name, dim=dim, seed=3, **knobs)
    net, plain = model._network(data, model.values), model._numpy_network(data, model.values)
    plain.arrays = {key: variable.numpy().copy() for key, variable in model._tables(net).items()}
    return model, net, plain


def drawn_like(name, features, inputs):
    """The numpy network's draws from what the TFRS model drew for a step."""
    got = {key: value.numpy() for key, value in features.items() if hasattr(value, "numpy")}
    if name == "session":
        _, history, older, unseen, future, *_ = (part.numpy() for part in inputs)
        got["hidden"] = np.concatenate([(history >= 0) - got["present"], (older >= 0) * unseen], 1)
    else:
        got["shown"] = got["shown"] > 0
    return DRAWN[name](**{field: got[field] for field in DRAWN[name]._fields if field in got})


def tensorflow_step(model, net, features):
    """Loss and gradients by name, worked out by TensorFlow."""
    import tensorflow as tf

    tables = model._tables(net)
    with tf.GradientTape() as tape:
        loss = net.compute_loss(features, training=True)
        total = loss + net.penalty(features)
    gradients = tape.gradient(total, list(tables.values()))
    known = zip(tables, gradients, strict=True)
    return float(loss), {key: tf.convert_to_tensor(g).numpy() for key, g in known if g is not None}


def off(got, wanted):
    """The relative distance of two arrays."""
    return np.linalg.norm(got - wanted) / max(np.linalg.norm(wanted), 1e-30)


@pytest.mark.needs_tf
@pytest.mark.parametrize(("name", "knobs"), KINDS, ids=IDS)
def test_one_step_has_the_same_loss_and_gradients(world, way, name, knobs, monkeypatch):
    monkeypatch.setattr(parts_numpy, "BLOCK", 1 << 11)  # several blocks of rows also on this small world
    model, net, plain = pair(name, world.train, **knobs)
    if name == "gnn":  # which starts at zero: its gradient would not reach anything else
        liked = np.random.default_rng(0).normal(0, 0.1, plain.arrays["films_liked"].shape).astype(np.float32)
        net.liked_embedding.embeddings.assign(liked)
        plain.arrays["films_liked"] = liked
    _, batch = model._batches(world.train)
    for step in range(2):
        inputs = batch(step)
        features = net.features(inputs)
        wanted_loss, wanted = tensorflow_step(model, net, features)
        loss, gradients = run(plain.step(drawn_like(name, features, inputs)))
        assert loss == pytest.approx(wanted_loss, rel=1e-5)
        assert gradients.keys() == wanted.keys()
        for key, gradient in gradients.items():
            assert gradient.dtype == np.float32 and gradient.shape == plain.arrays[key].shape, key
            assert off(gradient, wanted[key]) < 1e-5, key


@pytest.mark.needs_tf
@pytest.mark.parametrize("rows", [1024, 25], ids=["at once", "in blocks"])
@pytest.mark.parametrize("name", ["gnn", "knn"])
def test_a_sampled_softmax_and_sampled_neighbours_are_the_same(world, way, name, rows, monkeypatch):
    monkeypatch.setattr("recwidgets.nets.two_tower.SAMPLED_ITEMS", 40)  # of 90 items and 60 users
    monkeypatch.setattr("recwidgets.nets.settings.SAMPLED_ITEMS", 40)
    monkeypatch.setattr("recwidgets.nets.settings.SAMPLED_USERS", 30)
    monkeypatch.setattr("recwidgets.nets.two_tower.ROWS", rows)
    model, net, plain = pair(name, world.train, **({"k": 5} if name == "knn" else {}))
    inputs = model._batches(world.train)[1](0)
    features = net.features(inputs)
    drawn = drawn_like(name, features, inputs)
    assert len(drawn.candidates) == 40 and len(plain.draw([0, 0]).candidates) == 40
    if name == "knn":
        assert len(drawn.key_ids) == 30 and len(plain.draw([0, 0]).key_ids) == 30
    wanted_loss, wanted = tensorflow_step(model, net, features)
    loss, gradients = run(plain.step(drawn))
    assert loss == pytest.approx(wanted_loss, rel=1e-5)
    assert max(off(gradients[key], wanted[key]) for key in wanted) < 1e-5


@pytest.mark.needs_tf
def test_the_sampled_softmax_of_the_session_model_is_the_same(world, way, monkeypatch):
    monkeypatch.setattr("recwidgets.nets.settings.SAMPLED_ITEMS", 40)  # of 90 items
    model, net, plain = pair("session", world.train)
    inputs = model._batches(world.train)[1](0)
    features = net.features(inputs)
    drawn = drawn_like("session", features, inputs)
    assert len(drawn.candidates) == 40 and np.unique(drawn.chance).tolist() == pytest.approx([20 / 70, 1])
    wanted_loss, wanted = tensorflow_step(model, net, features)
    loss, gradients = run(plain.step(drawn))
    assert loss == pytest.approx(wanted_loss, rel=1e-5)
    assert gradients.keys() == wanted.keys()
    assert max(off(gradients[key], wanted[key]) for key in wanted) < 1e-5


def test_the_candidates_of_the_session_model_stand_for_all_items_on_average(world, monkeypatch):
    """The most popular ones are always there; the sum over the others, each 1 / chance times, is that over all."""
    data, size = world.train, np.random.default_rng(0).random(world.train.n_items)
    assert np.array_equal(Candidates(data).draw(np.random.default_rng(0))[0], np.arange(data.n_items)), "few: all"
    monkeypatch.setattr("recwidgets.nets.settings.SAMPLED_ITEMS", 40)
    candidates, draw = Candidates(data), np.random.default_rng(0)
    found = [candidates.draw(draw) for _ in range(4000)]
    assert {(len(items), len(np.unique(items))) for items, _ in found} == {(40, 40)}
    popular = np.argsort(-data.popularity, kind="stable")[:20]
    assert all(np.isin(popular, items).all() for items, _ in found)
    sums = np.array([(size[items] / chance).sum() for items, chance in found])
    assert abs(sums.mean() - size.sum()) < 4 * sums.std() / np.sqrt(len(sums))
    there = np.bincount(np.concatenate([items for items, _ in found]), minlength=data.n_items) / len(found)
    assert np.allclose(there, candidates.chance, atol=0.03)


def test_the_loss_and_the_gradients_of_the_sampled_softmax_are_those_over_all_items_on_average(world, monkeypatch):
    model = make("session", dim=8, seed=3)
    net = model._numpy_network(world.train, model.values)
    run(net.begin())
    monkeypatch.setattr("recwidgets.nets.settings.SAMPLED_ITEMS", 60)  # of 90 items
    few, draw = Candidates(world.train), np.random.default_rng(0)
    drawn = net.draws(world.train, 0, 1.0)[1](0)
    every = drawn._replace(candidates=np.arange(world.train.n_items), chance=np.ones(world.train.n_items, np.float32))
    wanted_loss, wanted = run(net.step(every))
    wanted = {key: array.copy() for key, array in wanted.items()}
    losses, sums = [], {key: 0.0 for key in wanted}
    for _ in range(400):
        loss, gradients = run(
            net.step(drawn._replace(**dict(zip(("candidates", "chance"), few.draw(draw), strict=True))))
        )
        losses.append(loss)
        sums = {key: sums[key] + gradients[key] for key in wanted}
    error = np.std(losses) / np.sqrt(len(losses))
    # the logarithm of a sum that is right on average is a little too low: within 1 %
    assert abs(np.mean(losses) - wanted_loss) < 4 * error + 0.01 * wanted_loss
    for key in ("films", "maps", "users"):
        assert off(sums[key] / len(losses), wanted[key]) < 0.15, key


def an_epoch_of_both(name, data, dim, **knobs):
    """The arrays after an epoch, by TensorFlow and by numpy, from the same start with the same draws."""
    from recwidgets.nets import loop, loop_numpy

    model, net, plain = pair(name, data, dim, **knobs)
    batches, batch = model._batches(data)
    inputs = [batch(step) for step in range(batches)]
    draws = [drawn_like(name, net.features(each), each) for each in inputs]
    how = {"rate": model.learning_rate, "epochs": 1, "batches": batches, "between": lambda done, of: None}
    (wanted_loss,) = loop.run_epochs(net, inputs.__getitem__, **how)
    *parts, loss = loop_numpy.run_epochs(plain, draws.__getitem__, **how)
    assert parts and not any(parts)
    assert loss == pytest.approx(wanted_loss, rel=1e-3)
    return {key: (plain.arrays[key], variable.numpy()) for key, variable in model._tables(net).items()}


@pytest.mark.needs_tf
@pytest.mark.parametrize("name", NAMES)
def test_after_an_epoch_on_the_embedded_data_the_arrays_are_the_same(name, sparse):
    data = rw.load_movielens("latest-small").split("temporal").train
    for key, (got, wanted) in an_epoch_of_both(name, data, 16).items():
        assert off(got, wanted) < 1e-3, key


@pytest.mark.needs_tf
@pytest.mark.parametrize("name", NAMES)
def test_after_an_epoch_on_movielens_100k_the_arrays_are_the_same(name, ml100k, tmp_path):
    data = rw.load_movielens("100k", archive=ml100k, data_dir=tmp_path, progress=False).split("temporal").train
    for key, (got, wanted) in an_epoch_of_both(name, data, 64).items():
        assert off(got, wanted) < 1e-3, key


# ------------------------------------------------------------------ a whole training


@pytest.mark.needs_tf
@pytest.mark.parametrize("name", NAMES)
def test_a_whole_training_is_as_accurate_with_either_within_the_spread_of_its_seeds(name):
    """Their draws differ: the means of four seeds are at most two standard deviations of one seed apart."""
    split = rw.planted(n_users=120, n_items=150, seed=1).data.split("temporal", test=0.2, validation=0)
    chance = split_score(rw.Chance(0).learn(split.train), split)
    found = {backend: [] for backend in ("numpy", "tensorflow")}
    for backend, reached in found.items():
        for seed in range(4):
            model = make(name, dim=16, seed=seed, backend=backend)
            rw.fit(model, split.train, epochs=10, progress=False)
            reached.append(split_score(model, split))
    one, two = map(np.array, found.values())
    assert min(one.mean(), two.mean()) > 1.5 * chance, "it has learned something that could be lost"
    spread = np.sqrt((one.var(ddof=1) + two.var(ddof=1)) / 2)
    assert abs(one.mean() - two.mean()) <= 2 * spread, found


def split_score(model, split):
    return score_lists(rw.recommend_all(model, split.train, 10), split, (10,), 10)["ndcg"]


# ------------------------------------------------------------------ products and sums


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 7, 5), (8, 65, 300), (300, 8, 65), (0, 4, 3)])
def test_both_ways_to_multiply_give_the_same(shape, monkeypatch):
    n, k, m = shape
    draw = np.random.default_rng(0)
    for a in (draw.random((n, k), np.float32), draw.random((k, n), np.float32).T):
        for b in (draw.random((k, m), np.float32), draw.random((m, k), np.float32).T):
            monkeypatch.setattr(parts_numpy, "BLAS", True)
            fast = parts_numpy.product(a, b)
            monkeypatch.setattr(parts_numpy, "BLAS", False)
            plain = parts_numpy.product(a, b)
            assert plain.dtype == fast.dtype == np.float32 and plain.shape == fast.shape == (n, m)
            np.testing.assert_allclose(plain, fast, rtol=1e-5)
            np.testing.assert_allclose(plain, a.astype(np.float64) @ b.astype(np.float64), rtol=1e-5)


@pytest.mark.parametrize("edges", [0, 1, 500])
def test_sums_over_neighbours_are_those_of_a_table_of_edges(edges, way, monkeypatch):
    monkeypatch.setattr(parts_numpy, "BLOCK", 64)  # several blocks of nodes, and parts of them
    draw = np.random.default_rng(edges)
    row, column = np.sort(draw.integers(0, 37, edges)), draw.integers(0, 50, edges) // 2  # some nodes have none
    made = np.zeros((40, 25))
    np.add.at(made, (row, column), 1)
    both = parts_numpy.Edges(row, column, made.shape)
    by_row, by_column = draw.random((40, 6), np.float32), draw.random((25, 6), np.float32)
    for found, wanted in ((both.to_rows(by_column), made @ by_column), (both.to_columns(by_row), made.T @ by_row)):
        got = run(found)
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, wanted, rtol=1e-5)
    table = draw.random((25, 6), np.float32)
    wanted = table.astype(np.float64)
    np.add.at(wanted, column, by_row[row])
    run(parts_numpy.add_rows(table, column, by_row[row]))
    np.testing.assert_allclose(table, wanted, rtol=1e-5)


# ------------------------------------------------------------------ against finite differences


def in_double(drawn):
    return type(drawn)(*(
        part.astype(np.float64) if getattr(part, "dtype", None) == np.float32 else part for part in drawn
    ))  # fmt: skip


def penalty(name, plain, drawn):
    """What is added to the loss: written out here once more."""
    drop, arrays = plain.drop, plain.arrays
    if name != "session":
        return drop.user_l2 * (arrays["users"] ** 2).sum() / 2
    own, item = arrays["users"][drawn.user], arrays["films"][np.maximum(drawn.future[:, 0], 0)]
    return drop.user_l2 * (own**2).sum(1).mean() + drop.item_l2 * (item**2).sum(1).mean()


@pytest.mark.parametrize(("name", "knobs"), KINDS, ids=IDS)
def test_every_gradient_is_the_slope_of_the_loss(world, way, name, knobs):
    """In float64, along random directions: (loss(a + h d) - loss(a - h d)) / 2 h = gradient · d."""
    model = make(name, dim=6, seed=3, **knobs)
    plain = model._numpy_network(world.train, model.values)
    run(plain.begin())
    rng = np.random.default_rng(5)
    plain.arrays = {key: array.astype(np.float64) for key, array in plain.arrays.items()}
    plain.arrays = {key: array + rng.normal(0, 0.05, array.shape) for key, array in plain.arrays.items()}
    drawn = in_double(model._draws(plain, world.train)[1](0))
    gradients = {key: gradient.copy() for key, gradient in run(plain.step(drawn))[1].items()}
    assert gradients.keys() == plain.arrays.keys() or knobs.get("layers") == 0

    def loss_at(key, array):
        before, plain.arrays[key] = plain.arrays[key], array
        try:
            return run(plain.step(drawn))[0] + penalty(name, plain, drawn)
        finally:
            plain.arrays[key] = before

    h = 1e-6
    for key, gradient in gradients.items():
        assert gradient.dtype == np.float64
        for direction in rng.normal(size=(3, *gradient.shape)):
            direction /= np.linalg.norm(direction)
            here = plain.arrays[key]
            slope = (loss_at(key, here + h * direction) - loss_at(key, here - h * direction)) / (2 * h)
            size = np.linalg.norm(gradient)
            assert abs(slope - (gradient * direction).sum()) < 1e-5 * size + 1e-8, key


# ------------------------------------------------------------------ which backend is taken


def test_a_backend_of_another_name_is_refused_with_the_names_there_are(monkeypatch):
    with pytest.raises(ValueError, match=r'backend must be "tensorflow" or "numpy" or None, got \'torch\''):
        rw.GNN(backend="torch")
    monkeypatch.setenv("RECWIDGETS_BACKEND", "jax")
    with pytest.raises(ValueError, match=r'RECWIDGETS_BACKEND must be "tensorflow" or "numpy", got \'jax\''):
        rw.fit(rw.GNN(dim=4), rw.checkerboard()[0], epochs=1, progress=False)


def test_what_is_asked_for_comes_first_then_the_variable_then_what_is_installed(monkeypatch):
    monkeypatch.delenv("RECWIDGETS_BACKEND", raising=False)
    monkeypatch.setattr(_tf, "installed", lambda: True)
    assert (_backend.chosen(None), _backend.chosen("numpy")) == ("tensorflow", "numpy")
    monkeypatch.setenv("RECWIDGETS_BACKEND", "numpy")
    assert (_backend.chosen(None), _backend.chosen("tensorflow")) == ("numpy", "tensorflow")
    monkeypatch.delenv("RECWIDGETS_BACKEND")
    monkeypatch.setattr(_tf, "installed", lambda: False)
    assert _backend.chosen(None) == "numpy"


def test_looking_for_tensorflow_imports_nothing():
    code = "import sys, json; from recwidgets import _tf\n"
    assert run_python(code + "_tf.installed(); print(json.dumps('tensorflow' in sys.modules))") is False
    assert run_python(BLOCK + code + "print(json.dumps(_tf.installed()))") is False


# ------------------------------------------------------------------ trained with one, gone on with the other


@pytest.mark.needs_tf
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("order", [("tensorflow", "numpy"), ("numpy", "tensorflow")], ids="-".join)
def test_a_saved_model_of_one_is_trained_on_with_the_other(world, name, order, tmp_path):
    first = make(name, dim=8, seed=1, backend=order[0], learning_rate=0.01)
    losses = rw.fit(first, world.train, epochs=6, progress=False).curve("loss")[1]
    first.save(tmp_path / "model.npz")
    model = rw.load_model(tmp_path / "model.npz")
    model.backend = order[1]
    before = {key: array.copy() for key, array in model.snapshot.arrays.items()}
    went_on = rw.fit(model, world.train, epochs=6, progress=False, start=model.snapshot).curve("loss")[1]
    assert losses[-1] < losses[0] and went_on[-1] < losses[0] and went_on[0] < losses[0]
    assert {key: (a.shape, a.dtype) for key, a in model.snapshot.arrays.items()} == {
        key: (a.shape, a.dtype) for key, a in before.items()
    }
    assert any(not np.array_equal(before[key], array) for key, array in model.snapshot.arrays.items())


def test_a_start_that_does_not_fit_is_refused_before_anything_is_trained(world):
    model = rw.GNN(dim=8, backend="numpy")
    rw.fit(model, world.train, epochs=1, progress=False)
    with pytest.raises(ValueError, match=r"start must be a snapshot of 'knn', got one of 'gnn'"):
        rw.KNN(dim=8, backend="numpy").steps(world.train, start=model.snapshot)
    with pytest.raises(ValueError, match=r"users of shape \(60, 8\), and this training needs \(60, 4\)"):
        rw.GNN(dim=4, backend="numpy").steps(world.train, start=model.snapshot)


@pytest.mark.parametrize("name", NAMES)
def test_numpy_learns_and_the_same_seed_gives_the_same(world, name, sparse):
    models = [make(name, dim=8, seed=seed, backend="numpy") for seed in (4, 4, 5)]
    curves = [rw.fit(m, world.train, world.test, epochs=5, progress=False).curve("loss")[1] for m in models]
    assert curves[0][-1] < 0.99 * curves[0][0]
    assert curves[0] == curves[1] != curves[2]
    assert np.isfinite(models[0].scores(world.train.users[0])).all()


# ------------------------------------------------------------------ where TensorFlow is not installed


def test_without_tensorflow_a_panel_trains_pauses_steps_and_goes_back():
    code = """
import json, sys, recwidgets as rw
data, _ = rw.checkerboard(12)
panel = rw.Panel(data, model=rw.GNN(dim=8, seed=0))
panel.step(); panel.step()
paused = [panel.training.state, panel.training.newest]
panel.train()
seen = [panel.training.state, panel.training.newest]
panel.act("epoch", 2)
back = [panel.state.epoch, len(panel.recommendations.titles)]
print(json.dumps([paused, seen, back, [m for m in sys.modules if m.startswith(("tensorflow", "tf_keras"))]]))
"""
    paused, seen, back, loaded = run_python(BLOCK + code)
    assert paused == ["paused", 2] and seen == ["idle", 25] and back[0] == 2 and back[1] > 0
    assert not loaded


def test_an_epoch_of_very_many_positions_has_larger_batches_not_more_of_them(world, monkeypatch):
    data = world.train
    usual, _ = clicks.click_batches(data, 0, 1.0, 0.2)
    monkeypatch.setattr(clicks, "BATCH", 16)
    many, _ = clicks.click_batches(data, 0, 1.0, 0.2)
    assert usual < 40 < many
    monkeypatch.setattr(clicks, "BATCHES", 40)
    batches, cut = clicks.click_batches(data, 0, 1.0, 0.2)
    sizes = [len(cut()[0]) for _ in range(batches)]
    assert batches <= 40 and max(sizes) - min(sizes) <= 1
    assert 0 <= len(clicks.Clicks(data).rows) - sum(sizes) < max(sizes), "an epoch leaves out less than a batch"
