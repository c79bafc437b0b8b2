"""Opening a panel: its frame is on the page at once, and is filled when the cell has been run.

In a notebook the cell's output is sent before anything is loaded (importing bqplot takes longer than all the
rest), and the panel fills itself right after, or as soon as code asks it for anything. In a plain script it
is filled at once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import ipywidgets
from IPython import get_ipython

from ..page import markup
from ..page.markup import Message, Status
from ..page.page import Page
from .acting import sentence
from .trainer import running_loop

NOT_OURS = ("__", "_ipython", "_repr")  # what IPython tries on everything that it shows,
NOR_OURS = ("_validate", "_default", "_changed", "_metadata")  # and traitlets on everything that it sets


#: an environment variable: what goes wrong is then the cell's error, as notebooks that are run unseen want it
AT_ONCE = "RECWIDGETS_AT_ONCE"


class Opening(ipywidgets.VBox):  # type: ignore[misc]
    """A panel that begins as a frame. `_begin` is called once, by the constructor."""

    _to_open: Callable[[], None] | None = None
    _instead: Callable[[], None] | None = None
    _failed: BaseException | None = None

    def _begin(self, title: str, status: Status, fill: Callable[[], None], instead: Callable[[], None] | None) -> None:
        """Show the frame and fill it after the cell; what `fill` raises is said in the panel.

        fill: loads what the panel shows, and sets `children`. instead: fills it from the data that
        come with the package, offered where the wanted ones cannot be had.
        """
        self._to_open, self._instead, self._title, self._first = fill, instead, title, status
        self.add_class("rw-panel")
        shell, loop = get_ipython(), running_loop()
        if getattr(shell, "kernel", None) is None or os.environ.get(AT_ONCE):
            self._opened()
            return
        self._frame = Page("rw-skeleton", handler=self._on_frame)
        self._say_opening(status)
        self.children = [self._frame]
        shell.events.register("post_run_cell", self._after_the_cell)
        if loop is not None:
            loop.call_soon(self._after_the_cell)  # a button's panel has no cell that ends

    def _say_opening(self, status: Status) -> None:
        self._frame.show(markup.skeleton(self._title, status))

    def _opened(self) -> None:
        """Fill the panel, where that has not been done."""
        fill, self._to_open, self._failed = self._to_open, None, None
        if fill is None:
            return
        before, traits = dict(self.__dict__), dict(self._trait_values)
        try:
            fill()
        except BaseException as error:  # half a panel is none: whoever asks again is told again
            self.__dict__.clear()
            self.__dict__.update(before, _to_open=fill, _failed=error)
            self._trait_values.clear()
            self._trait_values.update(traits)
            raise

    def _after_the_cell(self, _: Any = None) -> None:
        with contextlib.suppress(ValueError):  # it is called once more where there is a loop
            get_ipython().events.unregister("post_run_cell", self._after_the_cell)
        if self._failed is None:
            self._try()
        else:
            self._say_failed(self._failed)  # to code in the cell: no need to try once more

    def _try(self) -> None:
        try:
            with interruptible():  # the way out of a long download
                self._opened()
        except (Exception, KeyboardInterrupt) as error:
            self._say_failed(error)

    def _say_failed(self, error: BaseException) -> None:
        stopped = isinstance(error, KeyboardInterrupt)
        details = "" if stopped else "".join(traceback.format_exception(error))
        text = "Nothing was changed." if stopped else sentence(error)
        again = (("Try again", "again", ""),) if stopped or isinstance(error, (OSError, ImportError)) else ()
        embedded = (("Use the built-in data", "embedded", ""),) if again and self._instead is not None else ()
        lead = "Stopped." if stopped else "This panel could not be opened:"
        said = markup.message(Message(lead, text, not stopped, (*embedded, *again), details))
        self._frame.show(markup.skeleton(self._title, Status("Not opened", bad=not stopped), said))

    def _on_frame(self, act: str, value: str) -> None:
        if act not in ("embedded", "again") or self._to_open is None:
            return
        if act == "embedded":
            self._to_open = self._instead
        self._say_opening(self._first)
        self._try()

    def close(self) -> None:
        """Take the panel off the page, and its frame: not before, a browser may still be about to draw that."""
        self._to_open = None
        if "_frame" in self.__dict__:
            self._frame.close()
        super().close()

    def __getattr__(self, name: str) -> Any:
        """Only called for what is not there yet: before the panel is filled, that fills it."""
        if name.startswith(NOT_OURS) or name.endswith(NOR_OURS) or self._to_open is None:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        self._opened()
        return getattr(self, name)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """The kernel's ■ raises KeyboardInterrupt here, also in a cell with `await`, where it would cancel a task."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)
