"""What charts draw in a picture of a panel: SVG elements from the numbers that their marks already hold."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ..page.elements import joined
from ..page.svg import DRAWN, fill, line, polyline, rectangle, stroke, text

WIDTH, HEIGHT = DRAWN
RADIUS, HOLE = 104, 0.57


def ring(
    sizes: Sequence[float], tokens: Sequence[str], labels: Sequence[str], chosen: Sequence[int], middle: str, below: str
) -> Markup:  # fmt: skip
    """A ring of shares, clockwise from 12 o'clock, with a label in each slice and words in its middle."""
    x, y, begin, total = WIDTH / 2, HEIGHT / 2, 0.0, sum(sizes) or 1.0
    slices, edges, words = [], [], []
    for n, (size, token, label) in enumerate(zip(sizes, tokens, labels, strict=True)):
        if not size:
            continue
        end = begin + size / total
        path = Markup('<path d="{}"{}{}/>')
        slices.append(path.format(_slice(x, y, begin, end), fill(token), stroke("surface", 1.5)))
        if n in chosen:
            edges.append(path.format(_slice(x, y, begin, end), Markup(' fill="none"'), stroke("ink", 2.5)))
        middle_of = math.tau * (begin + end) / 2
        radius = RADIUS * (1 + HOLE) / 2
        at = x + radius * math.sin(middle_of), y - radius * math.cos(middle_of) + 5
        words.append(text(*at, label, size=13, ink="on-film", bold=True, anchor="middle") if label else Markup(""))
        begin = end
    inside = text(x, y + 2, middle, size=20, bold=True, anchor="middle") if middle else Markup("")
    return joined([*slices, *edges, *words, inside, text(x, y + 18, below, size=11, anchor="middle")])


def _slice(x: float, y: float, begin: float, end: float) -> str:
    """The outline of a part of the ring, from and to as parts of a turn; a whole turn ends just before it begins."""
    end = min(end, begin + 0.9995)
    large = int(end - begin > 0.5)

    def at(turn: float, radius: float) -> str:
        return f"{x + radius * math.sin(math.tau * turn):.2f} {y - radius * math.cos(math.tau * turn):.2f}"

    outer, inner = RADIUS, RADIUS * HOLE
    return (
        f"M{at(begin, outer)}A{outer} {outer} 0 {large} 1 {at(end, outer)}"
        f"L{at(end, inner)}A{inner:.1f} {inner:.1f} 0 {large} 0 {at(begin, inner)}Z"
    )


@dataclass(frozen=True)
class Field:
    """A field with two axes: what is at its edges, in the chart's own units; margins in px."""

    low_x: float
    high_x: float
    low_y: float
    high_y: float
    left: float = 26
    right: float = 8
    top: float = 10
    bottom: float = 38

    def x(self, value: float) -> float:
        return self.left + (value - self.low_x) / ((self.high_x - self.low_x) or 1) * (WIDTH - self.left - self.right)

    def y(self, value: float) -> float:
        room = HEIGHT - self.top - self.bottom
        return self.top + room * (1 - (value - self.low_y) / ((self.high_y - self.low_y) or 1))

    def ticks(self, ticks: Sequence[tuple[float, str]], beside: str = "left") -> Markup:
        """The values of an axis; those at the left with lines across the field."""
        across = beside == "left"
        x, anchor = (self.left - 6, "end") if across else (WIDTH - self.right + 6, "")
        made = []
        for value, label in ticks:
            y = self.y(value)
            if across:
                made.append(line(self.left, y, WIDTH - self.right, y, stroke("quiet2")))
            made.append(text(x, y + 4, label.replace("-", "−"), size=11, ink="ink2", anchor=anchor))
        return joined(made)

    def path(self, points: Sequence[tuple[float, float]], token: str, width: float, dashes: str = "") -> Markup:
        look = Markup(' fill="none"') + stroke(token, width, dashes)
        return polyline([(self.x(x), self.y(y)) for x, y in points], look)

    def area(self, points: Sequence[tuple[float, float]]) -> Markup:
        look = fill("accent") + Markup(' fill-opacity="0.12"')
        return polyline([(self.x(x), self.y(y)) for x, y in points], look)

    def dots(self, points: Sequence[tuple[float, float]], chosen: int) -> Markup:
        return joined(
            Markup('<circle cx="{:.1f}" cy="{:.1f}" r="3.7"{}{}/>').format(
                self.x(x), self.y(y), fill("accent" if n == chosen else "surface"), stroke("accent", 2)
            )
            for n, (x, y) in enumerate(points)
        )

    def columns(self, heights: Sequence[float], upon: Sequence[float], token: str, chosen: Sequence[int]) -> Markup:
        """Columns at 1, 2, …, each standing on another."""
        wide = 0.7 * (self.x(1) - self.x(0))
        return joined(
            rectangle(
                self.x(n) - wide / 2, self.y(low + height), wide, self.y(low) - self.y(low + height),
                fill(token) + (stroke("ink", 2.5) if n - 1 in chosen else stroke("accent")),
            )
            for n, (height, low) in enumerate(zip(heights, upon, strict=True), 1)
            if height
        )  # fmt: skip


def ranks_below(field: Field, n: int) -> Markup:
    """The ranks under a field."""
    y = HEIGHT - field.bottom + 14
    marks = [text(field.x(rank), y, str(rank), size=11, ink="ink2", anchor="middle") for rank in range(1, n + 1)]
    middle = (field.left + WIDTH - field.right) / 2
    return joined([*marks, text(middle, HEIGHT - 6, "rank in the list", size=11, ink="ink2", anchor="middle")])
