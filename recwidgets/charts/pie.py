"""The pie: the first three items' shares of the softmax over the top ten."""

from __future__ import annotations

from typing import Any, ClassVar

import bqplot
import numpy as np
from markupsafe import Markup

from ..answer import Answer, rounded, softmax_shares
from ..core import Floats, Ints
from ..page.elements import joined
from ._base import NO_ANSWER, NOT_FINITE, PREVIOUS, Chart, figure

FIRST = 3  # more slices than this are told apart by nobody
TOO_THIN = 0.035  # a slice below this share has no room for its number


def assign_slots(previous: list[int | None], first: Ints) -> list[int | None]:
    """Which item owns which slot: one that stays keeps its slot, a new one takes a free one.

    previous: item of each slot, or None. first: the items that need one, at most as many as slots.
    """
    wanted = [int(item) for item in first]
    slots = [item if item in wanted else None for item in previous]
    for item in wanted:
        if item not in slots:
            slots[slots.index(None)] = item
    return slots


def shares_of(answer: Answer | None) -> tuple[Floats, float] | None:
    """The softmax shares within the list, and the list's share of the softmax over all items not yet seen.

    None where there is nothing to share: no answer, an empty list, or a score that is infinite.
    """
    if answer is None or not len(answer.top) or not np.isfinite(answer.scores[answer.top]).all():
        return None
    return softmax_shares(answer.scores[answer.top], answer.unseen)


def percentages(shares: Floats) -> list[float]:
    """The first three items' percent and, where there are more, that of the others together: 100.0 in all.

    One rounding for the legend and for the picture in words.
    """
    parts = [*shares[:FIRST], *([shares[FIRST:].sum()] if len(shares) > FIRST else [])]
    return rounded([100 * float(part) for part in parts], 1, 100.0)


class Pie(Chart):
    """Softmax shares within the first ten items; items 4–10 are one quiet slice.

    Under it, the share of the softmax over *all* items not yet seen that the first ten hold. Neither
    is a probability that was checked. bqplot joins slices by index, so an item keeps its slot while it stays.
    """

    name: ClassVar[str] = "pie"
    title = "Shares of the top 10"

    def __init__(self) -> None:
        super().__init__()
        self._slots: list[int | None] = [None] * FIRST
        self._ranks: list[int] = []  # of the item in each slot, 0 = first, -1 = none
        scales = {"x": bqplot.LinearScale(min=0, max=1), "y": bqplot.LinearScale(min=0, max=1)}
        self.pie = bqplot.Pie(
            sizes=[0.0] * FIRST + [1.0],
            labels=[""] * (FIRST + 1),
            colors=[f"var(--rw-film-{n})" for n in (1, 2, 3)] + ["var(--rw-quiet)"],
            stroke="var(--rw-surface)",
            radius=112,
            inner_radius=64,
            display_labels="inside",
            label_color="var(--rw-on-film)",
            font_size="13px",
            font_weight="bold",
            sort=False,
            # bqplot's transition ends by writing `stroke`, so the stylesheet reads these instead
            selected_style={"--rw-edge": "var(--rw-ink)", "--rw-edge-width": "2.5px"},
            apply_clip=False,
        )
        self.previous = bqplot.Pie(
            sizes=[0.0] * FIRST + [1.0],
            colors=["transparent"],
            radius=112,
            inner_radius=64,
            display_labels="none",
            sort=False,
            selected=list(range(FIRST + 1)),
            selected_style=PREVIOUS,
            apply_clip=False,
        )
        self.centre, self.below = (
            self._text(scales, 0.515, 20, "bold"),
            self._text(scales, 0.435, 11, "normal"),
        )
        self.figure = figure(
            marks=[self.pie, self.centre, self.below],
            fig_margin={"top": 4, "bottom": 4, "left": 4, "right": 4},
        )
        self.figure.layout.height, self.figure.layout.width = "258px", "100%"
        self.figure.layout.min_width = "236px"
        self.watch(self.pie)

    @staticmethod
    def _text(scales: dict[str, Any], y: float, size: int, weight: str) -> bqplot.Label:
        return bqplot.Label(
            x=[0.5],
            y=[y],
            text=[""],
            scales=scales,
            align="middle",
            default_size=size,
            font_weight=weight,
            colors=["var(--rw-ink)"],
            apply_clip=False,
        )

    def show(self, answer: Answer | None, selected: int = 0, previous: Answer | None = None) -> None:
        self.outline(previous, self.previous, "sizes", self.pie.sizes)
        sizes, labels, chosen = self._frame(answer, selected)
        with self.pie.hold_sync():
            self.pie.sizes, self.pie.labels = sizes, labels
            self._choose(self.pie, chosen)
        three = f"{100 * sizes[:FIRST].sum():.0f} %" if self._ranks else ""
        for mark, text in ((self.centre, three), (self.below, "first three" if three else "")):
            if mark.text[0] != text:
                mark.text = [text]

    def _frame(self, answer: Answer | None, selected: int) -> tuple[Any, list[str], list[int]]:
        """Sizes and labels by slot, and which slot is outlined."""
        found = shares_of(answer)
        if answer is None or found is None:
            self._slots, self._ranks = [None] * FIRST, []
            return np.array([0.0] * FIRST + [1.0]), [""] * (FIRST + 1), []
        shares, _ = found
        self._slots = assign_slots(self._slots, answer.top[:FIRST])
        rank = {int(item): n for n, item in enumerate(answer.top)}
        self._ranks = [-1 if item is None else rank[item] for item in self._slots]
        sizes = np.array([shares[n] if n >= 0 else 0.0 for n in self._ranks] + [shares[FIRST:].sum()])
        labels = [
            str(n + 1) if n >= 0 and size >= TOO_THIN else "" for n, size in zip(self._ranks, sizes, strict=False)
        ]
        chosen = [self._ranks.index(selected)] if selected in self._ranks else []
        return sizes, [*labels, ""], chosen

    def list_index(self, element: int) -> int:
        return self._ranks[element] if element < len(self._ranks) else -1

    def caption(self, answer: Answer | None) -> str:
        return "Softmax share within the first ten films."

    def foot(self, answer: Answer | None) -> Markup:
        if answer is None or not len(answer.top):
            return Markup("")
        found = shares_of(answer)
        if found is None:
            return Markup('<p class="rw-cap">{}</p>').format(NOT_FINITE)
        shares, whole = found
        percent, n, k = percentages(shares), len(answer.unseen), len(answer.top)
        order = sorted((rank, slot) for slot, rank in enumerate(self._ranks, 1) if rank >= 0)
        keys = [(f"rw-f{slot}", str(rank + 1)) for rank, slot in order]
        if k > FIRST:
            keys.append(("rw-quiet", f"{FIRST + 1}–{k}" if k > FIRST + 1 else str(k)))
        legend = joined(
            Markup('<span><i class="rw-chip {}">{}</i>{:.1f} %</span>').format(name, rank, value)
            for (name, rank), value in zip(keys, percent, strict=True)
        )
        pieces = joined(
            Markup('<i class="{}" style="width:{:.2f}%"></i>').format(name, whole * value)
            for (name, _), value in zip(keys, percent, strict=True)
        )
        return Markup(
            '<p class="rw-shares">{legend}</p>'
            '<p class="rw-whole"><b>Top {k}: {whole:.1f} %</b> of the softmax over all {n:,} films</p>'
            '<div class="rw-bar" aria-hidden="true">{pieces}</div>'
            '<p class="rw-cap">Equal scores: {even:.1f}&nbsp;%. '
            "It compares the model’s own scores; it is no certainty.</p>"
        ).format(legend=legend, k=k, whole=100 * whole, n=n, pieces=pieces, even=100 * k / n)

    def sentence(self, answer: Answer | None) -> str:
        if answer is None or not len(answer.top):
            return NO_ANSWER
        found = shares_of(answer)
        if found is None:
            return NOT_FINITE
        shares, whole = found
        percent = percentages(shares)
        films = ", ".join(
            f"{answer.full_title(item)} {share:.1f} %" for item, share in zip(answer.top[:FIRST], percent, strict=False)
        )
        others = f"; the others together {percent[FIRST]:.1f} %" if len(percent) > FIRST else ""
        return (
            f"Pie of the first {len(answer.top)} films: {films}{others}. The list holds {100 * whole:.1f} % of the "
            "softmax over all films."
        )

    def slots(self) -> dict[int, int]:
        return {item: slot for slot, item in enumerate(self._slots, 1) if item is not None}
