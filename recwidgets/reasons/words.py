"""Headlines: one sentence or two that count. Which one is decided here, in an order that is the design's.

What the person's items add is looked at first: many votes for an item that all users get say little about one person,
and where they lower the score, they are no reason for it.
"""

from __future__ import annotations

import math
import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .asked import Asked
from .flow import Line
from .groups import films
from .numbers import ALL_USERS, NOTHING, PERSONAL, about, amount, digits_of, net, ordinal, percent, shown_values
from .usual import POPULAR

ADDS_NOTHING = 0.06  # of the score: less than that is not what brought the item up
LAST = 5  # items that a headline by recency counts
LEADS = 0.4  # of what the items add: a named group, or a film, that brings so much is a reason
MORE = 1.5  # times the votes that a popular item gets: as many are no reason
ALL = 0.995  # printed as 100 %
COUNTED = 10  # neighbours: of fewer, a share in per cent says no more than the count
LONG = 170  # characters: three lines of a panel's reason
_LAST_SENTENCE = re.compile(
    r" (All users get [^()]*\((its score is [^()]*\) \()?the average user’s \S+\)|The average user would get it \S+)\.$"
)
_ALTERNATES = re.compile(r"(?: \([^()]*\))+$")


class Facts(NamedTuple):
    """What a headline is made from. net: what the person's items or neighbours add beyond the average user's.

    values: what each row adds, (n,), newest first for "recent"; empty where the model does not say. raters, of, share:
    how many of so many neighbours rated the item, and the share of all users who did; of = 0 without neighbours.
    """

    score: float
    votes: int
    votes_usual: float
    average_rank: int
    lines: tuple[Line, ...]
    net: float
    values: NDArray[np.float64]
    terms: str  # the kind of the rows, "" where there are none
    raters: int = 0
    of: int = 0
    share: float = 0.0


def headline(asked: Asked, facts: Facts) -> tuple[str, str]:
    """(kind, text)."""
    if not asked.n:
        return "none", _nothing_known(asked, facts)
    if _all_alike(asked):
        return "none", f"All {asked.data.noun}s get the same score here, so the order says nothing. {_average(facts)}"
    if facts.net < ADDS_NOTHING * abs(asked.score) and facts.average_rank <= POPULAR:
        return "popular", _popular(asked, facts)
    if facts.of:
        return "neighbours", _neighbours(asked, facts)
    if facts.terms and not facts.values.any():
        return "none", _adds_nothing(asked, facts)
    if facts.terms and facts.net < 0:
        return "against", _against(asked, facts)
    if asked.n == 1 and not facts.votes and facts.terms:
        return "parts", _only(asked, facts)
    if facts.terms == "recent":
        return "recent", _recent(asked, facts)
    if facts.votes and facts.votes >= MORE * facts.votes_usual:  # NaN: nothing to compare with, and no votes either
        return "votes", _votes(asked, facts)
    best = _leading(facts)
    if best is not None:
        return "parts", _film(asked, facts, best)
    total = net(facts.lines)
    named = [line for line in facts.lines if line.kind == "group" and line.value >= LEADS * total > 0]
    if named:
        return "parts", _group(asked, facts, max(named, key=lambda line: line.value))
    if len(facts.values) or any(line.kind in PERSONAL for line in facts.lines):
        return "spread", _spread(asked, facts)
    return "none", _silent(asked, facts)


def _all_alike(asked: Asked) -> bool:
    known = asked.scores[~np.isnan(asked.scores)]
    return len(known) > 1 and bool(known.min() == known.max())


def _leading(facts: Facts) -> int | None:
    """The row that brings so much of all that speaks for the item, or None."""
    if not len(facts.values):
        return None
    best = int(np.argmax(facts.values))
    return best if facts.values[best] >= LEADS * facts.values[facts.values > 0].sum() else None


def _votes(asked: Asked, facts: Facts) -> str:
    if asked.n == 1:
        return _said(f"{_capital(_mine(asked))}, asked alone, puts {_title(asked)} into its top 10", facts)
    put, them = ("puts", "its") if facts.votes == 1 else ("put", "their")
    return _said(
        f"{facts.votes:,} of {_mine(asked)}, each asked alone, {put} {_title(asked)} into {them} top 10; "
        f"a popular {asked.data.noun} gets {about(facts.votes_usual)}",
        facts,
    )


def _popular(asked: Asked, facts: Facts) -> str:
    one, little = (facts.of or asked.n) == 1, abs(facts.net) < ADDS_NOTHING * abs(asked.score)
    mine = _mine(asked)
    if facts.of:
        mine = f"{_whose(asked)} {'one neighbour' if one else f'{facts.of:,} neighbours'}"
    if abs(facts.net) < NOTHING:
        adds = f"{_s('add', one)} nothing to that"
    else:
        adds = _adds(facts.net, one, "that", "only " if little else "")
    votes = ""
    if facts.votes:
        of = films(asked.data, asked.n) if facts.of else "them, asked alone,"
        who = f"{facts.votes:,} of {of}"
        votes = f"; {'it' if asked.n == 1 and not facts.of else who} {_s('vote', facts.votes == 1)} for it too"
    return (
        f"Popular with all users: the average user gets {_title(asked)} {ordinal(facts.average_rank)}. "
        f"{_capital(mine)} {adds}{votes}."
    )


def _neighbours(asked: Asked, facts: Facts) -> str:
    """Who rated it and who did not, each with what they add: the larger of the two first."""
    rated, others = _by_raters(facts)
    n, of, left, title = facts.raters, facts.of, facts.of - facts.raters, _title(asked)
    did = f"{f'{n / of:.0%}; ' if of >= COUNTED and n not in (0, of) else ''}of all users {percent(facts.share)}"
    if of == 1:
        text = f"The one nearest neighbour {'rated' if n else 'has not rated'} {title} ({did}): their user vector"
        return _said(f"{text} {_adds(rated + others, True, 'it')}", facts)
    if n in (0, of):
        text = f"{'All' if n else 'None'} of the {of:,} nearest neighbours rated {title} ({did}): their user vectors"
        return _said(f"{text} {_adds(rated + others, False, 'it')}", facts)
    if abs(rated) >= abs(others):
        text = f"{n:,} of the {of:,} nearest neighbours rated {title} ({did}) and {_adds(rated, n == 1)}"
        return _said(f"{text}; the other {_count(left)}{_adds(others, left == 1)}", facts)
    have, vectors = ("has", "vector") if left == 1 else ("have", "vectors")
    text = f"{left:,} of the {of:,} nearest neighbours {have} not rated {title}, yet their user {vectors}"
    text += f" {_adds(others, left == 1)}"
    return _said(f"{text}; the {'one' if n == 1 else f'{n:,}'} who did ({did}) {_adds(rated, n == 1)}", facts)


def _count(n: int) -> str:
    """ "15 ", or nothing for one: "the other adds", "the other 15 add"."""
    return "" if n == 1 else f"{n:,} "


def _by_raters(facts: Facts) -> tuple[float, float]:
    """What the neighbours who rated it add together, and those who did not, as printed line by line."""
    printed = _printed(facts)
    pairs = [(line.kind, value) for line, value in zip(facts.lines, printed, strict=True) if line.kind in PERSONAL]
    others = sum(value for kind, value in pairs if kind == "rest")
    return sum(value for _, value in pairs) - others, others


def _recent(asked: Asked, facts: Facts) -> str:
    """The items add something together here, so that the last ones can be told as a part of it."""
    values, total = facts.values, facts.net
    first, last = float(values[0]), float(values[:LAST].sum())
    latest, mine, title = _spoken(asked, int(asked.person.history[-1])), _mine(asked), _title(asked)
    if asked.n == 1:
        return _only(asked, facts)
    if first > ALL * np.maximum(values, 0.0).sum():
        return _said(f"{latest}, the last of {mine}, is all that speaks for {title}", facts)
    if total < NOTHING:
        return _said(f"{_capital(mine)} {_adds(total, False, title)}", facts)
    if asked.n <= LAST:
        if first < NOTHING:
            text = f"What {mine} say for {title} is not said by the last, {latest}"
        else:
            text = f"{latest}, the last of {mine}, {_part(asked, first, total, True, title, asked.n - 1)}"
        return _said(text, facts)
    before = asked.n - LAST
    if last < NOTHING:
        gives = "add nothing to" if last > -NOTHING else f"take {amount(last)} from"
        older = f"the {films(asked.data, before)} before them {_adds(total - last, before == 1)}"
        return _said(f"The last {LAST} of {mine} {gives} {title}; {older}", facts)
    text = f"The last {LAST} of {mine} {_part(asked, last, total, False, title, before, ' before them')}"
    alone = amount(first) if first >= NOTHING else "nothing" if first > -NOTHING else f"takes {amount(first)} from it"
    named = _said(f"{text}; {latest}, the last one, {alone}", facts)
    return named if len(named) <= LONG else _said(f"{text}; the last one {alone}", facts)


def _part(asked: Asked, value: float, total: float, one: bool, to: str, left: int, which: str = "") -> str:
    """ "add 3.03 of the 5.73 that all add to it", or, where the others lower it, what they take."""
    if value <= total:
        return f"{_s('add', one)} {value:.2f} of the {total:.2f} that all add to {to}"
    data = asked.data
    others = f"the other {data.noun if left == 1 else films(data, left)}" if not which else ""
    others = others or f"the {films(data, left)}{which}"
    return f"{_s('add', one)} {value:.2f} to {to}; {others} {_adds(total - value, left == 1, 'it')}"


def _only(asked: Asked, facts: Facts) -> str:
    """One film, which adds something."""
    film = _spoken(asked, int(asked.person.history[0]))
    return _said(f"{_capital(_mine(asked))}, {film}, {_adds(facts.net, True, _title(asked))}", facts)


def _film(asked: Asked, facts: Facts, row: int) -> str:
    assert asked.terms is not None
    film, value, total = _spoken(asked, int(asked.terms.index[row])), float(facts.values[row]), net(facts.lines)
    text = f"{film}, one of {_mine(asked)}, adds {value:.2f}"
    if value <= total:
        return _said(f"{text} of the {total:.2f} that they add to {_title(asked)}", facts)
    return _said(f"{text} to {_title(asked)}; {_others(asked, asked.n - 1, total - value)}", facts)


def _group(asked: Asked, facts: Facts, line: Line) -> str:
    one = f" {asked.data.noun}"
    label = line.label.replace(f" other{one}", one)  # other than the voters, which are not told of here
    text, total = f"{_capital(label)} add {_printed(facts)[facts.lines.index(line)]:.2f}", net(facts.lines)
    if line.value <= total:
        return _said(f"{text} of the {total:.2f} that {_mine(asked)} add to {_title(asked)}", facts)
    return _said(f"{text} to {_title(asked)}; {_others(asked, asked.n - len(line.items), total - line.value)}", facts)


def _others(asked: Asked, count: int, value: float) -> str:
    return f"the other {asked.data.noun if count == 1 else films(asked.data, count)} {_adds(value, count == 1, 'it')}"


def _spread(asked: Asked, facts: Facts) -> str:
    total, one = net(facts.lines), asked.n == 1
    adds = f"{_mine(asked)} {_adds(total, one, _title(asked))}"
    none = f"No single {asked.data.noun} stands out"
    return _said(_capital(adds) if one else f"{none}: {adds}{_asked_alone(facts)}", facts)


def _against(asked: Asked, facts: Facts) -> str:
    """The person's films lower the score: what brings the item up is something else."""
    one = asked.n == 1
    little = abs(facts.net) < ADDS_NOTHING * abs(asked.score)
    verb = f"{_s('add', one)} nothing to" if little else f"{_s('speak', one)} against"
    takes = f"{'it' if one else 'they'} {_adds(facts.net, one, 'what all users get')}"
    also = _asked_alone(facts) if facts.votes and not one else ""
    return _said(f"{_capital(_mine(asked))} {verb} {_title(asked)}: {takes}{also}", facts)


def _adds_nothing(asked: Asked, facts: Facts) -> str:
    """What the model is asked with does not depend on the films at all."""
    own = "; the own embedding alone counts" if any(line.kind == "own" and line.value for line in facts.lines) else ""
    return _said(f"{_capital(_mine(asked))} {_s('add', asked.n == 1)} nothing to {_title(asked)}{own}", facts)


def _asked_alone(facts: Facts) -> str:
    if math.isnan(facts.votes_usual):  # no votes are known
        return ""
    return f"; asked alone, {facts.votes or 'none':{',' if facts.votes else ''}} {_s('vote', facts.votes < 2)} for it"


def _adds(value: float, one: bool, to: str = "", only: str = "") -> str:
    """ "add 0.31 to it", "takes only 0.02 from it"; without `to`, "add 0.31" and "take away 0.02"."""
    verb, into = ("add", "to") if value >= 0 else ("take", "from")
    if not to:
        return f"{_s(verb, one)} {'' if value >= 0 else 'away '}{amount(value)}"
    return f"{_s(verb, one)} {only}{amount(value)} {into} {to}"


def _s(verb: str, one: bool) -> str:
    return f"{verb}s" if one else verb


def _said(text: str, facts: Facts) -> str:
    """Two sentences; a title may end in a full stop of its own. What all users get is told where it is the most."""
    shared = _shared(facts)
    return f"{text}{'' if text.endswith('.') else '.'} {shared or _average(facts)}"


def _shared(facts: Facts) -> str:
    """How much of the score all users get, and when the average user would get it; "" where it is not the most of it.

    The numbers are those of the lines, as the page shows them: what all users get is one line there.
    """
    shared, score = sum(line.value for line in facts.lines if line.kind in ALL_USERS), facts.score
    if not score > 0 or not score / 2 < shared:
        return ""
    digits = digits_of(score)
    others = [line for line in facts.lines if line.kind not in ALL_USERS]
    printed = shown_values(
        [*(line.value for line in others), shared], [*(line.kind for line in others), "all"], score, digits
    )[-1]
    part = f"{printed:.{digits}f}"
    whole = f"of its {score:.{digits}f}" if shared <= score else f"(its score is {score:.{digits}f})"
    return f"All users get {part} {whole} (the average user’s {ordinal(facts.average_rank)})."


def without_all_users(text: str) -> str:
    """A headline without its last sentence, what all users get, for a place that shows that as a number."""
    return _LAST_SENTENCE.sub("", text)


def _mine(asked: Asked) -> str:
    """ "your only film", "user 42’s 352 films"."""
    return f"{_whose(asked)} {f'only {asked.data.noun}' if asked.n == 1 else films(asked.data, asked.n)}"


def _nothing_known(asked: Asked, facts: Facts) -> str:
    who, title, one = _who(asked), _title(asked), asked.data.noun
    seen = "watched" if one == "film" else "chose"
    return f"Nothing that {who} {seen} is known, so no {one} speaks for {title}. {_average(facts)}"


def _silent(asked: Asked, facts: Facts) -> str:
    label = getattr(asked.model, "label", type(asked.model).__name__)
    return (
        f"{label} does not say how it comes to a score. {_title(asked)} gets {asked.score:.2f} here and "
        f"{float(asked.usual.scores[asked.item]):.2f} on average over all users. {_average(facts)}"
    )


def _average(facts: Facts) -> str:
    return f"The average user would get it {ordinal(facts.average_rank)}."


def _who(asked: Asked) -> str:
    return "you" if asked.person.user is None else f"user {asked.known.users[asked.person.user]}"


def _whose(asked: Asked) -> str:
    return "your" if asked.person.user is None else f"{_who(asked)}’s"


def _title(asked: Asked) -> str:
    return _spoken(asked, asked.item)


def _spoken(asked: Asked, item: int) -> str:
    """The title without the alternates in parentheses, which the list has: a headline is three lines long."""
    name = asked.name(item)
    return _ALTERNATES.sub("", name) or name


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _printed(facts: Facts) -> list[float]:
    return shown_values([line.value for line in facts.lines], [line.kind for line in facts.lines], facts.score, 2)
