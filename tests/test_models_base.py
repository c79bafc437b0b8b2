"""What all models share: knobs, answers from a snapshot, saving. The model is a small SVD in numpy."""

import copy
import json
import math
import pickle
import sys
import threading
from unittest.mock import MagicMock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import HOSTILE, Svd, random_table, register, table, trained

import recwidgets as rw
from recwidgets import checkerboard, load_model, models, planted, recommend
from recwidgets._found import classes_in, named_classes
from recwidgets.core import Person, Snapshot
from recwidgets.data import UnknownItem, UnknownUser
from recwidgets.models import make
from recwidgets.models._base import NotTrained
from recwidgets.models._files import write_arrays


@pytest.fixture(scope="module")
def data():
    return random_table(np.random.default_rng(4), 14, 20)


@pytest.fixture(scope="module")
def model(data):
    return trained(data)


# ------------------------------------------------------------------ it learns at all


def test_the_withheld_film_of_a_checkerboard_comes_first():
    board, withheld = checkerboard(10)
    model = trained(board, epochs=20, dim=2)
    for user, item in withheld.tolist():
        assert recommend(model, board, board.users[user], 1).index.tolist() == [item]


def test_planted_tastes_are_found():
    world = planted(seed=2)
    model = trained(world.data, epochs=10)
    own = [
        world.taste_of_item[recommend(model, world.data, str(user)).index] == taste
        for user, taste in zip(world.data.users, world.taste_of_user.tolist(), strict=True)
    ]
    assert np.mean(own) > 0.6  # a quarter would be chance


# ------------------------------------------------------------------ settings and knobs


def test_knobs_start_at_their_defaults_and_are_turned_by_name():
    assert Svd().values == {"shrink": 1, "dim": 6}
    assert Svd(shrink=0, dim=2).values == {"shrink": 0, "dim": 2}
    assert Svd(shrink=999).values["shrink"] == 999  # the value that means "all"


@pytest.mark.parametrize("value", [-1, 10.5, 998, math.nan, math.inf, "2", None, True])
def test_a_knob_turned_too_far_is_a_sentence(value):
    with pytest.raises(ValueError, match="shrink must be a number from 0 to 10, or 999 for all, got"):
        Svd(shrink=value)
    with pytest.raises(ValueError, match="dim must be a number from 1 to 32, got"):
        Svd(dim=0)


def test_a_knob_that_does_not_exist_is_a_sentence():
    with pytest.raises(TypeError, match="Svd has no setting 'layers'; it has shrink, dim"):
        Svd(layers=2)


@pytest.mark.parametrize("value", [0, -3, 2.5, math.nan, math.inf, "3", None, True])
def test_epochs_that_cannot_be_are_a_sentence(value, data):
    with pytest.raises(ValueError, match="epochs must be a whole number of at least 1, got"):
        Svd(epochs=value)
    if value is not None:  # None: the model's own number
        with pytest.raises(ValueError, match="epochs must be a whole number of at least 1, got"):
            Svd().steps(data, epochs=value)


@pytest.mark.parametrize("value", [0, -0.1, math.nan, math.inf, "fast", None])
def test_a_learning_rate_that_cannot_be_is_a_sentence(value):
    with pytest.raises(ValueError, match="learning_rate must be a number above 0, got"):
        Svd(learning_rate=value)


def test_a_seed_is_a_whole_number():
    assert Svd(seed=np.int64(3)).seed == 3
    with pytest.raises(ValueError, match="seed must be a whole number of at least 0, got 1.5"):
        Svd(seed=1.5)


def test_numbers_of_numpy_are_settings_as_pythons_are(data):
    assert json.dumps(Svd(shrink=np.float64(2), epochs=np.int32(4)).settings())
    assert [event.step for event in Svd().steps(data, epochs=np.int64(2))] == [1, 2]


# ------------------------------------------------------------------ training


def test_nothing_happens_until_the_first_epoch_is_pulled(data):
    model = Svd()
    epochs = model.steps(data)
    assert model.snapshot is None
    next(epochs)
    assert model.snapshot is not None


def test_events_count_from_one_and_carry_the_same_metrics(data):
    events = list(Svd().steps(data, data, epochs=3))
    assert [(event.step, event.total) for event in events] == [(1, 3), (2, 3), (3, 3)]
    assert {frozenset(event.metrics) for event in events} == {frozenset({"loss", "top_10_accuracy"})}
    assert not any(math.isnan(event.metrics["top_10_accuracy"]) for event in events)


def test_without_anything_held_out_the_accuracy_is_not_a_number(data):
    for validation in (None, data.take([])):
        assert math.isnan(next(Svd().steps(data, validation)).metrics["top_10_accuracy"])


def test_the_same_seed_gives_the_same_model_and_another_seed_another(data):
    first, second, other = (trained(data, seed=seed).scores("u1") for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


def test_closing_the_epochs_ends_the_training(data):
    calls = []
    epochs = Svd().steps(data, epochs=5, between_batches=lambda done, batches: calls.append(done))
    next(epochs)
    epochs.close()
    assert calls == [0, 1, 2, 3]
    assert next(epochs, None) is None


class Diverging(Svd):
    def _epochs(self, data, total, between_batches):
        for step, (loss, arrays) in enumerate(super()._epochs(data, total, between_batches), 1):
            yield (math.nan if step == 2 else loss), arrays


def test_a_loss_that_is_no_number_stops_the_training_and_keeps_the_last_good_epoch(data):
    model = Diverging(learning_rate=7)
    epochs = model.steps(data)
    good = next(epochs).snapshot
    with pytest.raises(FloatingPointError, match="no longer a number at epoch 2: the learning rate 7 is too high"):
        next(epochs)
    assert model.snapshot is good


@pytest.mark.parametrize(
    ("n_users", "n_items", "pairs"), [(1, 3, [(0, 0)]), (3, 1, [(0, 0)]), (3, 3, []), (1, 1, [(0, 0)])]
)
def test_a_world_too_small_to_learn_from_is_a_sentence(n_users, n_items, pairs):
    small = table(pairs, n_users, n_items)
    with pytest.raises(ValueError, match=f"at least two users and two films, got {n_users} and {n_items}"):
        Svd().steps(small)


def test_two_users_and_two_films_are_enough():
    small = table([(0, 0), (1, 1)], 2, 2)
    assert recommend(trained(small), small, "u1", 2).items == ("f2",)


# ------------------------------------------------------------------ answers


def test_an_untrained_model_says_so_whatever_it_is_asked(tmp_path):
    model = Svd()
    asks = {
        "scores": lambda: model.scores("u1"),
        "query": lambda: model.query(["f1"]),
        "explain": lambda: model.explain("u1", "f1"),
        "vectors": lambda: model.vectors(),
        "save": lambda: model.save(tmp_path / "m.npz"),
    }
    for ask in asks.values():
        with pytest.raises(NotTrained, match=r"this Svd is not trained yet; run rw\.fit\(model, data\)"):
            ask()
    assert repr(model) == "Svd(untrained)"
    assert not list(tmp_path.iterdir())


def test_scores_are_query_times_film(data, model):
    for n, user in enumerate(data.users.tolist()):
        films, history = model.snapshot["films"], data.history(n)
        query = films[history].sum(0) / (len(history) + 1) + model.snapshot["own"][n]
        found = model.scores(user)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, films @ query, rtol=1e-4, atol=1e-5)


def test_the_vectors_of_all_users_are_the_queries_of_each(data, model):
    queries, films = model.vectors()
    assert queries.shape == (data.n_users, 6)
    for n, user in enumerate(data.users.tolist()):
        np.testing.assert_allclose(films @ queries[n], model.scores(user), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("similarity", ["cosine", "dot product", "distance"])
def test_neighbours_that_are_as_near_are_chosen_as_for_one_user_also_when_all_are_asked(monkeypatch, similarity):
    draw = np.random.default_rng(0)
    rows = [(user, item) for user in range(6) for item in range(8) if (user // 2 + item) % 3 == 0]  # alike by twos
    rows += [(user, int(item)) for user in range(6, 14) for item in draw.permutation(8)[: 3 + user % 3]]
    data = table(rows, 14, 8)
    model, tied = make("knn", dim=8, epochs=1, backend="numpy"), []
    rw.fit(model, data, progress=False)
    for k in range(1, 14):
        asked = model.at(k=k, similarity=similarity)
        with monkeypatch.context() as patch:
            patch.setattr(asked, "_query", one_by_one := MagicMock(wraps=asked._query))
            queries = asked.vectors()[0]
        tied.append(one_by_one.call_count)
        for n, user in enumerate(data.users.tolist()):
            np.testing.assert_allclose(queries[n], asked.query(user), rtol=1e-4, atol=1e-5)
    assert any(0 < n < 14 for n in tied) and 0 in tied, "rows of either kind are in one block"


def test_a_snapshot_with_what_is_no_number_answers_for_all_users_as_for_one(data):
    model = make("knn", dim=8, epochs=1, backend="numpy", k=3)
    rw.fit(model, data, progress=False)
    arrays = dict(model.snapshot.arrays)
    broken = Snapshot(model.snapshot.model, arrays | {"films_in": np.full_like(arrays["films_in"], np.nan)})
    for similarity in ("cosine", "dot product", "distance"):
        asked = model.at(broken, similarity=similarity)
        assert np.array_equal(asked.vectors()[0], [asked.query(user) for user in data.users.tolist()], equal_nan=True)


def test_the_query_of_a_history_answers_for_somebody_new(data, model):
    ids = ["f3", "f9", "f2"]
    np.testing.assert_allclose(model.scores(ids), model.snapshot["films"] @ model.query(ids), rtol=1e-5, atol=1e-6)
    person = Person(None, np.array([2, 8, 1], np.int32))
    np.testing.assert_array_equal(model.scores(person), model.scores(ids))


@given(user=st.integers(0, 13), item=st.integers(0, 19), shrink=st.integers(0, 10))
@settings(max_examples=60, deadline=None)
def test_the_parts_add_up_to_the_score(data, model, user, item, shrink):
    turned = model.at(shrink=shrink)
    why = turned.explain(f"u{user + 1}", f"f{item + 1}")
    assert why.score == pytest.approx(sum(part.value for part in why.parts))
    assert why.score == pytest.approx(float(turned.scores(f"u{user + 1}")[item]), rel=1e-4, abs=1e-5)
    assert (why.item, why.title) == (data.items[item], data.titles[item])
    assert [part.index for part in why.parts if part.kind == "film"] == data.history(user).tolist()


def test_the_parts_of_a_history_of_ones_own_add_up_too(model):
    why = model.explain(["f1", "f4"], "f2")
    assert [part.kind for part in why.parts] == ["film", "film"]
    assert why.score == pytest.approx(float(model.scores(["f1", "f4"])[1]), rel=1e-4, abs=1e-5)


def two_without_history():
    """Twelve users of whom the first and the eighth have no row, and a model trained on the others."""
    pairs = np.argwhere(np.random.default_rng(9).random((12, 20)) < 0.3)
    pairs = pairs[~np.isin(pairs[:, 0], [0, 7])]
    data = table(pairs, 12, 20)
    return data, trained(data)


def test_somebody_without_history_gets_the_mean_query_of_those_who_have_one():
    data, model = two_without_history()
    films, own = model.snapshot["films"], model.snapshot["own"]
    histories = {
        user: [item for who, item in zip(data.user, data.item, strict=True) if who == user] for user in range(12)
    }
    queries = [films[h].sum(0) / (len(h) + 1) + own[user] for user, h in histories.items() if h]
    assert len(queries) == 10
    mean = np.mean(queries, axis=0)
    left = Person(3, np.zeros(0, np.int32))  # a known user whose films were all taken out
    for who in ("u1", "u8", [], left):
        np.testing.assert_allclose(model.query(who), mean, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(model.scores(who), films @ mean, rtol=1e-4, atol=1e-5)
        (part,) = model.explain(who, "f5").parts
        assert (part.kind, part.label) == ("base", "what all users get")
        assert part.value == pytest.approx(float(films[4] @ mean), rel=1e-4, abs=1e-5)
    np.testing.assert_allclose(model.scores_of(["u1", [], left]), [films @ mean] * 3, rtol=1e-4, atol=1e-5)


def test_all_vectors_hold_the_mean_query_for_users_without_history_and_their_own_for_the_others():
    data, model = two_without_history()
    queries = model.vectors()[0]
    plain = model._queries()
    for user in range(12):
        if user in (0, 7):
            np.testing.assert_array_equal(queries[user], model.query([]))
        else:
            np.testing.assert_array_equal(queries[user], plain[user])
            np.testing.assert_array_equal(model.query(f"u{user + 1}"), plain[user])


def test_of_very_many_users_the_mean_is_taken_over_some_evenly_spaced(monkeypatch):
    data, model = two_without_history()
    monkeypatch.setattr("recwidgets.models._base.MEAN_OF", 3)
    people = [f"u{user + 1}" for user in range(12) if user not in (0, 7)]
    expected = np.mean([model.query(people[place]) for place in (0, 4, 9)], axis=0)
    np.testing.assert_allclose(model.query([]), expected, rtol=1e-5, atol=1e-6)


def test_unknown_ids_are_said_to_be_unknown(model):
    with pytest.raises(UnknownUser, match="got 'u99'"):
        model.scores("u99")
    with pytest.raises(UnknownItem, match="got 'f99'"):
        model.explain("u1", "f99")
    with pytest.raises(UnknownItem, match="got 'f99'"):
        model.query(["f1", "f99"])


def test_a_view_with_another_knob_leaves_the_model_as_it_was(model):
    before, all_before = model.scores("u1").copy(), model.vectors()[0].copy()
    turned = model.at(shrink=10)
    assert (turned.scores("u1") != before).any()
    assert (turned.vectors()[0] != all_before).any()
    assert model.values["shrink"] == 1
    np.testing.assert_array_equal(model.scores("u1"), before)
    np.testing.assert_array_equal(model.vectors()[0], all_before)
    with pytest.raises(ValueError, match="shrink must be a number"):
        model.at(shrink=11)


def state(model):
    """Everything that an act on a view or a copy could spoil."""
    queries, items = model.vectors()
    known = {name: value for name, value in vars(model).items() if name not in ("_cache", "_lock")}
    return known | {
        "values": dict(model.values), "trained": dict(model.trained), "settings": model.settings(),
        "queries": queries.tolist(), "items": items.tolist(), "scores": model.scores("u2").tolist(),
        "mean": model.query([]).tolist(), "why": model.explain("u2", "f3"),
    }  # fmt: skip


def test_nothing_that_is_done_to_a_view_is_seen_in_the_model(data):
    model = Svd()
    events = list(model.steps(data, epochs=3))
    before = state(model)
    view = model.at(events[0].snapshot, shrink=4)
    state(view)
    view.values["shrink"], view.trained["shrink"] = 9, 9
    view.at(shrink=2).values["dim"] = 3
    view.data, view.snapshot, view.label = data.take([0, 1, 2]), events[1].snapshot, "another"
    assert state(model) == before


def test_what_a_model_hands_out_cannot_be_written_into(model):
    for array in (*model.vectors(), model.query([]), model.snapshot["films"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(TypeError):
        model.snapshot.arrays["films"] = np.zeros(1)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_is_a_model_of_its_own_on_the_same_data(data, copied):
    model = trained(data)
    model.notes = ["mine"]
    before = state(model)
    twin = copied(model)
    assert twin.data is model.data and twin.snapshot is model.snapshot
    assert state(twin) | {"notes": 0} == before | {"notes": 0}
    twin.values["shrink"], twin.learning_rate, twin.seed = 7, 0.5, 3
    for _ in twin.steps(data.take(np.arange(len(data) - 9)), epochs=2):
        pass
    assert (twin.scores("u2") != model.scores("u2")).any()
    assert state(model) == before
    if copied is copy.deepcopy:
        twin.notes.append("theirs")
        assert model.notes == ["mine"]
    assert copied(Svd()).snapshot is None


def test_data_and_snapshots_never_change_so_a_copy_is_the_thing_itself(data, model):
    assert copy.deepcopy(data) is data and copy.deepcopy([model.snapshot])[0] is model.snapshot
    again = pickle.loads(pickle.dumps(model.snapshot))
    np.testing.assert_array_equal(again["films"], model.snapshot["films"])


def test_a_view_of_an_earlier_epoch_leaves_the_model_as_it_was(data):
    model = Svd()
    events = list(model.steps(data, epochs=3))
    now = model.scores("u1").copy()
    for event in events:
        view = model.at(event.snapshot)
        assert view.snapshot is event.snapshot
        assert view.snapshot["films"] is event.snapshot["films"]  # nothing is copied
    assert (model.at(events[0].snapshot).scores("u1") != now).any()
    np.testing.assert_array_equal(model.at(events[-1].snapshot).scores("u1"), now)
    np.testing.assert_array_equal(model.scores("u1"), now)


def test_two_threads_that_ask_at_once_make_the_queries_once(data):
    model = trained(data)
    made, both = [], threading.Barrier(2, timeout=60)
    plain = model._queries

    def queries():
        made.append(1)
        return plain()

    model._queries = queries

    def ask():
        both.wait()
        model.vectors()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert made == [1]


# ------------------------------------------------------------------ saving


@pytest.fixture
def saved(monkeypatch, tmp_path, data):
    register(monkeypatch)
    model = trained(data, shrink=3, dim=4, seed=5)
    model.save(tmp_path / "model.npz")
    return model, tmp_path / "model.npz"


def test_a_saved_model_answers_as_before(saved, data):
    model, path = saved
    again = load_model(str(path))
    assert again.settings() == model.settings()
    for user in data.users.tolist():
        np.testing.assert_array_equal(again.scores(user), model.scores(user))
        assert recommend(again, again.data, user).titles == recommend(model, data, user).titles
    assert again.explain("u2", "f3") == model.explain("u2", "f3")
    assert again.data.name == data.name
    for column in ("user", "item", "rating", "time", "users", "items", "titles"):
        np.testing.assert_array_equal(getattr(again.data, column), getattr(data, column))
    assert (again.data.genres, again.data.has_ratings, again.data.has_times) == (data.genres, True, True)


def test_genres_and_odd_titles_survive(monkeypatch, tmp_path):
    register(monkeypatch)
    world = planted(seed=1, n_users=40, n_items=40, films=10).data
    trained(world).save(tmp_path / "m")
    assert load_model(tmp_path / "m").data.genres == world.genres
    odd = table([(0, 0), (1, 1)], 2, 3, titles=[HOSTILE, "Élan, L' (1999)", ""], name=HOSTILE)
    trained(odd).save(tmp_path / "m")
    assert load_model(tmp_path / "m").data.titles.tolist() == odd.titles.tolist()
    assert load_model(tmp_path / "m").data.name == HOSTILE


def test_the_file_holds_no_pickle(saved):
    _, path = saved
    with np.load(path, allow_pickle=False) as file:
        for name in file.files:
            assert file[name].dtype != object


def test_a_name_is_taken_as_it_is(saved, tmp_path):
    model, _ = saved
    model.save(tmp_path / "no-suffix")
    assert load_model(tmp_path / "no-suffix").seed == 5
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model.npz", "no-suffix"]


def test_a_file_that_is_not_there_is_a_sentence(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file '.*m\.npz'; save one with model\.save"):
        load_model(tmp_path / "m.npz")


@pytest.mark.parametrize("keep", [0, 1, 100, 0.5, -1])
def test_a_truncated_file_is_a_sentence(saved, keep):
    _, path = saved
    whole = path.read_bytes()
    path.write_bytes(whole[: keep if isinstance(keep, int) else int(keep * len(whole))])
    with pytest.raises(ValueError, match=r"is not a model saved by recwidgets, or is damaged \(.*save it again"):
        load_model(path)


@pytest.mark.parametrize("where", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_damaged_file_is_a_sentence(saved, where):
    _, path = saved
    damaged = bytearray(path.read_bytes())
    at = int(where * len(damaged))
    damaged[at : at + 40] = bytes(byte ^ 0xFF for byte in damaged[at : at + 40])
    path.write_bytes(damaged)
    with pytest.raises(ValueError, match="is not a model saved by recwidgets, or is damaged"):
        load_model(path)


def foreign(path, kind):
    arrays = {
        "an array": lambda: np.save(path.open("wb"), np.zeros(3)),
        "arrays of others": lambda: np.savez(path.open("wb"), x=np.zeros(3)),
        "a pickle": lambda: path.write_bytes(pickle.dumps({"model": "svd"})),
        "a pickle within": lambda: np.savez(path.open("wb"), about=np.array({"format": 2}, object)),
        "text": lambda: path.write_text("model"),
        "a list about itself": lambda: write_arrays(path, [1, 2], {"x": np.zeros(1)}),
        "no interactions": lambda: write_arrays(path, {"format": 2, "model": "svd"}, {"snapshot/x": np.zeros(1)}),
        "a setting too many": lambda: write_arrays(
            path,
            {"format": 2, "model": "svd", "settings": {"odd": 1}, "genres": [], "has": [1, 1], "data": "x"},
            {"snapshot/x": np.zeros(1)},
        ),
    }
    arrays[kind]()


@pytest.mark.parametrize(
    "kind",
    [
        "an array",
        "arrays of others",
        "a pickle",
        "a pickle within",
        "text",
        "a list about itself",
        "no interactions",
        "a setting too many",
    ],
)
def test_a_foreign_file_is_a_sentence(monkeypatch, tmp_path, kind):
    register(monkeypatch)
    foreign(tmp_path / "m.npz", kind)
    with pytest.raises(ValueError, match="is not a model saved by recwidgets, or is damaged"):
        load_model(tmp_path / "m.npz")


def test_a_folder_is_not_a_model(tmp_path):
    with pytest.raises(ValueError, match="is not a model saved by recwidgets"):
        load_model(tmp_path)


def test_a_file_of_another_version_says_which(monkeypatch, tmp_path):
    register(monkeypatch)
    write_arrays(tmp_path / "m", {"format": 99, "model": "svd"}, {})
    with pytest.raises(ValueError, match=r"holds format 99, model 'svd'; this version reads format 2 of .*svd"):
        load_model(tmp_path / "m")
    write_arrays(tmp_path / "m", {"format": 2, "model": "os.system"}, {})
    with pytest.raises(ValueError, match="holds format 2, model 'os.system'"):
        load_model(tmp_path / "m")


def test_a_half_written_save_leaves_the_old_file(saved, monkeypatch, tmp_path, data):
    _, path = saved
    old = path.read_bytes()

    def full_disk(file, **arrays):
        file.write(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full_disk)
    with pytest.raises(OSError, match="No space left"):
        trained(data).save(path)
    assert path.read_bytes() == old
    assert [p.name for p in tmp_path.iterdir()] == ["model.npz"]


def test_models_are_made_by_their_short_names(monkeypatch):
    register(monkeypatch)
    assert make("svd", shrink=2).values["shrink"] == 2
    names = ", ".join(models.known_models())
    assert names.endswith("svd")
    with pytest.raises(ValueError, match=f"model must be one of {names}, got 'pickle'"):
        make("pickle")


FOURTH = """
from worlds import Svd


class Fourth(Svd):
    name = "fourth"
    chart = "columns"
"""


def test_a_fourth_model_is_one_new_file(tmp_path, monkeypatch, data):
    before = list(models.known_models())
    (tmp_path / "fourth.py").write_text(FOURTH)
    monkeypatch.setattr(models, "__path__", [*models.__path__, str(tmp_path)])
    classes_in.cache_clear()
    monkeypatch.delitem(sys.modules, "recwidgets.models.fourth", raising=False)
    named_classes.cache_clear()
    try:
        assert list(models.known_models()) == sorted([*before, "fourth"])
        model = make("fourth", shrink=2)
        rw.fit(model, data, progress=False)
        model.save(tmp_path / "fourth.npz")
        assert type(load_model(tmp_path / "fourth.npz")).__name__ == "Fourth"
        panel = rw.Panel(data, model)
        assert type(panel.chart) is rw.Columns
        panel.close()
    finally:
        classes_in.cache_clear()
        named_classes.cache_clear()


def test_two_models_of_one_name_are_told_apart_at_once(tmp_path, monkeypatch):
    before = list(models.known_models())
    (tmp_path / "twin.py").write_text("from worlds import Svd\n\n\nclass Twin(Svd):\n    name = 'gnn'\n")
    (tmp_path / "unnamed.py").write_text("from worlds import Svd\n\n\nclass Unnamed(Svd):\n    label = 'x'\n")
    monkeypatch.setattr(models, "__path__", [*models.__path__, str(tmp_path)])
    classes_in.cache_clear()
    named_classes.cache_clear()
    try:
        with pytest.raises(ValueError, match="got 'gnn' in recwidgets.models.gnn and in recwidgets.models.twin"):
            make("knn")
        (tmp_path / "twin.py").unlink()
        classes_in.cache_clear()
        assert list(models.known_models()) == before, "what has no name of its own is no model of ours"
    finally:
        classes_in.cache_clear()
        named_classes.cache_clear()
