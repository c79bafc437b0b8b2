"""Opening and closing a panel: its frame is on the page at once, and is filled when the cell has been run.

In a notebook the cell's output is sent before anything is loaded (importing bqplot takes longer than all the
rest), and the panel fills itself right after, or as soon as code asks it for anything. In a plain script it
is filled at once. A cell that is run again closes the panels that its earlier run had made.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import traceback
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import ipywidgets
from IPython import get_ipython

from ..page import markup
from ..page.markup import Message, Status
from ..page.page import Page
from .changes import sentence
from .trainer import running_loop

#: an environment variable: what goes wrong is then the cell's error, as notebooks that are run unseen want it
AT_ONCE = "RECWIDGETS_AT_ONCE"

#: by cell: the run of it that made panels, and these
_MADE: dict[str, tuple[str, weakref.WeakSet[Any]]] = {}


class PanelClosed(RuntimeError):
    """The panel was closed: it shows and answers nothing any more."""


class Opening(ipywidgets.VBox):  # type: ignore[misc]
    """A panel that begins as a frame. `_begin` is called once, by the constructor."""

    #: nothing to give back, as long as the constructor has not run; it may be refused its arguments before that
    _closed = True

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._to_open: Callable[[], None] | None = None
        self._instead: Callable[[], None] | None = None
        self._failed: BaseException | None = None
        self._frame: Page | None = None
        self._closed = False
        super().__init__()
        self.add_class("rw-panel")
        belongs_to_cell(self)

    def _begin(self, title: str, status: Status, fill: Callable[[], None], instead: Callable[[], None] | None) -> None:
        """Show the frame and fill it after the cell; what `fill` raises is said in the panel.

        fill: loads what the panel shows, and sets `children` last. instead: fills it from the data that
        come with the package, offered where the wanted ones cannot be had.
        """
        self._to_open, self._instead, self._title, self._first = fill, instead, title, status
        shell, loop = get_ipython(), running_loop()
        if getattr(shell, "kernel", None) is None or os.environ.get(AT_ONCE):
            try:
                self._opened()
            except BaseException:
                self.close()
                raise
            return
        self._frame = Page("rw-skeleton", handler=self._on_frame)
        self._say_opening(status)
        self.children = [self._frame]
        shell.events.register("post_run_cell", self._after_the_cell)
        if loop is not None:
            loop.call_soon(self._after_the_cell)  # a button's panel has no cell that ends

    def _say_opening(self, status: Status) -> None:
        if self._frame is not None:
            self._frame.show(markup.skeleton(self._title, status))

    def _opened(self) -> None:
        """Fill the panel, where that has not been done. Raises PanelClosed for one that is closed."""
        if self._closed:
            raise PanelClosed("this panel is closed and answers no more; run its cell again")
        fill, self._to_open, self._failed = self._to_open, None, None
        if fill is None:
            return
        try:
            fill()
        except BaseException as error:  # asking once more raises it again
            self._to_open, self._failed = fill, error
            raise

    def _after_the_cell(self, _: Any = None) -> None:
        self._forget_the_cell()
        if self._closed:
            return
        if self._failed is None:
            self._try()
        else:
            self._say_failed(self._failed)  # to code in the cell: no need to try once more

    def _forget_the_cell(self) -> None:
        # ValueError: it is called once more where there is a loop; ImportError: Python itself goes down
        with contextlib.suppress(ValueError, ImportError, AttributeError):
            get_ipython().events.unregister("post_run_cell", self._after_the_cell)

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
        if self._frame is not None:
            self._frame.show(markup.skeleton(self._title, Status("Not opened", bad=not stopped), said))

    def _on_frame(self, act: str, value: str) -> None:
        if act not in ("embedded", "again") or self._to_open is None:
            return
        if act == "embedded":
            self._to_open = self._instead
        self._say_opening(self._first)
        self._try()

    def _held(self) -> list[Any]:
        """What holds widgets that are in no box of the page: charts and pictures with marks put aside."""
        return []

    def close(self) -> None:
        """Take the panel off the page, and give back all that it held: it answers no more."""
        if self._closed or sys.is_finalizing():  # a script that ends closes all widgets, when little is left
            return
        self._closed, self._to_open = True, None
        self._forget_the_cell()
        # the frame, too: not before, a browser may still be about to draw it
        mine = all_widgets([self, *([] if self._frame is None else [self._frame]), *self._held()])
        self.children = []
        super().close()
        close_all([widget for widget in mine if widget is not self])
        self._frame = self._instead = None


def shell() -> Any:
    """IPython's shell; None in a plain script."""
    return get_ipython()


def box(kind: Any, name: str, *children: Any) -> Any:
    made = kind(list(children))
    made.add_class(name)
    return made


def look(widget: Any, name: str, on: bool) -> None:
    """A class of the stylesheet, on or off."""
    if on != (name in widget._dom_classes):
        (widget.add_class if on else widget.remove_class)(name)


def close_all(roots: list[Any]) -> None:
    """Close these widgets and all that they hold."""
    for widget in all_widgets(roots):
        widget.close()


def all_widgets(roots: list[Any]) -> list[Any]:
    """The widgets among these and all that they hold: in traits, and in attributes of our own objects."""
    found: dict[int, Any] = {}
    waiting = list(roots)
    seen: set[int] = set()
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, ipywidgets.Widget):
            found[id(thing)] = thing
            waiting += [thing._trait_values.get(name) for name in thing.keys]
        elif isinstance(thing, (list, tuple)):
            waiting += thing
        elif isinstance(thing, dict):
            waiting += thing.values()
        elif any(thing is root for root in roots) or type(thing).__module__.startswith("recwidgets.panel.curve"):
            waiting += vars(thing).values()
    return list(found.values())


def belongs_to_cell(widget: Any) -> None:
    """Close what an earlier run of the cell that is running had made: its output is gone from the page."""
    shell = get_ipython()
    try:
        parent = shell.kernel.get_parent("shell")
        cell, run = parent["metadata"]["cellId"], parent["header"]["msg_id"]
    except (AttributeError, KeyError, TypeError):  # no shell, or not Jupyter's: no cell
        return
    before, made = _MADE.get(cell, ("", weakref.WeakSet()))
    if before != run:
        for old in list(made):
            old.close()
        _MADE[cell] = run, (made := weakref.WeakSet())
    made.add(widget)


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
