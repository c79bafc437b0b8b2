"""Pretrained files: rounded as far as they say, checked before they are used, without pickle."""

import copy
import gc
import pickle
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from worlds import HOSTILE, Svd, random_table, register, table, trained

import recwidgets as rw
from recwidgets import pretrained
from recwidgets.core import FitEvent, Snapshot
from recwidgets.models._files import read_arrays, write_arrays
from recwidgets.pretrained import stored
from recwidgets.training import TrainingHistory


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    monkeypatch.setenv("RECWIDGETS_HOME", str(tmp_path / "home"))
    register(monkeypatch)
    return tmp_path / "home"


@pytest.fixture(scope="module")
def data():
    return random_table(np.random.default_rng(6), 30, 50)


def saved(data, keep, epochs=6, **options):
    model = Svd(**options)
    history = rw.fit(model, data, data, epochs=epochs, progress=False)
    path = pretrained.user_folder() / pretrained.file_name("svd", data)
    pretrained.save_pretrained(path, model, history, keep)
    return model, history, path


# ------------------------------------------------------------------ rounding

ROWS = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=12),
    elements=st.floats(-1e4, 1e4, width=32, allow_subnormal=False),
)


@given(ROWS, st.integers(3, 8))
@settings(max_examples=150, deadline=None)
def test_rounding_is_off_by_half_a_level_at_most(rows, bits):
    rounded = pretrained.quantise(rows, bits)
    assert rounded["q"].dtype == np.int8
    assert abs(rounded["q"].astype(int)).max() <= 2 ** (bits - 1) - 1
    again = pretrained.restore(**rounded)
    assert again.dtype == np.float32
    assert again.shape == rows.shape
    allowed = np.abs(rows.astype(np.float64)).max(axis=1, keepdims=True) / (2**bits - 2)
    assert (np.abs(again.astype(np.float64) - rows) <= allowed * (1 + 1e-5) + 1e-30).all()


def test_rows_of_zeros_stay_zeros():
    rounded = pretrained.quantise(np.zeros((3, 4), np.float32), 8)
    np.testing.assert_array_equal(pretrained.restore(**rounded), np.zeros((3, 4)))


# ------------------------------------------------------------------ there and back


def test_small_arrays_come_back_exactly(data):
    model, history, _ = saved(data, [1, 3, 6])
    again, past = rw.load_pretrained("svd", data)
    for event in past.events:
        for name, array in history.at(event.step).snapshot.arrays.items():
            np.testing.assert_array_equal(event.snapshot[name], array)
    np.testing.assert_array_equal(again.scores("u3"), model.scores("u3"))
    assert again.settings() == model.settings()
    assert again.data is data


def test_large_arrays_come_back_rounded(monkeypatch, data):
    monkeypatch.setattr(pretrained, "EXACT", 10)
    model, history, path = saved(data, [1, 6])
    _, arrays = read_arrays(path)
    assert arrays["6/films/q"].dtype == np.int8
    again, past = rw.load_pretrained("svd", data)
    error = {}
    for event in past.events:
        was, now = history.at(event.step).snapshot["films"], event.snapshot["films"]
        error[event.step] = float((np.abs(now - was) / np.abs(was).max(1, keepdims=True)).max())
    assert 0 < error[6] <= 1 / 126 * (1 + 1e-4)
    assert 0 < error[1] <= 1 / 126 * 1.05, "scales of float16"
    np.testing.assert_allclose(again.scores("u3"), model.scores("u3"), atol=0.1)
    overlap = len(set(rw.recommend(again, data, "u3").items) & set(rw.recommend(model, data, "u3").items))
    assert overlap >= 8


def test_films_that_hardly_anybody_rated_are_rounded_coarsely_but_in_the_last_epoch(monkeypatch):
    monkeypatch.setattr(pretrained, "EXACT", 10)
    pairs = [(user, item) for user in range(8) for item in range(user + 3)]  # film 10 has one rating, film 9 has two …
    world = table(pairs, 8, 12)
    _, history, _ = saved(world, [1, 6])
    _, past = rw.load_pretrained("svd", world)
    rare = np.bincount(world.item, minlength=12) < pretrained.RARE
    assert 0 < rare.sum() < 12
    for event in past.events:
        was, now = history.at(event.step).snapshot["films"], event.snapshot["films"]
        error = np.abs(now - was).max(1) / np.maximum(
            np.abs(was).max(1), 1e-4
        )  # a scale of float16 is no smaller than 6e-8
        coarse = rare & (event.step == 1)
        assert (error[~coarse] <= 1 / 126 * 1.05).all()
        assert not coarse.any() or 1 / 126 < error[coarse].max() <= 1 / 6 * 1.05


def test_whole_numbers_are_never_rounded(monkeypatch, data):
    monkeypatch.setattr(pretrained, "EXACT", 4)
    model = trained(data)
    near = np.arange(200, dtype=np.int32).reshape(20, 10) * 1000
    history = TrainingHistory(
        (FitEvent(1, 1, {"loss": 0.0}, Snapshot("svd", {**model.snapshot.arrays, "near": near})),)
    )
    pretrained.save_pretrained(pretrained.user_folder() / pretrained.file_name("svd", data), model, history, [1])
    _, past = rw.load_pretrained("svd", data)
    np.testing.assert_array_equal(past.last.snapshot["near"], near)


def test_the_numbers_of_all_epochs_are_kept(data):
    _, history, _ = saved(data, [1, 6])
    _, past = rw.load_pretrained("svd", data)
    assert [event.step for event in past.events] == [1, 6]
    assert past.total == 6
    assert past.curve("loss") == history.curve("loss")
    assert past.curve("top_10_accuracy") == history.curve("top_10_accuracy")


def test_an_epoch_that_was_thinned_out_is_kept_under_the_number_that_it_has(data):
    """Beyond a hundred epochs a history drops snapshots: the second is gone, and the first must not take its place."""
    _, history, _ = saved(data, [1, 2, 4, 130], epochs=130)
    _, past = rw.load_pretrained("svd", data)
    for event in past.events:
        np.testing.assert_array_equal(event.snapshot["films"], history.at(event.step).snapshot["films"])
        assert history.at(event.step).step == event.step
        assert event.metrics == history.metrics[event.step]
    assert [event.step for event in past.events][-1] == 130
    assert len(past.curve("loss")[0]) == 130


def test_the_file_holds_no_pickle(data):
    _, _, path = saved(data, [6])
    with np.load(path, allow_pickle=False) as file:
        assert all(file[name].dtype != object for name in file.files)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_odd_names_do_no_harm():
    odd = table([(0, 0), (1, 1), (0, 2)], 2, 3, name=HOSTILE)
    saved(odd, [1], epochs=1)
    assert rw.load_pretrained("svd", odd)[0].data.name == HOSTILE


# ------------------------------------------------------------------ which file, for which data


def test_a_fingerprint_tells_data_apart(data):
    same = rw.Interactions(
        *(getattr(data, c) for c in ("user", "item", "rating", "time", "users", "items", "titles", "genres"))
    )
    assert pretrained.fingerprint(data) == pretrained.fingerprint(same)
    others = [
        data.take(np.arange(len(data) - 1)),
        data.take(np.arange(len(data))[::-1]),
        data.split("temporal").train,
        random_table(np.random.default_rng(7), 30, 50),
    ]
    marks = {pretrained.fingerprint(other) for other in (data, *others)}
    assert len(marks) == 5
    assert all(len(mark) == 16 and int(mark, 16) >= 0 for mark in marks)


def test_without_a_file_the_sentence_says_how_to_make_one(data, home):
    assert pretrained.user_folder() == home
    with pytest.raises(
        FileNotFoundError, match="no pretrained 'svd' for these .* interactions of MovieLens, a small world; train"
    ):
        rw.load_pretrained("svd", data)


def test_a_file_of_other_interactions_is_refused(data):
    _, _, path = saved(data, [6])
    other = data.take(np.arange(len(data) - 1))
    path.rename(path.with_name(pretrained.file_name("svd", other)))
    with pytest.raises(ValueError, match="must hold .*fingerprint.*, it holds .*make it again with the command"):
        rw.load_pretrained("svd", other)


@pytest.mark.parametrize("change", [{"format": 99}, {"model": "gnn"}])
def test_a_file_of_another_version_or_model_is_refused(data, change):
    _, _, path = saved(data, [6])
    about, arrays = read_arrays(path)
    write_arrays(path, {**about, **change}, arrays)
    with pytest.raises(ValueError, match="must hold .*, it holds"):
        rw.load_pretrained("svd", data)


@pytest.mark.parametrize("keep", [0, 50, 0.6])
def test_a_damaged_file_is_a_sentence(data, keep):
    _, _, path = saved(data, [6])
    whole = path.read_bytes()
    path.write_bytes(whole[: keep if isinstance(keep, int) else int(keep * len(whole))])
    with pytest.raises(ValueError, match="or is damaged"):
        rw.load_pretrained("svd", data)


def test_a_pretrained_file_is_not_a_saved_model(data):
    """It holds no interactions: the sentence says so, where once a KeyError did."""
    _, _, path = saved(data, [6])
    with pytest.raises(ValueError, match="is not a model saved by recwidgets"):
        rw.load_model(path)


# ------------------------------------------------------------------ read when they are looked at


def file_of(snapshot):
    return snapshot.arrays._file


def test_nothing_is_read_before_it_is_asked_for_and_then_one_epoch(data):
    saved(data, [1, 2, 3, 6])
    model, past = rw.load_pretrained("svd", data)
    file = file_of(model.snapshot)
    assert file.reads == 0
    assert [sorted(event.snapshot.arrays) for event in past.events] == [["films", "own"]] * 4, "names cost nothing"
    assert "missing" not in model.snapshot.arrays
    assert file.reads == 0
    model.scores("u3")
    model.scores("u4")
    assert file.reads == 1
    model.at(past.at(2).snapshot).scores("u3")
    assert file.reads == 2


def test_the_newest_epoch_stays_and_of_the_others_the_last_few(data):
    saved(data, list(range(1, 9)), epochs=8)
    model, past = rw.load_pretrained("svd", data)
    file = file_of(model.snapshot)
    for event in reversed(past.events):
        event.snapshot["films"]
    assert file.reads == 8
    assert set(file._kept) == {8, 1, 2, 3}
    model.scores("u1")
    assert file.reads == 8
    past.at(5).snapshot["films"]
    past.at(5).snapshot["own"]
    assert file.reads == 9


def test_lists_of_each_epoch_are_those_of_a_snapshot_in_memory(data):
    saved(data, [1, 2, 3, 6])
    model, past = rw.load_pretrained("svd", data)
    for event in past.events:
        held = Snapshot("svd", {name: np.array(array) for name, array in event.snapshot.arrays.items()})
        np.testing.assert_array_equal(
            rw.recommend_all(model.at(event.snapshot), data, 10), rw.recommend_all(model.at(held), data, 10)
        )


def test_nobody_writes_into_what_was_read(data):
    saved(data, [6])
    model, _ = rw.load_pretrained("svd", data)
    with pytest.raises(ValueError, match="read-only"):
        model.snapshot["films"][0] = 0


@pytest.mark.parametrize("gone", ["removed", "replaced"])
def test_a_file_that_is_gone_meanwhile_is_a_sentence(data, gone):
    _, _, path = saved(data, [1, 6])
    model, past = rw.load_pretrained("svd", data)
    before = model.scores("u3")
    path.unlink()
    if gone == "replaced":
        saved(data, [1, 6], seed=5)
    with pytest.raises(FileNotFoundError, match=f"epoch 1 cannot be read: {path.name} was removed or replaced"):
        past.at(1).snapshot["films"]
    np.testing.assert_array_equal(model.scores("u3"), before, "what was read stays")


def test_a_member_that_is_damaged_is_a_sentence(data):
    _, _, path = saved(data, [1, 6])
    whole = bytearray(path.read_bytes())
    crc = whole.rfind(b"1/films.npy") - 30  # of its entry in the archive's directory, which ends with the name
    whole[crc : crc + 4] = bytes(byte ^ 255 for byte in whole[crc : crc + 4])
    path.write_bytes(whole)
    with pytest.raises(ValueError, match="or is damaged"):  # found at the latest when that epoch is looked at
        rw.load_pretrained("svd", data)[1].at(1).snapshot["films"]


def test_members_that_belong_to_no_epoch_are_refused(data):
    _, _, path = saved(data, [1, 6])
    about, arrays = read_arrays(path)
    for name in ("2/films", "1/films/other", "films", "evil"):
        write_arrays(path, about, {**arrays, name: np.zeros(3)})
        with pytest.raises(ValueError, match="belongs to no epoch"):
            rw.load_pretrained("svd", data)
    del arrays["1/own"]
    write_arrays(path, about, arrays)
    with pytest.raises(ValueError, match="do not hold the same arrays"):
        rw.load_pretrained("svd", data)


def test_a_member_larger_than_any_array_of_these_data_is_refused_before_it_is_read(monkeypatch, data):
    monkeypatch.setattr(stored, "SMALL", 100_000)
    monkeypatch.setattr(stored, "ROW", 1)
    _, _, path = saved(data, [6])
    about, arrays = read_arrays(path)
    write_arrays(path, about, {**arrays, "6/huge": np.zeros(40_000)})
    with pytest.raises(ValueError, match="'6/huge' says that it takes"):
        rw.load_pretrained("svd", data)


@pytest.mark.parametrize("change", [{"keep": [6, 1]}, {"keep": "all"}, {"metrics": {}}, {"total": None}])
def test_a_file_that_contradicts_itself_is_refused(data, change):
    _, _, path = saved(data, [1, 6])
    about, arrays = read_arrays(path)
    write_arrays(path, {**about, **change}, arrays)
    with pytest.raises(ValueError, match="or is damaged"):
        rw.load_pretrained("svd", data)


def test_files_of_the_format_before_are_read(data):
    _, history, path = saved(data, [1, 6])
    about, arrays = read_arrays(path)
    rough = {f"1/films/{part}": value for part, value in pretrained.quantise(arrays.pop("1/films"), 4).items()}
    fine = {f"6/films/{part}": value for part, value in pretrained.quantise(arrays.pop("6/films"), 7).items()}
    write_arrays(path, {**about, "format": 2}, {**arrays, **rough, **fine})
    model, past = rw.load_pretrained("svd", data)
    for step, levels in ((1, 7), (6, 63)):
        was, now = history.at(step).snapshot["films"], past.at(step).snapshot["films"]
        assert now.dtype == np.float32
        assert (np.abs(now - was) <= np.abs(was).max(1, keepdims=True) / (2 * levels) * (1 + 1e-4)).all()
    assert len(model.scores("u1")) == data.n_items


def test_copies_share_what_is_read_and_a_pickle_holds_the_arrays(data):
    _, _, path = saved(data, [1, 6])
    model, past = rw.load_pretrained("svd", data)
    early = past.at(1).snapshot
    assert copy.copy(early) is early and copy.deepcopy(early) is early
    assert copy.deepcopy(model).snapshot is model.snapshot
    expected = np.array(early["films"])
    again = pickle.loads(pickle.dumps(early))
    path.unlink()
    np.testing.assert_array_equal(again["films"], expected)
    assert type(again) is Snapshot


def test_a_snapshot_that_nobody_holds_is_let_go(data):
    saved(data, [1, 6])
    model, past = rw.load_pretrained("svd", data)
    rw.recommend_all(model.at(past.at(1).snapshot), data, 5)
    marks = [weakref.ref(past.at(1).snapshot), weakref.ref(file_of(model.snapshot)), weakref.ref(model.snapshot)]
    del model, past
    gc.collect()
    assert [mark() for mark in marks] == [None] * 3


def test_threads_that_ask_for_all_epochs_at_once_get_the_same(data):
    saved(data, list(range(1, 9)), epochs=8)
    _, past = rw.load_pretrained("svd", data)
    wanted = {event.step: np.array(event.snapshot["films"]) for event in past.events}
    rng = np.random.default_rng(3)

    def look(steps):
        return all(np.array_equal(past.at(step).snapshot["films"], wanted[step]) for step in steps)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(look, [rng.permutation(np.repeat(range(1, 9), 10)).tolist() for _ in range(8)]))


def test_a_loaded_model_can_be_trained_again(data):
    saved(data, [1, 6])
    model, past = rw.load_pretrained("svd", data)
    history = rw.fit(model, data, epochs=2, progress=False)
    assert type(model.snapshot) is Snapshot and model.snapshot is history.last.snapshot
    assert len(past.at(1).snapshot["films"]) == data.n_items
    path = pretrained.user_folder() / "again.npz"
    rw.load_pretrained("svd", data)[0].save(path)
    np.testing.assert_array_equal(rw.load_model(path).scores("u3"), rw.load_pretrained("svd", data)[0].scores("u3"))
