"""Between the worker's thread and the kernel's: epochs come in on one, are looked at on the other."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from ..core import FitEvent
from ..training import Driver, TrainingHistory

INTERVAL = 0.1  # s between two updates of the page while training: a slow browser drowns in more

LAST_BATCH = 60.0  # s; loading TensorFlow cannot be interrupted

Make = Callable[[Callable[[int, int], None]], Iterator[FitEvent]]


class Trainer:
    """One training at a time, and what can be said of it: state, progress, pace, history.

    `changed(epoch_finished)` is called on the kernel's thread after the state has changed. Without
    an event loop (a plain script) `go` itself waits until the training ends or pauses.
    """

    def __init__(
        self, changed: Callable[[bool], None], history: TrainingHistory, lock: threading.RLock | None = None
    ) -> None:
        self._changed, self._lock = changed, lock or threading.RLock()
        self.history = history
        self.state = "idle"  # "idle", "running" or "paused"
        self.ended = ""  # how the last training ended: "", "done", "stopped" or "failed"
        self.error: BaseException | None = None
        self.total, self.progress, self.pace = 0, 0.0, None  # type: int, float, float | None
        self._driver = Driver(lambda kind, value: None)
        self._inbox: queue.SimpleQueue[tuple[int, str, Any]] = queue.SimpleQueue()
        self._run = 0  # runs are numbered: what a stopped one still says is not heard
        self._fresh = False  # a new training whose first epoch has not come yet
        self._since, self._drained, self._scheduled = 0.0, 0.0, False
        self._loop = running_loop()

    @property
    def step(self) -> int:
        """The last finished epoch of the training under way."""
        return 0 if self._fresh or self.history.last is None else self.history.last.step

    @property
    def seconds_left(self) -> float | None:
        """From the pace of the epochs so far; None before one has shown how long it takes."""
        return None if self.pace is None else max(0.0, (1 - self.progress) * self.total * self.pace)

    def go(self, make: Make, total: int, epochs: int = -1) -> None:
        """Start, or go on where it was paused; with epochs=1, to the end of one epoch."""
        self._loop = self._loop or running_loop()
        with self._lock:
            if not self._driver.alive:
                self._start(make, total)
            self.state, self._since = "running", time.monotonic()
            self._driver.resume(epochs)
            self._changed(False)
        if self._loop is None:
            self._pump()

    def _start(self, make: Make, total: int) -> None:
        self._run += 1
        self.ended, self.error, self.total = "", None, total
        self.progress, self.pace, self._fresh = 0.0, None, True
        before, self._driver = self._driver, Driver(functools.partial(self._deliver, self._run))

        def begin(gate: Callable[[int, int], None]) -> Iterator[FitEvent]:
            before.stop(wait=LAST_BATCH)  # the last batch of a stopped training: both would write into one model
            return make(gate)

        self._driver.start(begin)

    def pause(self) -> bool:
        """Pause between two batches. False where nothing is running."""
        if not self._driver.running:
            return False
        self._driver.pause()
        self.state = "paused"
        return True

    def stop(self) -> None:
        """End the training at the next batch, and listen to it no more; finished epochs are kept."""
        if self._driver.alive:
            self.ended = "stopped"
        self._driver.stop()
        self._run += 1
        self.state = "idle"

    def show(self, history: TrainingHistory, ended: str = "") -> None:
        """Put another history in place of this one."""
        self.stop()
        self.history, self.ended = history, ended

    # -- from the worker to the kernel ---------------------------------------------------------------

    def _deliver(self, run: int, kind: str, value: Any) -> None:
        """On the worker's thread: put it down, and ask the kernel's thread to look."""
        self._inbox.put((run, kind, value))
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the kernel goes down
                self._loop.call_soon_threadsafe(self._schedule)

    def _schedule(self) -> None:
        if not self._scheduled and self._loop is not None:
            self._scheduled = True
            self._loop.call_later(max(0.0, self._drained + INTERVAL - time.monotonic()), self._drain)

    def _pump(self) -> None:
        while self._driver.running or not self._inbox.empty():
            with contextlib.suppress(queue.Empty):
                self._take([self._inbox.get(timeout=0.1)])

    def _drain(self) -> None:
        """On the kernel's thread: take all that has come, and let it be shown once."""
        self._scheduled, self._drained = False, time.monotonic()
        news = []
        while not self._inbox.empty():
            news.append(self._inbox.get())
        self._take(news)

    def _take(self, news: list[tuple[int, str, Any]]) -> None:
        with self._lock:  # a Reset on another thread must not come between
            self._sort_in(news)

    def _sort_in(self, news: list[tuple[int, str, Any]]) -> None:
        finished = False
        for run, kind, value in news:
            if run != self._run:
                continue
            if kind == "event":
                self._add(value)
                finished = True
            elif kind == "batch":
                done, batches = value
                self.progress = (self.step + done / max(batches, 1)) / max(self.total, 1)
            elif kind == "paused" and not self._driver.running:  # else it has gone on since
                self.state = "paused"
            elif kind in ("done", "stopped", "failed"):
                self.state, self.ended, self.error = "idle", kind, value
        self._changed(finished)

    def _add(self, event: FitEvent) -> None:
        now = time.monotonic()
        if self._fresh:  # its time was TensorFlow's, which loads and compiles: no measure of the pace
            self.history, self._fresh = TrainingHistory(total=event.total), False
        else:
            took = now - self._since
            self.pace = took if self.pace is None else 0.7 * self.pace + 0.3 * took
        self._since = now
        self.history.add(event)
        self.total, self.progress = event.total, event.step / event.total
        if self._driver.alive and not self._driver.running:
            self.state = "paused"  # Step has done its one epoch


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop of a notebook; None in a plain script."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
