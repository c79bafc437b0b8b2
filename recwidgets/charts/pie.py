"""The pie: the first three items' shares of the softmax over the top ten."""

from __future__ import annotations

from typing import Any, ClassVar

import bqplot
import numpy as np
from markupsafe import Markup

from ..answer import Answer, no_share, rounded, softmax_shares
from ..core import Floats, Ints, worded
from ..page.elements import joined
from ..page.terms import term
from ._base import NO_ANSWER, NOT_FINITE, PREVIOUS, Chart, figure
from ._draw import ring

FIRST = 3  # more slices than this are told apart by nobody
TOO_THIN = 0.035  # a slice below this share has no room for its number
COLOURS, QUIET = [f"var(--rw-film-{n})" for n in range(1, FIRST + 1)], "var(--rw-quiet)"
RADIUS, HOLE = {False: 82, True: 112}, 0.57  # px, on a small and a large page; the hole's part of it


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
    """Softmax shares within the first ten items, by rank, clockwise from 12 o'clock; items 4–10 are one quiet slice.

    Where a slice is says its rank, its colour says which film it is: a film keeps its colour while it is among the
    first three, also through a training or an edit; whoever comes in takes a colour that became free. The same three
    films in the same order have the colours that they had at first. For another person the colours start anew, in the
    order of the ranks.
    Under it, the share of the softmax over *all* items not yet seen that the first ten hold. Neither is a probability
    that was checked, nor says how certain a model is.
    """

    name: ClassVar[str] = "pie"
    title = "Shares of the top 10"

    def __init__(self) -> None:
        super().__init__()
        self._slots: list[int | None] = [None] * FIRST  # which film owns which colour
        self._had: dict[tuple[int, ...], list[int | None]] = {}  # the same, when these came first
        self._whose: int | None = -1  # the user whose films these are, None = a history of one's own
        self._n = 0  # slices of films
        scales = {"x": bqplot.LinearScale(min=0, max=1), "y": bqplot.LinearScale(min=0, max=1)}
        self.pie = bqplot.Pie(
            sizes=[0.0] * FIRST + [1.0],
            labels=[""] * (FIRST + 1),
            colors=[*COLOURS, QUIET],
            stroke="var(--rw-surface)",
            radius=RADIUS[True],
            inner_radius=HOLE * RADIUS[True],
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
            radius=RADIUS[True],
            inner_radius=HOLE * RADIUS[True],
            display_labels="none",
            sort=False,
            selected=list(range(FIRST + 1)),
            selected_style=PREVIOUS,
            apply_clip=False,
        )
        self.centre, self.below = self._text(scales, 2, 20, "bold"), self._text(scales, 17, 11, "normal")
        self.figure = figure(
            marks=[self.pie, self.centre, self.below],
            fig_margin={"top": 4, "bottom": 4, "left": 4, "right": 4},
        )
        self.figure.layout.height, self.figure.layout.width = "258px", "100%"
        self.figure.layout.min_width = "236px"
        self.watch(self.pie)

    @staticmethod
    def _text(scales: dict[str, Any], below: int, size: int, weight: str) -> bqplot.Label:
        """A line of text so many px below the middle."""
        return bqplot.Label(
            x=[0.5],
            y=[0.5],
            y_offset=below,
            text=[""],
            scales=scales,
            align="middle",
            default_size=size,
            font_weight=weight,
            colors=["var(--rw-ink)"],
            apply_clip=False,
        )

    def fit(self, wide: bool) -> None:
        for mark in (self.pie, self.previous):
            with mark.hold_sync():
                mark.radius, mark.inner_radius = RADIUS[wide], HOLE * RADIUS[wide]

    def show(self, answer: Answer | None, selected: int = 0, previous: Answer | None = None) -> None:
        self.outline(previous, self.previous, "sizes", self.pie.sizes)
        sizes, labels = self._frame(answer)
        slots = self.slots()
        top = [] if answer is None or not self._n else answer.top[: self._n].tolist()
        colours = [COLOURS[slots[item] - 1] for item in top]
        with self.pie.hold_sync():
            self.pie.sizes, self.pie.labels = sizes, labels
            self.pie.colors = [*colours, *(c for c in COLOURS if c not in colours), QUIET]
            self._choose(self.pie, [selected] if selected < self._n else [])
        three = f"{100 * sizes[:FIRST].sum():.0f} %" if self._n else ""
        there = "first three" if answer is not None and len(answer.top) > FIRST else "all there are"
        for mark, text in ((self.centre, three), (self.below, there if three else "")):
            if mark.text[0] != text:
                mark.text = [text]

    def _frame(self, answer: Answer | None) -> tuple[Any, list[str]]:
        """Sizes and labels by rank; who owns which colour is worked out on the way."""
        found = shares_of(answer)
        if answer is None or found is None:
            self._n = 0  # the colours are kept: after a Reset the same person is shown
            return np.array([0.0] * FIRST + [1.0]), [""] * (FIRST + 1)
        if answer.person.user != self._whose:
            self._slots, self._had, self._whose = [None] * FIRST, {}, answer.person.user
        shares, first = found[0], answer.top[:FIRST]
        self._slots = self._had.setdefault(tuple(first.tolist()), assign_slots(self._slots, first))
        self._n = len(first)
        sizes = np.zeros(FIRST + 1)
        sizes[: self._n], sizes[FIRST] = shares[:FIRST], shares[FIRST:].sum()
        labels = [str(n + 1) if n < self._n and sizes[n] >= TOO_THIN else "" for n in range(FIRST)]
        return sizes, [*labels, ""]

    def list_index(self, element: int) -> int:
        return element if element < self._n else -1

    def caption(self, answer: Answer | None) -> str:
        k = 10 if answer is None else len(answer.top)
        films = {1: "of one film", 10: "among the ten films"}.get(k, f"among the {k} films")
        return Markup("{} {}.").format(
            term("softmax", "Softmax"), "within the list" if answer is None else worded(answer.data, films)
        )

    def foot(self, answer: Answer | None) -> Markup:
        if answer is None or not len(answer.top):
            return Markup("")
        found = shares_of(answer)
        if found is None:
            return Markup('<p class="rw-cap">{}</p>').format(NOT_FINITE)
        shares, whole = found
        percent, n, k = percentages(shares), int(np.isfinite(answer.unseen).sum()), len(answer.top)
        all_films = f"all {n:,} films" if n == len(answer.unseen) else f"the {n:,} films with a score"
        all_films = worded(answer.data, all_films)
        said = no_share(answer) or f"A share of the probability in the top {k}; it is no certainty."
        slots = self.slots()
        keys = [(f"rw-f{slots[int(item)]}", str(n)) for n, item in enumerate(answer.top[:FIRST], 1)]
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
            '<p class="rw-whole"><b>Top {k}: {whole:.1f} %</b> of the softmax over {films}</p>'
            '<div class="rw-bar" aria-hidden="true">{pieces}</div>'
            '<p class="rw-cap">Pure chance: {even:.1f}&nbsp;%. '
            "{said}</p>"
        ).format(legend=legend, k=k, whole=100 * whole, films=all_films, pieces=pieces, even=100 * k / n, said=said)

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
        many = f"{answer.data.noun}s"
        return (
            f"Pie of the first {len(answer.top)} {many}: {films}{others}. The list holds {100 * whole:.1f} % of the "
            f"softmax over all {many}. {no_share(answer)}"
        ).rstrip()

    def drawing(self) -> Markup:
        if not self._n:
            return Markup("")
        tokens = [colour.removeprefix("var(--rw-").removesuffix(")") for colour in self.pie.colors]
        chosen = list(self.pie.selected) if self.pie.selected is not None else []
        return ring(
            list(self.pie.sizes), tokens, list(self.pie.labels), chosen, self.centre.text[0], self.below.text[0]
        )

    def slots(self) -> dict[int, int]:
        if not self._n:
            return {}
        return {item: slot for slot, item in enumerate(self._slots, 1) if item is not None}
