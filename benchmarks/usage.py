"""CPU seconds, wall seconds and peak memory of this process; the machine and the versions."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib.metadata
import os
import platform
import resource
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PACKAGES = ("numpy", "tensorflow", "tf-keras", "tensorflow-recommenders", "ipywidgets", "bqplot")


def cpu_seconds() -> float:
    """User and system time of all threads of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_mb() -> float:
    """The most memory this process has had at once, in MB (10**6 bytes).

    Linux's VmHWM where there is one: ru_maxrss is inherited through exec, so it may be the parent's.
    """
    return _status("VmHWM") or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _unit()


def now_mb() -> float:
    """The memory this process has now, in MB; its peak where the system does not say."""
    return _status("VmRSS") or peak_mb()


def settled_mb() -> float:
    """The memory that is in use now, in MB: what is no longer needed is collected and given back first."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # another C library: what is free in it counts as in use
        ctypes.CDLL("libc.so.6").malloc_trim(0)
    return now_mb()


def _unit() -> float:
    return 1e6 if platform.system() == "Darwin" else 1e6 / 1024  # bytes there, kilobytes elsewhere


def _status(field: str) -> float:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(field + ":")), 0.0)


@contextmanager
def clocked() -> Iterator[dict[str, float]]:
    """`with clocked() as used: …` fills used["wall"] and used["cpu"], in seconds."""
    used: dict[str, float] = {}
    wall, cpu = time.perf_counter(), time.process_time()
    yield used
    used["wall"], used["cpu"] = time.perf_counter() - wall, time.process_time() - cpu


def machine() -> dict[str, Any]:
    """What a reader must know to compare: processor, cores, versions, and the commit that was measured."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = "missing"
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": versions,
        "commit": _commit(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def _commit() -> str:
    """The commit, with a + where tracked files differ from it."""
    root = Path(__file__).resolve().parents[1]
    try:
        name = _git(root, "rev-parse", "--short=10", "HEAD").strip()
        return name + ("+" if _git(root, "status", "--porcelain", "--untracked-files=no", "--", "recwidgets") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(root: Path, *command: str) -> str:
    return subprocess.run(["git", "-C", str(root), *command], capture_output=True, text=True, check=True).stdout
