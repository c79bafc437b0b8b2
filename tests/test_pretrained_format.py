"""Pretrained files: rounded as far as they say, checked before they are used, without pickle."""

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
    stored = pretrained.quantise(rows, bits)
    assert stored["q"].dtype == np.int8
    assert abs(stored["q"].astype(int)).max() <= 2 ** (bits - 1) - 1
    again = pretrained.restore(**stored)
    assert again.dtype == np.float32
    assert again.shape == rows.shape
    allowed = np.abs(rows.astype(np.float64)).max(axis=1, keepdims=True) / (2**bits - 2)
    assert (np.abs(again.astype(np.float64) - rows) <= allowed * (1 + 1e-5) + 1e-30).all()


def test_rows_of_zeros_stay_zeros():
    stored = pretrained.quantise(np.zeros((3, 4), np.float32), 8)
    np.testing.assert_array_equal(pretrained.restore(**stored), np.zeros((3, 4)))


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


def test_large_arrays_come_back_rounded_the_last_epoch_finest(monkeypatch, data):
    monkeypatch.setattr(pretrained, "EXACT", 10)
    model, history, path = saved(data, [1, 6])
    _, stored = read_arrays(path)
    assert stored["6/films/q"].dtype == np.int8
    again, past = rw.load_pretrained("svd", data)
    error = {}
    for event in past.events:
        was, now = history.at(event.step).snapshot["films"], event.snapshot["films"]
        error[event.step] = float((np.abs(now - was) / np.abs(was).max(1, keepdims=True)).max())
    assert 0 < error[6] <= 1 / 126 * (1 + 1e-4)
    assert error[6] < error[1] <= 1 / 14 * (1 + 1e-4)
    np.testing.assert_allclose(again.scores("u3"), model.scores("u3"), atol=0.1)
    overlap = len(set(rw.recommend(again, data, "u3").items) & set(rw.recommend(model, data, "u3").items))
    assert overlap >= 8


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
        FileNotFoundError, match="no pretrained 'svd' for these .* interactions of a small world; train"
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
    about, stored = read_arrays(path)
    write_arrays(path, {**about, **change}, stored)
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
