"""The first tab: a headline that counts, and the flow with its lines, which is the table as well. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from ..answer import Answer, rounded
from ..data import Interactions, display_title
from ..page.elements import joined
from ..page.terms import TERMS
from ..reasons.flow import OWN, Flow, Line
from ..reasons.numbers import ALL_USERS, digits_of
from ..reasons.reason import Reason
from . import flow, parts
from .flow import Drawn, Row, Size

HATCHED = Markup('<small class="rw-flow-key"><i class="rw-hatched"></i>hatched: lowers it</small>')
NAMED = 3  # items that a line names
LONG = 195  # characters that fit into a headline's four lines in a narrow panel
#: how a headline begins where it counts; the first that fits is emphasised
COUNTS = re.compile(
    r"(?:Popular with all users|(?:Your|User .+?’s) only (?:film|item)(?=,| speaks| adds)|No single (?:film|item) stands out"
    r"|(?:[\d,]+|None|All) of the [\d,]+ nearest neighbours|(?:Your|User .+?’s) [\d,]+ (?:film|item)s(?= speak against| add nothing)"
    r"|[\d,]+ of .+? (?:film|item)s?(?=, each asked alone)|The last [\d,]+ of .+? (?:film|item)s(?= add| take)"
    r"|[\d,]+ (?:other )?(?:film|item)s? .+?(?= add))"
)


def headline(reason: Reason) -> Markup:
    """Always as high: four lines, or five smaller ones, with the whole text on hover where it is longer."""
    text = reason.headline
    found = COUNTS.match(text)
    end = found.end() if found else 0
    return Markup('<p class="rw-headline{}" title="{}"><span>{}{}</span></p>').format(
        " rw-long" if len(text) > LONG else "", text, Markup("<b>{}</b>").format(text[:end]) if end else "", text[end:]
    )


def markup(answer: Answer, reason: Reason, size: Size, name: str, shown: int | None = None) -> Markup:
    """The flow with its labels. name: of its hatching, unlike that of other panels. shown: so many ways of the model."""
    drawn, rows = flow.laid_out(reason.flow, size, shown), flow.rows_of(reason.flow, shown)
    whole = sum(row.value for row in rows)
    digits = digits_of(reason.score)
    values = parts.lines_as_shown([row.value for row in rows], [row.kind for row in rows], whole, digits)
    mine = sum(value for row, value in zip(rows, values, strict=True) if row.ways)
    names = names_of(answer, reason)
    lines = joined(
        _line(answer, reason, row, slot, n, value, digits, shown, names)
        for n, (row, slot, value) in enumerate(zip(rows, drawn.lines, values, strict=True))
    )
    score = parts.minus(round(reason.score, digits), digits)
    part = shown is not None and shown < len(flow.ways_of(reason.flow))
    foot = ("So far", f"{parts.minus(round(whole, digits), digits)} of {score}") if part else ("Score", score)
    key = HATCHED if flow.hatched(drawn) else Markup("")  # left of the score; without ways there is room only beside it
    left, beside = (key, "") if drawn.ways else ("", key)
    return Markup(
        '<div class="rw-flow" style="height:{height:.0f}px;--rw-flow-x:{x:.0f}px">{svg}{ways}<ol class="rw-flow-lines" '
        'aria-label="What the score is made of">{lines}</ol>{left}<p class="rw-flow-score"><span>{word}</span>{beside}<b class="rw-num">{score}</b></p></div>'
    ).format(
        height=size.height + 22, x=flow.width(drawn) + 6, svg=flow.svg(drawn, name), lines=lines, word=foot[0], score=foot[1],
        ways=_ways(reason.flow, drawn, rows, mine, digits, shown), left=left, beside=beside,
    )  # fmt: skip


# -- the lines ---------------------------------------------------------------------------------------


def _line(
    answer: Answer, reason: Reason, row: Row, slot: flow.Slot, n: int, value: float, digits: int, shown: int | None,
    names: dict[int, str],
) -> Markup:  # fmt: skip
    if row.line < 0:
        label, full, more = "What all users get", "what all users get", _all_users(reason.flow, value, digits, shown)
    else:
        line = reason.lines[row.line]
        label, full, more = short(line.label), line.label, names[row.line]
    number = parts.minus(value, digits)
    inner = Markup('<span>{}</span><b class="rw-num">{}</b><small>{}</small>').format(label, number, more)
    title = f"{full}: {number}{f' ({more})' if more else ''}"
    if row.line < 0:
        title = f"{title}. {TERMS['what all users get']}"
    if row.line >= 0 and reason.lines[row.line].items:
        inner = Markup(
            '<button type="button" data-act="open" data-value="{}" title="{}; select to see each">{}</button>'
        ).format(row.line, title, inner)
    else:
        inner = Markup('<div title="{}">{}</div>').format(title, inner)
    return Markup('<li class="rw-g{}" style="top:{:.1f}px;height:{:.1f}px">{}</li>').format(
        n, slot.top, slot.height, inner
    )


def _all_users(flow_: Flow, value: float, digits: int, shown: int | None) -> str:
    """ "popular 3.70, this one −1.39": the two add up to the value shown."""
    kept = flow.kept_ways(flow_, shown)
    both = [
        float(flow_.values[n, kept].sum()) for kind in ALL_USERS for n, line in enumerate(flow_.lines)
        if line.kind == kind
    ]  # fmt: skip
    if len(both) != 2:
        return ""
    first, second = rounded(both, digits, value) if np.isfinite(both).all() else both
    return f"popular {parts.minus(first, digits)}, this one {parts.minus(second, digits)}"


def short(label: str) -> str:
    """A line's label where there is little room: the heading says that it is of films."""
    label = label.replace("what it gets beyond this", "beyond that, for this user")
    label = label.removesuffix(", which others have")
    label = re.sub(r"^the (?=[\d,]+ )", "", label)
    label = re.sub(r"^([\d,]+) neighbours? who ", r"\1 ", label)
    label = re.sub(r"^([\d,]+) (?:film|item)s? (that|before)", r"\1 \2", label)
    label = re.sub(r"^([\d,]+) (?:other )?(?:film|item)s? of the genre ", r"\1 in ", label)
    label = re.sub(r"^([\d,]+) (?:other )?(?:film|item)s? of the (?=\d{3}0s$)", r"\1 from the ", label)
    return label[:1].upper() + label[1:]


def names_of(answer: Answer, reason: Reason) -> dict[int, str]:
    """Two or three examples of each line: titles, or users with their rating."""
    data, found = answer.data, {}
    rated = stars(data, data.item_index(reason.item)) if reason.raters is not None else {}
    for n, line in enumerate(reason.lines):
        some = examples(line)
        if line.kind == "own":
            found[n] = "beyond the average user’s" if line.label == OWN else "others have one"
        elif not some or (len(line.items) == 1 and line.kind == "recent"):
            found[n] = ""
        elif reason.raters is not None:
            found[n] = ", ".join(f"user {user} {rated.get(data.user_index(user), '')}".strip() for user in some)
        else:
            found[n] = ", ".join(display_title(str(data.titles[data.item_index(item)]))[0] for item in some)
    return found


def examples(line: Line) -> list[str]:
    """The ids that say most for what the line says."""
    order = np.argsort([-value if line.value >= 0 else value for value in line.values], kind="stable")
    return [line.items[n] for n in order[:NAMED].tolist()]


def stars(data: Interactions, item: int) -> dict[int, str]:
    """How each user who rated an item rated it: "4.5★"; "✓" in data without ratings."""
    rows = np.flatnonzero(data.item == item)
    return {
        user: f"{rating:g}★" if data.has_ratings else "✓"
        for user, rating in zip(data.user[rows].tolist(), data.rating[rows].tolist(), strict=True)
    }


def own_stars(data: Interactions, user: int | None, items: Sequence[int] | None = None) -> dict[int, str]:
    """How a user rated each item, or some; nothing for somebody new, or without ratings."""
    if user is None or not data.has_ratings:
        return {}
    rows = data.rows_of(user)
    if items is not None:
        rows = rows[np.isin(data.item[rows], items)]
    return {
        item: f"{rating:g}★" for item, rating in zip(data.item[rows].tolist(), data.rating[rows].tolist(), strict=True)
    }


# -- the ways ----------------------------------------------------------------------------------------


def _ways(
    flow_: Flow, drawn: Drawn, rows: Sequence[Row], mine: float, digits: int, shown: int | None
) -> Markup:  # fmt: skip
    """Each way's name and number left of its piece. The numbers add up to what the person's lines show."""
    if not drawn.ways:
        return Markup("")
    totals = [sum(row.ways[n] for row in rows if row.ways) for n in range(len(drawn.ways))]
    values = rounded(totals, digits, mine) if np.isfinite(totals).all() else totals
    size = drawn.size
    items = joined(
        Markup('<li class="rw-w{}{}" style="top:{:.1f}px;height:{:.1f}px;width:{:.0f}px" title="{}"><span>{}</span><b>{}</b></li>').format(
            n, " rw-way-off" if shown is not None and n >= shown else "", slot.top, slot.height, size.ways - size.bar - 3, way,
            re.sub(r"^the |^their (?=viewers['’] )", "", way).replace("'", "’"),
            "–" if shown is not None and n >= shown else parts.minus(value, digits),
        )
        for n, (slot, way, value) in enumerate(zip(drawn.ways, (flow_.ways[n] for n in flow.ways_of(flow_)), values, strict=True))
    )  # fmt: skip
    return Markup('<ol class="rw-flow-ways" aria-label="Ways to the score">{}</ol>').format(items)
