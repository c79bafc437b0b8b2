"""Why, for the session: a flow from the score to the last films, newest first, with what each weighs and adds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple

import numpy as np
from markupsafe import Markup

from ..answer import Answer
from ..core import Explanation, Part, worded
from ..page.elements import button, joined
from ..page.terms import term
from ..reasons.numbers import ALL_USERS
from ..reasons.reason import Reason
from . import parts
from ._base import AWAY, Selected, Why

DIGITS = 3
WIDTH, BAR = 84, 10  # px of the flow; of the score's bar, and of what is taken from it beside


@dataclass(frozen=True)
class Size:
    """films: how many are shown one by one. row: px of each of them; tail: px of all lines below together."""

    films: int
    row: int
    tail: int


SMALL, LARGE = Size(9, 21, 84), Size(10, 36, 180)


class Row(NamedTuple):
    """One line: what it is called, its value, weight in the query and stars (words, "" for none).

    index: the film, -1 for what stands for several or for none. gone: taken out, so that it adds nothing.
    """

    label: str
    full: str
    value: float
    kind: str
    weight: str = ""
    stars: str = ""
    index: int = -1  # type: ignore[assignment]  # tuples have a method of that name, which nobody needs here
    gone: bool = False


def rows_of(
    answer: Answer | None,
    explanation: Explanation,
    gone: Sequence[int] = (),
    order: Sequence[int] = (),
    films: int = 9,
    names: Mapping[str, str] | None = None,
) -> tuple[list[Row], list[Row]]:
    """(the newest films one by one, what else makes the score): together they add up to it, as the parts do.

    gone: items that were taken out; they stand where they stood in `order`, the history before (newest first).
    names: of what is of no film.
    """
    there = [part for part in explanation.parts if part.kind == "film"]
    shown = [_film(answer, part) for part in there[:films]]
    lost = [item for item in gone if item not in {part.index for part in there}]
    if answer is not None and lost:
        by_index = {row.index: row for row in shown}
        for item in lost:
            by_index[item] = Row(answer.title(item)[0], answer.full_title(item), 0.0, "film", index=item, gone=True)
        shown = [by_index[item] for item in in_place([row.index for row in shown], lost, order)]
    first = shown[:films]
    before = there[sum(not row.gone for row in first) :]
    rest = []
    if before:
        n = len(before)
        one = "film" if answer is None else answer.data.noun
        rest.append(Row(f"{n} {one}{'' if n == 1 else 's'} before", "", sum(part.value for part in before), "before"))
    for kind, name in parts.NAMES.items():
        if any(part.kind == kind for part in explanation.parts):
            name = name if answer is None else worded(answer.data, name)
            rest.append(Row((names or NAMES).get(kind, name), name, explanation.total(kind), kind))
    if others := [part for part in explanation.parts if part.kind not in ("film", *parts.NAMES)]:
        label = others[0].label if len(others) == 1 else "other contributions"
        rest.append(Row(label, "", sum(part.value for part in others), "before"))
    return first, rest


NAMES = {"own": "own embedding", "base": "by itself, for all users"}
BEYOND = {"own": "own embedding", "base": "what all users get"}


def beyond_average(answer: Answer, explanation: Explanation, reason: Reason | None) -> Explanation | None:
    """The parts as the headline and the list's bars have them: what a film adds beyond as much of the average user.

    They add up to the same score. None where the reason does not say what each film adds so.
    """
    lines = () if reason is None else reason.lines
    if reason is None or not any(line.kind == "average" for line in lines) or reason.raters is not None:
        return None
    added = {id_: value for line in lines for id_, value in zip(line.items, line.values, strict=True)}
    films = [part for part in explanation.parts if part.kind == "film"]
    ids = answer.data.items[np.array([part.index for part in films], np.intp)].tolist()
    if not set(ids) <= set(added):
        return None
    found = [part._replace(value=added[id_], terms=()) for part, id_ in zip(films, ids, strict=True)]
    shared = sum(line.value for line in lines if line.kind in ALL_USERS)
    for line in lines:
        if not line.items and line.kind not in ALL_USERS:
            found.append(Part(line.label, "own" if line.kind == "own" else line.kind, line.value))
    return replace(explanation, parts=(*found, Part(BEYOND["base"], "base", shared)))


def _film(answer: Answer | None, part: Part) -> Row:
    inside = answer is not None and part.index >= 0
    label = answer.title(part.index)[0] if inside and answer is not None else part.label
    stars = "" if answer is None else stars_of(answer, part.index)
    return Row(label, part.label, part.value, "film", _percent(part.weight), stars, part.index)


def stars_of(answer: Answer, item: int) -> str:
    """ "4.5★", as the person rated the item; "" where the data do not say."""
    data, user = answer.data, answer.person.user
    if user is None or not data.has_ratings or item < 0:
        return ""
    rows = data.rows_of(user)
    rows = rows[data.item[rows] == item]
    return f"{data.rating[rows.max()]:g}★" if len(rows) else ""


def _percent(weight: float) -> str:
    if not math.isfinite(weight):
        return ""
    return f"{100 * weight:.0f} %" if weight >= 0.0095 or weight == 0 else "<1 %"


def in_place(now: Sequence[int], gone: Sequence[int], order: Sequence[int]) -> list[int]:
    """The films that are there, newest first, and those taken out, each behind whoever stood before it in `order`.

    One that `order` does not have comes first.
    """
    found, where = list(now), {item: n for n, item in enumerate(order)}
    for item in sorted(gone, key=lambda one: where.get(one, -1)):
        newer = set(order[: where.get(item, 0)])
        at = [n for n, one in enumerate(found) if one in newer]
        found.insert(at[-1] + 1 if at else 0, item)
    return found


# -- the flow ----------------------------------------------------------------------------------------


class Band(NamedTuple):
    """A ribbon from the score to a line, px: top at the left, top at the right, and how wide."""

    left: float
    right: float
    width: float
    down: bool
    kind: str


class Flow(NamedTuple):
    """scale: px per unit of the score. heights: of the lines below the films. top: of the score's bar."""

    bands: list[Band]
    scale: float
    heights: list[float]
    top: float
    up: float
    down: float


def flow_of(first: Sequence[Row], rest: Sequence[Row], size: Size) -> Flow:
    """Where each ribbon begins and ends; widths are |value| · scale, so that those up less those down are the score."""
    values = [row.value if math.isfinite(row.value) else 0.0 for row in [*first, *rest]]
    films, others = values[: len(first)], values[len(first) :]
    scale = _scale(films, others, size)
    heights = _heights(others, scale, size)
    up, down = sum(v for v in values if v > 0) * scale, -sum(v for v in values if v < 0) * scale
    whole = size.row * len(first) + sum(heights)
    top = max(0.0, (whole - up) / 2)
    slots = [size.row * (n + 0.5) for n in range(len(first))]
    y = float(size.row * len(first))
    for height in heights:
        slots.append(y + height / 2)
        y += height
    at_up, at_down = top, top + up - down
    bands = []
    for row, value, middle in zip([*first, *rest], values, slots, strict=True):
        wide = abs(value) * scale
        bands.append(Band(at_up if value >= 0 else at_down, middle - wide / 2, wide, value < 0, row.kind))
        at_up, at_down = (at_up + wide, at_down) if value >= 0 else (at_up, at_down + wide)
    return Flow(bands, scale, heights, top, up, down)


def _scale(films: list[float], others: list[float], size: Size) -> float:
    """The largest at which each film's ribbon fits its row, and those below fit together."""
    most = max(map(abs, films), default=0.0)
    limit = (size.row - 2) / most if most else math.inf
    if not any(others):
        return limit if math.isfinite(limit) else 1.0
    low, high = 0.0, min(limit, size.tail / max(map(abs, others)))
    if sum(max(_least(others, size), abs(v) * high + 2) for v in others) <= size.tail:
        return high
    for _ in range(40):
        middle = (low + high) / 2
        fits = sum(max(_least(others, size), abs(v) * middle + 2) for v in others) <= size.tail
        low, high = (middle, high) if fits else (low, middle)
    return low


def _least(others: list[float], size: Size) -> float:
    """The least height of a line below the films."""
    return min(19.0, size.tail / len(others))


def _heights(others: list[float], scale: float, size: Size) -> list[float]:
    return [max(_least(others, size), abs(v) * scale + 2) for v in others]


def svg(flow: Flow, height: float, score: str) -> Markup:
    ribbons = joined(_ribbon(band) for band in flow.bands if band.width > 0)
    bar = Markup('<rect class="rw-time-bar" x="0" y="{:.1f}" width="{}" height="{:.1f}"/>').format(
        flow.top, BAR, max(flow.up, 0.0)
    )
    end = flow.top + flow.up - flow.down
    lost = _hatched(BAR + 5, end, BAR + 5, flow.top + flow.up) if flow.down else Markup("")
    mark = Markup('<path class="rw-time-mark" d="M0 {0:.1f}H{1}"/>').format(end, 2 * BAR) if flow.down else Markup("")
    return Markup(
        '<svg class="rw-time-svg" width="{w}" height="{h:.0f}" viewBox="0 0 {w} {h:.0f}" role="img" aria-label="From the score, '
        '{score}, to what makes it">{ribbons}{bar}{lost}{mark}</svg>'
    ).format(w=WIDTH, h=height, score=score, ribbons=ribbons, bar=bar, lost=lost, mark=mark)


def _ribbon(band: Band) -> Markup:
    x0, x1 = (2 * BAR if band.down else BAR), WIDTH - 6
    a, b, h, m = band.left, band.right, band.width, (x0 + x1) / 2
    if band.down:  # hatched along its way, as wide
        return Markup(
            '<path class="rw-time-less" style="stroke-width:{h:.2f}px" d="M{x0} {a:.2f}C{m:.1f} {a:.2f} {m:.1f} {b:.2f} {x1} {b:.2f}H{end}"/>'
        ).format(h=h, x0=x0, x1=x1, m=m, a=a + h / 2, b=b + h / 2, end=WIDTH)
    node = Markup('<rect class="rw-time-node rw-time-{}" x="{}" y="{:.2f}" width="6" height="{:.2f}"/>').format(
        band.kind, x1, b, h
    )
    return node + Markup(
        '<path class="rw-time-way rw-time-{kind}" data-width="{h:.4f}" d="M{x0} {a:.2f}C{m:.1f} {a:.2f} {m:.1f} {b:.2f} {x1} {b:.2f}'
        'V{d:.2f}C{m:.1f} {d:.2f} {m:.1f} {c:.2f} {x0} {c:.2f}Z"/>'
    ).format(kind=band.kind, h=h, x0=x0, x1=x1, m=m, a=a, b=b, c=a + h, d=b + h)


def _hatched(x0: float, y0: float, x1: float, y1: float) -> Markup:
    return Markup('<path class="rw-time-less" style="stroke-width:{}px" d="M{} {:.2f}L{} {:.2f}"/>').format(
        BAR, x0, y0, x1, y1
    )


# -- the page ----------------------------------------------------------------------------------------


def timeline(
    explanation: Explanation, gone: Sequence[int] = (), order: Sequence[int] = (), answer: Answer | None = None,
    wide: bool = False, back: int | None = None, names: Mapping[str, str] | None = None, less: int = 0,
) -> Markup:  # fmt: skip
    """The flow and its lines: a film's stars, weight in the query, what it adds, and a button to take it out.

    gone: items that were taken out, which stand where they stood in `order`; back: the one that can be put back.
    less: px that something else above it takes.
    """
    size = LARGE if wide else SMALL
    size = replace(size, films=size.films - math.ceil(less / size.row))
    first, rest = rows_of(answer, explanation, gone, order, size.films, names)
    flow = flow_of(first, rest, size)
    values = parts.as_shown([row.value for row in [*first, *rest]], explanation.score, DIGITS)
    score = parts.minus(round(explanation.score, DIGITS), DIGITS)
    films = joined(
        _film_row(row, value, size.row, row.index == back) for row, value in zip(first, values, strict=False)
    )
    below = joined(
        Markup('<li class="rw-else" style="height:{:.1f}px" title="{}"><span>{}</span><span class="rw-num">{}</span>'
               '<span class="rw-num">{}</span><span></span></li>').format(
            height, row.full, row.label, row.weight, parts.minus(value, DIGITS)
        )
        for row, value, height in zip(rest, values[len(first) :], flow.heights, strict=True)
    )  # fmt: skip
    return Markup(
        '<div class="rw-times"><p class="rw-times-head"><span>Score {score}</span><span>newest first</span><span class="rw-num">{weight}</span>'
        '<span class="rw-num">{adds}</span><span></span></p>{svg}<ol class="rw-timeline">{films}{below}</ol>'
        '<p class="rw-times-score"><span>Score</span><span class="rw-num">{score}</span></p></div>'
        '<div class="rw-times-foot"><span title="Before and after each click of the session">Slow motion</span>{earlier}{on}'
        '<span class="rw-cap">{key}</span></div>'
    ).format(
        svg=svg(flow, size.row * len(first) + sum(flow.heights), score), films=films, below=below, score=score,
        weight=term("recency weight", "weight"), adds=term("beyond average" if names else "contribution", "adds"),
        earlier=button("One click back", "click", -1, classes="rw-small"),
        on=button("on", "click", 1, classes="rw-small", name="One click on"), key="hatched: lowers it" if flow.down else "",
    )  # fmt: skip


def _film_row(row: Row, value: float, height: int, last: bool) -> Markup:
    """A film's line. The button stays the same element when the film goes: only what it does is another thing then,
    and it then stands elsewhere, so that a second press on the same spot does nothing."""
    name = Markup('<span class="rw-title" title="{}"><span>{}</span><small>{}</small></span>').format(
        row.full, row.label, row.stars
    )
    if row.gone:
        back = Markup(
            '<button type="button" class="rw-back" data-act="put-back" data-value="{}" aria-label="Put {} back">put back</button>'
        )
        return Markup('<li class="rw-gone" style="height:{}px">{}<span class="rw-num"></span><span class="rw-num">–</span>{}</li>').format(
            height, name, back.format(row.index, row.full) if last else Markup("<span></span>")
        )  # fmt: skip
    out = Markup("<span></span>")
    if row.index >= 0:
        out = Markup(
            '<button type="button" class="rw-out" data-act="drop" data-value="film:{}" title="take out" '
            'aria-label="Take out {}, which adds {}">×</button>'
        ).format(row.index, row.full, parts.minus(value, DIGITS))
    return Markup('<li style="height:{}px">{}<span class="rw-num">{}</span><span class="rw-num">{}</span>{}</li>').format(
        height, name, row.weight, parts.minus(value, DIGITS), out
    )  # fmt: skip


class TimelineWhy(Why):
    """The session's last films, newest first, and how much of the score each of them makes."""

    needs: ClassVar[str] = "weights"

    def pictures(self) -> list[Any]:
        # newest first, as last drawn and for whom: a film that is taken out stays where it was
        self._order: tuple[int | None, list[int]] = (None, [])
        return []

    def draw(self, selected: Selected) -> None:
        answer, item, explanation = selected.answer, selected.item, selected.explanation
        assert answer is not None and item is not None
        if explanation is None:  # a model of one's own that has weights and does not take its scores apart
            return super().draw(selected)
        gone, person = answer.excluded.tolist(), answer.person
        whose, order = self._order
        if whose != person.user or not set(gone) <= set(order):
            order = [] if person.user is None else answer.data.history(person.user)[::-1].tolist()
        self._order = (person.user, in_place(person.history[::-1].tolist(), gone, order))
        beyond = beyond_average(answer, explanation, selected.reason)
        names = None
        if beyond is not None:
            explanation = beyond
            names = BEYOND if person.user is not None else BEYOND | {"own": "no own embedding"}
        less = AWAY if selected.away else 0
        flow = timeline(explanation, gone, self._order[1], answer, selected.wide, selected.back, names, less)
        self.show_only(self.heading(selected) + flow)
