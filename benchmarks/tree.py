"""Memory of a server and what it started, while it runs: peaks of each process, and of all together (Linux)."""

from __future__ import annotations

import contextlib
import re
import threading
from pathlib import Path
from typing import Any

from .options import Missing

EVERY = 0.25  # s between two looks
KINDS = {
    "kernel": re.compile("ipykernel"),
    "server": re.compile("singleuser|jupyter[-_]?(notebook|lab)|-m notebook|voila"),
}


class Watch:
    """`with Watch(pid) as seen:` looks at a process and its children until the block ends.

    seen.peak: MB at most at once of all together, pages that they share counted once (PSS); seen.kernels, seen.server:
    MB, the peak of each as the system keeps it (VmHWM).
    """

    def __init__(self, pid: int) -> None:
        if not Path("/proc/self/smaps_rollup").exists():
            raise Missing("needs Linux: memory that is shared must be counted once")
        self._pid, self._over = pid, threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.peak, self.now = 0.0, 0.0
        self._peaks: dict[tuple[str, int], float] = {}

    @property
    def kernels(self) -> list[float]:
        return sorted(peak for (kind, _), peak in self._peaks.items() if kind == "kernel")

    @property
    def server(self) -> float:
        return max((peak for (kind, _), peak in self._peaks.items() if kind == "server"), default=0.0)

    @property
    def servers(self) -> list[float]:
        return sorted(peak for (kind, _), peak in self._peaks.items() if kind == "server")

    def look(self) -> float:
        """One look; the MB of all together."""
        total = 0.0
        for process in family(self._pid):
            with contextlib.suppress(Exception):  # it ended meanwhile
                words = " ".join(process.cmdline())
                folder = Path(f"/proc/{process.pid}")
                kind = next((kind for kind, word in KINDS.items() if word.search(words)), "other")
                self._peaks[kind, process.pid] = field(folder / "status", "VmHWM")
                total += field(folder / "smaps_rollup", "Pss")
        self.now, self.peak = total, max(self.peak, total)
        return total

    def _look(self) -> None:
        while not self._over.wait(EVERY):
            self.look()

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *error: Any) -> None:
        self._over.set()
        self._thread.join()
        self.look()


def family(pid: int) -> list[Any]:
    """A process and all that descend from it."""
    import psutil

    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.Error:
        return []


def field(path: Path, name: str) -> float:
    """A number in MB from a file of /proc that says kB."""
    lines = path.read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(name + ":"))
