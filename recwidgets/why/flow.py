"""A score as a flow, laid out and drawn: its bar, the ways, the named lines. Pure functions.

Every column holds the same cells, what raises the score and, hatched, what lowers it, on one scale: in each column the
heights of the one less those of the other are the score.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ..page.elements import joined
from ..reasons.flow import OWN, SAME, Flow
from ..reasons.numbers import ALL_USERS, PERSONAL

GAP = 5.0  # px around what is drawn in a slot
SEEN = 0.5  # px: a thinner ribbon shows no hatching


class Size(NamedTuple):
    """px: the left edges of ways and lines, the columns' width, the height of all; the least height of a slot."""

    ways: float
    lines: float
    bar: float
    height: float
    slot: float
    way_slot: float


SMALL = Size(108, 141, 8, 314, 31, 27)
WIDE = Size(124, 166, 10, 590, 36, 30)


class Row(NamedTuple):
    """One line of the picture. line: its index in the reason; ways: what comes by each way, else `value` passes by."""

    kind: str
    line: int
    ways: tuple[float, ...]
    value: float


class Slot(NamedTuple):
    """Where a label stands (top, height) and the piece of its column beside it (y, size), px."""

    top: float
    height: float
    y: float
    size: float


class Ribbon(NamedTuple):
    """A cell between two columns: from the height `start` to the height `end`, both the upper edge; `size` px wide.

    columns: 0 = bar, 1 = ways, 2 = lines. group, way: of which line and way, -1 = of all or of none.
    """

    columns: tuple[int, int]
    start: float
    end: float
    size: float
    value: float
    kind: str
    group: int
    way: int


@dataclass(frozen=True, eq=False)
class Drawn:
    """scale: px for a score of 1. bar: (y, size, value, kind) of its pieces, from the top."""

    scale: float
    bar: tuple[tuple[float, float, float, str], ...]
    ways: tuple[Slot, ...]
    lines: tuple[Slot, ...]
    ribbons: tuple[Ribbon, ...]
    size: Size


def rows_of(flow: Flow, shown: int | None = None) -> list[Row]:
    """The lines of the picture, what all users get as one, last. shown: only so many of the person's ways."""
    ways, kept = ways_of(flow), kept_ways(flow, shown)
    rows, shared, kinds = [], 0.0, {line.kind for line in flow.lines}
    for index, line in enumerate(flow.lines):
        value = float(flow.values[index, kept].sum())
        if line.kind in ALL_USERS:
            shared += value
        elif line.kind in PERSONAL:
            cells = [float(flow.values[index, way]) if way in kept else 0.0 for way in ways]
            rows.append(Row(line.kind, index, tuple(cells), value))
        else:
            whole = line.kind == "unexplained" and "popular" in kinds  # all that is known of this person
            rows.append(Row("own" if line.kind == "own" or whole else "base", index, (), value))
    if any(line.kind in ALL_USERS for line in flow.lines):
        rows.append(Row("all", -1, (), shared))
    return rows


def ways_of(flow: Flow) -> list[int]:
    """The ways that the person's items take: not the own embedding, and not what is the same for all users."""
    return [n for n, way in enumerate(flow.ways) if way not in (OWN, SAME)]


def kept_ways(flow: Flow, shown: int | None) -> list[int]:
    """The ways that count where only the first `shown` of the person's are: those, and what passes them by."""
    ways = ways_of(flow)
    return [n for n in range(len(flow.ways)) if shown is None or n not in ways or ways.index(n) < shown]


# -- where things stand ------------------------------------------------------------------------------


def laid_out(flow: Flow, size: Size, shown: int | None = None) -> Drawn:
    """Places and widths. A step of `shown` moves no label: scale and slots are those of the whole flow."""
    n_ways = len(ways_of(flow))
    rows = rows_of(flow, shown)
    steps = np.stack([np.abs(_cells(rows_of(flow, step), n_ways)) for step in range(n_ways + 1)])
    now = _cells(rows, n_ways)
    sizes = steps.sum(2).max(0)  # (rows,) what each needs in any step: parts of the sum may cancel out later
    by_way = steps[-1][:, :-1].sum(0) if n_ways > 1 else np.zeros(0)
    scale = _scale(sizes, by_way, size)
    lines = _slots(sizes, np.abs(now).sum(1), scale, size.slot, size.height)
    own_rows = [n for n, row in enumerate(rows) if row.ways]
    room = lines[own_rows[-1]].top + lines[own_rows[-1]].height if own_rows else size.height
    ways = _slots(by_way, np.abs(now[:, :-1]).sum(0), scale, size.way_slot, room) if len(by_way) else []
    top = max(0.0, (size.height - scale * sizes.sum()) / 2)
    bar, ribbons = _ribbons(rows, now, scale, top, ways, lines)
    return Drawn(scale, tuple(bar), tuple(ways), tuple(lines), tuple(ribbons), size)


def _cells(rows: Sequence[Row], n_ways: int) -> NDArray[np.float64]:
    """(rows, ways + 1); the last column is what passes the ways by."""
    cells = np.zeros((len(rows), n_ways + 1))
    for n, row in enumerate(rows):
        if row.ways:
            cells[n, :-1] = row.ways
        else:
            cells[n, -1] = row.value
    return np.nan_to_num(cells, nan=0.0, posinf=0.0, neginf=0.0)


def _scale(lines: NDArray[np.float64], ways: NDArray[np.float64], size: Size) -> float:
    """The largest scale at which all columns fit, with room for their labels."""
    high = size.height / max(float(lines.sum()), 1e-12)
    low, least = 0.0, ((lines, size.slot), (ways, size.way_slot))

    def fits(scale: float) -> bool:
        return all(np.maximum(slot, scale * sizes + GAP).sum() <= size.height for sizes, slot in least)

    if fits(high):
        return high
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


def _slots(
    whole: NDArray[np.float64], now: NDArray[np.float64], scale: float, least: float, room: float
) -> list[Slot]:  # fmt: skip
    """One under the other; what is left of the room lies between them."""
    heights = np.maximum(least, scale * whole + GAP)
    spare = max(0.0, room - float(heights.sum())) / max(len(heights), 1)
    slots, top = [], 0.0
    for height, value in zip((heights + spare).tolist(), now.tolist(), strict=True):
        slots.append(Slot(top, height, top + (height - scale * value) / 2, scale * value))
        top += height
    return slots


def _ribbons(
    rows: Sequence[Row], cells: NDArray[np.float64], scale: float, top: float, ways: Sequence[Slot], lines: Sequence[Slot]
) -> tuple[list[tuple[float, float, float, str]], list[Ribbon]]:  # fmt: skip
    """The pieces of the bar, and all ribbons. In each piece of a column, what raises the score lies above."""
    bar: list[tuple[float, float, float, str]] = []
    ribbons: list[Ribbon] = []
    at_line = [slot.y for slot in lines]
    n_ways = cells.shape[1] - 1
    low = top

    def piece(value: float, kind: str) -> float:
        """One more piece at the bar's end: its upper edge."""
        nonlocal low
        here = low
        low += scale * abs(value)
        bar.append((here, scale * abs(value), value, kind))
        return here

    for sign in (1, -1):  # (row, way) cells above zero, then those below
        for way in range(n_ways):
            some = [(n, float(cells[n, way])) for n in range(len(rows)) if cells[n, way] * sign > 0]
            total = sum(value for _, value in some)
            if not total:
                continue
            start = piece(total, "mine")
            if ways:
                before = scale * float(cells[:, way][cells[:, way] > 0].sum()) if sign < 0 else 0.0
                at_way = ways[way].y + before
                ribbons.append(Ribbon((0, 1), start, at_way, scale * abs(total), total, "mine", -1, way))
                start = at_way
            for n, value in some:
                columns = (1, 2) if ways else (0, 2)
                ribbons.append(Ribbon(columns, start, at_line[n], scale * abs(value), value, "mine", n, way))
                start += scale * abs(value)
                at_line[n] += scale * abs(value)
    for n, row in enumerate(rows):
        value = float(cells[n, -1])
        if value:
            start = piece(value, row.kind)
            ribbons.append(Ribbon((0, 2), start, at_line[n], scale * abs(value), value, row.kind, n, -1))
    return bar, ribbons


# -- drawn -------------------------------------------------------------------------------------------


def svg(drawn: Drawn, name: str) -> Markup:
    """The flow without its labels. name: of the hatching, one of its own on each page."""
    size, (left, middle, right) = drawn.size, _edges(drawn)
    ends = {0: (left + size.bar, left), 1: (middle + size.bar, middle), 2: (right + size.bar, right)}
    paths = joined(
        _path(ribbon, ends[ribbon.columns[0]][0], ends[ribbon.columns[1]][1], name) for ribbon in drawn.ribbons
    )
    columns = [_rect(left, y, high, value, kind, size.bar) for y, high, value, kind in drawn.bar]
    for ribbon in drawn.ribbons:
        x = middle if ribbon.columns[1] == 1 else right
        columns.append(_rect(x, ribbon.end, ribbon.size, ribbon.value, ribbon.kind, size.bar))
    return Markup(
        '<svg width="{w:.0f}" height="{h:.0f}" viewBox="0 0 {w:.0f} {h:.0f}" aria-hidden="true"><defs><pattern id="{name}" '
        'width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
        '<path d="M0 0V5" class="rw-hatch"/></pattern></defs>{paths}{columns}</svg>'
    ).format(w=right + size.bar, h=size.height, name=name, paths=paths, columns=joined(columns))  # fmt: skip


def _edges(drawn: Drawn) -> tuple[float, float, float]:
    """The columns' left edges; without ways the lines stand where these would be."""
    size = drawn.size
    return 0.0, size.ways, size.lines if drawn.ways else size.ways * 0.55


def _path(ribbon: Ribbon, x0: float, x1: float, name: str) -> Markup:
    a, b, high, middle = ribbon.start, ribbon.end, ribbon.size, (x0 + x1) / 2
    return Markup(
        '<path class="rw-rib rw-rib-{kind}{group}{way}" d="M{x0:.0f} {a:.2f}C{m:.0f} {a:.2f} {m:.0f} {b:.2f} {x1:.0f} '
        '{b:.2f}V{bb:.2f}C{m:.0f} {bb:.2f} {m:.0f} {aa:.2f} {x0:.0f} {aa:.2f}Z"{hatched}/>'
    ).format(
        kind=ribbon.kind, group=f" rw-g{ribbon.group}" if ribbon.group >= 0 else "",
        way=f" rw-w{ribbon.way}" if ribbon.way >= 0 else "", x0=x0, x1=x1, m=middle, a=a, b=b, aa=a + high, bb=b + high,
        hatched=Markup(' style="fill:url(#{})"').format(name) if ribbon.value < 0 else "",
    )  # fmt: skip


def _rect(x: float, y: float, high: float, value: float, kind: str, wide: float) -> Markup:
    if high <= 0:
        return Markup("")
    return Markup('<rect class="rw-col rw-col-{}{}" x="{:.0f}" y="{:.2f}" width="{:.0f}" height="{:.2f}"/>').format(
        kind, " rw-col-minus" if value < 0 else "", x, y, wide, max(high, 0.75)
    )


def width(drawn: Drawn) -> float:
    """px of the picture without its labels."""
    return _edges(drawn)[2] + drawn.size.bar


def hatched(drawn: Drawn) -> bool:
    """Does a ribbon lower the score, and is it wide enough to be seen?"""
    return any(ribbon.value < 0 and ribbon.size >= SEEN for ribbon in drawn.ribbons)


def column_sums(drawn: Drawn) -> Iterable[float]:
    """What is above zero less what is below, of each column: the score, as it is drawn."""
    yield sum(np.sign(value) * high for _, high, value, _ in drawn.bar) / (drawn.scale or 1.0)
    passing = sum(np.sign(r.value) * r.size for r in drawn.ribbons if r.columns == (0, 2))
    if drawn.ways:
        yield (sum(np.sign(r.value) * r.size for r in drawn.ribbons if r.columns == (0, 1)) + passing) / drawn.scale
    yield (sum(np.sign(r.value) * r.size for r in drawn.ribbons if r.columns[1] == 2)) / (drawn.scale or 1.0)
