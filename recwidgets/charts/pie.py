"""The pie: the first three films' shares of the softmax over the top ten."""

from __future__ import annotations

from typing import Any, ClassVar

import bqplot
import numpy as np

from ..answer import Answer, rounded, softmax_shares
from ..core import Ints
from ._base import GHOST, Chart, figure

FILMS = 3  # more slices than this are told apart by nobody
TOO_THIN = 0.035  # a slice below this share has no room for its number


def assign_slots(previous: list[int | None], first: Ints) -> list[int | None]:
    """Which film owns which slot: whoever stays keeps its slot, a newcomer takes a free one.

    previous: item of each slot, or None. first: the films to place, at most as many as slots.
    """
    wanted = [int(item) for item in first]
    slots = [item if item in wanted else None for item in previous]
    for item in wanted:
        if item not in slots:
            slots[slots.index(None)] = item
    return slots


def percentages(answer: Answer) -> tuple[list[float], float]:
    """The first three films' percent and, where there are more, that of the others together: 100.0 in all.

    Also how sure the model is, from 0 to 1. One rounding for the legend and for the picture in words.
    """
    shares, sure = softmax_shares(answer.scores[answer.top], answer.unseen)
    parts = [*shares[:FILMS], *([shares[FILMS:].sum()] if len(shares) > FILMS else [])]
    return rounded([100 * float(part) for part in parts], 1, 100.0), sure


class Pie(Chart):
    """Softmax shares among the first ten films; films 4–10 are one quiet slice.

    Under it, how sure the model is: the share of the softmax over *all* films not yet seen that
    the first ten hold. bqplot joins slices by index, so a film keeps its slot while it stays.
    """

    name: ClassVar[str] = "pie"
    title = "Shares of the top 10"

    def __init__(self) -> None:
        super().__init__()
        self._slots: list[int | None] = [None] * FILMS
        self._places: list[int] = []
        scales = {"x": bqplot.LinearScale(min=0, max=1), "y": bqplot.LinearScale(min=0, max=1)}
        self.pie = bqplot.Pie(
            sizes=[0.0] * FILMS + [1.0],
            labels=[""] * (FILMS + 1),
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
        self.ghost = bqplot.Pie(
            sizes=[0.0] * FILMS + [1.0],
            colors=["transparent"],
            radius=112,
            inner_radius=64,
            display_labels="none",
            sort=False,
            selected=list(range(FILMS + 1)),
            selected_style=GHOST,
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

    def show(self, answer: Answer | None, selected: int = 0, ghost: Answer | None = None) -> None:
        self.haunt(ghost, self.ghost, "sizes", self.pie.sizes)
        sizes, labels, chosen = self._frame(answer, selected)
        with self.pie.hold_sync():
            self.pie.sizes, self.pie.labels = sizes, labels
            self._choose(self.pie, chosen)
        three = f"{100 * sizes[:FILMS].sum():.0f} %" if answer is not None else ""
        for mark, text in ((self.centre, three), (self.below, "first three" if three else "")):
            if mark.text[0] != text:
                mark.text = [text]

    def _frame(self, answer: Answer | None, selected: int) -> tuple[Any, list[str], list[int]]:
        """Sizes and labels by slot, and which slot is outlined."""
        if answer is None or not len(answer.top):
            self._slots, self._places = [None] * FILMS, []
            return np.array([0.0] * FILMS + [1.0]), [""] * (FILMS + 1), []
        self._slots = assign_slots(self._slots, answer.top[:FILMS])
        shares, _ = softmax_shares(answer.scores[answer.top], answer.unseen)
        place = {int(item): n for n, item in enumerate(answer.top)}
        self._places = [-1 if item is None else place[item] for item in self._slots]
        sizes = np.array([shares[n] if n >= 0 else 0.0 for n in self._places] + [shares[FILMS:].sum()])
        labels = [
            str(n + 1) if n >= 0 and size >= TOO_THIN else "" for n, size in zip(self._places, sizes, strict=False)
        ]
        chosen = [self._places.index(selected)] if selected in self._places else []
        return sizes, [*labels, ""], chosen

    def place_of(self, index: int) -> int:
        return self._places[index] if index < len(self._places) else -1

    def caption(self, answer: Answer | None) -> str:
        return "Softmax share among the first ten films."

    def foot(self, answer: Answer | None) -> str:
        if answer is None or not len(answer.top):
            return ""
        percent, sure = percentages(answer)
        n, untrained = len(answer.unseen), 100 * len(answer.top) / len(answer.unseen)
        order = sorted((place, slot) for slot, place in enumerate(self._places, 1) if place >= 0)
        keys = [(f"rw-f{slot}", str(place + 1)) for place, slot in order]
        if len(answer.top) > FILMS:
            last = f"–{len(answer.top)}" if len(answer.top) > FILMS + 1 else ""
            keys.append(("rw-quiet", f"{FILMS + 1}{last}"))
        legend = "".join(
            f'<span><i class="rw-chip {name}">{rank}</i>{value:.1f} %</span>'
            for (name, rank), value in zip(keys, percent, strict=True)
        )
        pieces = "".join(
            f'<i class="{name}" style="width:{sure * value:.2f}%"></i>'
            for (name, _), value in zip(keys, percent, strict=True)
        )
        return (
            f'<p class="rw-shares">{legend}</p>'
            f'<p class="rw-sure"><b>How sure: {100 * sure:.1f} %</b> of the softmax over all {n:,} films</p>'
            f'<div class="rw-bar" aria-hidden="true">{pieces}</div>'
            f'<p class="rw-cap">Top {len(answer.top)} against all other films. Pure chance: {untrained:.1f}&nbsp;%.</p>'
        )

    def sentence(self, answer: Answer | None) -> str:
        if answer is None or not len(answer.top):
            return "No answer to draw yet."
        percent, sure = percentages(answer)
        films = ", ".join(
            f"{answer.full_title(item)} {share:.1f} %" for item, share in zip(answer.top[:FILMS], percent, strict=False)
        )
        others = f"; the others together {percent[FILMS]:.1f} %" if len(percent) > FILMS else ""
        return (
            f"Pie of the first {len(answer.top)} films: {films}{others}. The list holds {100 * sure:.1f} % of the "
            "softmax over all films."
        )

    def slots(self) -> dict[int, int]:
        return {item: slot for slot, item in enumerate(self._slots, 1) if item is not None}
