"""Training as something that one watches, stops and rewinds: a history, and who pulls the epochs."""

from __future__ import annotations

import inspect
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any, Protocol, runtime_checkable

from .core import FitEvent, Snapshot
from .data import Interactions
from .protocols import Recommender

KEEP = 100  # snapshots of a history; beyond it every second one goes, then every second one of the rest, …


class TrainingHistory:
    """The epochs of one training, and a snapshot of each (thinned out beyond 100).

    `events` is rebound, never edited: whoever holds the tuple may read it from any thread.
    counted: False for a model as it was found, without its history: its one event is what the model is now, and which
    epoch that is, of how many, is not known.
    """

    def __init__(self, events: tuple[FitEvent, ...] = (), total: int = 0, counted: bool = True) -> None:
        self.events, self.counted = events, counted
        self._stride = 1  # of so many epochs in a row one snapshot is kept
        self.total = max(total, events[-1].total if events else 0)
        # every epoch's numbers are kept, also where its snapshot has been thinned out
        self.metrics: dict[int, dict[str, float]] = {event.step: event.metrics for event in events}

    def add(self, event: FitEvent) -> None:
        """Append an epoch; the first and the last are always kept, those between evenly thinned out."""
        kept = tuple(known for known in self.events if self._stays(known))
        while len(kept) >= KEEP:
            self._stride *= 2
            kept = tuple(known for known in kept if self._stays(known))
        self.events, self.total = (*kept, event), event.total
        self.metrics = self.metrics | {event.step: event.metrics}

    def _stays(self, event: FitEvent) -> bool:
        return (event.step - self.events[0].step) % self._stride == 0

    def curve(self, metric: str) -> tuple[list[int], list[float]]:
        """Epoch numbers and values of one metric, of every epoch there was."""
        known = sorted((step, numbers[metric]) for step, numbers in self.metrics.items() if metric in numbers)
        return [step for step, _ in known], [value for _, value in known]

    @property
    def last(self) -> FitEvent | None:
        return self.events[-1] if self.events else None

    def at(self, step: int) -> FitEvent:
        """The kept epoch nearest to `step`, not after it where there is one; all there is, where they are not counted.

        Raises ValueError where no epoch is kept, or `step` is not an epoch that exists.
        """
        if not self.events:
            raise ValueError("there is no epoch yet; train first")
        if not self.counted:
            return self.events[-1]
        if not 1 <= step <= self.events[-1].step:
            raise ValueError(f"epoch must be from 1 to {self.events[-1].step}, got {step!r}")
        before = [event for event in self.events if event.step <= step]
        return before[-1] if before else self.events[0]

    @property
    def snapshots(self) -> dict[int, Snapshot]:
        return {event.step: event.snapshot for event in self.events}

    def __repr__(self) -> str:
        if self.last is None:
            return "TrainingHistory(no epoch yet)"
        if not self.counted:
            return "TrainingHistory(epochs not known)"
        numbers = ", ".join(f"{name} {value:.4g}" for name, value in self.last.metrics.items())
        return f"TrainingHistory({self.last.step} of {self.total} epochs; {numbers})"


def fit(
    model: Recommender,
    data: Interactions,
    validation: Interactions | None = None,
    epochs: int | None = None,
    *,
    progress: bool = True,
    start: Snapshot | None = None,
) -> TrainingHistory:
    """Train to the end, with a progress bar; the model then answers from the last epoch.

    epochs: None for the model's own number, which reaches its published accuracy.
    start: the snapshot that a GNN, KNN or Session goes on from, for example model.snapshot; None = from nothing.
    """
    from tqdm.auto import tqdm

    history = TrainingHistory()
    where: dict[str, Any] = {} if start is None else {"start": start}
    events = model.steps(data, validation, epochs, **where)  # first: what is refused is refused without an empty bar
    with tqdm(disable=not progress, unit="epoch", desc=model.label) as bar:
        for event in events:
            history.add(event)
            bar.total = event.total
            bar.update()
            bar.set_postfix({name: f"{value:.4g}" for name, value in event.metrics.items()})
    return history


@runtime_checkable
class Closable(Protocol):
    """An iterator that can be told that nobody will pull it again."""

    def close(self) -> None: ...


class Stopped(Exception):
    """Raised inside the training to end it between two batches."""


class Driver:
    """One daemon thread that pulls epochs, and gates between batches: pause, step, stop.

    `deliver(kind, value)` is called on the worker's thread with ("event", FitEvent),
    ("batch", (done, batches)), ("paused", None), ("done", None), ("stopped", None) or
    ("failed", exception); the panel hands it on to the kernel's thread. It must not wait for
    another thread, which may be asking whether this one is alive.
    """

    patience = 0.1  # s that a plain script waits for news at a time

    def __init__(self, deliver: Callable[[str, Any], None]) -> None:
        self._deliver = deliver
        self._run = threading.Event()  # cleared = wait at the next batch
        self._stop = threading.Event()
        self._over = True  # the last word is delivered, though the thread may take a moment to end
        self._left = -1  # epochs until an automatic pause; -1 = none
        self._at_gate = False  # the worker stands at a gate, and goes on when it is told to
        # whoever sees that a step or a training has ended finds what it delivered: both change under this lock
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        """Is there a training that can go on? Not one that is told to stop, though its batch may last a while."""
        return self._working and not self._stop.is_set()

    @property
    def _working(self) -> bool:
        with self._lock:
            return self._thread is not None and self._thread.is_alive() and not self._over

    @property
    def running(self) -> bool:
        """Is it to go on? False from `pause` on, and once the event of a single epoch is delivered."""
        with self._lock:
            return self.alive and self._run.is_set()

    @property
    def holds(self) -> bool:
        """Does it stand still until `resume`? After `pause` a batch, or the measuring of an epoch, may go on."""
        with self._lock:
            return self.alive and self._at_gate and not self._run.is_set()

    def start(self, make: Callable[[Callable[[int, int], None]], Iterator[FitEvent]]) -> None:
        """Begin, and wait for `resume`: `make(gate)` gives the epochs to pull.

        Raises RuntimeError while another is at work, were it only for the rest of a last batch.
        """
        if self._working:
            raise RuntimeError("a training is under way; stop it first")
        self._stop.clear()
        self._run.clear()
        self._over, self._left, self._at_gate = False, -1, True
        self._thread = threading.Thread(target=self._work, args=(make,), name="recwidgets-training", daemon=True)
        self._thread.start()

    def resume(self, epochs: int = -1) -> None:
        """Go on; with epochs=1, to the end of this epoch."""
        with self._lock:
            self._left = epochs
            self._run.set()

    def pause(self) -> None:
        """Wait at the next batch; what the epoch has learned so far is kept."""
        with self._lock:
            if not self._stop.is_set():
                self._run.clear()

    def stop(self, wait: float | None = None) -> None:
        """End at the next batch; with `wait`, give it so many seconds to do so."""
        with self._lock:
            self._stop.set()
            self._run.set()
        thread = self._thread
        if wait is not None and thread is not None and thread is not threading.current_thread():
            thread.join(wait)

    def work(self) -> None:
        """What a plain script does for the training while it waits: nothing, the thread does it."""

    def gate(self, done: int, batches: int) -> None:
        """Called between two batches, on the worker's thread."""
        if not self._run.is_set() and not self._stop.is_set():
            self._at_gate = True  # before it is said, so that who hears it finds it so
            self._deliver("paused", None)
            self._wait()
        if self._stop.is_set():
            raise Stopped
        self._deliver("batch", (done, batches))

    def _wait(self) -> None:
        while True:
            self._run.wait()  # `stop` sets it, too
            with self._lock:
                if self._run.is_set():  # else it was told to go on and, before it woke, to pause again
                    self._at_gate = False
                    return

    def _work(self, make: Callable[[Callable[[int, int], None]], Iterator[FitEvent]]) -> None:
        last: tuple[str, Any]
        try:
            self._wait()
            self._pull(make(self.gate))
            last = ("stopped" if self._stop.is_set() else "done", None)
        except Stopped:
            last = ("stopped", None)
        except BaseException as error:  # a thread's exception would vanish: the panel shows it
            traceback.clear_frames(error.__traceback__)  # the panel keeps it, but not the network that failed
            last = ("failed", error)
        with self._lock:
            self._over = True
            self._deliver(*last)

    def _pull(self, epochs: Iterator[FitEvent]) -> None:
        try:
            while True:
                self.gate(0, 1)
                event = next(epochs, None)
                if event is None or self._stop.is_set():
                    return
                with self._lock:
                    self._left -= 1
                    if self._left == 0 and event.step < event.total:
                        self._run.clear()
                    self._deliver("event", event)
        finally:
            if isinstance(epochs, Closable):  # a generator; a plain iterator has nothing to close
                epochs.close()


def pull(
    model: Recommender,
    data: Interactions,
    validation: Interactions | None,
    epochs: int,
    gate: Callable[[int, int], None],
) -> Iterator[FitEvent]:
    """model.steps, with the gate between batches where the model takes `between_batches`.

    A class of one's own that takes no `between_batches` can be paused between its epochs.
    """
    if "between_batches" in inspect.signature(model.steps).parameters:
        return model.steps(data, validation, epochs, between_batches=gate)  # type: ignore[call-arg]
    return model.steps(data, validation, epochs)
