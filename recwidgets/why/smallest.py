"""The tab "What would have to go": the smallest set that lets another film ahead. Pure functions."""

from __future__ import annotations

from markupsafe import Markup

from ..answer import Answer
from ..core import film_label
from ..page.elements import button, cut, joined
from ..page.terms import term
from ..reasons.needed import RIVALS, TRIED
from ..reasons.numbers import PERSONAL, digits_of
from ..reasons.reason import Reason
from .parts import LABEL
from .picture import own_stars, stars
from .rival import signed

_PAGE = Markup(
    '<p class="rw-headline" title="{plain}"><span>{said}</span></p>{column}<ol class="rw-opened-rows rw-go-rows" tabindex="0" aria-label="{name}">{rows}</ol>'
    '<div class="rw-go-foot">{out}<p class="rw-cap">This is how close it is to the next one, not why it is here. {undo}</p></div>'
)


def markup(answer: Answer, reason: Reason) -> Markup:
    if not (reason.needed or reason.needed_neighbours):
        return Markup('<p class="rw-headline"><span>{}</span></p><p class="rw-cap">{}</p>').format(
            *none_found(answer, reason)
        )
    data, people = answer.data, bool(reason.needed_neighbours)
    ids = reason.needed_neighbours or reason.needed
    index = [data.user_index(one) if people else data.item_index(one) for one in ids]
    values = reason.needed_values or (float("nan"),) * len(ids)
    most = max((abs(value) for value in values if value == value), default=0.0) or 1.0
    rated = stars(data, data.item_index(reason.item)) if people else own_stars(data, answer.person.user)
    digits = max(digits_of(most, 2), 3)
    names = [f"user {data.users[one]}" if people else answer.title(one)[0] for one in index]
    if people:
        rated |= {one: "would move in" for one, value in zip(index, values, strict=True) if value == 0}
    full = names if people else [film_label(data, one) for one in index]
    rows = joined(
        _row(n + 1, full[n], names[n], rated.get(one, ""), values[n], values[n] / most, digits)
        for n, one in enumerate(index)
    )
    kind, n = ("neighbour" if people else "film"), len(ids)
    words = "Take this one out" if n == 1 else f"Take these {n} out"
    out = button(words, "take-out", f"{kind}:{' '.join(map(str, index))}", classes="rw-small")
    undo = "“Put it back” undoes it." if n == 1 else f"“Put them back” undoes all {n} in one step."
    words_said = said(answer, reason)
    return _PAGE.format(
        column=""
        if all(value != value for value in values)
        else Markup('<p class="rw-columns"><span>{} to <i>{}</i></span></p>').format(
            term("difference"), _title(answer, str(reason.rival))
        ),
        said=words_said,
        plain=words_said.striptags(),
        name="What would have to go",
        rows=rows,
        out=out,
        undo=undo,
    )


def said(answer: Answer, reason: Reason) -> Markup:
    """Without what, which film would be ahead, and that no smaller set does that."""
    people = bool(reason.needed_neighbours)
    n, title = len(reason.needed_neighbours or reason.needed), _title(answer, reason.item)
    of = (reason.raters.of if reason.raters else n) if people else reason.n
    what = ("neighbour" if people else answer.data.noun) + ("" if of == 1 else "s")
    asked = n - _moving_in(reason) if people else n  # of those that are asked now
    which = f"this 1 of {of:,} {what}" if n == 1 else f"these {asked:,} of {of:,} {what}"
    if not people and n == of:
        which = f"{f'the only {answer.data.noun}' if n == 1 else f'all {n:,} {answer.data.noun}s'} of the history"
    more = "" if n == 1 else f" No smaller set does that, for any of the {_follow(answer, reason)} that follow."
    if people and n > asked:
        which += f" and {n - asked:,} who would move in"
    elif people:
        more = " Others would be asked in their stead." + more
    return Markup("Without <b>{}</b>, <i>{}</i> would be ahead of <i>{}</i>{}{}").format(
        which, _title(answer, str(reason.rival)), title, "" if title.endswith(".") else ".", more
    )


def _moving_in(reason: Reason) -> int:
    """How many of the neighbours that would have to go are not asked now: they would be, in the stead of others."""
    return sum(value == 0 for value in reason.needed_values)


def _follow(answer: Answer, reason: Reason) -> str:
    """How many films were looked at: those that rank right below, at most RIVALS."""
    n = min(int((answer.unseen < answer.scores[answer.data.item_index(reason.item)]).sum()), RIVALS)
    return f"{n} {answer.data.noun}" if n == 1 else f"{n} {answer.data.noun}s"


def none_found(answer: Answer, reason: Reason) -> tuple[str, str]:
    """What it means that there is no such set: (in a sentence, what was tried)."""
    title, one = _title(answer, reason.item), answer.data.noun
    if not reason.n:
        return f"There is no {one} to take out: {title} comes without any history.", ""
    if any(line.kind == "popular" for line in reason.lines) and reason.flow.ways == ("score",):
        return _by_asking(answer, reason, title)
    if all(line.kind not in PERSONAL for line in reason.lines):
        return (
            f"Nothing of the history would have to go: no {one} of it adds anything to {title}.",
            "What is the same for all users puts it where it is.",
        )
    if reason.flow.ways == ("score",):
        return _by_asking(answer, reason, title)
    return (
        f"No such set was found: whatever small part of the history goes, {title} stays ahead of the {_follow(answer, reason)} that follow.",
        f"That is a lead which hangs on no single {one}; taking out one by one changes the score, but not the order.",
    )


def _by_asking(answer: Answer, reason: Reason, title: str) -> tuple[str, str]:
    """For a model that does not sum terms: it is asked without each film."""
    one = answer.data.noun
    if reason.n > TRIED:
        return (
            "What would have to go is not known for this model and so long a history.",
            f"It does not sum terms, so it is asked without each {one} in turn, up to {TRIED} {one}s; here are {reason.n:,}.",
        )
    return (
        f"No single {one} decides: without any one of them, {title} stays ahead of the {_follow(answer, reason)} that follow.",
        f"The model does not sum terms, so it was asked without each {one} in turn; sets of more are not looked for.",
    )


def _title(answer: Answer, id_: str) -> str:
    return cut(answer.title(answer.data.item_index(id_))[0], LABEL)


def _row(n: int, full: str, name: str, rated: str, value: float, share: float, digits: int) -> Markup:
    bar = Markup("")
    number = ""
    if value == value:
        number = signed(value, digits)
        bar = Markup('<i class="{}" style="width:{:.1f}%"></i>').format(
            "rw-hatched" if value < 0 else "rw-strong", 100 * abs(share)
        )
    return Markup(
        '<li title="{full}"><span class="rw-name"><small>{n}</small><span>{name}</span><small>{rated}</small></span><span class="rw-opened-bar">{bar}</span>'
        '<span class="rw-num">{number}</span></li>'
    ).format(n=n, full=full, name=name, rated=rated, bar=bar, number=number)
