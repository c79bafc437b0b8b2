"""The columns: how often each ranked item was in the top ten while the session is replayed."""

from __future__ import annotations

from typing import Any, ClassVar

import bqplot
import numpy as np
from markupsafe import Markup

from ..answer import Answer
from ..core import Floats, Person
from ..ranking import as_real, rank_rows
from ._base import AXIS, NO_ANSWER, PREVIOUS, Chart, figure
from ._draw import Field, ranks_below

RANKS, RECENT, CLICKS = 10, 3, 50
MARGINS = {
    False: {"top": 10, "bottom": 40, "left": 38, "right": 4},
    True: {"top": 12, "bottom": 44, "left": 44, "right": 8},
}


def replay(answer: Answer, clicks: int = CLICKS) -> Any:
    """Was each ranked item in the top ten after each of the last clicks? bool (clicks, items).

    After click t the model has seen the history up to t, and those items are left out of its list,
    as are those that the learner took out.
    """
    person, n = answer.person, len(answer.person.history)
    lengths, model = range(max(1, n - clicks + 1), n + 1), answer.model
    people = [Person(person.user, person.history[:length], person.without) for length in lengths]
    if not people:
        return np.zeros((0, len(answer.top)), bool)
    together = getattr(model, "scores_of", None)  # one product for all but the last, which is the list itself
    before = together(people[:-1]) if together is not None and people[:-1] else map(model.scores, people[:-1])
    scores = as_real([*before, model.scores(people[-1])])  # (clicks, n_items)
    for row, one in zip(scores, people, strict=True):
        row[one.history] = -np.inf
    scores[:, answer.excluded] = -np.inf
    top = rank_rows(scores, min(RANKS, scores.shape[1]))
    return (answer.top[:, None] == top[:, None]).any(2)


def column_heights(inside: Any, recent: int = RECENT) -> tuple[Floats, Floats]:
    """Share of the clicks after which each item was in the top ten, as (before, last clicks).

    inside: bool (clicks, items). The two add up to the whole share.
    """
    if not len(inside):
        return np.zeros(inside.shape[1], np.float32), np.zeros(inside.shape[1], np.float32)
    share, cut = inside / len(inside), max(0, len(inside) - recent)
    return share[:cut].sum(0).astype(np.float32), share[cut:].sum(0).astype(np.float32)


class Columns(Chart):
    """Share of the session's clicks after which each ranked item was in the top 10.

    The session is replayed click by click. The strong colour is the part due to the last three
    clicks: a column that is mostly strong is *rising*, one that is mostly pale was always there.
    """

    name: ClassVar[str] = "columns"
    title = "How often in the top 10"

    def __init__(self) -> None:
        super().__init__()
        self._clicks, self._items = 0, 0
        self._shown: Answer | None = None
        self._heights: Any = np.zeros((2, RANKS), np.float32)
        x, y = bqplot.OrdinalScale(), bqplot.LinearScale(min=0, max=1)
        ranks = np.arange(1, RANKS + 1)
        self.bars = bqplot.Bars(
            x=ranks, y=self._heights, scales={"x": x, "y": y}, type="stacked", padding=0.3,
            colors=["var(--rw-mid)", "var(--rw-accent)"], stroke="var(--rw-accent)",
            apply_clip=False,
            selected_style={"stroke": "var(--rw-ink)", "stroke-width": "2.5px"},
        )  # fmt: skip
        self.previous = bqplot.Bars(
            x=ranks, y=np.zeros(RANKS), scales={"x": x, "y": y}, padding=0.2, colors=["transparent"],
            selected=list(range(RANKS)), selected_style=PREVIOUS, apply_clip=False,
        )  # fmt: skip
        axes = [
            bqplot.Axis(
                scale=x, tick_format="d", grid_lines="none", label="rank in the list", label_offset="28px", **AXIS
            ),
            bqplot.Axis(scale=y, side="left", num_ticks=5, tick_format=".0%", **AXIS),
        ]
        self.figure = figure(
            marks=[self.bars], axes=axes,
            fig_margin=MARGINS[True],
        )  # fmt: skip
        self.figure.layout.height, self.figure.layout.width = "288px", "100%"
        self.figure.layout.min_width = "236px"
        self.watch(self.bars)

    def fit(self, wide: bool) -> None:
        self.figure.fig_margin = MARGINS[wide]

    def show(self, answer: Answer | None, selected: int = 0, previous: Answer | None = None) -> None:
        self.outline(previous, self.previous, "y", self._heights.sum(0))
        if answer is None or answer is not self._shown:  # a choice alone replays nothing
            self._shown, self._heights = answer, np.zeros((2, RANKS), np.float32)
            self._clicks = self._items = 0
            if answer is not None and len(answer.top):
                inside = replay(answer)
                self._clicks, self._items = inside.shape
                self._heights[:, : self._items] = column_heights(inside)
        with self.bars.hold_sync():
            self.bars.y = self._heights
            self._choose(self.bars, [selected] if selected < self._items else [])

    def list_index(self, element: int) -> int:
        return element if element < self._items else -1

    def drawing(self) -> Markup:
        if not self._items:
            return Markup("")
        field = Field(0.5, RANKS + 0.5, 0, 1, left=42)
        chosen = [] if self.bars.selected is None else list(self.bars.selected)
        before, last = (row[: self._items].tolist() for row in self._heights)
        return (
            field.ticks([(n / 5, f"{20 * n} %") for n in range(6)]) + ranks_below(field, RANKS)
            + field.columns(before, [0.0] * self._items, "mid", chosen)
            + field.columns(last, before, "accent", chosen)
        )  # fmt: skip

    def caption(self, answer: Answer | None) -> str:
        if not self._clicks:
            return "Share of the session’s clicks, replayed."
        return f"Share of the session’s {'last ' * (self._clicks == CLICKS)}{self._clicks} clicks, replayed."

    def foot(self, answer: Answer | None) -> Markup:
        previous = Markup('<span class="rw-chart-key"><span class="rw-swatch rw-outline"></span>previous answer</span>')
        return Markup(
            '<p class="rw-chart-keys"><span class="rw-chart-key"><span class="rw-swatch rw-strong"></span>'
            'last three clicks</span><span class="rw-chart-key"><span class="rw-swatch rw-mid"></span>before</span>'
            "{}</p>"
        ).format("" if self._previous is None else previous)

    def sentence(self, answer: Answer | None) -> str:
        if answer is None or not len(answer.top):
            return NO_ANSWER
        whole = self._heights.sum(0)
        films = ", ".join(
            f"{answer.full_title(item)} {100 * share:.0f} %" for item, share in zip(answer.top, whole, strict=False)
        )
        return f"Columns: share of the {self._clicks} clicks with the {answer.data.noun} in the top 10: {films}."
