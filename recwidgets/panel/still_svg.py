"""A still panel as one picture: chart, list and reason in an SVG document that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ..page.elements import joined
from ..page.svg import DRAWN, fill, line, lines_of_text, picture, rectangle, stroke, text, width_of
from .still import Row, Still, table

WIDTH, EDGE, GAP = 820.0, 16.0, 24.0
COLUMN = float(DRAWN[0])
LIST = EDGE + COLUMN + GAP  # where the list begins
ROOM = WIDTH - 2 * EDGE
STEP = 22.0  # px a row
KINDS = ("accent", "own", "quiet")  # the colours of the parts of a score
CALL = 4  # lines of the call that makes it live


def svg_of(still: Still) -> Markup:
    """The picture; its description is the list and the reason in words."""
    parts = [_head(still)]
    top = 76.0
    if still.empty:
        said, bottom = lines_of_text(EDGE, top + 14, still.empty, ROOM, ink="ink2")
    else:
        left, left_end = chart_column(still, top) if still.chart else (Markup(""), top)
        x = LIST if still.chart else EDGE
        right, right_end = rows_of(still, x, top, WIDTH - EDGE - x) if still.rows else (Markup(""), top)
        said, bottom = left + right, max(left_end, right_end)
        if still.film or still.headline:
            why, bottom = _why(still, bottom + 8)
            said += why
    parts.append(said)
    live, height = call_of(still.setup, bottom + 8, ROOM)
    frame = rectangle(0.5, 0.5, WIDTH - 1, height - 1, fill("surface") + stroke("rule"), 6)
    described = " ".join(filter(None, (still.sentence, table(still.rows), still.headline, still.empty)))
    return picture(WIDTH, height, still.title, described, joined([frame, *parts, live]))


def _head(still: Still) -> Markup:
    return joined(
        [
            text(EDGE, 27, still.label, size=16, bold=True, room=ROOM - 450),
            text(WIDTH - EDGE, 26, still.data, size=11, ink="ink2", anchor="end", room=430),
            text(EDGE, 49, f"{still.name} · {still.facts}", size=12, room=ROOM),
            line(0, 60, WIDTH, 60, stroke("rule")),
        ]
    )


def chart_column(still: Still, top: float) -> tuple[Markup, float]:
    """The chart with its title and what is said of it; in words where it has no drawing."""
    head = text(EDGE, top + 10, still.chart, size=13, bold=True, room=COLUMN)
    caption, y = lines_of_text(EDGE, top + 27, still.caption, COLUMN, size=11, step=14, ink="ink2", most=3)
    if still.drawing:
        drawn = Markup('<g transform="translate({:.1f} {:.1f})">{}</g>').format(EDGE, y - 4, still.drawing)
        y += DRAWN[1] + 8
    else:
        drawn, y = lines_of_text(EDGE, y + 8, still.sentence, COLUMN, most=12)
    made = [head, caption, drawn]
    for said in still.notes:
        more, y = lines_of_text(EDGE, y + 4, said, COLUMN, size=11, step=14, ink="ink2", most=4)
        made.append(more)
    return joined(made), y


def rows_of(still: Still, x: float, top: float, room: float) -> tuple[Markup, float]:
    """The list: rank, title and year, score, what it is made of, ✓."""
    bars = bool(still.parts)
    made = [text(x, top + 10, f"{still.heading[:1].upper()}{still.heading[1:]}", size=13, bold=True, room=room)]
    y = top + 20
    for row in still.rows:
        made.append(_row(row, x, y, room, 84.0 if bars else 0.0))
        y += STEP
    y += 14
    if bars:
        made.append(_legend(still.parts, x, y))
        y += 17
    foot, y = lines_of_text(x, y, still.foot, room, size=11, step=14, ink="ink2", most=2)
    return joined([*made, foot]), y


def _row(row: Row, x: float, y: float, room: float, bar: float) -> Markup:
    right, base = x + room, y + 15
    score_at = right - 22 - bar - (10 if bar else 0)
    slot = f"film-{row.slot}" if row.slot else ""
    made = []
    if row.chosen:
        made += [rectangle(x, y, room, STEP, fill("tint"), 3), rectangle(x, y, 3, STEP, fill("accent"))]
    if slot:
        made.append(rectangle(x + 6, y + 2, 22, 18, fill(slot), 3))
    made.append(text(x + 17, base, row.rank, ink="on-film" if slot else "ink2", bold=True, anchor="middle"))
    move = 34.0 if row.move else 0.0
    room_of = score_at - 44 - move - x - 36
    made.append(
        text(x + 36, base, short(row.title, room_of - 34), size=13, room=room_of, title=row.full, after=row.year)
    )
    if row.move:
        made.append(text(score_at - 46, base, row.move, size=11, ink="ink2", anchor="end"))
    made.append(text(score_at, base, row.score, size=13, anchor="end"))
    if bar and row.parts:
        made.append(bar_of(row.parts, right - 22 - bar, y + 7, bar))
    if row.later:
        made.append(text(right - 4, base, "✓", size=13, ink="good", bold=True, anchor="end"))
    return joined(made)


def short(title: str, room: float, size: float = 13) -> str:
    """A title without its other names in brackets, where there is no room for them."""
    return title[: title.index(" (", 1)] if " (" in title[1:] and width_of(title, size) > room else title


def bar_of(parts: Sequence[float], x: float, y: float, room: float) -> Markup:
    """What a score is made of, one after the other; what is taken away stands last, as an outline."""
    made = []
    for value, kind in sorted(zip(parts, KINDS, strict=True), key=lambda part: part[0] < 0):
        wide = abs(value) * room
        if wide < 0.1:
            continue
        look = fill(kind) if value > 0 else fill("surface") + stroke("line", 1, "2 2")
        made.append(rectangle(x, y, wide - 1, 8, look))
        x += wide
    return joined(made)


def _legend(names: Sequence[str], x: float, y: float) -> Markup:
    made = [text(x, y, "Score =", size=11, ink="ink2")]
    x += 50
    for name, kind in zip(names, KINDS, strict=True):
        made += [rectangle(x, y - 8, 9, 9, fill(kind), 2), text(x + 14, y, f"{name}", size=11, ink="ink2")]
        x += 32 + width_of(name, 11)
    return joined(made)


def _why(still: Still, y: float) -> tuple[Markup, float]:
    rule = line(EDGE, y, WIDTH - EDGE, y, stroke("rule"))
    head = text(EDGE, y + 20, f"Why {still.film}" if still.film else "Why", size=13, bold=True, room=ROOM)
    said, bottom = lines_of_text(EDGE, y + 38, still.headline, ROOM, size=13, step=17, most=5)
    return joined([rule, head, said]), bottom


def call_of(setup: str, y: float, room: float) -> tuple[Markup, float]:
    """The line that makes it live, and the height of the whole."""
    words = text(
        EDGE + 8,
        y + 17,
        "A picture of the panel as it was first shown. Its cell, or this line, makes it live:",
        size=11,
        ink="ink2",
    )
    call, bottom = lines_of_text(EDGE + 8, y + 34, setup, room - 16, size=11, step=14, most=CALL, mono=True)
    field = rectangle(EDGE, y, room, bottom - y, fill("soft"), 4)
    return joined([field, words, call]), bottom + 12
