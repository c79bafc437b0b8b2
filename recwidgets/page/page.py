"""A region of the panel: HTML made by a pure function, and the learner's acts sent back.

ipywidgets' own HTML widget rebuilds its element at each change (focus and transitions are lost)
and a list of Buttons costs three messages a row; a region costs one. HTML is a type here,
`markupsafe.Markup`; a plain str is text, and is escaped before it reaches a page.
The program and the stylesheet, 100 KB, come with one region of a panel (`Page`) and serve the others (`Region`): with
each of eighteen, 1.8 MB would be sent, and as many style sheets read, before a panel's chart is drawn.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from markupsafe import escape

HERE = Path(__file__).parent

#: the stylesheet, in the order of its parts
STYLES = ("page", "frame", "reason", "maps", "edit", "ranks", "terms", "compare", "still")


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


# as text: for the sake of a file's changes, anywidget keeps every widget that was ever made
PROGRAM = "\n".join(map(_read, ("tips.js", "sortable.js", "lines.js", "page.js")))
SHARED = _read("shared.js").replace("PROGRAM", hashlib.sha256(PROGRAM.encode()).hexdigest()[:16])

Handler = Callable[[str, str], None]

PATIENCE = 20.0  # s that a browser may take to paint; longer, and nobody is looking


class Page(anywidget.AnyWidget):
    """One region. `handler(act, value)` is called for elements with data-act, data-input, …"""

    _esm = f"{PROGRAM}\n{SHARED}program.found(render);\n"
    _css = "\n".join(_read(f"{name}.css") for name in STYLES)
    html = traitlets.Unicode().tag(sync=True)
    subject = traitlets.Unicode("").tag(sync=True)  # what it is about: for another subject its lists begin at their top
    probe = traitlets.Bool(False).tag(sync=True)  # ask the browser for its wish of less motion

    mark = traitlets.Unicode("").tag(sync=True)  # a place of the panel to scroll to and to outline, as a CSS selector
    beat = traitlets.Int(0).tag(sync=True)  # a number that the browser sends back when it has worked off all before it

    def __init__(self, *classes: str, handler: Handler | None = None, **options: Any) -> None:
        super().__init__(**options)
        for name in ("rw-page", *classes):
            self.add_class(name)
        self._handler = handler
        self._turn = threading.RLock()
        self._typed: dict[str, tuple[str, int]] = {}  # of each field: the view and the number of what was typed last
        self._back, self._sent = 0, 0.0  # the last beat that came back, and when the last one was sent
        self.on_msg(self._message)

    def ask(self) -> None:
        """Ask the browser to say when it has worked off what it was sent so far; see `behind`."""
        self._sent = time.monotonic()
        self.beat += 1

    @property
    def behind(self) -> bool:
        """Is the browser still at work on what it was sent? False where none has ever answered, or has for too long."""
        return 0 < self._back < self.beat and time.monotonic() - self._sent < PATIENCE

    def _message(self, _: Any, content: Any, buffers: Any) -> None:
        if isinstance(content, dict) and "beat" in content:
            self._back = max(self._back, int(content["beat"]))
            return
        if self._handler is not None and isinstance(content, dict) and "act" in content:
            act, value = str(content["act"]), str(content.get("value", ""))
            if content.get("typed"):
                with self._turn:
                    if not self._overtaken(act, content):
                        self._handler(act, value)
            else:
                self._handler(act, value)
            # which act was answered; silence means a busy kernel, or none: the page says so
            self.send({"answered": content.get("n", 0)})

    def _overtaken(self, act: str, content: dict[str, Any]) -> bool:
        """Whether something newer that was typed into the same field has been handled before.

        While JupyterLab gives a notebook's widgets their subshell, one key press may reach the kernel's main thread,
        and the next one the subshell's.
        """
        view, number = str(content.get("view", "")), int(content.get("n", 0))
        last_view, last = self._typed.get(act, ("", 0))
        if view == last_view and number < last:
            return True
        self._typed[act] = (view, number)
        return False

    def show(self, content: str, subject: str = "") -> None:
        """Replace what is on the page: Markup as it is, a plain str as text. Nothing is sent where nothing changed.

        subject: what it is about, such as an item's index. What the reader scrolled stays where it is while that is the
        same, and begins at its top for another one.
        """
        html = str(escape(content))
        if html != self.html or subject != self.subject:
            with self.hold_sync():  # both in one message: the page paints once
                self.subject, self.html = subject, html


class Region(Page):
    """A region of a panel in which another one is a `Page`: it waits for that one's program."""

    _esm = f"{SHARED}export default {{ render: async (given) => (await program.awaited)(given) }};\n"
    _css = ""
