"""Opening a panel: its frame is on the page at once, and is filled when the cell has been run.

In a notebook the cell's output is sent before anything is loaded (importing bqplot takes longer than all the
rest), and the panel fills itself right after, or as soon as code asks it for anything. In a plain script it
is filled at once.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import ipywidgets
from IPython import get_ipython

from . import markup
from .acting import sentence
from .markup import Message
from .page import Page

NOT_OURS = ("__", "_ipython", "_repr")  # what IPython tries on everything that it shows,
NOR_OURS = ("_validate", "_default", "_changed", "_metadata")  # and traitlets on everything that it sets


class Opening(ipywidgets.VBox):  # type: ignore[misc]
    """A panel that begins as a frame. `_begin` is called once, by the constructor."""

    _to_open: Callable[[], None] | None = None

    def _begin(self, label: str, fill: Callable[[], None]) -> None:
        """fill: loads what the panel shows and sets `children`; what it raises is said in the panel."""
        self._to_open = fill
        self.add_class("rw-panel")
        shell = get_ipython()
        if getattr(shell, "kernel", None) is None:
            self._opened()
            return
        self.children = [Page("rw-skeleton")]
        self.children[0].show(markup.skeleton(label))
        shell.events.register("post_run_cell", self._after_the_cell)

    def _opened(self) -> None:
        """Fill the panel, where that has not been done."""
        fill, self._to_open = self._to_open, None
        if fill is None:
            return
        frame = self.children
        try:
            fill()
        except Exception:
            self._to_open = fill  # whoever asks again is told again
            raise
        for page in frame:
            page.close()

    def _after_the_cell(self, _: Any) -> None:
        get_ipython().events.unregister("post_run_cell", self._after_the_cell)
        try:
            self._opened()
        except Exception as error:
            details = "".join(traceback.format_exception(error))
            said = Message("This panel could not be opened:", sentence(error), True, details=details)
            self.children = [Page("rw-message")]
            self.children[0].show(markup.message(said))

    def __getattr__(self, name: str) -> Any:
        """Only called for what is not there yet: before the panel is filled, that fills it."""
        if name.startswith(NOT_OURS) or name.endswith(NOR_OURS) or self._to_open is None:
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
        self._opened()
        return getattr(self, name)
