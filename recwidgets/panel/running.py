"""The training of a panel: started, paused, stopped, forgotten, and what is said of it meanwhile."""

from __future__ import annotations

import copy
import time
import traceback
import weakref
from typing import Any

from .. import _tf
from ..data import Interactions
from ..page import markup
from ..page.markup import Message, Status
from ..page.page import Page
from ..training import TrainingHistory, pull
from .acting import guarded, sentence
from .keeping import Keeping

RATES = (0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
SPEAK = 5.0  # s between two announcements to a screen reader while training


PANELS: weakref.WeakSet[Running] = weakref.WeakSet()


class Running(Keeping):
    """Drives the trainer; the panel shows the epochs."""

    held_out: Interactions
    _live: bool
    _epochs: int  # asked of the next training
    _rates: list[float]
    _pretrained_with: dict[str, Any]
    _spoken: tuple[str, tuple[str, str], float]
    _controls: Page
    _moving: bool

    def _show_choice(self) -> None:
        """The chart, the list and the reasons of the film that is selected."""
        raise NotImplementedError

    def train(self) -> None:
        """Start training, or go on from where it was paused. Returns at once in a notebook."""
        self._go(-1)

    def step(self) -> None:
        """Train to the end of one epoch, then pause."""
        self._go(1)

    def pause(self) -> None:
        """Pause between two batches; `train` goes on from there."""
        with self._lock:
            if self._trainer.pause():
                self._show_training()

    def stop(self) -> None:
        """End the training; the epochs so far are kept."""
        with self._lock:
            self._trainer.stop()
            self._show_training()

    def reset(self) -> None:
        """End the training and forget what was learned."""
        with self._lock:
            self._trainer.show(TrainingHistory())
            self.model = copy.copy(self.model)  # a stopped training may still write into the one it began with
            self.model.snapshot = None  # asked from code, too, it has nothing to say
            back = (("Back to the trained model", "pretrained", ""),) if self._pretrained.last else ()
            self._message = Message(
                "Forgotten.", "The model knows nothing now; Train starts from nothing.", buttons=back
            )
            self._before = None
            self._place(epoch=0)
            self._refresh()

    def _go(self, epochs: int) -> None:
        _pause_others(self)
        if self._trainer.state == "idle":
            self._live = True
        self._message = None
        model, data, held_out, total = self.model, self.train_data, self.held_out, self._epochs
        self._trainer.go(lambda gate: pull(model, data, held_out, total, gate), total, epochs)
        if self.history.last is None:
            self._show_choice()  # what the list says instead of films is no longer "press Train"

    @guarded
    def _on_training(self, finished: bool) -> None:
        """On the kernel's thread: the trainer has news. Without a finished epoch only the header changes."""
        if finished:
            self._tale = ""
            if self._live or self.epoch > self._newest:
                self._place(epoch=self._newest)
            self._before = None
        if self._trainer.error is not None and self._trainer.ended == "failed":
            self._fail(self._trainer.error)
            self._trainer.error = None
        if finished:
            self._refresh()
        else:
            self._show_training()

    def _fail(self, error: BaseException) -> None:
        kept = f" Epoch {self.epoch} is kept and shown." if self.history.last else ""
        details = "".join(traceback.format_exception(error))
        self._message = Message("Training stopped:", f"{sentence(error)}{kept}", True, details=details)

    def _speak(self, status: Status) -> str:
        """What is announced: at once when the state changes, else at most every five seconds."""
        now, state = time.monotonic(), (self._trainer.state, self._trainer.ended)
        if state != self._spoken[1] or now - self._spoken[2] > SPEAK:
            self._spoken = (status.word, state, now)
        return self._spoken[0]

    def _status(self) -> Status:
        trainer, last = self._trainer, self.history.last
        if trainer.state == "running":
            if trainer.step == 0 and not trainer.progress:
                return Status("Getting ready to train", "" if _tf.is_loaded() else "about 5 s, once", 0.0)
            left = "" if trainer.seconds_left is None else f"{trainer.seconds_left:.0f} s left"
            return Status(f"Training {min(trainer.step + 1, trainer.total)} of {trainer.total}", left, trainer.progress)
        if trainer.state == "paused":
            return Status(f"Paused after {trainer.step} of {trainer.total}", "Train goes on", trainer.progress)
        if trainer.ended == "failed":
            return Status("Failed" + (f" after epoch {trainer.step}" if trainer.step else ""), bad=True)
        if last is None:
            return Status("Not trained yet")
        if self.history is self._pretrained:
            return Status("Ready", "pretrained")
        return Status("Stopped" if trainer.ended == "stopped" else "Ready", f"trained here, {last.step} epochs")

    def _show_controls(self) -> None:
        busy = self._trainer.state != "idle"
        rate = float(getattr(self.model, "learning_rate", 0.01))
        here = min(range(len(self._rates)), key=lambda n: abs(self._rates[n] - rate))
        high = max(60, self._epochs)
        settings = [
            ("epochs", "Epochs", self._epochs, 1, high, str(self._epochs), busy),
            ("rate", "Learning rate", here, 0, len(self._rates) - 1, f"{self._rates[here]:g}", busy),
        ]
        hint = "Reset to change these." if busy else "For the next training."
        rows = markup.knob_rows(
            getattr(self.model, "knobs", ()), getattr(self.model, "values", {}), busy, self._crowd()
        )
        tools = markup.tools(self.setup(), self._moving, self._answer is not None)
        self._controls.show(markup.controls(self._trainer.state, settings, hint, rows + tools))

    def _act_epochs(self, value: str) -> None:
        self._epochs = max(1, int(value))
        self._show_controls()

    def _act_rate(self, value: str) -> None:
        self.model.learning_rate = self._rates[int(value)]
        self._show_controls()

    def _act_train(self, value: str) -> None:
        self.train()

    def _act_pause(self, value: str) -> None:
        self.pause()

    def _act_step(self, value: str) -> None:
        self.step()

    def _act_reset(self, value: str) -> None:
        self.reset()

    def _act_pretrained(self, value: str) -> None:
        self._trainer.show(self._pretrained)
        if self._pretrained.last is not None:
            self.model.snapshot, self.model.trained = self._pretrained.last.snapshot, self._pretrained_with
        self._message, self._before = None, None
        self._place(epoch=self._newest)
        self._refresh()


def _pause_others(panel: Running) -> None:
    """One training at a time: two would share the processor, and the memory of a small machine."""
    for other in list(PANELS):
        # two panels that start at once must not wait for each other: the other's page follows when it can
        if other is not panel and other._trainer.pause() and other._lock.acquire(blocking=False):
            try:
                other._show_training()
            finally:
                other._lock.release()
