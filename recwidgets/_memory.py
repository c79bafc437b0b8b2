"""Is there memory enough to load TensorFlow and train? Asked before: a kernel that takes too much is just killed."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

# MB of a notebook's kernel with a panel at its peak while it trains, and a little air: benchmarks/RESULTS.md, Memory
# and A class on a hub. Measured: up to 986 and 360.
TENSORFLOW, NUMPY = 1000, 360
ADDRESSES, DATA = 1970, 680  # the same kernel's address space and private data, which RLIMIT_AS and RLIMIT_DATA count
PANEL = 185  # before the training
UNLIMITED = 2**60  # bytes; what cgroups and rlimits write for "no limit" is more


class TooLittleMemory(MemoryError):
    """A training would not fit into the memory there is; the message says what to do."""


class Room(NamedTuple):
    """whose: who sets the limit, in words. left: MB that may still be taken. more: MB that a training would take."""

    whose: str
    left: float
    more: float


def sentence(rooms: Iterable[Room]) -> str:
    """Why a training with TensorFlow would not fit, and the next move; "" where it fits."""
    tight = [room for room in rooms if room.left < room.more]
    if not tight:
        return ""
    room = min(tight, key=lambda room: room.left - room.more)
    return (
        f"Training with TensorFlow would not fit into the memory: it takes about {room.more:.0f} MB more than this "
        f"kernel has now, and {room.whose} leaves {max(room.left, 0):.0f} MB. Run %env RECWIDGETS_BACKEND=numpy in a "
        f"cell and train again: numpy learns the same in {NUMPY} MB all told (=tensorflow tries it all the same)."
    )


def rooms(environ: Mapping[str, str] | None = None, root: Path = Path("/")) -> list[Room]:
    """Every limit that this process stands under, as far as the system says; none where it says nothing.

    They are the container's (cgroups, version 2 and 1), JupyterHub's MEM_LIMIT (bytes), this process' RLIMIT_AS and
    RLIMIT_DATA, and what of the machine's memory is free. environ, root: where to look, for tests.
    """
    system = _system()
    own = PANEL if system is None else system.Process().memory_info().rss / 1e6
    more = TENSORFLOW - own
    found = [Room("this container's limit", left, more) for left in _containers(root)]
    if system is not None:
        found += _asked(system, os.environ if environ is None else environ, more)
    return found


def _asked(system: Any, environ: Mapping[str, str], more: float) -> Iterator[Room]:
    """What psutil knows, which every notebook's kernel comes with."""
    here = system.Process()
    limit = environ.get("MEM_LIMIT", "")  # bytes, as JupyterHub sets it for a user's server
    if limit.isdecimal():
        server = here.parent() or here
        used = sum(_size(process) for process in (server, *server.children(recursive=True)))
        yield Room(f"the hub's limit of {int(limit) / 1e6:.0f} MB", int(limit) / 1e6 - used, more)
    if system.LINUX:
        taken = here.memory_info()
        for name, used, most in (("RLIMIT_AS", taken.vms, ADDRESSES), ("RLIMIT_DATA", taken.data, DATA)):
            allowed = here.rlimit(getattr(system, name))[0]
            if 0 <= allowed < UNLIMITED:
                yield Room(f"this process' {name}", (allowed - used) / 1e6, most - used / 1e6)
        # elsewhere the system lends from the disk what it needs, and "available" says little
        free = system.virtual_memory().available + system.swap_memory().free
        yield Room("this machine", free / 1e6, more)


def _size(process: Any) -> float:
    """MB of a process; 0 for one that has ended, or may not be looked at."""
    try:
        return float(process.memory_info().rss) / 1e6
    except Exception:
        return 0.0


def _containers(root: Path) -> Iterator[float]:
    """MB left in each cgroup that this process is in, from its own up; nothing where there are none."""
    try:
        lines = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            top, files = root / "sys/fs/cgroup", ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            top = root / "sys/fs/cgroup/memory"
            files = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        below = Path(path.lstrip("/"))
        for folder in (below, *below.parents) if below.parts else (below,):
            left = _left(top / folder, *files)
            if left is not None:
                yield left


def _left(folder: Path, limit: str, current: str, inactive: str) -> float | None:
    """MB between a cgroup's limit and what it holds and could not give back; None where it has no limit."""
    try:
        allowed, used = int((folder / limit).read_text()), int((folder / current).read_text())
        stat = dict(line.split() for line in (folder / "memory.stat").read_text().splitlines())
    except (OSError, ValueError):  # "max", no such file, or a system that writes something else
        return None
    return None if allowed >= UNLIMITED else (allowed - used + int(stat.get(inactive, 0))) / 1e6


def _system() -> Any:
    """psutil, or None where it is not installed."""
    try:
        return importlib.import_module("psutil")
    except ImportError:
        return None
