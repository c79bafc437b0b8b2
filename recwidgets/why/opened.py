"""One line of the flow, opened into its items or neighbours, and one item into its viewers. Pure functions."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from ..answer import Answer
from ..core import film_label, worded
from ..page.elements import joined
from ..page.terms import term
from ..reasons.flow import Line
from ..reasons.numbers import digits_of
from ..reasons.reason import Reason
from ..reasons.viewers import Through
from . import parts
from .picture import own_stars, stars

ROWS = 60  # shown one by one, the largest; the others are one line

_PAGE = Markup(
    '<div class="rw-opened"><div class="rw-opened-head"><button type="button" class="rw-btn rw-small" data-act="open" '
    'data-value="{back}">Back</button><b title="{title}">{heading}</b><b class="rw-num">{value}</b></div>'
    '<p class="rw-cap">{caption}</p><p class="rw-columns{links}">{column}</p><ol class="rw-opened-rows" tabindex="0" aria-label="{title}">{rows}</ol></div>'
)


def line_of(reason: Reason | None, opened: str) -> tuple[int, int]:
    """(line, item) that `opened` means, -1 for none: "2" is a line, "2:123" an item of it, by index."""
    first, _, second = opened.partition(":")
    if reason is None or not first.isdecimal() or int(first) >= len(reason.lines) or not reason.lines[int(first)].items:
        return -1, -1
    return int(first), int(second) if second.isdecimal() else -1


def group(answer: Answer, reason: Reason, n: int, deeper: bool) -> Markup:
    """The items or neighbours of a line with what each adds. deeper: an item opens further."""
    line, data = reason.lines[n], answer.data
    people = reason.raters is not None
    known = [data.user_index(one) if people else data.item_index(one) for one in line.items]
    order = sorted(range(len(known)), key=lambda place: -abs(line.values[place]))
    first, rest = order[:ROWS], order[ROWS:]
    first.sort(key=lambda place: -line.values[place])
    sums = [line.values[place] for place in first] + ([sum(line.values[place] for place in rest)] if rest else [])
    most = max((abs(line.values[place]) for place in first), default=0.0) or 1.0
    digits = max(digits_of(most, 2), 3)
    values = parts.as_shown(sums, line.value, digits)
    rated = stars(data, data.item_index(reason.item)) if people else own_stars(data, answer.person.user)
    rows = [
        _row(answer, known[place], people, parts.minus(value, digits), value < 0, line.values[place] / most, rated.get(known[place], ""), f"{n}:" if deeper else "")
        for place, value in zip(first, values, strict=False)
    ]  # fmt: skip
    if rest:
        whom = "neighbours" if people else f"{data.noun}s"
        rows.append(_other(f"{len(rest):,} other {whom} together", values[-1], digits))
    return _PAGE.format(
        back=n, title=sentence_case(line.label), heading=heading(line), value=parts.minus(round(line.value, digits), digits),
        rows=joined(rows), caption=worded(data, f"{caption(reason, deeper)}{of_votes(answer, line)}"),
        column=term(counted(reason)), links=" rw-columns-links",
    )  # fmt: skip


def heading(line: Line) -> Markup:
    """The line's label, in which "vote" explains itself."""
    label = sentence_case(line.label)
    if line.kind != "voters":
        return Markup("{}").format(label)
    before, vote, after = label.rpartition("vote")
    return Markup("{}{}{}").format(before, term(vote), after)


def counted(reason: Reason) -> str:
    """What the numbers of a reason's items are, as a term."""
    return "beyond average" if any(line.kind == "popular" for line in reason.lines) else "contribution"


def of_votes(answer: Answer, line: Line) -> str:
    """Why an item that was rated low votes, where one does; else ""."""
    data, user = answer.data, answer.person.user
    if line.kind != "voters" or user is None:
        return ""
    rows = data.rows_of(user)
    low = data.items[data.item[rows[~data.liked[rows]]]]
    if not np.isin(low, line.items).any():
        return ""
    return " Each film votes as if it were the only one: its stars do not count."


def caption(reason: Reason, deeper: bool) -> str:
    words = "The numbers add up."
    if reason.raters is None:
        words += " Without one, those left are weighed anew, so the score changes by another amount."
    return f"{words} A film opens into its viewers." if deeper else words


def sentence_case(label: str) -> str:
    return label[:1].upper() + label[1:]


def _row(
    answer: Answer, index: int, people: bool, value: str, against: bool, share: float, rated: str, deeper: str
) -> Markup:  # fmt: skip
    if people:
        name, kind = f"user {answer.data.users[index]}", "neighbour"
        rated = f"rated it {rated}" if rated not in ("", "✓") else "rated it" if rated else "has not rated it"
        out = f"Ask without {name}"
    else:
        name, kind = film_label(answer.data, index), "film"
        out = f"Take out {name}"
    spoken = name if people else answer.title(index)[0]
    label = Markup("<span>{}</span><small>{}</small>").format(spoken, rated)
    if deeper:
        label = Markup(
            '<button type="button" class="rw-name rw-plain" data-act="open" data-value="{}{}" title="{}: through which viewers?">{}</button>'
        ).format(deeper, index, name, label)
    else:
        label = Markup('<span class="rw-name" title="{}">{}</span>').format(name, label)
    return Markup(
        '<li>{label}{bar}<span class="rw-num">{value}</span><button type="button" class="rw-link" data-act="drop" '
        'data-value="{kind}:{index}" aria-label="{out} and see what changes">take out</button></li>'
    ).format(label=label, bar=_bar(against, share), value=value, kind=kind, index=index, out=out)


def _bar(against: bool, share: float) -> Markup:
    return Markup('<span class="rw-opened-bar"><i class="{}" style="width:{:.1f}%"></i></span>').format(
        "rw-hatched" if against else "rw-strong", min(100 * abs(share), 100) if share == share else 0.0
    )


def _other(label: str, value: float, digits: int) -> Markup:
    return Markup('<li><span>{}</span><span></span><span class="rw-num">{}</span><span></span></li>').format(
        label, parts.minus(value, digits)
    )


def viewers(answer: Answer, reason: Reason, n: int, own: int, through: Through) -> Markup:
    """An item of the history: what it brings by itself, and through each of its viewers, who are named."""
    data = answer.data
    item = data.item_index(reason.item)
    first, rest = through.viewers[:ROWS], through.viewers[ROWS:]
    people = sum(value for _, value in through.viewers)
    rated, most = stars(data, item), max((abs(value) for _, value in first), default=0.0) or 1.0
    digits = min(max(digits_of(most, 2), 3), 5)
    itself, by_people, less = parts.as_shown([through.itself, people, -through.usual], through.value, digits)
    sums = [value for _, value in first] + ([sum(value for _, value in rest)] if rest else [])
    values = parts.as_shown(sums, by_people, digits)
    rows = [
        _viewer(answer, user, parts.minus(shown, digits), value / most, rated.get(user, ""))
        for (user, value), shown in zip(first, values, strict=False)
    ]
    if rest:
        rows.append(_other(f"{len(rest):,} other viewers together", values[-1], digits))
    count = len(through.viewers)
    words = Markup(
        "By itself {}, through its {} viewer{} {}, against as much of the average user {}. Who of them rated {}? Select one to show them."
    ).format(
        parts.minus(itself, digits), f"{count:,}", "" if count == 1 else "s", parts.minus(by_people, digits),
        parts.minus(less, digits), answer.title(item)[0],
    )  # fmt: skip
    return _PAGE.format(
        back=n, title=film_label(data, own), heading=film_label(data, own), column="through each viewer", links="", value=parts.minus(round(through.value, digits), digits), caption=words,
        rows=joined(rows),
    )  # fmt: skip


def _viewer(answer: Answer, user: int, value: str, share: float, rated: str) -> Markup:
    self_ = " (this user)" if user == answer.person.user else ""
    said = f"rated it {rated}" if rated not in ("", "✓") else "rated it" if rated else "has not rated it"
    return Markup(
        '<li><button type="button" class="rw-name rw-plain" data-act="user" data-value="{0}" title="Show user {0}">'
        '<span>user {0}{1}</span><small>{2}</small></button>{3}<span class="rw-num">{4}</span><span></span></li>'
    ).format(answer.data.users[user], self_, said, _bar(share < 0, share), value)
