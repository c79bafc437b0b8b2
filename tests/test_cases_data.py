"""Files: bad ones are refused from their directory, names and cells are safe, killed writers leave old or new."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import re
import struct
import subprocess
import sys
import tracemalloc
import warnings
import zipfile
import zlib
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

import recwidgets as rw
from recwidgets import _files
from recwidgets.data import archive, planted
from recwidgets.models._files import read_arrays, write_arrays
from recwidgets.panel import files
from recwidgets.teach import progressfile

DATA = planted(n_users=40, n_items=60).data


@pytest.fixture(scope="module")
def model():
    made = rw.KNN(seed=0, dim=4, epochs=1, backend="numpy")
    rw.fit(made, DATA, progress=False)
    return made


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


# ------------------------------------------------------------------ writing

KILLS = """
import json
from pathlib import Path
from benchmarks import kills

def careless(folder):
    place = folder / "state.json"
    return kills.Kind(lambda n: place.write_text(f"{n} " * 300_000), lambda: int(*set(place.read_text().split())))

found = {name: kills.killed(make, 2) for name, (_, make) in kills.KINDS.items()}
print(json.dumps(found | {"careless": kills.killed(careless, 9)}))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a writer that can be killed at once is a fork")
def test_a_killed_writer_leaves_the_old_or_the_new_file_and_the_next_one_removes_what_it_left(repo):
    done = subprocess.run([sys.executable, "-c", KILLS], cwd=repo, capture_output=True, text=True)
    found = json.loads(done.stdout or f'"{done.stderr[-2000:]}"')
    careless = found.pop("careless")
    for name, counts in found.items():
        assert counts == {"kills": 2, "within": counts["within"], "half": 0, "lost": 0, "litter": 0}, name
    assert sum(counts["within"] for counts in found.values()) > 0
    assert careless["half"] + careless["lost"] > 0, "a writer that writes in place is caught"


def test_files_are_written_by_one_module(repo):
    """What it does not write: folders that are gone when the command ends, for TFDS and Voilà."""
    temporary = {"app.py", "data/_tfds.py"}
    words = r"\.write_(text|bytes)\(|os\.(replace|rename)|\.rename\(|np\.save|savez|\.tofile\(|json\.dump\("
    words += r"|open\([^)]*[\"'][wax]"
    for path in sorted((repo / "recwidgets").rglob("*.py")):
        name = path.relative_to(repo / "recwidgets").as_posix()
        if name != "_files.py" and name not in temporary:
            assert not re.search(words, path.read_text(encoding="utf-8")), name


FUZZ = """
import json
from benchmarks import fuzz

found = {name: fuzz.fuzzed(name, 30) for name in fuzz.KINDS}
fuzz.PATIENCE = 1
fuzz.KINDS["raises"] = "", lambda folder: fuzz.Kind(lambda dice: {}, lambda given: given["missing"])
fuzz.KINDS["hangs"] = "", lambda folder: fuzz.Kind(lambda dice: 0, lambda given: exec("while True: pass"))
# more than the inputs before it may have left as the process' peak
fuzz.KINDS["takes"] = "", lambda folder: fuzz.Kind(lambda dice: 0, lambda given: bytearray(1_500 << 20) and None)
wrong = [fuzz.fuzzed(name, 1)["faults"] for name in ("raises", "hangs")]
fuzz.PATIENCE = 60
print(json.dumps({"found": found, "wrong": [*wrong, fuzz.fuzzed("takes", 1)["faults"]]}))
"""


def test_mutated_inputs_are_right_objects_or_errors_of_ours(repo):
    """recwidgets bench --only fuzz asks 100,000; `python -m benchmarks.fuzz KIND NUMBER` asks one of them again."""
    done = subprocess.run([sys.executable, "-c", FUZZ], cwd=repo, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout)
    for name, found in told["found"].items():
        assert found["faults"] == [], name
        assert found["inputs"] == found["right"] + found["refused"] == 30 and found["right"] > 0, name
    raises, hangs, takes = told["wrong"]
    assert raises == ["raises 0: KeyError: 'missing' (<string>:7)"]
    assert "it takes more than 1 s" in hangs[0] and "the peak of memory grew by" in takes[0]


# ------------------------------------------------------------------ archives


def test_an_array_that_says_it_is_huge_is_refused_from_the_directory(tmp_path):
    write_arrays(tmp_path / "m.npz", {"format": 2, "model": "gnn"}, {"data/user": np.zeros(20_000_000, np.int32)})
    with pytest.raises(_files.DamagedFile, match="it says that it takes 80 MB when read"):
        rw.load_model(tmp_path / "m.npz")


def lying_zip(path, name, method, told, real=16 << 20):
    """A zip of one member of zeros that is larger than its directory says."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = b"".join(squeeze.compress(bytes(1 << 20)) for _ in range(real >> 20)) + squeeze.flush()
    both = struct.pack("<HHHIII", method, 0, 0, zlib.crc32(bytes(told)), len(packed), told)
    local = b"PK\3\4" + struct.pack("<HH", 20, 0) + both + struct.pack("<HH", len(name), 0) + name.encode()
    central = b"PK\1\2" + struct.pack("<HHH", 20, 20, 0) + both + struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, 0)
    central += name.encode()
    ends = b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, 1, 1, len(central), len(local) + len(packed), 0)
    path.write_bytes(local + packed + central + ends)


def test_a_member_that_is_larger_than_its_directory_says_is_not_unpacked(tmp_path):
    lying_zip(tmp_path / "lie.zip", "u.data", zipfile.ZIP_DEFLATED, told=1000)
    with zipfile.ZipFile(tmp_path / "lie.zip") as opened:
        members = _files.checked_sizes(opened.infolist(), 1 << 20)
        tracemalloc.start()
        content = _files.read_member(opened, members["u.data"])
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert len(content) == 1000 and peak < 8 << 20, "what zipfile's own read takes is 16 MB"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_zipfile_unpacks_whole_is_refused(tmp_path, method):
    with zipfile.ZipFile(tmp_path / "m.zip", "w", method) as out:
        out.writestr("about.npy", b"x")
    with pytest.raises(ValueError, match=f"packed by method {method}"):
        rw.load_model(tmp_path / "m.zip")


def test_an_ml_100k_whose_ratings_would_take_gigabytes_is_refused_from_its_directory(tmp_path):
    with zipfile.ZipFile(tmp_path / "ml.zip", "w", zipfile.ZIP_DEFLATED) as out:
        for name in archive.ML100K_FILES:
            out.writestr(f"ml-100k/{name}", bytes(40 << 20 if name == "u.data" else 10))
    with pytest.raises(ValueError, match="it says that it takes 42 MB when read, more than 34 MB"):
        rw.load_movielens("100k", archive=tmp_path / "ml.zip")


def test_an_archive_of_very_many_members_is_refused(tmp_path):
    infos = [zipfile.ZipInfo(str(n)) for n in range(_files.MEMBERS + 1)]
    with pytest.raises(_files.DamagedFile, match="more than 10,000 members"):
        _files.checked_sizes(infos, 1 << 30)


def with_one(values, value):
    """Another type where it must be: numpy would wrap 2**32."""
    changed = values.astype(np.asarray(value).dtype)
    changed[3] = value
    return changed


ALTERED = {  # what a member becomes, or what the file says about itself: what is said of it
    "an array is missing": ({"snapshot/users": None}, "a knn keeps films_in, films_out, users, it holds"),
    "a column is missing": ({"data/time": None}, "it holds no data/time"),
    "an array is of another shape": ({"snapshot/users": lambda x: x[:-1]}, r"must have the shape \(40, 4\), it has"),
    "an array has a side too many": ({"snapshot/films_in": lambda x: x[..., None]}, r"must have the shape \(60, 4\)"),
    "an array is a number": ({"snapshot/films_out": np.float32(1)}, r"must have the shape \(60, 4\), it has \(\)"),
    "an array is of text": ({"snapshot/users": lambda x: np.full(x.shape, "x")}, "holds what is no finite number"),
    "an array is NaN": ({"snapshot/users": lambda x: x * np.nan}, "holds what is no finite number"),
    "a column is a number": ({"data/user": np.int32(1)}, r"'data/user' is int32 of shape \(\)"),
    "a column is of text": ({"data/rating": lambda x: np.full(x.shape, "4")}, "'data/rating' is <U1"),
    "a column is short": ({"data/rating": lambda x: x[:-1]}, "columns of one length"),
    "a user is 2**32": ({"data/user": lambda x: with_one(x, 2**32)}, "user must hold indices from 0 to 39"),
    "an item is 0.9": ({"data/item": lambda x: with_one(x, 0.9)}, "'data/item' is float64"),
    "an item is -1": ({"data/item": lambda x: with_one(x, -1)}, "item must hold indices from 0 to 59, got -1"),
    "titles are few": ({"data/titles": np.frombuffer(b'["a"]', np.uint8)}, "one entry per item"),
    "titles are no list": ({"data/titles": np.frombuffer(b'{"a":1}', np.uint8)}, "data/titles is no list of texts"),
    "a title is long": (
        {"data/titles": np.frombuffer(json.dumps(["x" * 2_000_000] + ["y"] * 59).encode(), np.uint8)},
        "a text of 2,000,000 characters, and all 60 would take as much room",
    ),
    "an array is not known": ({"other/x": np.zeros(3)}, "'other/x' is not known"),
    "genres are numbers": ({"genres": [1, 2, 3]}, "genres must be texts"),
    "genres are few": ({"genres": ["Noir"]}, "one entry per item"),
    "the model is a list": ({"model": ["gnn"]}, r"holds format 2, model \['gnn'\]"),
    "a setting is not known": ({"settings": {"layers": 3}}, "layers"),
    "a setting is huge": ({"settings": {"dim": 10**9}}, "must have the shape"),
    "settings are a list": ({"settings": [1]}, "settings a table"),
    "what it was trained with is a list": ({"trained": [1]}, "trained must be a table"),
    "what it was trained with is none": ({"trained": {"k": float("nan")}}, "k must be a number"),
    "the answers are none": ({"has": ["x", []]}, "has must be two answers"),
}


@pytest.mark.parametrize("how", ALTERED)
def test_a_model_that_cannot_be_one_is_refused_when_it_is_loaded(model, tmp_path, how):
    model.save(tmp_path / "m.npz")
    about, arrays = read_arrays(tmp_path / "m.npz")
    changes, said = ALTERED[how]
    for name, change in changes.items():
        if name not in about and change is not None:
            arrays[name] = change(arrays[name]) if callable(change) else change
    arrays = {name: array for name, array in arrays.items() if changes.get(name, 0) is not None}
    write_arrays(tmp_path / "m.npz", about | {name: v for name, v in changes.items() if name in about}, arrays)
    with pytest.raises(ValueError, match=said) as raised:
        rw.load_model(tmp_path / "m.npz")
    assert "m.npz" in str(raised.value)


def test_a_member_that_is_there_twice_is_refused(model, tmp_path):
    model.save(tmp_path / "m.npz")
    with zipfile.ZipFile(tmp_path / "m.npz", "a") as out, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out.writestr("data/user.npy", b"other")
    with pytest.raises(ValueError, match="'data/user.npy' is in it twice"):
        rw.load_model(tmp_path / "m.npz")


# ------------------------------------------------------------------ state and progress

NO_STATE = ["[" * 100_000, '{"format": 2, "epoch": Infinity}', '{"format": 2, "user": "\\ud800"}', "[" * (5 << 20)]


@pytest.mark.parametrize("text", NO_STATE, ids=["deep", "infinite", "half a character", "large"])
def test_a_state_that_cannot_be_read_is_kept_aside(tmp_path, text):
    path = tmp_path / "state.json"
    path.write_text(text)
    with pytest.raises(files.DamagedState, match="It is kept as state.damaged-1.json"):
        files.read_state(path)
    assert (tmp_path / "state.damaged-1.json").read_text() == text


@pytest.mark.parametrize("text", NO_STATE, ids=["deep", "infinite", "half a character", "large"])
def test_a_panel_opens_on_it_and_says_where_it_is(here, model, text):
    (here / "state.json").write_text(text)
    panel = rw.Panel(DATA, model=model, state="state.json")
    assert panel.state.message.bad and "It is kept as state.damaged-1.json" in panel.state.message.text
    assert panel.recommendations
    panel.close()


@pytest.mark.parametrize("told", [{"epoch": True}, {"epoch": []}, {"user": {}}, {"edited": [["a"]]}, {"odd": 1}])
def test_a_state_of_another_panel_is_kept_aside_and_the_panel_opens(here, model, told):
    files.write_state(here / "state.json", told)
    panel = rw.Panel(DATA, model=model, state="state.json")
    assert "does not fit this panel" in panel.state.message.text
    assert "It is kept as state.damaged-1.json" in panel.state.message.text
    panel.close()


@pytest.fixture
def read_only(here, model):
    """A folder that may be read and not be written; the superuser, whom no mode stops, becomes nobody for a while."""
    rw.Panel(DATA, model=model, state="first.json").close()  # what is imported later may be out of nobody's reach
    progressfile.read()
    folder = here / "shut"
    folder.mkdir()
    (folder / "state.json").write_text("[")
    (folder / "recwidgets-progress.json").write_text("[")
    for place in [folder, *folder.parents]:
        if os.stat(place).st_uid == os.geteuid() and place != Path("/") and "pytest" in str(place):
            place.chmod(0o755)
    folder.chmod(0o555)
    if not hasattr(os, "geteuid"):
        pytest.skip("no modes here")
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        with pytest.raises(OSError):
            (folder / "new").touch()
        yield folder
    finally:
        if root:
            os.seteuid(0)
        folder.chmod(0o755)


def test_in_a_folder_that_cannot_be_written_a_panel_opens_and_says_that_nothing_is_saved(read_only, model):
    for name in ("state.json", "new.json"):
        panel = rw.Panel(DATA, model=model, state=read_only / name)
        assert f"{name} can" in panel.state.message.text and "lasts until the kernel stops" in panel.state.message.text
        panel.user = "7"
        assert panel.recommendations and panel.state.user == "7"
        panel.close()
    assert (read_only / "state.json").read_text() == "["


def test_in_a_folder_that_cannot_be_written_progress_lasts_as_long_as_the_kernel(read_only, monkeypatch):
    monkeypatch.setenv("RECWIDGETS_PROGRESS", str(read_only / "recwidgets-progress.json"))
    monkeypatch.setattr(progressfile, "_memory", {})
    assert "it lasts until the kernel stops" in progressfile.update("exercises", "gnn-1", done=True)
    assert (read_only / "recwidgets-progress.json").read_text() == "["


def test_a_folder_in_the_place_of_a_state_or_of_progress_is_said(here, model, monkeypatch):
    (here / "state.json").mkdir()
    panel = rw.Panel(DATA, model=model, state="state.json")
    assert "cannot be used (Is a directory)" in panel.state.message.text and panel.recommendations
    panel.close()
    monkeypatch.setenv("RECWIDGETS_PROGRESS", str(here / "state.json"))
    monkeypatch.setattr(progressfile, "_memory", {})
    assert "Is a directory" in progressfile.read()[1]
    assert "it lasts until the kernel stops" in progressfile.update("exercises", "gnn-1", done=True)
    assert progressfile.read()[0]["exercises"]["gnn-1"] == {"done": True}


@pytest.mark.parametrize("text", ["[" * 100_000, '{"format": 1, "exercises": {"a": {"tries": Infinity}}}', '"\\ud800"'])
def test_progress_that_cannot_be_read_is_kept_aside(here, text):
    (here / progressfile.NAME).write_text(text)
    state, said = progressfile.read()
    assert state == {"exercises": {}, "guesses": {}}
    assert "It is kept as recwidgets-progress.damaged-1.json" in said
    assert (here / "recwidgets-progress.damaged-1.json").read_text() == text


def test_an_altered_state_is_known_by_its_checksum_and_one_by_hand_is_read(tmp_path):
    path = tmp_path / "state.json"
    files.write_state(path, {"user": "42"})
    told = json.loads(path.read_text())
    path.write_text(json.dumps(told | {"user": "43"}))
    with pytest.raises(files.DamagedState, match="checksum"):
        files.read_state(path)
    path.write_text(json.dumps({"format": 2, "user": "43"}))
    assert files.read_state(path) == {"user": "43"}


# ------------------------------------------------------------------ what is written for others


@pytest.fixture
def odd_panel():
    """Somebody whose id is a place, and a film that a spreadsheet would run."""
    table = {"user": ["/../../evil/deep"] * 2 + ["b", "b", "c", "c"], "item": ["=1+1", "2", "2", "3", "3", "4"]}
    table["title"] = ["=cmd|' /C calc'!A0", "Two", "Two", "@SUM(A1)", "@SUM(A1)", "+4"]
    data = rw.Interactions.from_frame(table)
    model = rw.KNN(seed=0, dim=2, epochs=1, backend="numpy")
    rw.fit(model, data, progress=False)
    panel = rw.Panel(data, model=model, user="/../../evil/deep")
    yield panel
    panel.close()


def test_a_run_is_saved_within_its_folder_whatever_the_user_is_called(here, odd_panel):
    odd_panel.act("save")
    found = sorted(str(path.relative_to(here)) for path in here.rglob("*"))
    (folder,) = {name.partition("/")[0] for name in found}
    assert folder.startswith("recwidgets-") and folder.endswith("-user-evil_deep")
    assert [name.rpartition("/")[2] for name in found] == [folder, "recommendations.csv", "run.json"]


def test_a_table_opens_in_a_spreadsheet_as_text(here, odd_panel):
    table, _ = odd_panel.export("out")
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["title"] for row in rows} == {"'@SUM(A1)", "'+4"}
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in (row["title"], row["item"]))


def test_an_export_that_is_interrupted_leaves_the_old_files(here, odd_panel, monkeypatch):
    before = {path.name: path.read_bytes() for path in odd_panel.export("out")}
    odd_panel.user = "c"
    monkeypatch.setattr(os, "fsync", lambda file: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        odd_panel.export("out")
    assert {path.name: path.read_bytes() for path in (here / "out").iterdir()} == before


# ------------------------------------------------------------------ tables


@pytest.mark.parametrize(("index", "said"), [(2**32, "indices from 0 to 1"), (0.9, "whole numbers from 0")])
def test_an_index_is_checked_before_it_is_cast(index, said):
    with pytest.raises(ValueError, match=said):
        rw.Interactions([0, index], [0, 1], [1, 1], [0, 1], ["a", "b"], ["x", "y"], ["x", "y"], ((), ()))


@pytest.mark.parametrize("digits", [3, 6, 9])
def test_the_factor_of_a_time_that_is_no_second_is_the_right_one(digits):
    table = {"user": [0, 1], "item": [0, 1], "time": [1_500_000_000 * 10**digits] * 2}
    with pytest.raises(ValueError, match=rf"divide \w+ by {10**digits}$"):
        rw.Interactions.from_frame(table)


def test_names_stay_in_their_folder_and_cells_are_no_formulas():
    assert _files.safe_name("/../../evil/deep") == "evil_deep"
    assert _files.safe_cell("=cmd|' /C calc'!A0") == "'=cmd|' /C calc'!A0"
    assert _files.safe_cell("Fargo (1996)") == "Fargo (1996)"
    assert issubclass(rw.DownloadError, OSError)


def test_a_time_beyond_any_integer_is_refused_and_not_wrapped():
    table = {"user": [0, 1], "item": [0, 1]}
    for time_ in (np.array([2**64 - 1] * 2, np.uint64), [1e300, 1e300], [10**30, 10**30]):
        with pytest.raises(ValueError, match="time must be seconds since 1970, before the year 10000"):
            rw.Interactions.from_frame(table | {"time": time_})


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ([1e19, 1e20, 5.0], r"ids that are exact, got the float 1e\+19 in row 0.*read the column as text or as int64"),
        ([5, 2.0**53], r"got the float 9007199254740992.0 in row 1"),
        (["1", "1\x00", "2"], r"without the character NUL, got '1\\x00' in row 1"),
        ([b"1", b"1\x00"], r"without the character NUL, got '1\\x00' in row 1"),
        (["a", "\ud800"], r"got '\\ud800' in row 1, which has half of a character"),
        (["a", b"\xff"], r"must hold text in UTF-8, got b'\\xff' in row 1"),
        (["a", "b" * 2_000], "ids of at most 1,000 characters, got one of 2,000 in row 1"),
        (["a", 10**1_500], "got a number of 1,000 digits in row 1"),
        (["a", 1.5], "whole numbers or text, got 1.5 in row 1"),
        (["a", ["b"]], r"must hold numbers or text, got \['b'\] in row 1"),
        (["a", Decimal("NaN")], "must not be missing"),
        ([dt.datetime(2020, 1, 1), dt.datetime(2020, 1, 2)], "must hold numbers or text, got .*2020.* in row 0"),
    ],
)
@pytest.mark.parametrize(
    "made", [list, lambda ids: pd.Series(ids, dtype=None if isinstance(ids[0], float) else object)]
)
def test_ids_that_would_be_merged_or_are_none_are_refused(ids, said, made):
    for column, other in (("user", "item"), ("item", "user")):
        with pytest.raises(ValueError, match=said) as raised:
            rw.Interactions.from_frame({column: made(ids), other: list(range(len(ids)))})
        assert repr(column) in str(raised.value)


def test_large_whole_numbers_are_ids_as_they_are():
    data = rw.Interactions.from_frame({"user": [10**20, 10**19, 5], "item": np.array([2**63, 2**63 + 1, 3], np.uint64)})
    assert data.users.tolist() == ["5", "10000000000000000000", "100000000000000000000"]
    assert data.items.tolist() == ["3", "9223372036854775808", "9223372036854775809"]


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA])
def test_an_item_without_a_title_gets_its_id(missing):
    table = {"user": [1, 2, 1, 2], "item": [7, 7, 8, 9], "title": [missing, "Seven", missing, "Nine"]}
    data = rw.Interactions.from_frame(pd.DataFrame(table))
    assert data.titles.tolist() == ["Seven", "8", "Nine"]
    assert len(data) == 4


def test_one_very_long_title_is_a_sentence_and_takes_no_memory():
    table = {"user": np.arange(20_000) % 50, "item": np.arange(20_000), "title": ["t"] * 19_999 + ["x" * 20_000]}
    tracemalloc.start()
    with pytest.raises(ValueError, match="'title' has a text of 20,000 characters, and all 20,000 would take as much"):
        rw.Interactions.from_frame(table)
    assert tracemalloc.get_traced_memory()[1] < 50 << 20
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("column", "genres", "sep"),
    [
        ("genres", "Animation, Comedy", ","),
        ("genres", "Animation;Comedy", ";"),
        ("genres", "Animation Comedy", " "),
        ("genres", "Animation|Comedy", None),
        ("genre:token_seq", "Animation Comedy", None),
        ("genres", ["Animation", b"Comedy"], None),
    ],
)
def test_genres_are_cut_where_they_are_separated(column, genres, sep):
    table = {"user": [1, 2, 2], "item": [7, 8, 9], column: [genres, None, genres]}
    data = rw.Interactions.from_frame(table, genres_sep=sep)
    assert data.genres == (("Animation", "Comedy"), (), ("Animation", "Comedy"))
    assert rw.Interactions.from_frame(table, genres=None).genres == ((), (), ())


def test_genres_that_are_none_and_a_separator_that_is_none_are_sentences():
    table = {"user": [1, 2], "item": [7, 8], "genres": [3.5, 2.5]}
    with pytest.raises(ValueError, match="'genres' must hold text such as .* got 3.5 in row 0; genres=None leaves it"):
        rw.Interactions.from_frame(table)
    with pytest.raises(ValueError, match="genres_sep must be text"):
        rw.Interactions.from_frame(table, genres_sep="")


# ------------------------------------------------------------------ tables as people have them

ROWS = {"user": [7, 7, 9], "item": [1, 2, 1], "rating": [4.0, 3.5, 1.0], "time": [10, 20, 30]}
NAMES = {
    "MovieLens": ("userId", "movieId", "rating", "timestamp"),
    "TFDS": ("user_id", "movie_id", "user_rating", "timestamp"),
    "RecBole": ("user_id:token", "item_id:token", "rating:float", "timestamp:float"),
    "LensKit": ("user_id", "item_id", "rating", "timestamp"),
    "LensKit before": ("user", "item", "rating", "timestamp"),
    "Surprise": ("userID", "itemID", "rating", "timestamp"),
    "Cornac": ("user_id", "item_id", "rating", "timestamp"),
    "by hand": ("User", "Movie ID", "Rating", "Time"),
}


def frames(table):
    """The same table as each library has it."""
    yield pd.DataFrame(table)
    yield table
    pyarrow = pytest.importorskip("pyarrow")
    pytest.importorskip("narwhals")
    yield pyarrow.table(table)
    polars = pytest.importorskip("polars")
    yield polars.DataFrame(table)
    yield polars.LazyFrame(table)


@pytest.mark.parametrize("library", NAMES)
def test_the_names_of_other_libraries_are_known(library):
    for frame in frames(dict(zip(NAMES[library], ROWS.values(), strict=True))):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            data = rw.Interactions.from_frame(frame)
        assert data.users[data.user].tolist() == ["7", "7", "9"], type(frame)
        assert data.items[data.item].tolist() == ["1", "2", "1"]
        assert data.rating.tolist() == ROWS["rating"] and data.time.tolist() == ROWS["time"]
        assert data.has_ratings and data.has_times


def test_frames_of_all_libraries_give_the_same():
    table = {
        "user": ["ann", "bo", "bo", "ann"],
        "item": [3, 1, 2, 1],
        "rating": [1, 2, 3, 4],
        "time": [dt.datetime(2020, 1, day) for day in (4, 3, 2, 1)],
        "title": ["Three", "One", None, "One"],
        "genres": [["A", "B"], [], ["B"], []],
    }
    wanted = rw.Interactions.from_frame(table)
    assert wanted.titles.tolist() == ["One", "2", "Three"] and wanted.genres == ((), ("B",), ("A", "B"))
    for frame in frames(table):
        data = rw.Interactions.from_frame(frame)
        for column in ("user", "item", "rating", "time", "users", "items", "titles"):
            np.testing.assert_array_equal(getattr(data, column), getattr(wanted, column), str(type(frame)))
        assert data.genres == wanted.genres


def test_whole_numbers_that_numpy_has_not_are_read_all_the_same():
    pytest.importorskip("narwhals")
    table = {"user": [10**19, 10**30], "item": ["0", "1"]}
    polars = pytest.importorskip("polars")
    for frame in (table, polars.DataFrame(table), polars.LazyFrame(table)):
        assert rw.Interactions.from_frame(frame).users.tolist() == [str(10**19), str(10**30)], type(frame)


def test_missing_values_of_all_libraries_are_said():
    for frame in frames({"user": [1, None, 2], "item": [1, 2, 3]}):
        with pytest.raises(ValueError, match=r"'user' must not be missing, got \w+ in row 1 \(1 such rows\)"):
            rw.Interactions.from_frame(frame)


def test_of_a_lazy_frame_the_columns_that_are_used_are_collected_alone():
    pytest.importorskip("narwhals")
    polars = pytest.importorskip("polars")
    table = {"user": [1, 2], "item": [3, 4], "note": ["x", "y"]}
    never = polars.col("note").map_elements(lambda note: 1 / 0, return_dtype=polars.Float64)
    assert len(rw.Interactions.from_frame(polars.LazyFrame(table).with_columns(never))) == 2


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ({"plays": [3, 1]}, r"'plays' looks like ratings and is not used, so each rating is 1.0; pass rating='plays'"),
        ({"playCount": [3, 1]}, "'playCount' looks like ratings"),
        ({"Stars": [3, 1]}, "'Stars' looks like ratings"),
        ({"date": ["x", "y"]}, r"'date' looks like times and is not used, so the order of the rows stands for time"),
        ({"watched": pd.to_datetime(["2020-01-01"] * 2)}, "'watched' looks like times"),
    ],
)
def test_a_column_that_looks_like_ratings_or_times_and_is_not_used_is_named(extra, said):
    kept = {"rating": [1, 2]} if "times" in said else {"time": [1, 2]}
    with pytest.warns(UserWarning, match=said) as told:
        rw.Interactions.from_frame(pd.DataFrame({"user": [1, 2], "item": [3, 4], **kept, **extra}))
    assert len(told) == 1 and told[0].filename == __file__


def test_columns_of_the_film_and_a_second_rating_are_not_warned_of():
    table = {"user": [1, 2], "item": [3, 4], "rating": [1, 2], "time": [1, 2], "plays": [1, 2], "Rating": [3, 4]}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert rw.Interactions.from_frame(table).rating.tolist() == [1, 2]
        rw.Interactions.from_frame({"user": [1, 2], "item": [3, 4], "release_date": [1, 2], "avg_rating": [1, 2]})


def test_two_columns_that_may_be_the_item_are_asked_about():
    with pytest.raises(ValueError, match="'artist_id' and 'track_id' may both be the item; pass item='artist_id'"):
        rw.Interactions.from_frame({"user": [1, 2], "artist_id": [1, 2], "track_id": [1, 2]})
    frame = pd.DataFrame([[1, 2, 3], [2, 3, 4]], columns=["user", "item", "item"])
    with pytest.raises(ValueError, match="2 columns are called 'item'"):
        rw.Interactions.from_frame(frame)


def test_counted_plays_are_summed():
    table = {"user": [1, 1, 2, 1, 2], "item": [5, 6, 5, 5, 6], "time": [30, 10, 20, 20, 10]}
    data = rw.Interactions.from_frame(table, duplicates="sum")
    assert data.user.tolist() == [0, 1, 0, 1] and data.item.tolist() == [1, 0, 0, 1]
    assert data.rating.tolist() == [1, 1, 2, 1] and data.time.tolist() == [10, 20, 30, 10] and data.has_ratings
    plays = rw.Interactions.from_frame(table | {"plays": [10, 1, 2, 5, 3]}, rating="plays", duplicates="sum")
    assert plays.rating.tolist() == [1, 2, 15, 3]


class Dataset:
    """As TensorFlow's: an iterator of dicts."""

    def as_numpy_iterator(self):
        return iter([{name: np.asarray(values)[row] for name, values in ROWS.items()} for row in range(3)])


class Surprise:
    raw_ratings = list(zip(*ROWS.values(), strict=True))


TRIPLES = list(zip(*list(ROWS.values())[:3], strict=True))
WHOLE = {  # what is no table
    "triples": TRIPLES,
    "an array": np.array(TRIPLES),
    "rows": [dict(zip(ROWS, values, strict=True)) for values in zip(*ROWS.values(), strict=True)],
    "an iterator": (dict(zip(ROWS, values, strict=True)) for values in zip(*ROWS.values(), strict=True)),
    "a tf.data set": Dataset(),
    "Surprise": Surprise(),
    "scipy CSR": scipy.sparse.csr_matrix(([4.0, 3.5, 1.0], ([7, 7, 9], [1, 2, 1]))),
    "a CSV": "ratings.csv",
    "a TSV": Path("ratings.tsv"),
    "u.data": "u.data",
}


@pytest.mark.parametrize("what", WHOLE)
def test_what_is_no_table_comes_with_the_line_that_makes_it_one(here, what):
    frame = pd.DataFrame(ROWS)
    frame.to_csv("ratings.csv", index=False)
    frame.to_csv("ratings.tsv", index=False, sep="\t")
    frame.to_csv("u.data", index=False, header=False, sep="\t")
    with pytest.raises(ValueError, match="; this line converts it: rw.Interactions.from_frame") as raised:
        rw.Interactions.from_frame(WHOLE[what])
    line = str(raised.value).partition("; this line converts it: ")[2]
    data = eval(line, {"rw": rw, "pandas": pd, "df": WHOLE[what]})
    assert data.users[data.user].tolist() == ["7", "7", "9"]
    assert data.items[data.item].tolist() == ["1", "2", "1"]
    assert data.rating.tolist() == ROWS["rating"]


def test_what_nobody_knows_is_a_sentence():
    for odd in (None, 3, [1, 2], set(), object()):
        with pytest.raises(ValueError, match=r"df must be a table \(pandas, polars, pyarrow, a dict of arrays\), got"):
            rw.Interactions.from_frame(odd)
    for column in ("abc", 3, np.zeros((2, 2))):
        with pytest.raises(ValueError, match="'item' must be a column, got"):
            rw.Interactions.from_frame({"user": [1, 2], "item": column})
