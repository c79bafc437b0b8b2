"""Work beside the clicks: one piece at a time in a thread of its own, the newest wish counts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

from .._threads import one_thread
from ..steps import Steps, drain, in_steps
from .trainer import running_loop

#: Called by the work before each part with (parts done, parts in all); it may raise to end the work.
Told = Callable[[int, int], None]


SLICE = 0.01  # s of work on the event loop, where there are no threads, before clicks are answered


class Progress(NamedTuple):
    """done of total parts; left: seconds, NaN before the first is done."""

    done: int
    total: int
    left: float


class Abandoned(Exception):
    """Raised inside the work, by `told`, when nobody wants its result any more."""


class Background:
    """`want(key, work)`: work(told) is done beside; then `done(key, result)` is called on the kernel's thread.

    result: what the work returned, or the exception that it ended with. progressed(progress) is called on the
    kernel's thread too. A wish for another key replaces the one before, which ends at its next part. Where there
    is no event loop (a plain script) the work is done at once. Where no thread can start (Pyodide) it is done in
    slices on the event loop: work that is a generator may be left at each of its yields.
    """

    def __init__(
        self, done: Callable[[Hashable, Any], None], progressed: Callable[[Progress], None] = lambda progress: None
    ) -> None:
        self._done, self._progressed = done, progressed
        self._wish: tuple[Hashable, Callable[[Told], Any]] | None = None
        self._at_work = False
        self._loop: Any = None

    @property
    def wanted(self) -> Hashable:
        """The key of the newest wish; None when there is none."""
        return None if self._wish is None else self._wish[0]

    def want(self, key: Hashable, work: Callable[[Told], Any]) -> None:
        """Let `work` be done, unless it is wanted already."""
        if key == self.wanted:
            return
        self._wish = (key, work)
        self._loop = running_loop() or self._loop
        if self._loop is None:
            self._take(self._wish, _result(work, lambda done, total: None))
        elif not self._at_work:  # who is at work looks for the next wish at the end
            self._begin()

    def stop(self) -> None:
        """Nothing is wanted any more."""
        self._wish = None

    def _begin(self) -> None:
        wish, loop = self._wish, self._loop
        assert wish is not None
        task, began = wish[1], time.monotonic()
        self._at_work = True

        def told(done: int, total: int) -> None:
            if self._wish is not wish:
                raise Abandoned
            left = (time.monotonic() - began) * (total - done) / done if done else float("nan")
            _later(loop, self._tell, wish, Progress(done, total, left))

        def work() -> None:
            _later(loop, self._take, wish, _result(task, told))

        try:
            threading.Thread(target=work, name="recwidgets-ranking", daemon=True).start()
        except RuntimeError:  # no threads here: Python in a browser's tab
            loop.call_soon(self._slice, loop, wish, _steps(task, told))

    def _slice(self, loop: Any, wish: Any, steps: Steps[Any]) -> None:
        """A little of the work, and the rest after what waits on the event loop."""
        until = time.monotonic() + SLICE
        try:
            if self._wish is not wish:
                steps.close()
                raise Abandoned
            next(steps)
            while time.monotonic() < until:
                next(steps)
        except StopIteration as end:
            loop.call_later(0, self._take, wish, end.value)  # to show it is a slice of its own
        except Exception as error:  # said by whoever asked
            loop.call_later(0, self._take, wish, error)
        else:
            loop.call_later(0, self._slice, loop, wish, steps)

    def _tell(self, wish: Any, progress: Progress) -> None:
        if self._wish is wish:
            self._progressed(progress)

    def _take(self, wish: Any, result: Any) -> None:
        self._at_work = False
        key, _ = wish
        if self._wish is wish:
            self._wish = None
            self._done(key, result)
        if self._wish is not None and self._loop is not None and not self._at_work:
            self._begin()


def _steps(work: Callable[[Told], Any], told: Told) -> Steps[Any]:
    yield  # before it begins, too
    return (yield from in_steps(work(told)))


def _result(work: Callable[[Told], Any], told: Told) -> Any:
    try:
        with one_thread():
            return drain(_steps(work, told))
    except Exception as error:  # said by whoever asked, on the kernel's thread
        return error


def _later(loop: Any, function: Callable[..., None], *arguments: Any) -> None:
    try:
        loop.call_soon_threadsafe(function, *arguments)
    except RuntimeError:  # the loop is closed: the kernel goes down
        return
