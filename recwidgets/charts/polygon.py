"""The frequency polygon: how many of the nearest neighbours rated each ranked item, and the score by rank."""

from __future__ import annotations

from typing import Any, ClassVar

import bqplot
import numpy as np
from markupsafe import Markup

from ..answer import Answer
from ..core import Floats, Ints
from ..data import Interactions
from ..protocols import Neighbours, Queries
from ._base import AXIS, NO_ANSWER, Chart, digits_of, figure, nice_ticks
from ._draw import Field, ranks_below

RANKS = 10
FEW = 5  # neighbours: the counts of fewer are 0 or 1 mostly, and joined they would be spikes
MARGINS = {
    False: {"top": 10, "bottom": 40, "left": 22, "right": 30},
    True: {"top": 12, "bottom": 44, "left": 30, "right": 38},
}


def neighbour_counts(data: Interactions, neighbours: Ints, items: Ints) -> Ints:
    """How many of these users rated each of these items: int (len(items),)."""
    if not len(neighbours):
        return np.zeros(len(items), np.int32)
    rated = np.concatenate([np.unique(data.history(int(user))) for user in neighbours])
    return np.bincount(rated, minlength=data.n_items)[items].astype(np.int32)


def frequency_polygon(counts: Any, n_ranks: int = RANKS) -> tuple[Floats, Floats]:
    """The polygon's corners: x = 0 … n_ranks + 1, y = zero, the counts, zero.

    Always n_ranks + 2 points, so that the corners can move: a shorter list is filled with zeros.
    """
    y = np.zeros(n_ranks + 2, np.float32)
    y[1 : len(counts) + 1] = counts
    return np.arange(n_ranks + 2, dtype=np.float32), y


def nearest(answer: Answer, k: int = 20) -> Ints:
    """The model's own neighbours, or for a model that has none, the users of the k most similar queries.

    Nobody, where the model has no queries either, or the same for all users, as popularity.
    """
    if isinstance(answer.model, Neighbours):
        return np.asarray(answer.model.neighbours(answer.person)[0], np.int32)
    if not isinstance(answer.model, Queries):
        return np.zeros(0, np.int32)
    queries = answer.model.vectors()[0]
    if (queries == queries[0]).all():
        return np.zeros(0, np.int32)
    own = answer.model.query(answer.person)
    lengths = np.linalg.norm(queries, axis=1) * max(float(np.linalg.norm(own)), 1e-12)
    similarity = (queries @ own) / np.maximum(lengths, 1e-12)
    if answer.person.user is not None:
        similarity[answer.person.user] = -np.inf  # nobody is their own neighbour
    order = np.argsort(-similarity, kind="stable")[:k]
    near: Ints = order[similarity[order] > -np.inf].astype(np.int32)
    return near


class Polygon(Chart):
    """Frequency polygon over the ranks: of the k nearest neighbours, how many rated the item of each rank.

    It starts and ends at zero, outside the list; with fewer than five neighbours its points stand alone. The thin
    dashed line is the score by rank, from the first item of the list to its last, on its own axis at the right, which
    does not begin at zero: where it begins is said.
    """

    name: ClassVar[str] = "polygon"
    title = "Rated by neighbours"

    def __init__(self) -> None:
        super().__init__()
        self._k, self._counts, self._finite, self._low = 0, np.zeros(0, np.int32), True, ""
        x, self.y = bqplot.LinearScale(min=0, max=RANKS + 1), bqplot.LinearScale(min=0, max=20)
        self.score_scale = bqplot.LinearScale(min=0, max=1)
        corners = frequency_polygon([])
        both, thin = {"x": x, "y": self.y}, {"x": x, "y": self.score_scale}
        self.line = bqplot.Lines(
            x=corners[0], y=corners[1], scales=both, colors=["var(--rw-accent)"], stroke_width=2.5,
            fill="bottom", fill_colors=["var(--rw-accent)"], fill_opacities=[0.12], apply_clip=False,
        )  # fmt: skip
        self.scores = bqplot.Lines(
            x=np.ones(RANKS), y=np.zeros(RANKS), scales=thin, colors=["var(--rw-ink2)"], stroke_width=1.2,
            line_style="dashed", apply_clip=False,
        )  # fmt: skip
        self.previous = bqplot.Lines(
            x=corners[0], y=corners[1], scales=both, colors=["var(--rw-ink2)"], stroke_width=1.2,
            line_style="dotted", apply_clip=False,
        )  # fmt: skip
        self.points = bqplot.Scatter(
            x=corners[0][1:-1], y=corners[1][1:-1], scales=both, colors=["var(--rw-surface)"],
            stroke="var(--rw-accent)", stroke_width=2, default_size=44, apply_clip=False,
            selected_style={"fill": "var(--rw-accent)", "stroke": "var(--rw-accent)"},
            unselected_style={"fill": "var(--rw-surface)"},
        )  # fmt: skip
        self.left = bqplot.Axis(scale=self.y, side="left", tick_format="d", **AXIS)
        self.right = bqplot.Axis(scale=self.score_scale, side="right", grid_lines="none", **AXIS)
        self.ranks = bqplot.Axis(
            scale=x, tick_values=np.arange(1, RANKS + 1), tick_format="d", grid_lines="none", label="rank in the list",
            label_offset="28px", **AXIS,
        )  # fmt: skip
        self.figure = figure(
            marks=[self.line, self.scores, self.points], axes=[self.ranks, self.left, self.right],
            fig_margin=MARGINS[True],
        )  # fmt: skip
        self.figure.layout.height, self.figure.layout.width = "300px", "100%"
        self.figure.layout.min_width = "236px"
        self.watch(self.points)

    def fit(self, wide: bool) -> None:
        self.figure.fig_margin = MARGINS[wide]
        self.ranks.tick_values = np.arange(1, RANKS + 1) if wide else np.array([1, 4, 7, 10])

    def show(self, answer: Answer | None, selected: int = 0, previous: Answer | None = None) -> None:
        self.outline(previous, self.previous, "y", self.line.y)
        neighbours = np.zeros(0, np.int32) if answer is None else nearest(answer)
        top = np.zeros(0, np.int32) if answer is None else answer.top
        self._k = len(neighbours)
        self._counts = np.zeros(0, np.int32)
        if answer is not None:
            self._counts = neighbour_counts(answer.data, neighbours, top)
        scores = np.zeros(0) if answer is None else answer.scores[top]
        self._finite = bool(np.isfinite(scores).all())
        if not self._finite:
            scores = np.zeros(0)  # no line: an axis has no place for them
        counts, ticks = nice_ticks(0, max(self._k, 1), 6), score_ticks(scores)
        _, y = frequency_polygon(self._counts)
        self.y.max, self.left.tick_values = float(counts[-1]), counts[counts == counts.round()]
        form = f".{max(digits_of(ticks), 1)}f"
        self._low = format(ticks[0] + 0.0, form).replace("-", "−") if len(scores) else ""
        with self.right.hold_sync():
            self.right.tick_values, self.right.tick_format = ticks, form  # seldom changes
        with self.score_scale.hold_sync():  # after the format: the axis moves to it with the format that it has then
            self.score_scale.min, self.score_scale.max = float(ticks[0]), float(ticks[-1])
        with self.line.hold_sync():
            joined = float(self._k >= FEW)
            self.line.y, self.line.opacities, self.line.fill_opacities = y, [joined], [0.12 * joined]
        with self.scores.hold_sync():
            self.scores.x, self.scores.y = by_rank(scores)
        with self.points.hold_sync():
            self.points.y = y[1:-1]
            self._choose(self.points, [selected] if len(top) else [])

    def list_index(self, element: int) -> int:
        return element if element < len(self._counts) else -1

    def drawing(self) -> Markup:
        if not len(self._counts):
            return Markup("")
        counts = Field(0, RANKS + 1, 0, self.y.max, right=34)
        scores = Field(0, RANKS + 1, self.score_scale.min, self.score_scale.max, right=34)
        left = [(float(tick), f"{tick:.0f}") for tick in self.left.tick_values]
        right = [(float(tick), format(tick, self.right.tick_format)) for tick in self.right.tick_values]
        joined = self._k >= FEW
        shown = list(zip(self.line.x.tolist(), self.line.y.tolist(), strict=True))
        chosen = -1 if self.points.selected is None or not len(self.points.selected) else int(self.points.selected[0])
        return (
            counts.ticks(left) + scores.ticks(right, beside="right") + ranks_below(counts, RANKS)
            + (counts.area(shown) + counts.path(shown, "accent", 2.5) if joined else Markup(""))
            + scores.path(list(zip(self.scores.x.tolist(), self.scores.y.tolist(), strict=True)), "ink2", 1.2, "4 3")
            + counts.dots(shown[1 : len(self._counts) + 1], chosen)
        )  # fmt: skip

    def caption(self, answer: Answer | None) -> Markup:
        score = f"score by rank, from {self._low}" if self._low else "score by rank"
        return Markup(
            '<span class="rw-chart-key"><span class="rw-key rw-key-line"></span>{}</span>'
            '<span class="rw-chart-key"><span class="rw-key rw-key-dash"></span>{}{}</span>'
        ).format(
            f"of the {self._k} nearest, by rank" if self._k != 1 else "the one nearest, by rank",
            score, "" if self._finite else ", left out: a score is not a finite number",
        )  # fmt: skip

    def sentence(self, answer: Answer | None) -> str:
        if answer is None or not len(answer.top):
            return NO_ANSWER
        counts = ", ".join(
            f"{answer.full_title(item)} {count}" for item, count in zip(answer.top, self._counts, strict=True)
        )
        return (
            f"Frequency polygon: of the {self._k} nearest neighbours, so many rated each {answer.data.noun}: {counts}."
        )


def by_rank(scores: Any, n_ranks: int = RANKS) -> tuple[Floats, Floats]:
    """A line over the ranks of a list, and not beyond: x, y, float32 (n_ranks,); a shorter list ends where it ends.

    Always n_ranks points, so that they can move: those that are missing lie on the last one.
    """
    n = len(scores)
    if not n:
        return np.ones(n_ranks, np.float32), np.zeros(n_ranks, np.float32)
    rank = np.minimum(np.arange(n_ranks), n - 1)
    return (rank + 1).astype(np.float32), np.asarray(scores, np.float32)[rank]


def score_ticks(scores: Any) -> Any:
    """The score axis: from a round number below the least score to one above the greatest, zero only by chance."""
    if not len(scores):
        return np.array([0.0, 0.5, 1.0])
    low, high = float(np.min(scores)), float(np.max(scores))
    return nice_ticks(low, high, 3)
