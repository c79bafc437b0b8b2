"""Between the worker's thread and the kernel's: epochs come in on one, are looked at on the other."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import functools
import math
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from .. import _backend, _tf
from ..core import FitEvent
from ..models._base import EmbeddingModel
from ..models._tfrs import TfrsRecommender
from ..page.page import Page
from ..training import Driver, TrainingHistory, pull
from . import waiting
from .sliced import SlicedDriver
from .state import State, World
from .training import Training, as_given, copy_to_train

TICK = 1.0  # s between two updates of how long the first batch is waited for
INTERVAL = 0.1  # s between two epochs that are shown while training: a slow browser drowns in more
BATCHES = 0.25  # s between two updates that say how far the epoch is: the page's work is taken from the training
LAST_BATCH = 60.0  # s; loading TensorFlow cannot be interrupted


class Trainer:
    """One training at a time; `training` says where it stands.

    `changed(epoch_finished)` is called on the kernel's thread after `training` was replaced, and not before `page`
    has painted what came before. Without an event loop (a plain script) `go` itself waits until the training ends or
    pauses.
    """

    def __init__(self, world: World, changed: Callable[[bool], None], lock: threading.RLock) -> None:
        self.world, self.training = world, as_given(world)
        self._changed, self._lock = changed, lock
        self.page: Page | None = None
        self._learner: Any = None  # the copy that is being trained
        self._earlier: Training | None = None  # the training here before the last one that was begun
        self._knobs: dict[str, Any] = {}
        self._driver = Driver(lambda kind, value: None)
        self._inbox: queue.SimpleQueue[tuple[int, str, Any]] = queue.SimpleQueue()
        self._run = 0  # runs are numbered: what a stopped one still says is not heard
        self._since, self._drained, self._epoch_shown = 0.0, 0.0, 0.0
        self._due = math.inf  # when what has come is to be shown
        self._news: list[tuple[int, str, Any]] = []  # from the inbox, not yet shown
        self._waiting: float | None = None  # since when the first batch is waited for
        self._cold = False  # TensorFlow was not loaded when the training began
        self._timer: asyncio.TimerHandle | None = None
        self._loop = running_loop()

    def _set(self, **changes: Any) -> None:
        self.training = replace(self.training, **changes)

    def go(self, state: State, epochs: int = -1) -> None:
        """Start with the settings of `state`, or go on where it was paused; with epochs=1, to the end of one epoch."""
        self._loop = self._loop or running_loop()
        with self._lock:
            if not self._driver.alive:
                self._start(state)
            self._since = time.monotonic()
            self._set(state="running", holds=False)
            self._driver.resume(epochs)
            self._changed(False)
        if self._loop is None:
            self._pump()

    def _start(self, state: State) -> None:
        learner = self._learner = copy_to_train(self.world, state)
        backend = _backend.LABELS[_backend.chosen(learner.backend)] if isinstance(learner, TfrsRecommender) else ""
        self._knobs, total, data = state.values(self.world), state.epochs, self.world.data
        validation = self.world.split.validation
        self._run += 1
        if self.training.here and self.training.newest:
            self._earlier = self.training
        self._set(ended="", error=None, total=total, progress=0.0, pace=None, fresh=True, backend=backend)
        self._set(waited=0.0, waited_before=None, loading=False)
        self._waiting, self._cold = time.monotonic(), not _tf.is_loaded()
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._tick, self._run)  # Train may be pressed on another thread
        before, deliver = self._driver, functools.partial(self._deliver, self._run)
        sliced = _tf.in_browser()  # where there are no threads
        self._driver = SlicedDriver(deliver, self._loop) if sliced else Driver(deliver)
        held_out = validation if len(validation) else None

        def begin(gate: Callable[[int, int], None]) -> Iterator[Any]:
            before.stop(wait=LAST_BATCH)  # the last batch of a stopped training: both would share the processor
            if sliced and isinstance(learner, EmbeddingModel):
                return learner.steps_in_parts(data, held_out, total, gate)
            return pull(learner, data, held_out, total, gate)

        self._driver.start(begin)

    def _tick(self, run: int) -> None:
        """Say how long the first batch has been waited for, once a second."""
        if self._waiting is None or run != self._run:
            return
        waited = time.monotonic() - self._waiting
        if self._loop is not None:
            self._timer = self._loop.call_later(TICK, self._tick, run)
        if waited >= TICK:
            loading = _tf.loading()
            before = waiting.last_time() if self._cold and (loading or _tf.is_loaded()) else None
            with self._lock:
                self._set(waited=waited, loading=loading, waited_before=before)
                self._changed(False)

    def _waited(self) -> None:
        """The first batch is there: where TensorFlow was loaded for it, how long that took is remembered."""
        if self._waiting is not None and self._cold and _tf.is_loaded():
            waiting.remember(time.monotonic() - self._waiting)
        self._wait_no_more()

    def _wait_no_more(self) -> None:
        self._waiting = None
        if self._timer is not None:
            self._timer.cancel()  # it would hold a closed panel, and its model, for another second
            self._timer = None

    def pause(self) -> bool:
        """Pause between two batches. False where nothing is running."""
        if not self._driver.running:
            return False
        self._driver.pause()
        self._cold = False  # a pause is no measure of how long loading takes
        self._pausing()
        return True

    def _pausing(self) -> None:
        self._set(state="paused", holds=self._driver.holds)

    def stop(self) -> None:
        """End the training at the next batch, and listen to it no more; finished epochs are kept."""
        ended = "stopped" if self._driver.alive else self.training.ended
        self._driver.stop()
        self._run += 1
        self._wait_no_more()
        self._set(state="idle", holds=False, ended=ended, fresh=False)

    def forget(self) -> None:
        """End the training, and let nothing be learned."""
        self.stop()
        self._earlier = None
        self.training = Training(
            TrainingHistory(), self.world.model, dict(self.world.values), here=True, rate=self.training.rate
        )

    def back(self) -> None:
        """Back to what the model came with."""
        self.stop()
        self._earlier = None
        self.training = as_given(self.world)

    def swap(self) -> bool:
        """Back to the training before the last one that was begun here, if any; that one is then the one before."""
        earlier, now = self._earlier, self.training
        if earlier is None:
            return False
        self.stop()
        replaced = now.history is not earlier.history  # else its first epoch has not come yet, or never will
        self._earlier = self.training if replaced else None
        self.training = replace(earlier, earlier=now.newest if replaced else 0)
        return True

    def close(self) -> None:
        """End the training, and hold nothing of it."""
        self.stop()
        self._learner = self._earlier = self.page = None

    # -- from the worker to the kernel ---------------------------------------------------------------

    def _deliver(self, run: int, kind: str, value: Any) -> None:
        """On the worker's thread: put it down, and ask the kernel's thread to look."""
        self._inbox.put((run, kind, value))
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the kernel goes down
                self._loop.call_soon_threadsafe(self._schedule, kind)

    def _schedule(self, kind: str) -> None:
        """Have it shown, at once or so long after what was shown last."""
        after = {"batch": self._drained + BATCHES, "event": self._epoch_shown + INTERVAL}.get(kind, 0.0)
        now = time.monotonic()  # read once: a browser's event loop refuses a moment that is past
        due = max(now, after)
        if self._loop is not None and due < self._due:
            self._due = due
            self._loop.call_later(due - now, self._drain_at, due)

    def _drain_at(self, due: float) -> None:
        if due == self._due:  # else it was to be sooner
            self._drain()

    def _pump(self) -> None:
        """In a plain script: until the training ends or waits."""
        while (self._driver.alive and not self._driver.holds) or not self._inbox.empty():
            self._driver.work()
            with contextlib.suppress(queue.Empty):
                self._news.append(self._inbox.get(timeout=self._driver.patience))
            if time.monotonic() >= self._drained + INTERVAL:
                self._drain()
            if self._waiting is not None and time.monotonic() - self._waiting >= self.training.waited + TICK:
                self._tick(self._run)
        self._drain()

    def _drain(self) -> None:
        """On the kernel's thread: take all that has come, and let it be shown once."""
        if self._loop is not None and self.page is not None and self.page.behind:
            self._loop.call_later(INTERVAL, self._drain)
            return
        self._due, self._drained = math.inf, time.monotonic()
        while not self._inbox.empty():
            self._news.append(self._inbox.get())
        news, self._news = self._news, []
        if news:
            self._take(news)

    def _take(self, news: list[tuple[int, str, Any]]) -> None:
        with self._lock:  # a Reset on another thread must not come between
            finished = False
            for run, kind, value in news:
                if run == self._run:
                    finished = self._hear(kind, value) or finished
            if finished:
                self._epoch_shown = self._drained
            self._changed(finished)
            if self.page is not None:
                self.page.ask()

    def _hear(self, kind: str, value: Any) -> bool:
        """One piece of news; True where it is a finished epoch."""
        now = self.training
        if kind == "event":
            self._add(value)
        elif kind == "batch":
            done, batches = value
            if done:  # the gate before the first batch is passed before TensorFlow is loaded
                self._waited()
            self._set(progress=(now.step + done / max(batches, 1)) / max(now.total, 1))
        elif kind == "paused" and not self._driver.running:  # else it has gone on since
            self._pausing()
        elif kind in ("done", "stopped", "failed"):
            self._wait_no_more()
            self._set(state="idle", holds=False, ended=kind, error=value, fresh=False)
            self._learner = None
        return kind == "event"

    def _add(self, event: FitEvent) -> None:
        now, moment = self.training, time.monotonic()
        self._wait_no_more()
        if now.fresh:  # its time was TensorFlow's, which loads and compiles: no measure of the pace
            history, pace = TrainingHistory(total=event.total), None
            before = self._earlier.newest if self._earlier else 0
            self._set(model=self._learner, trained=self._knobs, here=True, earlier=before)
        else:
            history, took = copy.copy(now.history), moment - self._since
            pace = took if now.pace is None else 0.7 * now.pace + 0.3 * took
        self._since = moment
        history.add(event)
        self._set(history=history, pace=pace, fresh=False, total=event.total, progress=event.step / event.total)
        if self._driver.alive and not self._driver.running:
            self._pausing()  # Step has done its one epoch


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop of a notebook; None in a plain script."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
