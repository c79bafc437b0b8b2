"""The ranks of a list's items over the epochs as a bump chart, and the chosen one's way through them in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import bqplot
import ipywidgets
import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ..charts._base import AXIS
from ..core import film_label
from ..data import Interactions, display_title
from ..page.elements import attribute, button, joined, yes
from ..page.page import Handler, Region
from .ranks import RankHistory
from .way import way

SHOWN = 12  # ranks that are drawn: an item that falls below leaves a gap
PALE = 6  # items that left the list: more than so many are not drawn, but counted
TOP, BOTTOM = 0, 20  # px over and under the ranks in the figure, where ranks.css puts the labels
LEFT = 40  # px for the axis of the ranks
MARKS = (1, 4, 7, 10)  # ranks with a number on the axis
HIT = 196  # px² of a point that can be clicked; half its side and 1 px is what bqplot leaves free around all marks
GREY, CHOSEN = "var(--rw-line)", "var(--rw-accent)"


class Listed(NamedTuple):
    """The list shown. top: its items by index; item: the one that is selected; slots: (item, colour of the chart).

    whom: whose list it is, in words; mine: what its scores are made of besides (see reasons.parts): "the user’s films".
    """

    top: tuple[int, ...]
    item: int | None
    slots: tuple[tuple[int, int], ...]
    whom: str
    mine: str


@dataclass(frozen=True, eq=False)
class Lines:
    """What is drawn: a line an item, NaN where it is below rank 12 or not ranked.

    steps: the epochs drawn; first: the one from which on half of the list's items are in it, None where that is the
    first of all or never. y: (items, steps), in the list's order. left: items that were in the list in between, few or
    none; pale: their ranks. gone: how many there were.
    """

    steps: tuple[int, ...]
    first: int | None
    y: NDArray[np.float64]
    left: tuple[int, ...]
    pale: NDArray[np.float64]
    gone: int


def lines(history: RankHistory, top: Sequence[int], every: bool = False) -> Lines:
    """The lines of the items of a list, from the first epoch on in which half of them are there for good.

    every: from the first of all.
    """
    steps, k = history.steps, len(top)
    ranks = history.ranks(top)  # (items, steps)
    there = ((ranks > 0) & (ranks <= max(k, 1))).sum(0) * 2 >= k
    late = np.flatnonzero(~there)
    start = int(late[-1]) + 1 if len(late) else 0
    first = steps[start] if 0 < start < len(steps) else None
    start = 0 if every or first is None else start
    drawn = tuple(steps[start:])
    once = {item for step in drawn for item in history.first(step, k)} - {int(item) for item in top}
    left = tuple(sorted(once)) if len(once) <= PALE else ()
    return Lines(drawn, first, _shown(ranks[:, start:]), left, _shown(history.ranks(left)[:, start:]), len(once))


def _shown(ranks: Any) -> NDArray[np.float64]:
    return np.where((ranks > 0) & (ranks <= SHOWN), ranks, np.nan).astype(np.float64)


class Bump:
    """The widget: a head, a figure with its labels, and a sentence. A click on a line or a label selects the item.

    The figure is made when it is first looked at: its widgets would keep a small page's chart waiting.
    """

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._rows: list[int] = []  # rank in the list of each point that can be clicked
        self.head, self.foot = Region("rw-ranks-head", handler=handler), Region("rw-ranks-way", handler=handler)
        self.labels = Region("rw-ranks-labels", handler=handler)
        self.middle = ipywidgets.Box([self.labels])
        self.middle.add_class("rw-ranks-lines")
        self.widget = ipywidgets.VBox([self.head, self.middle, self.foot])
        for name in ("rw-ranks", "rw-drawer", "rw-drawer-ranks"):
            self.widget.add_class(name)

    def _make(self) -> None:
        """The figure and its marks, once."""
        if "figure" in vars(self):
            return
        x, y = bqplot.LinearScale(min=1, max=2), bqplot.LinearScale(min=0.5, max=SHOWN + 0.5, reverse=True)
        self.x, both = x, {"x": x, "y": y}
        self.pale, self.rest = _line_mark(both, 1.0), _line_mark(both, 1.3)
        self.first, self.chosen = _line_mark(both, 2.0), _line_mark(both, 3.5)
        self.marker = _line_mark(both, 1.0, "dashed")
        self.dots = bqplot.Scatter(x=[], y=[], scales=both, default_size=14, apply_clip=False)
        self.hits = bqplot.Scatter(
            x=[], y=[], scales=both, colors=["transparent"], default_size=HIT, apply_clip=False,
            selected_style={}, unselected_style={}, interactions={"click": "select"},
        )  # fmt: skip
        self.hits.observe(self._clicked, "selected")
        self.below = bqplot.Axis(scale=x, tick_format="d", grid_lines="none", **AXIS)
        self.left = bqplot.Axis(
            scale=y, side="left", tick_values=np.array(MARKS), tick_format="d",
            grid_lines="none", label="rank", label_offset="26px", **AXIS,
        )  # fmt: skip
        self.figure = bqplot.Figure(
            marks=[self.pale, self.rest, self.first, self.marker, self.chosen, self.dots, self.hits],
            axes=[self.below, self.left], padding_x=0, padding_y=0, background_style={"fill": "transparent"},
            fig_margin={"top": TOP, "bottom": BOTTOM, "left": LEFT, "right": 8}, animation_duration=0,
            display_toolbar=False,
        )  # fmt: skip
        self.figure.layout.width, self.figure.layout.height, self.figure.layout.overflow = "100%", "100%", "hidden"
        self.figure.layout.min_width = "120px"

    def show(
        self, history: RankHistory | None, data: Interactions, of: Listed, epoch: int, every: bool = False
    ) -> None:
        """Draw the way of the items of a list; None: the page has no place for it now, and all stays as it is.

        epoch: the one that is looked at, marked. every: from the first epoch on.
        """
        if history is None:
            return
        self._make()
        if history.nothing or not history.stands:
            self._blank(history)
            return
        drawn = lines(history, of.top, every)
        self._draw(drawn, of, epoch)
        self.head.show(_head(history, drawn, data, of, every))
        self.labels.show(_labels(drawn, data, of))
        self.foot.show(Markup("") if of.item is None else way(history, data, of.item, of.mine), f"{of.whom} {of.item}")

    def unfold(self) -> None:
        """Put the figure on the page: before it is looked at, a browser need not draw it."""
        self._make()
        if self.figure not in self.middle.children:
            self.middle.children = [self.labels, self.figure]  # added after them: the labels stay what they are

    def _blank(self, history: RankHistory) -> None:
        """No lines: the sentence that says why."""
        for mark in (self.pale, self.rest, self.first, self.chosen, self.marker, self.dots, self.hits):
            _assign(mark, [], [])
        self.below.visible = self.left.visible = False  # an axis of no epochs would be numbered 1 to 2
        text = history.nothing or next(iter(history.faults.values()), "") or "Ranking the lists of all epochs …"
        self.head.show(Markup('<h3>Ranks over the epochs</h3><p class="rw-cap">{}</p>').format(text))
        self.labels.show("")
        self.foot.show("")

    def _draw(self, drawn: Lines, of: Listed, epoch: int) -> None:
        x, y, slots = np.asarray(drawn.steps, np.float64), drawn.y, dict(of.slots)
        end = x[-1] if len(x) > 1 else x[0] + 1
        with self.x.hold_sync():
            self.x.min, self.x.max = float(x[0]), float(end)
        self.below.tick_values, self.below.visible, self.left.visible = ticks(drawn.steps), True, True
        kinds = [2 if item == of.item else 1 if item in slots else 0 for item in of.top]
        colours = [
            f"var(--rw-film-{slots[item]})" if item in slots else CHOSEN if item == of.item else GREY for item in of.top
        ]  # a film has one colour in the chart, the list and here; the chosen one is told by its width
        _several(self.pale, x, drawn.pale, ["var(--rw-quiet)"] * len(drawn.pale))
        for kind, mark in enumerate((self.rest, self.first, self.chosen)):
            its = [n for n, found in enumerate(kinds) if found == kind]
            _several(mark, x, y[its], [colours[n] for n in its])
        rows, columns = map(list, np.nonzero(np.isfinite(y)))
        self._rows = [int(row) for row in rows]
        with self.dots.hold_sync():
            self.dots.x, self.dots.y, self.dots.colors = x[columns], y[rows, columns], [colours[row] for row in rows]
        with self.hits.hold_sync():
            self.hits.x, self.hits.y, self.hits.selected = x[columns], y[rows, columns], None
        here = [epoch, epoch] if x[0] <= epoch <= end else []
        _assign(self.marker, here, [0.5, SHOWN + 0.5] if here else [])
        self.marker.colors = [CHOSEN]

    def _clicked(self, change: dict[str, Any]) -> None:
        """bqplot writes the point that was clicked to `selected`; it is given back, so that it can be clicked again."""
        new = change["new"]
        if new is None or not len(new):
            return
        point = int(new[-1])
        self.hits.selected = None
        if point < len(self._rows):
            self._handler("select", str(self._rows[point]))


def ticks(steps: Sequence[int]) -> Any:
    """About six epochs to print, the first and the last among them; never two side by side."""
    first, last = steps[0], steps[-1]
    size = next(size for size in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, last) if (last - first) / size <= 6)
    inner = [tick for tick in range(0, last, size) if first + 0.6 * size < tick < last - 0.6 * size]
    return np.array([first, *inner, *([last] if last > first else [])], np.float64)


def _line_mark(scales: Any, width: float, style: str = "solid") -> bqplot.Lines:
    return bqplot.Lines(x=[], y=[], scales=scales, stroke_width=width, line_style=style, apply_clip=False)


def _several(mark: Any, x: Any, y: Any, colours: list[str]) -> None:
    """Lines of y (lines, steps), with a gap where there is no number: a line of its own for each run between gaps."""
    points, of = runs(y)
    with mark.hold_sync():
        if len(of):
            mark.x, mark.y = x[points], np.take_along_axis(y[of], points, 1)
            mark.colors = [colours[line] for line in of.tolist()]
        else:
            mark.x, mark.y = np.zeros(0), np.zeros(0)


def runs(y: Any) -> tuple[Any, Any]:
    """(indices of the points, int (runs, steps); which line each is of, (runs,)), of y (lines, steps) with NaN as gaps.

    bqplot draws what it is given: before and after a run its ends are repeated, so that every point is a number.
    """
    steps, points, of = np.arange(y.shape[-1]), [], []
    for line, there in enumerate(np.isfinite(y)):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], there.astype(int), [0]])))
        for first, after in edges.reshape(-1, 2).tolist():
            points.append(np.clip(steps, first, after - 1))
            of.append(line)
    found = np.array(points, np.int64).reshape(len(of), len(steps))
    return (np.repeat(found, 2, axis=1) if len(steps) == 1 else found), np.array(of, np.int64)  # a line has two ends


def _assign(mark: Any, x: Any, y: Any) -> None:
    with mark.hold_sync():
        mark.x, mark.y = np.asarray(x, np.float64), np.asarray(y, np.float64)


def _head(history: RankHistory, drawn: Lines, data: Interactions, of: Listed, every: bool) -> Markup:
    """Title, what is drawn, and the button to the early epochs."""
    words, choose = f"The {len(of.top)} {data.noun}s of the list for {of.whom}", Markup("")
    if drawn.first is not None and not every:
        words += f" from epoch {drawn.first} on: before, it changes too fast"
        choose = button("All epochs", "ranks-all", "1", classes="rw-small")
    elif drawn.first is not None:
        words += f" at all epochs; half of them are there from epoch {drawn.first} on"
        choose = button(f"From epoch {drawn.first}", "ranks-all", "", classes="rw-small")
    words += "."
    if drawn.gone:
        others = f"One other {data.noun}" if drawn.gone == 1 else f"{drawn.gone} others"
        words += f" {others} came and went{' (pale)' if drawn.left else ''}."
    if history.faults:
        words += f" {len(history.faults)} of the epochs could not be ranked: {next(iter(history.faults.values()))}"
    if history.working:
        words += " Ranking more …"
    return Markup('<div>{}<h3>Ranks over the epochs</h3></div><p class="rw-cap" data-alt="{}">{}</p>').format(
        choose, _alt(drawn, data, of.top), words
    )


def _alt(drawn: Lines, data: Interactions, top: Sequence[int]) -> str:
    """The chart in words, for those who do not see it."""
    begin, last = drawn.steps[0], drawn.steps[-1]

    def at(value: float) -> str:
        return f"{value:.0f}" if np.isfinite(value) else f"below {SHOWN}"

    told = "; ".join(
        f"{film_label(data, item)} {at(row[0])}, {at(row[-1])}" for item, row in zip(top, drawn.y, strict=True)
    )
    return f"Lines of ranks over the epochs. At epoch {begin} and at epoch {last}: {told}."


def _labels(drawn: Lines, data: Interactions, of: Listed) -> Markup:
    """At the right end of each line: its rank there and the title, a button that selects it."""
    rows, slots = [], dict(of.slots)
    for n in np.argsort(drawn.y[:, -1], kind="stable").tolist():
        rank = drawn.y[n, -1]
        if not np.isfinite(rank):
            continue
        one, classes = of.top[n], "rw-rank-label"
        classes += (" rw-rank-chosen" if one == of.item else "") + (f" rw-rank-{slots[one]}" if one in slots else "")
        title = display_title(str(data.titles[one]))[0]
        rows.append(
            Markup(
                '<button type="button" class="{classes}" style="--at:{at:.4f}" data-act="select" data-value="{n}"'
                '{pressed}{title}><b>{rank:.0f}</b> {name}</button>'
            ).format(
                classes=classes, at=(rank - 0.5) / SHOWN, n=n, rank=rank, name=title,
                title=attribute("title", film_label(data, one)),
                pressed=attribute("aria-pressed", yes(one == of.item)),
            )
        )  # fmt: skip
    return joined(rows)
