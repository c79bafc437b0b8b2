"""A region of the panel: HTML made by a pure function, and the learner's acts sent back.

ipywidgets' own HTML widget rebuilds its element at each change (focus and transitions are lost)
and a list of Buttons costs three messages a row; a region costs one. Everything that reaches a
page goes through `esc`.
"""

from __future__ import annotations

import html
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

HERE = Path(__file__).parent

Handler = Callable[[str, str], None]


def esc(text: object) -> str:
    """Text made harmless for HTML, in content and in attributes."""
    return html.escape(str(text), quote=True)


class Page(anywidget.AnyWidget):
    """One region. `handler(act, value)` is called for elements with data-act, data-input, …"""

    _esm = HERE / "page.js"
    _css = HERE / "panel.css"
    html = traitlets.Unicode().tag(sync=True)
    probe = traitlets.Bool(False).tag(sync=True)  # ask the browser for its wish of less motion

    def __init__(self, *classes: str, handler: Handler | None = None, **options: Any) -> None:
        super().__init__(**options)
        for name in ("rw-page", *classes):
            self.add_class(name)
        self._handler = handler
        self.on_msg(self._message)

    def _message(self, _: Any, content: Any, buffers: Any) -> None:
        if self._handler is not None and isinstance(content, dict) and "act" in content:
            self._handler(str(content["act"]), str(content.get("value", "")))
            self.send({"answered": True})  # silence means a busy kernel, or none: the page says so

    def show(self, markup: str) -> None:
        """Replace what is on the page; nothing is sent where nothing changed."""
        if markup != self.html:
            self.html = markup
