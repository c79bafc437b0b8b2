"""The three models: one contract, each layer against independent numpy, TensorFlow against the numpy path."""

from __future__ import annotations

import ast
import copy
import dataclasses
import gc
import inspect
import pickle
import sys
import weakref

import numpy as np
import pytest
from conftest import REPO

import recwidgets as rw
from recwidgets import metrics, protocols
from recwidgets.core import Person, Snapshot
from recwidgets.data import Split
from recwidgets.models import known_models, load_model, make
from recwidgets.models._tfrs import TfrsRecommender
from recwidgets.models.popularity import Chance, Popularity
from recwidgets.pretrained import BITS, RARE, RARE_BITS, find, load_pretrained, quantise, restore, shipped_names
from recwidgets.ranking import recommend_all

pytestmark = pytest.mark.needs_tf
PROTOCOLS = tuple(
    found for found in vars(protocols).values() if inspect.isclass(found) and found.__module__ == protocols.__name__
)
NAMES = tuple(known_models())  # a new file of recwidgets/models is tested without being named here
NETS = tuple(name for name, cls in known_models().items() if hasattr(cls, "_network"))  # those that TFRS trains
SHIPPED = shipped_names()


@pytest.fixture(scope="module")
def world():
    """Planted tastes, small enough for seconds; named synthetic."""
    return rw.planted(n_users=60, n_items=80, seed=1).data.split("temporal", test=0.2, validation=0)


class Watched:
    """While this is open, the networks that models make are seen, which nobody holds once the training has ended."""

    def __init__(self):
        self.patch, self.networks = pytest.MonkeyPatch(), []

    def __enter__(self):
        for cls in known_models().values():
            if issubclass(cls, TfrsRecommender):
                self.patch.setattr(cls, "_network", self.seen(cls._network))
        return self.networks

    def seen(self, network):
        def make_and_keep(*arguments):
            self.networks.append(network(*arguments))
            return self.networks[-1]

        return make_and_keep

    def __exit__(self, *error):
        self.patch.undo()


@pytest.fixture(scope="module")
def both(world):
    """Each model after a few epochs on the planted world, and its TensorFlow network; trained when first asked for."""

    class Trained(dict):
        def __missing__(self, name):
            model = make(name, dim=8, seed=3)
            with Watched() as made:
                rw.fit(model, world.train, world.test, epochs=6, progress=False)
            self[name] = model, made[0] if made else None
            return self[name]

    return Trained()


@pytest.fixture(scope="module")
def trained(both):
    """The models, by name."""

    class Models:
        def __getitem__(self, name):
            return both[name][0]

    return Models()


@pytest.fixture(scope="module")
def networks(both):
    """Their networks, by name."""

    class Networks:
        def __getitem__(self, name):
            return both[name][1]

    return Networks()


# -- the contract -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_the_withheld_film_of_a_checkerboard_comes_first(name):
    data, withheld = rw.checkerboard(10)
    model = make(name, dim=8, seed=0)
    rw.fit(model, data, epochs=60, progress=False)
    first = recommend_all(model, data, 1)[:, 0]
    assert [int(first[user]) for user, _ in withheld] == [int(item) for _, item in withheld]


@pytest.mark.parametrize("name", NAMES)
def test_scores_are_float32_one_for_each_film(trained, world, name):
    scores = trained[name].scores(world.train.users[0])
    assert scores.dtype == np.float32 and scores.shape == (world.train.n_items,) and np.isfinite(scores).all()


@pytest.mark.parametrize("name", NAMES)
def test_scores_of_several_at_once_are_those_of_each(trained, world, name):
    model, data = trained[name], world.train
    people = [data.users[3], data.users[7], data.items[[4, 2, 9]].tolist()]
    together = model.scores_of(people)
    assert together.dtype == np.float32 and together.shape == (3, data.n_items)
    assert np.allclose(together, [model.scores(who) for who in people], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("turned", [{}, {"half_life": 2}, {"window": 3}], ids=str)
def test_scores_of_long_and_short_histories_at_once_are_those_of_each(trained, world, turned):
    model, data = trained["session"].at(**turned), world.train
    everything = np.random.default_rng(0).permutation(data.n_items).astype(np.int32)  # more than the window
    people = [Person(user, everything[:n]) for user, n in ((3, 1), (None, 50), (7, 51), (None, 80), (3, 80), (5, 4))]
    assert np.allclose(model.scores_of(people), [model.scores(one) for one in people], rtol=1e-4, atol=1e-5)


def test_scores_of_several_are_asked_of_a_derived_class_in_its_own_way(trained, world):
    class Doubled(rw.Session):
        def _query(self, person):
            return 2 * super()._query(person)

    model = Doubled()
    model.data, model.snapshot = trained["session"].data, trained["session"].snapshot
    people = [world.train.users[3], world.train.items[[4, 2, 9]].tolist()]
    assert np.allclose(model.scores_of(people), [model.scores(who) for who in people], rtol=1e-4, atol=1e-5)
    assert not np.allclose(model.scores_of(people), trained["session"].scores_of(people))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_seen_is_recommended(trained, world, name):
    top = recommend_all(trained[name], world.train, 20)
    for user in range(world.train.n_users):
        assert not set(top[user]) & set(world.train.history(user).tolist())


@pytest.mark.parametrize("name", NAMES)
def test_the_parts_add_up_to_the_score(trained, world, name):
    model, data = trained[name], world.train
    draw = np.random.default_rng(0)
    for user, item in zip(draw.integers(0, data.n_users, 40), draw.integers(0, data.n_items, 40), strict=True):
        score = float(model.scores(data.users[user])[item])
        explained = model.explain(data.users[user], data.items[item])
        assert explained.score == pytest.approx(score, rel=1e-4, abs=1e-5)
        assert sum(part.value for part in explained.parts) == pytest.approx(score, rel=1e-4, abs=1e-5)
        for part in explained.parts:
            if part.terms:
                assert sum(weight * dot for weight, dot in part.terms) == pytest.approx(part.value, rel=1e-4, abs=1e-6)


@pytest.mark.parametrize(("name", "turned"), [
    *[(name, {}) for name in NAMES],
    ("gnn", {"layers": 0}), ("gnn", {"layers": 4}), ("knn", {"k": 1}), ("knn", {"k": 100}),
    ("knn", {"similarity": "dot product"}), ("knn", {"similarity": "distance", "k": 3}), ("session", {"half_life": 1}),
    ("session", {"window": 2}),
])  # fmt: skip
def test_parts_add_up_for_every_setting_of_the_knobs_and_for_a_history_of_ones_own(trained, world, name, turned):
    model, data = trained[name].at(**turned), world.train
    for who in (data.users[5], data.items[[3, 1, 7]].tolist()):
        item = data.items[11]
        assert model.explain(who, item).score == pytest.approx(float(model.scores(who)[11]), rel=1e-4, abs=1e-5)
    queries, films = model.vectors()
    assert np.allclose(queries[5] @ films.T, model.scores(data.users[5]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_the_same_seed_gives_the_same_scores_and_another_does_not(world, name):
    one, two, other = (make(name, dim=8, seed=seed) for seed in (7, 7, 8))
    for model in (one, two, other):
        rw.fit(model, world.train, epochs=2, progress=False)
    user = world.train.users[2]
    assert np.allclose(one.scores(user), two.scores(user), rtol=1e-4, atol=1e-5)
    assert not np.allclose(one.scores(user), other.scores(user), rtol=1e-2)


@pytest.mark.parametrize("name", NAMES)
def test_a_trained_model_beats_popularity_where_tastes_are_planted(trained, world, name):
    result = rw.evaluate(trained[name], world)
    assert result["ndcg"] > 1.2 * result["baselines"]["popularity"]["ndcg"]


@pytest.mark.parametrize("name", NAMES)
def test_saving_and_loading_keep_every_score(trained, world, name, tmp_path):
    trained[name].save(tmp_path / "m.npz")
    again = load_model(tmp_path / "m.npz")
    assert np.array_equal(again.scores(world.train.users[4]), trained[name].scores(world.train.users[4]))


@pytest.mark.parametrize("name", NAMES)
def test_a_pause_between_batches_changes_nothing(world, name):
    calls = []
    stopped, plain = make(name, dim=8), make(name, dim=8)
    for _ in stopped.steps(world.train, epochs=2, between_batches=lambda done, of: calls.append((done, of))):
        pass
    rw.fit(plain, world.train, epochs=2, progress=False)
    assert len(calls) >= 2 and all(1 <= done <= of for done, of in calls)
    assert np.allclose(stopped.scores(world.train.users[0]), plain.scores(world.train.users[0]), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_a_learning_rate_far_too_high_is_a_sentence_or_finite(world, name):
    model = make(name, dim=8, learning_rate=1e6)
    try:
        rw.fit(model, world.train, epochs=3, progress=False)
    except FloatingPointError as error:
        assert "learning rate" in str(error) and "1e+06" in str(error)
    else:
        assert np.isfinite(model.scores(world.train.users[0])).all()


@pytest.mark.parametrize(("name", "knob", "layer"), [("knn", "k", "knn"), ("gnn", "layers", "gnn")])
def test_a_knob_that_is_turned_while_tensorflow_loads_does_not_change_what_is_trained(
    world, name, knob, layer, monkeypatch
):
    model = make(name, dim=4, **{knob: 2})

    class Turning:
        """Is asked where a module is before anybody else: the knob is turned while the networks are imported."""

        @staticmethod
        def find_spec(module, path=None, target=None):
            if module.startswith("recwidgets.nets"):
                model.values[knob] = 4

    monkeypatch.setattr(sys, "meta_path", [Turning, *sys.meta_path])
    monkeypatch.delitem(sys.modules, "recwidgets.nets.loop", raising=False)
    with Watched() as networks:
        rw.fit(model, world.train, epochs=1, progress=False)
    assert model.values[knob] == 4
    assert getattr(getattr(networks[0], layer), knob) == 2 == model.trained[knob]


@pytest.mark.parametrize("name", NETS)
def test_nothing_of_a_training_stays_alive_once_it_is_over(world, name):
    """Neither its graphs nor its tables: what TensorFlow registers for good must not hold them."""

    def graphs():
        gc.collect()
        return sum(type(thing).__name__ == "FuncGraph" for thing in gc.get_objects())

    before, gone, held = graphs(), [], []
    for _ in range(2):
        with Watched() as made:
            held.append(make(name, dim=8))
            rw.fit(held[-1], world.train, world.test, epochs=1, progress=False)
        gone += [weakref.ref(thing) for network in made for thing in (network, *network.variables)]
        gone += [weakref.ref(variable) for network in made for variable in network.optimizer.variables()]
        made.clear()
        assert graphs() == before
    assert len(gone) > 20 and not [thing() for thing in gone if thing() is not None]
    assert all(np.isfinite(model.scores(world.train.users[0])).all() for model in held)


# -- the networks as plain modules -----------------------------------------------------------------------


@pytest.mark.parametrize("name", ("GNN", "KNN", "Session"))
def test_a_layer_can_be_opened_and_read_and_pickled(name):
    layer = getattr(rw, f"{name}Layer")
    assert inspect.getsourcefile(layer) == str(REPO / "recwidgets" / "nets" / f"{name.lower()}.py")
    source = inspect.getsource(layer)
    assert source.startswith(f"class {name}Layer(tf.keras.layers.Layer):") and "\n    def call(" in source
    assert pickle.loads(pickle.dumps(layer)) is layer


def test_no_class_of_the_models_and_networks_is_hidden_in_a_function_and_no_module_makes_names_up():
    for path in [*(REPO / "recwidgets" / "models").glob("*.py"), *(REPO / "recwidgets" / "nets").glob("*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        assert not [node for f in functions for node in ast.walk(f) if isinstance(node, ast.ClassDef)], path
        assert "__getattr__" not in [node.name for node in tree.body if isinstance(node, ast.FunctionDef)], path


# -- the layers against independent numpy -----------------------------------------------------------------


def dense_rows(data):
    """The interactions as a 0/1 matrix, rows scaled to a mean."""
    watched = np.zeros((data.n_users, data.n_items))
    watched[data.user, data.item] = 1
    return watched


def test_gnn_layer_is_the_mean_of_the_means(trained, world):
    import tensorflow as tf

    watched = dense_rows(world.train)
    down = watched / np.maximum(watched.sum(1, keepdims=True), 1)
    up = watched.T / np.maximum(watched.T.sum(1, keepdims=True), 1)
    draw = np.random.default_rng(0)
    users, films = draw.normal(size=(len(down), 4)), draw.normal(size=(len(up), 4))
    layer = rw.GNNLayer(3)
    layer.mix.assign([0.5, 2.0, 1.0, 9.0])
    given = [tf.constant(a, tf.float32) for a in (users, films)]
    got = layer(*given, *(tf.sparse.from_dense(tf.constant(a, tf.float32)) for a in (down, up)))
    expected, u, f = 0, users, films
    for mix in (0.5, 2.0, 1.0):
        u, f = down @ f, up @ u
        expected = expected + mix * u
    assert np.allclose(got, expected, atol=1e-5)


def test_gnn_layer_adds_the_edges_of_the_second_type():
    import tensorflow as tf

    draw = np.random.default_rng(2)
    down, liked = draw.random((5, 7)) * (draw.random((5, 7)) > 0.5), draw.normal(size=(7, 3))
    down_liked = down * (draw.random((5, 7)) > 0.5)
    users, films = draw.normal(size=(5, 3)), draw.normal(size=(7, 3))
    sparse = [tf.sparse.from_dense(tf.constant(a, tf.float32)) for a in (down, down.T, down_liked)]
    given = [tf.constant(a, tf.float32) for a in (users, films, liked)]
    got = rw.GNNLayer(1)(*given[:2], *sparse[:2], given[2], sparse[2])
    assert np.allclose(got, down @ films + down_liked @ liked, atol=1e-5)
    assert not rw.GNNLayer(0)(*given[:2], *sparse[:2], given[2], sparse[2]).numpy().any()


def test_an_item_adds_a_second_vector_for_users_who_liked_it(trained, world):
    """A film rated below the median counts as watched; what is added by hand counts as liked."""
    data = world.train
    lower = dataclasses.replace(data, rating=np.where(np.arange(len(data)) % 3, 5.0, 1.0).astype(np.float32))
    assert lower.liked.mean() == pytest.approx(2 / 3, abs=0.02)
    assert dataclasses.replace(data, rating=np.ones(len(data), np.float32)).liked.all()
    model = trained["gnn"].at()
    model.data = lower
    user = 4
    history, rows = lower.history(user), lower.rows_of(user)
    assert model.liked(Person(user, history)).tolist() == lower.liked[rows].tolist()
    assert model.liked(Person(None, history)).all()
    new = np.setdiff1d(np.arange(data.n_items), history)[:2].astype(np.int32)
    assert model.liked(Person(user, np.append(history, new)))[-2:].all()
    said = model._snapshot["films_liked"][history] * lower.liked[rows][:, None]
    assert np.allclose(model._query(Person(user, history)), model.vectors()[0][user], atol=1e-5)
    plain = model.at(Snapshot("gnn", dict(model._snapshot.arrays) | {"films_liked": 0 * model._snapshot["films_in"]}))
    assert np.allclose(model.vectors()[0][user] - plain.vectors()[0][user], said.mean(0), atol=1e-5)


@pytest.mark.parametrize("backend", ("tensorflow", "numpy"))
@pytest.mark.parametrize("name", ("gnn", "knn", "session"))
def test_with_very_many_items_and_users_each_step_samples_some(world, name, backend, monkeypatch):
    for where in ("two_tower", "settings"):
        monkeypatch.setattr(f"recwidgets.nets.{where}.SAMPLED_ITEMS", 50)  # of 80 items
    monkeypatch.setattr("recwidgets.nets.settings.SAMPLED_USERS", 40)  # of 60
    monkeypatch.setattr("recwidgets.nets.two_tower.ROWS", 25)  # so that their losses are found in blocks
    model = make(name, dim=8, seed=0, backend=backend)
    rw.fit(model, world.train, epochs=20, progress=False)
    result = rw.evaluate(model, world)
    assert result["ndcg"] > 1.1 * result["baselines"]["popularity"]["ndcg"]


def test_knn_layer_looks_only_among_the_given_keys():
    import tensorflow as tf

    draw = np.random.default_rng(3)
    users, key_ids = draw.normal(size=(9, 4)), np.array([7, 2, 5, 0])
    given = [tf.constant(a, tf.float32) for a in (users, users[key_ids])]
    weight = rw.KNNLayer(k=2).weights_of(*given, tf.constant(key_ids)).numpy()
    assert not any(weight[user, column] for column, user in enumerate(key_ids)), "nobody is their own neighbour"
    assert np.allclose(weight.sum(1), 1, atol=1e-5)
    assert ((weight > 0).sum(1) == 2).all()


@pytest.mark.parametrize("similarity", ["cosine", "dot product", "distance"])
def test_knn_layer_averages_the_values_of_the_nearest(similarity):
    import tensorflow as tf

    draw = np.random.default_rng(1)
    users, values = draw.normal(size=(12, 5)), draw.normal(size=(12, 3))
    got = rw.KNNLayer(k=4, similarity=similarity)(*(tf.constant(a, tf.float32) for a in (users, users, values)))
    away = users - users.mean(0)
    length = np.linalg.norm(away, axis=1)
    nearness = {
        "cosine": lambda a, b: away[a] @ away[b] / length[a] / length[b],
        "dot product": lambda a, b: away[a] @ away[b] / length[a] / length.mean(),
        "distance": lambda a, b: 1 / (1 + np.linalg.norm(away[a] - away[b]) / length.mean()),
    }[similarity]
    for user in range(12):
        near = {other: nearness(user, other) for other in range(12) if other != user}
        nearest = sorted(near, key=lambda other: -near[other])[:4]
        weight = np.array([max(near[other], 1e-3) ** 6 for other in nearest])
        expected = sum(w * values[other] for w, other in zip(weight / weight.sum(), nearest, strict=True))
        assert np.allclose(got[user], expected, atol=1e-4)


@pytest.mark.parametrize("similarity", ["cosine", "dot product", "distance"])
def test_users_at_the_same_place_are_no_trouble(similarity):
    """A norm has no gradient at zero: two users with the same films gave a loss that was no number."""
    data = rw.Interactions.from_frame({"user": [0, 0, 1, 1], "item": [0, 1, 0, 1]})
    model = rw.KNN(dim=4, similarity=similarity)
    history = rw.fit(model, data, epochs=3, progress=False)
    assert np.isfinite(history.curve("loss")[1]).all() and np.isfinite(model.scores("0")).all()


@pytest.mark.parametrize("similarity", ["dot product", "distance"])
def test_another_similarity_trains_and_answers_as_its_network_does(world, similarity):
    model = rw.KNN(dim=8, seed=0, similarity=similarity)
    with Watched() as networks:
        history = rw.fit(model, world.train, epochs=2, progress=False)
    assert np.isfinite(history.curve("loss")[1]).all()
    assert np.allclose(networks[0].all_queries(), model.vectors()[0], atol=1e-4)
    assert model.trained["similarity"] == similarity


def test_session_layer_adds_up_recency_weighted_means():
    import tensorflow as tf

    layer = rw.SessionLayer(dim=4, seed=0, window=6)
    draw = np.random.default_rng(2)
    films = draw.normal(size=(2, 6, 4))
    present = np.array([[1, 1, 1, 1, 1, 1], [1, 0, 1, 0, 0, 0]])
    got = layer(tf.constant(films, tf.float32), tf.constant(present, tf.float32)).numpy()
    weights, maps = np.exp(layer.log_weights.numpy()), layer.maps.numpy().reshape(-1, 4, 4)
    for row in range(2):
        expected = np.zeros(4)
        for mean in range(weights.shape[1]):
            share = weights[:, mean] * present[row]
            share = share / share.sum()
            expected += sum(s * film for s, film in zip(share, films[row], strict=True)) @ maps[mean]
        assert np.allclose(got[row], expected, atol=1e-4)


# -- TensorFlow's own answers and ours ---------------------------------------------------------------------


@pytest.mark.parametrize("name", NETS)
def test_the_network_and_the_numpy_path_give_the_same_queries(trained, networks, name):
    queries, films = trained[name].vectors()
    assert np.allclose(networks[name].all_queries(), queries, rtol=1e-3, atol=1e-4)
    assert np.allclose(networks[name].items(), films, atol=1e-6)


@pytest.mark.parametrize("name", NETS)
def test_brute_force_ranks_as_recommend_all_does(trained, networks, world, name):
    scores, index = networks[name].index(k=10)(np.arange(world.train.n_users))
    ours = recommend_all(trained[name], world.train, 10, seen=True)
    own = np.stack([trained[name].scores(user) for user in world.train.users])
    assert np.allclose(scores, np.take_along_axis(own, ours, 1), rtol=1e-3, atol=1e-4)
    assert (np.asarray(index) == ours).mean() > 0.99  # near-ties may swap in float32


@pytest.mark.parametrize("name", NETS)
def test_factorized_top_k_counts_as_evaluate_does(trained, networks, world, name):
    network, test = networks[name], world.test
    network.measure((1, 5, 10))
    network.compute_loss({"user": test.user.astype(np.int32), "movie": test.item.astype(np.int32)})
    theirs = [float(metric.result()) for metric in network.task.factorized_metrics[0].metrics]
    ours = rw.evaluate(trained[name], world, k=(1, 5, 10), seen=True, baselines=False)
    assert theirs == pytest.approx([ours[f"top_{k}_accuracy"] for k in (1, 5, 10)], abs=0.01)


# -- views and copies, and what may be asked of a model -----------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_a_training_of_a_copy_and_questions_to_views_leave_the_model_as_it_was(trained, world, name):
    model, who = trained[name], world.train.users[3]

    def answers():
        return [model.scores(who).tolist(), model.vectors()[0].tolist(), dict(model.values), model.explain(who, "5")]

    before, shot, data = answers(), model.snapshot, model.data
    for knob in model.knobs:
        for value in knob.choices or (knob.low, knob.high):
            view = model.at(**{knob.name: value})
            view.vectors(), view.scores([]), view.explain(who, "5")
    twin = copy.deepcopy(model)
    twin.learning_rate = 0.001
    rw.fit(twin, world.test, epochs=1, progress=False)
    assert (twin.scores(who) != model.scores(who)).any()
    assert answers() == before and model.snapshot is shot and model.data is data


def test_the_depths_that_views_of_a_gnn_share_are_those_of_their_own_snapshot_and_data(trained, world):
    model, fewer = trained["gnn"], world.train.take(np.arange(0, len(world.train), 2))
    model.at(layers=4).vectors()
    other = model.at(Snapshot("gnn", {name: 2 * array for name, array in model.snapshot.arrays.items()}))
    half = model.at()
    half.data = fewer
    for view in (other, half, model.at(layers=2)):
        fresh = make("gnn", dim=8, layers=view.values["layers"])
        fresh.data, fresh.snapshot = view.data, view.snapshot
        assert np.array_equal(view.vectors()[0], fresh.vectors()[0])


@pytest.mark.parametrize("name", NAMES)
def test_every_model_of_ours_has_every_protocol(trained, name):
    """A new one need not say its query as a sum of terms, and one of three looks for neighbours."""
    for protocol in PROTOCOLS:
        if protocol is protocols.Neighbours:
            assert isinstance(trained[name], protocol) == (name == "knn" or hasattr(trained[name], "neighbours"))
        elif name in SHIPPED or protocol is not protocols.SumsTerms:
            assert isinstance(trained[name], protocol), protocol


def test_a_protocol_is_had_by_having_its_methods():
    class Bare:
        label = "bare"

        def steps(self, data, validation=None, epochs=None): ...
        def scores(self, user): ...

    has = {kind: {p for p in PROTOCOLS if isinstance(kind, p)} for kind in (Bare(), Popularity(), Chance())}
    bare, popularity, chance = has.values()
    assert bare == {protocols.Recommender}
    assert popularity == {protocols.Recommender, protocols.Explains, protocols.Vectors}
    assert chance == {protocols.Recommender, protocols.Explains}


@pytest.mark.parametrize("name", (*NAMES, "popularity"))
def test_a_score_is_explained_for_somebody_without_an_id(trained, world, name):
    model = Popularity().learn(world.train) if name == "popularity" else trained[name]
    for history in ([], [4], [9, 2, 30]):
        person = Person(None, np.array(history, np.int32))
        why = model.explain(person, world.train.items[11])
        assert why.score == pytest.approx(float(model.scores(person)[11]), rel=1e-4, abs=1e-5)
        assert sum(part.value for part in why.parts) == pytest.approx(why.score, rel=1e-4, abs=1e-5)
        if isinstance(model, protocols.Queries):
            assert np.allclose(model.vectors()[1] @ model.query(person), model.scores(person), rtol=1e-4, atol=1e-5)


# -- somebody without history ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NETS)
def test_somebody_without_history_is_answered_with_the_mean_of_the_networks_queries(world, name):
    """Independent of the numpy path: TensorFlow's queries of the users who have a history, averaged."""
    data = world.train.take(~np.isin(world.train.user, [2, 31]))
    model = make(name, dim=8, seed=0)
    with Watched() as networks:
        rw.fit(model, data, epochs=3, progress=False)
    known = np.setdiff1d(np.arange(data.n_users), [2, 31])
    expected = np.mean(np.asarray(networks[0].all_queries())[known], axis=0) @ np.asarray(networks[0].items()).T
    left = Person(5, np.zeros(0, np.int32))
    for who in (data.users[2], data.users[31], [], left):
        scores = model.scores(who)
        assert np.allclose(scores, expected, rtol=1e-3, atol=1e-3)
        (part,) = model.explain(who, data.items[7]).parts
        assert part.kind == "base" and part.value == pytest.approx(float(scores[7]), rel=1e-4, abs=1e-5)
    queries, items = model.vectors()
    assert np.allclose(queries[[2, 31]] @ items.T, expected, rtol=1e-3, atol=1e-3)


def test_nobody_is_the_neighbour_of_somebody_without_history(trained):
    users, weight = trained["knn"].neighbours(Person(None, np.zeros(0, np.int32)))
    assert users.shape == weight.shape == (0,)


@pytest.mark.parametrize("name", NETS)
def test_users_who_come_after_the_cut_in_time_get_lists_about_as_good_as_popularity(name):
    """88 of the 116 test users have no training row: their lists were at chance (.0007)."""
    split = rw.load_movielens("latest-small").split("temporal-global")
    new = split.test.take(np.bincount(split.train.user, minlength=split.train.n_users)[split.test.user] == 0)
    assert len(np.unique(new.user)) == 88
    model = make(name, seed=0)
    rw.fit(model, split.train, epochs={"session": 2, "gnn": 4}.get(name, 6), progress=False)  # as many as it takes
    ours, popular = (
        metrics.top_k_accuracy(recommend_all(asked, split.train, 10), new, 10)
        for asked in (model, Popularity().learn(split.train))
    )
    assert popular > 0.02 and ours > 0.7 * popular


# -- pretrained ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def embedded():
    return rw.load_movielens("latest-small").split("temporal", test=0.2)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_epochs_are_those_that_training_gives(embedded, name):
    """The first epoch, trained again with the shipped settings, rounds to what is shipped."""
    model, history = load_pretrained(name, embedded.train)
    again = make(name, **model.settings())
    event = next(again.steps(embedded.train, epochs=history.total))
    assert event.metrics["loss"] == pytest.approx(history.metrics[1]["loss"], rel=1e-3)
    shipped = history.at(1).snapshot
    for key, array in event.snapshot.arrays.items():
        if array.ndim > 2:
            assert np.allclose(array, shipped[key], rtol=1e-2, atol=1e-2)
        elif array.ndim == 2 and array.size > 4096:
            rare = np.bincount(embedded.train.item, minlength=embedded.train.n_items) < RARE
            bits = np.where(rare, RARE_BITS, BITS) if len(array) == len(rare) else BITS
            step = np.abs(array).max(axis=1) / (2.0 ** (bits - 1) - 1)
            rounded = restore(**quantise(array, bits, np.float16))
            off = np.abs(shipped[key] - rounded) / np.maximum(step, 1e-9)[:, None]
            assert (off < 0.1).mean() > 0.95, "a value at the edge between two levels may fall to either side"
        else:
            assert np.allclose(array, shipped[key], rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_models_beat_popularity_on_what_was_watched_later(embedded, name):
    model, _ = load_pretrained(name, embedded.train)
    result = rw.evaluate(model, Split(embedded.train, embedded.validation, embedded.test, "temporal", 42, None))
    assert result["ndcg"] > 1.1 * result["baselines"]["popularity"]["ndcg"]


def test_the_shipped_files_are_small(embedded):
    paths = [find(name, embedded.train) for name in SHIPPED]
    assert all(path is not None for path in paths) and len(paths) >= 3
    assert sum(path.stat().st_size for path in paths) < 25_000_000


def test_a_neighbour_who_is_not_asked_adds_nothing(trained, world):
    model, data = trained["knn"], world.train
    person = Person(0, data.history(0))
    nearest, _ = model.neighbours(person)
    without = person._replace(without=(int(nearest[0]),))
    assert nearest[0] not in model.neighbours(without)[0]
    assert model.explain(without, data.items[3]).score == pytest.approx(float(model.scores(without)[3]), rel=1e-4)
