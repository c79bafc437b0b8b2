"""Memory: the limits of a process are found, and a training that would not fit is refused in a sentence."""

import sys
import types
from pathlib import Path

import pytest
from test_package import run_python

import recwidgets as rw
from recwidgets import _backend, _memory, _tf
from recwidgets._memory import Room, TooLittleMemory, rooms, sentence
from recwidgets.models import make

TIGHT = [Room("this container's limit", 300.0, 760.0)]


def cgroup(root: Path, line: str, folder: str, limit: str, used: int, inactive: int) -> Path:
    """A root in which /proc/self/cgroup says `line`, and one cgroup has a limit."""
    two = line.startswith("0::")
    names = ("memory.max", "memory.current", "inactive_file")
    names = names if two else ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(f"1:cpu:/\n{line}\n")
    place = root / folder
    place.mkdir(parents=True)
    (place / names[0]).write_text(f"{limit}\n")
    (place / names[1]).write_text(f"{used}\n")
    (place / "memory.stat").write_text(f"anon 5\n{names[2]} {inactive}\n")
    return root


def containers(root):
    return [room.left for room in rooms({}, root) if room.whose == "this container's limit"]


@pytest.mark.parametrize(
    ("line", "folder"),
    [
        ("0::/", "sys/fs/cgroup"),
        ("0::/user/pod", "sys/fs/cgroup/user"),  # the limit of a group above counts too
        ("4:memory:/", "sys/fs/cgroup/memory"),
        ("4:memory:/docker/abc", "sys/fs/cgroup/memory"),  # a container that sees its own group as the root
        ("4:cpu,memory:/docker/abc", "sys/fs/cgroup/memory/docker/abc"),
    ],
)
def test_what_a_container_leaves_is_its_limit_less_what_it_could_not_give_back(tmp_path, line, folder):
    assert containers(cgroup(tmp_path, line, folder, str(10**9), 700_000_000, 200_000_000)) == [500.0]


@pytest.mark.parametrize(("line", "limit"), [("0::/", "max"), ("4:memory:/", str(2**63 - 4096)), ("4:cpu:/", "7")])
def test_no_limit_is_no_room(tmp_path, line, limit):
    folder = "sys/fs/cgroup" if line.startswith("0::") else "sys/fs/cgroup/memory"
    assert containers(cgroup(tmp_path, line, folder, limit, 1, 0)) == []
    assert containers(tmp_path / "nothing") == []


def test_the_hubs_limit_counts_what_the_server_and_its_kernels_have(tmp_path):
    pytest.importorskip("psutil")
    (room,) = [room for room in rooms({"MEM_LIMIT": str(2**50)}, tmp_path) if "hub" in room.whose]
    assert 2**50 / 1e6 - 20_000 < room.left < 2**50 / 1e6 - 20  # this process is one of them
    assert not [room for room in rooms({"MEM_LIMIT": "1G"}, tmp_path) if "hub" in room.whose]  # it is bytes, or nothing


@pytest.mark.skipif(sys.platform != "linux", reason="rlimits are Linux's here")
@pytest.mark.parametrize(
    ("limit", "size", "fits"),
    [("RLIMIT_AS", 1 << 30, False), ("RLIMIT_DATA", 1 << 29, False), ("RLIMIT_DATA", 1 << 30, True)],
)
def test_a_real_limit_is_found(limit, size, fits):
    pytest.importorskip("psutil")
    code = f"""
import json, resource
resource.setrlimit(resource.{limit}, ({size}, {size}))
from recwidgets import _memory
(room,) = [room for room in _memory.rooms() if room.whose == "this process' {limit}"]
assert 0 < room.left < {size} / 1e6, room
print(json.dumps(_memory.sentence([room])))
"""
    said = run_python(code)
    assert (said == "") is fits


def test_without_psutil_the_container_still_says(tmp_path, monkeypatch):
    monkeypatch.setattr(_memory, "_system", lambda: None)
    root = cgroup(tmp_path, "0::/", "sys/fs/cgroup", str(10**9), 700_000_000, 0)
    assert rooms({}, root) == [Room("this container's limit", 300.0, 815.0)]


def test_the_tightest_limit_is_named_with_the_next_move():
    wide, tighter = Room("this machine", 20_000.0, 760.0), Room("the hub's limit of 512 MB", 100.0, 760.0)
    assert sentence([]) == sentence([wide]) == sentence([Room("this machine", 760.0, 760.0)]) == ""
    said = sentence([wide, *TIGHT, tighter])
    assert "about 760 MB more" in said
    assert "the hub's limit of 512 MB leaves 100 MB" in said
    assert "%env RECWIDGETS_BACKEND=numpy" in said


@pytest.fixture
def tight(monkeypatch):
    """TensorFlow is installed, not loaded, and would not fit."""
    monkeypatch.delenv(_backend.VARIABLE, raising=False)
    monkeypatch.setattr(_tf, "installed", lambda: True)
    monkeypatch.setattr(_tf, "is_loaded", lambda: False)
    monkeypatch.setattr(_memory, "rooms", lambda: TIGHT)


def test_only_a_training_that_nobody_asked_of_tensorflow_is_refused(tight, monkeypatch):
    with pytest.raises(TooLittleMemory, match="RECWIDGETS_BACKEND=numpy"):
        _backend.at_work(None)
    assert _backend.at_work("numpy") == "numpy"
    assert _backend.at_work("tensorflow") == "tensorflow"
    for asked in _backend.BACKENDS:
        monkeypatch.setenv(_backend.VARIABLE, asked)
        assert _backend.at_work(None) == asked
    monkeypatch.delenv(_backend.VARIABLE)
    monkeypatch.setattr(_tf, "is_loaded", lambda: True)  # it is there already
    assert _backend.at_work(None) == "tensorflow"


def test_train_says_that_it_would_not_fit_and_trains_after_the_next_move(tight, monkeypatch):
    def loaded(*anything):
        raise AssertionError("TensorFlow was loaded")

    monkeypatch.setattr(_tf, "load", loaded)
    split = rw.planted(n_users=60, n_items=90, seed=1).data.split("temporal", test=0.2, validation=0)
    panel = rw.Panel(split, model=make("session", dim=4), epochs=1)
    panel.act("train", "")
    message = panel.state.message
    assert message.lead == "Not begun:" and message.bad
    assert "%env RECWIDGETS_BACKEND=numpy" in message.text
    assert not message.details  # no traceback: nothing went wrong
    monkeypatch.setenv(_backend.VARIABLE, "numpy")
    panel.act("train", "")
    assert panel.training.newest == 1
    assert panel.training.backend == "numpy"


def test_elsewhere_than_on_linux_the_free_memory_is_not_asked(tmp_path, monkeypatch):
    memory = types.SimpleNamespace(rss=2e8, vms=0, data=0)
    process = types.SimpleNamespace(memory_info=lambda: memory, parent=lambda: None, children=lambda recursive: [])
    mac = types.SimpleNamespace(Process=lambda: process, LINUX=False)
    monkeypatch.setattr(_memory, "_system", lambda: mac)
    assert rooms({}, tmp_path) == []
    (room,) = rooms({"MEM_LIMIT": "512000000"}, tmp_path)
    assert room == Room("the hub's limit of 512 MB", 312.0, 800.0)
