"""The tab "Why not …?": a film to ask about, and the exact difference of the two scores. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ..answer import Answer, rounded
from ..core import film_label, worded
from ..page.elements import combobox, cut, joined, option
from ..page.terms import term
from ..ranking import rank
from ..reasons.numbers import digits_of, ordinal
from ..reasons.reason import Reason
from ..reasons.why_not import Contribution, Difference
from . import parts
from .picture import own_stars, stars

OPTIONS = 8  # items under the field
FEW, MANY = (5, 3), (13, 6)  # items for the one and for the other that are drawn, on a small and a large page

_PICK = Markup(
    '<div class="rw-rival"><span>Why not</span>{field}{wrong}<span class="rw-cut" title="{title}">instead of <b>{title}</b>?</span></div>{others}'
)
_ROW = Markup(
    '<li title="{full}"><span class="rw-name"><span>{name}</span><small>{more}</small></span><span class="rw-num">{value}</span><span class="rw-apart"><i class="{kind}" style="{side}:50%;width:{width:.1f}%"></i></span></li>'
)


def markup(
    answer: Answer, item: int, reason: Reason | None, rival: int | None, typed: str | None, difference: Difference | None,
    wide: bool, wrong: str = "", fault: str = "",
) -> Markup:  # fmt: skip
    """The picker; below it the difference, or what can be asked.

    wrong: why what is typed cannot be asked about; fault: what the model raised instead of a reason or a difference.
    """
    top = picker(answer, item, reason, rival, typed, wrong)
    if wrong:
        return top
    if rival is None:
        words = "Choose one: its score is held against that of the one selected, contribution by contribution."
        return top + Markup('<p class="rw-cap rw-rival-none">{}</p>').format(words)
    if rival == item:
        words = f"{film_label(answer.data, rival)} is the {answer.data.noun} selected. Choose another one to compare it with."
        return top + Markup('<p class="rw-rival-none">{}</p>').format(words)
    if difference is None or difference.rival != str(answer.data.items[rival]):
        return top + Markup('<p class="rw-doubt" role="status">{}</p>').format(
            fault or "This model gave no score to compare with."
        )
    return top + apart(answer, difference, wide)


def picker(
    answer: Answer, item: int, reason: Reason | None, rival: int | None, typed: str | None, wrong: str = ""
) -> Markup:
    data = answer.data
    found = data.search_items(typed, limit=OPTIONS) if typed and typed.strip() and not wrong else []
    chosen = "" if rival is None else film_label(data, rival)
    field = combobox(
        worded(data, "A film to ask about"), chosen if typed is None else typed, joined(option("rival", hit.index, hit.label) for hit in found),
        placeholder=worded(data, "a film, by its title"), stamp=f"{rival}-{chosen}", find="rival-find", enter="rival-title",
        leave="rival-close", options_name=worded(data, "Films found"), wrong=bool(wrong),
    )  # fmt: skip
    said = Markup('<span class="rw-rival-wrong" role="alert">{}</span>').format(wrong) if wrong else ""
    return _PICK.format(
        field=field, wrong=said, title=answer.title(item)[0], others=_others(answer, item, reason, rival is None)
    )


def _others(answer: Answer, item: int, reason: Reason | None, named: bool) -> Markup:
    """The suggestions: with their names while nothing else is shown, else in one line."""
    links = [
        Markup(
            '<button type="button" class="rw-link" data-act="rival" data-value="{}" title="{}, {}">{}</button>'
        ).format(
            other,
            film_label(answer.data, other),
            words,
            cut(film_label(answer.data, other), parts.LABEL) if named else which,
        )  # fmt: skip
        + (f", {words}" if named else "")
        for which, words, other in suggestions(answer, item, reason)
    ]
    if not named:
        return Markup('<p class="rw-rival-others"><span>or</span>{}</p>').format(joined(links)) if links else Markup("")
    rows = joined(Markup("<li>{}</li>").format(link) for link in links)
    return Markup('<ul class="rw-rival-named" aria-label="What to ask about">{}</ul>').format(rows)


def suggestions(answer: Answer, item: int, reason: Reason | None) -> list[tuple[str, str, int]]:
    """Up to three films that are worth the question: (which, the same in words, index)."""
    top = answer.top.tolist()
    found: list[tuple[str, str, int]] = []
    if len(top) > 1 and item in top:
        place = top.index(item) + (1 if item != top[-1] else -1)
        found.append((f"rank {answer.ranks[place]}", "next to it in the list", top[place]))
    behind = rank(answer.scores, answer.left_out, min(len(top) + 1, answer.data.n_items))
    if len(behind) > len(top):
        found.append((f"rank {len(top) + 1}", "which just missed the list", int(behind[len(top)])))
    for place, id_ in enumerate(() if reason is None else reason.average_top, 1):
        usual = answer.data.item_index(id_)
        if usual not in (item, *(other for *_, other in found)) and usual not in answer.left_out:
            found.append((f"all users’ {ordinal(place)}", f"which the average user gets {ordinal(place)}", usual))
            break
    return found


# -- the difference ----------------------------------------------------------------------------------


def apart(answer: Answer, found: Difference, wide: bool) -> Markup:
    """Two bars, then the contributions at their own scale, and what they add up to."""
    digits = digits_of(found.score)
    mine = found.value - found.average_value
    whose = (
        "Your own part" if answer.person.user is None else f"User {answer.data.users[answer.person.user]}’s own part"
    )
    both = parts.as_shown([found.average_value, mine], found.value, digits)
    most = max(abs(found.average_value), abs(mine)) or 1.0
    lines = [("What all users get", both[0], found.average_value), (whose, both[1], mine)]
    bars = joined(_bar(name, signed(shown, digits), value / most) for name, shown, value in lines)
    here, there = (parts.minus(round(score, digits), digits) for score in (found.score, found.rival_score))
    return Markup(
        '<p class="rw-headline rw-rival-said" title="{plain}"><span>{said}</span></p><ol class="rw-apart-rows rw-apart-two">{bars}'
        '<li class="rw-apart-total"><span>Difference</span><span class="rw-num">{value}</span><span class="rw-cap">= {here} − {there}</span></li>'
        "</ol>{rest}"
    ).format(
        said=said(answer, found), plain=said(answer, found).striptags(), bars=bars, value=signed(round(found.value, digits), digits), here=here, there=there,
        rest=by_contribution(answer, found, MANY if wide else FEW, both[1] if found.own else both[0] + both[1]),
    )  # fmt: skip


def said(answer: Answer, found: Difference) -> Markup:
    """At which rank the rival is, how far from the film selected, and what the average user would get."""
    digits = digits_of(found.score)
    far = abs(found.value)
    size = parts.minus(round(far, digits), digits)
    where = f"{size} {'below' if found.value >= 0 else 'above'}" if far else "with the same score"
    average = f"for the average user at rank {found.rival_average_rank:,}"
    if found.rival_rank is None:
        who = "You have" if answer.person.user is None else f"User {answer.data.users[answer.person.user]} has"
        return Markup("<b>{} {}</b>, so it is left out; its score is {}.").format(
            who, "watched it already" if answer.data.noun == "film" else "it already", where
        )
    return Markup("<b>It is at rank {}</b>, {}; {}.").format(f"{found.rival_rank:,}", where, average)


def by_contribution(answer: Answer, found: Difference, most: tuple[int, int], total: float) -> Markup:
    """The largest for the one, the largest for the other, and a line that adds up to `total`, as shown above.

    They are of the person's own part, where the model says so much: all users' part, which stands above, would turn
    it round wherever it is the larger one.
    """
    listed = found.own or found.contributions
    named = [part for part in listed if part.id]
    rival = answer.data.item_index(found.rival)
    title = answer.title(rival)[0]
    if not named:
        return _sum(answer, found, total)
    positive, negative = [part for part in named if part.value > 0], [part for part in named if part.value < 0]
    shown = [*positive[: most[0]], *sorted(negative, key=lambda part: part.value)[: most[1]]]
    scale = max((abs(part.value) for part in shown), default=0.0) or 1.0
    people, digits = named[0].kind == "neighbour", digits_of(scale, 2)
    notes = _notes(answer, found, people, shown)
    both = f"; in brackets how they rated {answer.title(answer.data.item_index(found.item))[0]} and {title}"
    rows = joined(
        _bar(
            part.label if people or part.kind != "film" else answer.title(answer.data.item_index(part.id))[0],
            signed(part.value, digits),
            part.value / scale,
            notes.get(part.id, ""),
            part.label + (both if people and part.id in notes else ""),
        )
        for part in shown
    )
    head = "Neighbour by neighbour" if people else worded(answer.data, "Film by film")
    return Markup(
        '<h3 class="rw-apart-head">{} <span class="rw-cap">{}, larger scale · hatched: for {}</span></h3><ol class="rw-apart-rows">{}</ol>{}'
    ).format(
        head,
        term("own difference", "beyond average") if found.own else term("difference") + ", all users’ part in it",
        title,
        rows,
        _sum(answer, found, total),
    )


def _notes(answer: Answer, found: Difference, people: bool, shown: Sequence[Contribution]) -> dict[str, str]:
    """By id: how the person rated the film, or how the neighbour rated the two."""
    data = answer.data
    if not people:
        rated = own_stars(data, answer.person.user, [data.item_index(part.id) for part in shown])
        return {str(data.items[item]): text for item, text in rated.items()}
    one, other = (stars(data, data.item_index(id_)) for id_ in (found.item, found.rival))
    return {str(data.users[user]): f"({one.get(user, '–')} and {other.get(user, '–')})" for user in {*one, *other}}


def _sum(answer: Answer, found: Difference, total: float) -> Markup:
    """Everything once: for, against, and what is of no film. total: what they add up to, as shown above."""
    listed = found.own or found.contributions
    named = [part for part in listed if part.id]
    pieces: list[tuple[str, float]] = []
    if named:
        kind = "neighbour" if named[0].kind == "neighbour" else answer.data.noun
        count = sum(part.value > 0 for part in named), sum(part.value < 0 for part in named)
        pieces.append((_count(count[0], kind, "for"), sum(part.value for part in named if part.value > 0)))
        pieces.append((f"{count[1]:,} against", sum(part.value for part in named if part.value < 0)))
    pieces += [(part.label, part.value) for part in _nameless(listed)]
    digits = digits_of(found.score)
    exact = found.value - found.average_value if found.own else found.value
    values = [value for _, value in pieces]
    fits = parts.adds_up(values, exact) and abs(exact - total) <= 10.0**-digits
    values = rounded(values, digits, round(total, digits)) if fits else parts.as_shown(values, exact, digits)
    words = " · ".join(f"{name} {signed(value, digits)}" for (name, _), value in zip(pieces, values, strict=True))
    sum_ = f"sum {signed(round(total if fits else exact, digits), digits)}"
    return Markup('<p class="rw-cap rw-apart-sum">{}</p>').format(f"{words} · {sum_}" if len(pieces) > 1 else words)


def _nameless(contributions: Sequence[Contribution]) -> list[Contribution]:
    return [part for part in contributions if not part.id]


def _count(n: int, kind: str, what: str) -> str:
    return f"{n:,} {kind}{'' if n == 1 else 's'} {what}"


def _bar(name: str, value: str, share: float, more: str = "", full: str = "") -> Markup:
    share = share if share == share else 0.0
    return _ROW.format(
        full=full or name, name=name, more=more, value=value, kind="rw-hatched" if share < 0 else "rw-strong",
        side="right" if share < 0 else "left", width=50 * min(abs(share), 1.0),
    )  # fmt: skip


def signed(value: float, digits: int) -> str:
    """ "+1.24", "−0.41", "0.00"."""
    text = parts.minus(value, digits)
    return f"+{text}" if value > 0 and float(text) != 0 else text
