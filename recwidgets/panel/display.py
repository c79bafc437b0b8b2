"""How a panel is displayed: live, and beside that what is seen where it cannot be.

In a notebook the live view is the cell's output, at once, and the picture follows as a second output when the cell has
run: a panel is filled only then, and JupyterLab shows nothing but an error for a live view without a kernel, whatever
else came with it. The stylesheet hides the picture while the live panel stands beside it. Where no cell is run (a
terminal, a program), all comes in one bundle.
"""

from __future__ import annotations

import contextlib
import sys
import uuid
from typing import Any

from markupsafe import Markup

from . import opening
from .opening import Opening, PanelClosed
from .still import INSTALL

BESIDE = (
    "A panel that is live in Jupyter. Below is a picture of it as it was first shown, with the line that makes it live."
)


class Displayed(Opening):
    """A panel that has a picture of itself."""

    _waiting: str | None = None  # the run of a cell that displays it, until that is over
    _pictures: tuple[str, ...] = ()  # the display ids of the pictures that are out

    def _still(self) -> tuple[str, Markup]:
        """What the panel shows now, as text and as a picture (an SVG document)."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        bundle = dict(super()._repr_mimebundle_(**kwargs) or {})
        shell = opening.shell()
        if getattr(shell, "kernel", None) is not None:
            bundle["text/plain"] = f"{bundle['text/plain']}\n{BESIDE}\n{INSTALL}"
            self._picture_after_the_cell(shell)
            return bundle
        with contextlib.suppress(PanelClosed):
            text, svg = self._still()
            bundle |= {"text/plain": text, "image/svg+xml": str(svg)}
        return bundle

    # -- in a notebook -------------------------------------------------------------------------------

    def _picture_after_the_cell(self, shell: Any) -> None:
        """Once for each cell that displays it."""
        cell = _cell(shell)
        if self._waiting == cell:
            return
        self._waiting = cell

        def after(_: Any = None) -> None:
            with contextlib.suppress(ValueError):
                shell.events.unregister("post_run_cell", after)
            waiting, self._waiting = self._waiting, None
            if not self._closed and waiting == cell == _cell(shell) and self._to_open is None:
                self._publish(shell)

        shell.events.register("post_run_cell", after)

    def _publish(self, shell: Any) -> None:
        """The picture as an output of its own; nothing where the shell has none, or the panel cannot be asked."""
        publisher = getattr(shell, "display_pub", None)
        if publisher is None:
            return
        try:
            text, svg = self._still()
        except Exception:  # a live panel says what is wrong with it; its picture must not break the cell
            return
        shown = uuid.uuid4().hex
        self._pictures = (*self._pictures, shown)
        publisher.publish({"text/plain": text, "image/svg+xml": str(svg)}, {}, transient={"display_id": shown})

    def close(self) -> None:
        """Take the panel off the page, and its pictures."""
        pictures, self._pictures = self._pictures, ()
        if pictures and not sys.is_finalizing():
            for shown in pictures:
                opening.shell().display_pub.publish({}, {}, transient={"display_id": shown}, update=True)
        super().close()


def _cell(shell: Any) -> str:
    """Which run of a cell is going on, by its message."""
    try:
        return str(shell.kernel.get_parent("shell")["header"]["msg_id"])
    except (AttributeError, KeyError, TypeError):
        return ""
