"""Training where there are no threads (Python in a browser's tab): in slices on the event loop, between the clicks."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from typing import Any

from ..core import FitEvent
from ..training import Closable, Driver, Stopped

SLICE = 0.01  # s of work before clicks are answered; what is begun is ended
PAUSE = 0.001  # s that the event loop has for them, at least


class SlicedDriver(Driver):
    """A `Driver` without a thread. loop: the event loop, None in a plain script, which calls `work` itself.

    What `start` is given may have None between the epochs: there the training may be left. Pause and stop come between
    two slices, so they hold at once.
    """

    patience = 0.0

    def __init__(self, deliver: Callable[[str, Any], None], loop: Any) -> None:
        super().__init__(deliver)
        self._loop, self._planned = loop, False
        self._make: Callable[[Callable[[int, int], None]], Iterator[FitEvent | None]] | None = None
        self._parts: Iterator[FitEvent | None] | None = None

    @property
    def _working(self) -> bool:
        return not self._over

    def start(self, make: Callable[[Callable[[int, int], None]], Iterator[FitEvent | None]]) -> None:
        if self._working:
            raise RuntimeError("a training is under way; stop it first")
        self._stop.clear()
        self._run.clear()
        self._over, self._left, self._at_gate = False, -1, True
        self._make, self._parts = make, None

    def resume(self, epochs: int = -1) -> None:
        super().resume(epochs)
        self._at_gate = False
        self._plan()

    def pause(self) -> None:
        super().pause()
        self._at_gate = True

    def stop(self, wait: float | None = None) -> None:
        super().stop()
        if self._working:
            self._end("stopped")

    def gate(self, done: int, batches: int) -> None:
        if self._stop.is_set():
            raise Stopped
        self._deliver("batch", (done, batches))

    def work(self) -> None:
        """One slice of the training, where it is to go on."""
        self._planned, until = False, time.monotonic() + SLICE
        try:
            while self.running:
                self._part()
                if time.monotonic() >= until:
                    break
        except Stopped:
            self._end("stopped")
        except Exception as error:  # the panel shows it
            traceback.clear_frames(error.__traceback__)
            self._end("failed", error)
        self._plan()

    def _part(self) -> None:
        if self._parts is None:
            assert self._make is not None
            self._parts = self._make(self.gate)
        try:
            event = next(self._parts)
        except StopIteration:
            self._end("done")
            return
        if event is not None:
            self._left -= 1
            if self._left == 0 and event.step < event.total:
                self.pause()
            self._deliver("event", event)

    def _plan(self) -> None:
        if self._loop is not None and self.running and not self._planned:
            self._planned = True
            self._loop.call_later(PAUSE, self.work)

    def _end(self, kind: str, error: Exception | None = None) -> None:
        parts, self._parts, self._make = self._parts, None, None
        if parts is not None and isinstance(parts, Closable):
            parts.close()
        self._over = True
        self._deliver(kind, error)
