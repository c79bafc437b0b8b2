"""Files: bad ones are refused from their directory, names and cells are safe, killed writers leave old or new."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import recwidgets as rw
from recwidgets import _files
from recwidgets.models._files import write_arrays
from recwidgets.panel import files

CHILD = """
import sys
from recwidgets._files import write_json
n = 0
print("ready", flush=True)
while True:
    n += 1
    write_json(sys.argv[1], {"n": n, "text": "x" * 200_000}, 1)
"""


def test_a_killed_writer_leaves_the_old_or_the_new_file_and_the_next_one_removes_what_it_left(tmp_path):
    path, dice = tmp_path / "state.json", random.Random(0)
    _files.write_json(path, {"n": 0, "text": ""}, 1)
    for _ in range(5):
        child = subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE)
        child.stdout.readline()
        time.sleep(dice.random() / 20)  # whenever: it writes without end
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
        assert "n" in _files.read_json(path, 1)  # the checksum is compared
    _files.write_json(path, {"n": -1}, 1)
    assert os.listdir(tmp_path) == ["state.json"]


def test_an_array_that_says_it_is_huge_is_refused_from_the_directory(tmp_path):
    write_arrays(tmp_path / "m.npz", {"format": 2, "model": "gnn"}, {"data/user": np.zeros(40_000_000, np.int32)})
    with pytest.raises(_files.DamagedFile, match="it says that it takes 160 MB when read"):
        rw.load_model(tmp_path / "m.npz")


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"format": 2, "epoch": Infinity}', '{"format": 2, "user": "\\ud800"}']
)
def test_a_state_that_cannot_be_read_is_kept_aside(tmp_path, text):
    path = tmp_path / "state.json"
    path.write_text(text)
    with pytest.raises(files.DamagedState, match="It is kept as state.damaged-1.json"):
        files.read_state(path)
    assert (tmp_path / "state.damaged-1.json").read_text() == text


def test_an_altered_state_is_known_by_its_checksum_and_one_by_hand_is_read(tmp_path):
    path = tmp_path / "state.json"
    files.write_state(path, {"user": "42"})
    told = json.loads(path.read_text())
    path.write_text(json.dumps(told | {"user": "43"}))
    with pytest.raises(files.DamagedState, match="checksum"):
        files.read_state(path)
    path.write_text(json.dumps({"format": 2, "user": "43"}))
    assert files.read_state(path) == {"user": "43"}


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
