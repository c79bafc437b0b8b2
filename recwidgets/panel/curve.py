"""The training curve: loss on the training rows, accuracy on the validation rows, popularity beside it."""

from __future__ import annotations

import functools
from typing import Any

import bqplot
import ipywidgets
import numpy as np
from markupsafe import Markup

from ..charts._base import AXIS, digits_of, nice_ticks
from ..page.page import Region
from ..page.terms import term
from ..training import TrainingHistory
from .timebar import thin as thin


def value_range(values: Any, zero: bool) -> tuple[float, float]:
    """Ends of an axis around the values; from zero where asked, never without width."""
    if not len(values):
        return 0.0, 1.0
    low, high = float(np.min(values)), float(np.max(values))
    room = 0.0 if high > low else 0.1 * abs(high) or 0.1
    return (0.0 if zero else low - room), high + room


class _Plot:
    """One small figure: a line, a marker at the epoch shown, and perhaps a baseline."""

    def __init__(self, zero: bool, percent: bool) -> None:
        self._zero, self._percent = zero, percent
        self.x, self.y = bqplot.LinearScale(min=0, max=1), bqplot.LinearScale(min=0, max=1)
        scales = {"x": self.x, "y": self.y}
        self.line = self._lines(scales, "var(--rw-accent)", "solid", 2)
        self.base = self._lines(scales, "var(--rw-ink2)", "dashed", 1.2)
        self.marker = self._lines(scales, "var(--rw-accent)", "solid", 1)
        self.dot = bqplot.Scatter(
            x=[], y=[], scales=scales, colors=["var(--rw-accent)"], default_size=36, apply_clip=False
        )
        self.turned = bqplot.Scatter(
            x=[], y=[], scales=scales, marker="diamond", colors=["var(--rw-ink)"], default_size=64, apply_clip=False
        )
        self.below = bqplot.Axis(scale=self.x, tick_format="d", grid_lines="none", **AXIS)
        self.left = bqplot.Axis(scale=self.y, side="left", **AXIS)
        self.figure = bqplot.Figure(
            marks=[self.base, self.marker, self.line, self.dot, self.turned],
            axes=[self.below, self.left],
            padding_x=0,
            padding_y=0,
            background_style={"fill": "transparent"},
            fig_margin={"top": 8, "bottom": 22, "left": 44, "right": 12},
            animation_duration=0,
            display_toolbar=False,  # its Reset raises an error where nobody has zoomed
        )
        self.figure.layout.height, self.figure.layout.width = "138px", "100%"
        self.figure.layout.min_width, self.figure.layout.overflow = "200px", "hidden"

    @staticmethod
    def _lines(scales: dict[str, Any], color: str, style: str, width: float) -> bqplot.Lines:
        return bqplot.Lines(
            x=[], y=[], scales=scales, colors=[color], line_style=style, stroke_width=width, apply_clip=False
        )

    def show(self, x: Any, y: Any, epoch: int, total: int, baseline: float | None, turned: float | None = None) -> None:
        known = np.append(y, [value for value in (baseline, turned) if value is not None])
        ticks = nice_ticks(*value_range(known, self._zero), 4)
        low, high, digits = float(ticks[0]), float(ticks[-1]), digits_of(ticks)
        with self.left.hold_sync():  # before the scale: the axis moves to it with the format that it has then
            self.left.tick_values = ticks
            self.left.tick_format = f".{max(digits - 2, 0)}%" if self._percent else f".{digits}f"
        with self.y.hold_sync():
            self.y.min, self.y.max = low, high
        steps = nice_ticks(0, max(total, 1), 4)
        self.x.max, self.below.tick_values = float(max(total, 1)), steps[(steps == steps.round()) & (steps <= total)]
        _assign(self.line, x, y)
        _assign(self.base, *([] if baseline is None else [0, total], [] if baseline is None else [baseline] * 2))
        here = np.flatnonzero(x == epoch)
        _assign(self.marker, *([epoch, epoch], [low, high]) if len(here) else ([], []))
        _assign(self.dot, x[here], y[here])
        _assign(self.turned, *([epoch], [turned]) if turned is not None and epoch else ([], []))


def _assign(mark: Any, x: Any, y: Any) -> None:
    with mark.hold_sync():
        mark.x, mark.y = np.asarray(x, np.float64), np.asarray(y, np.float64)


class Curve:
    """Two figures side by side with captions that carry the numbers in words.

    The figures are made when they are first looked at: their 26 widgets would keep a small page's chart waiting.
    """

    def __init__(self, k: int = 10) -> None:
        self.k = k
        self._drawn: tuple[tuple[Any, ...], tuple[Any, ...]] | None = None  # what the figures show, or would
        self.loss_head, self.accuracy_head = Region(), Region()
        self.widget = ipywidgets.GridBox([ipywidgets.VBox([self.loss_head]), ipywidgets.VBox([self.accuracy_head])])
        self.widget.add_class("rw-curve")

    @functools.cached_property
    def loss(self) -> _Plot:
        return self._as_drawn(_Plot(zero=False, percent=False), 0)

    @functools.cached_property
    def accuracy(self) -> _Plot:
        return self._as_drawn(_Plot(zero=True, percent=True), 1)

    def _as_drawn(self, plot: _Plot, which: int) -> _Plot:
        if self._drawn is not None:
            plot.show(*self._drawn[which])
        return plot

    def unfold(self) -> None:
        """Put the figures on the page: before they are looked at, a browser need not draw them."""
        for box, head, plot in zip(
            self.widget.children, (self.loss_head, self.accuracy_head), (self.loss, self.accuracy), strict=True
        ):
            if plot.figure not in box.children:
                box.children = [head, plot.figure]

    def show(
        self,
        history: TrainingHistory,
        epoch: int,
        baseline: float | None,
        turned: float | None = None,
        measured: str = "",
    ) -> None:
        """Draw the epochs so far; a marker stands at `epoch`. baseline: popularity's accuracy.

        turned: the accuracy at this epoch with knobs that stand elsewhere than while training; a diamond.
        measured: on how many ratings of how many users; "" where the split has no rows to measure it on.
        """
        total, known = max(history.total, 1), history.last is not None
        losses = history.curve("loss")
        loss = thin(*losses, keep=epoch)
        accuracy = thin(*history.curve(f"top_{self.k}_accuracy"), keep=epoch)
        self._drawn = (*loss, epoch, total, None), (*accuracy, epoch, total, baseline, turned)
        for name, drawn in zip(("loss", "accuracy"), self._drawn, strict=True):
            if name in vars(self):
                getattr(self, name).show(*drawn)
        self.loss_head.show(
            _head(
                term("loss", "Loss on the training rows"),
                loss,
                epoch,
                _gaps(*losses),
                lambda v: f"{v:.3f}",
                "Loss",
                known,
            )
        )
        note = "" if baseline is None else f"dashed: popularity {100 * baseline:.1f} %"
        if turned is not None:
            note = f"◆ now {100 * turned:.1f} %" + (f" · {note.removeprefix('dashed: ')}" if note else "")
        title = Markup("{}, {}").format(term("accuracy", f"Top-{self.k} accuracy"), term("validation rows"))
        measured = measured or "this split has no validation rows"
        note = f"{note} · {measured}" if note else measured
        self.accuracy_head.show(
            _head(title, accuracy, epoch, note, lambda v: f"{100 * v:.1f} %", f"Top-{self.k} accuracy", known)
        )


def _gaps(steps: list[int], values: list[float]) -> str:
    """Which epochs have no point, since their value is no number."""
    found = [step for step, value in zip(steps, values, strict=True) if not np.isfinite(value)]
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return f"no number at epoch {found[0]}{more}" if found else ""


def _head(
    title: str, curve: tuple[Any, Any], epoch: int, note: str, said: Any, name: str, known: bool = True
) -> Markup:
    """known: there is a trained model, though it may not be measured."""
    x, y = curve
    here = np.flatnonzero(x == epoch)
    nothing = "not measured" if known else "no epoch yet"
    value: str = nothing
    if len(here):
        value = Markup("epoch {}: <b>{}</b>").format(epoch, said(y[here[0]]))
    alt = f"{name} by epoch. " + (
        f"From {said(y[0])} at epoch {x[0]:.0f} to {said(y[-1])} at epoch {x[-1]:.0f}. {note}"
        if len(x)
        else f"{nothing.capitalize()}."
    )
    return Markup('<h3>{}</h3><p class="rw-cap" data-alt="{}">{}{}</p>').format(
        title, alt, value, f" · {note}" if note else ""
    )
