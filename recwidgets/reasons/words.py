"""Headlines: one sentence or two that count. Which one is decided here, in an order that is the design's.

What the person's items add is looked at first: many votes for an item that all users get say little about one person.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .asked import Asked
from .flow import Line
from .groups import films
from .usual import POPULAR

ADDS_NOTHING = 0.06  # of the score: less than that is not what brought the item up
PERSONAL = ("voters", "recent", "raters", "group", "rest")  # the kinds of lines that are the person's
LAST = 5  # items that a headline by recency counts
LEADS = 0.4  # of what the items add: a named group that brings so much is a reason


class Facts(NamedTuple):
    """What a headline is made from. net: what the person's items or neighbours add beyond the average user's.

    values: what each row adds, (n,), newest first for "recent"; empty where the model does not say. raters, of, share:
    how many of so many neighbours rated the item, and the share of all users who did; of = 0 without neighbours.
    """

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
    if abs(facts.net) < ADDS_NOTHING * abs(asked.score) and facts.average_rank <= POPULAR:
        return "popular", _popular(asked, facts)
    if facts.of:
        return "neighbours", _neighbours(asked, facts)
    if facts.terms == "recent":
        return "recent", _recent(asked, facts)
    if facts.votes and not facts.votes <= facts.votes_usual:  # NaN: nothing to compare with, and no votes either
        return "votes", _votes(asked, facts)
    named = [line for line in facts.lines if line.kind == "group" and line.value >= LEADS * facts.net > 0]
    if named:
        return "parts", _parts(asked, facts, max(named, key=lambda line: line.value))
    if len(facts.values):
        return "spread", _spread(asked, facts)
    return "none", _silent(asked, facts)


def _votes(asked: Asked, facts: Facts) -> str:
    if asked.n == 1:
        mine = f"{_whose(asked)} only film"
        return f"{mine[0].upper()}{mine[1:]}, asked alone, puts {_title(asked)} into its top 10. {_average(facts)}"
    put, them = ("puts", "its") if facts.votes == 1 else ("put", "their")
    return (
        f"{facts.votes:,} of {_whose(asked)} {films(asked.n)}, each asked alone, {put} {_title(asked)} into {them} "
        f"top 10; a popular film gets {_about(facts.votes_usual)} of {asked.n:,}. {_average(facts)}"
    )


def _popular(asked: Asked, facts: Facts) -> str:
    near = "one neighbour" if facts.of == 1 else f"{facts.of:,} neighbours"
    mine = f"{_whose(asked)} {near if facts.of else films(asked.n)}"
    one = (facts.of or asked.n) == 1
    verb = f"add{'s' if one else ''}" if facts.net >= 0 else f"take{'s' if one else ''}"
    if abs(facts.net) < 0.005:
        adds = f"add{'s' if one else ''} nothing to it"
    else:
        adds = f"{verb} only {abs(facts.net):.2f} {'to' if facts.net > 0 else 'from'} it"
    also = ""
    if facts.votes:
        also = f"; asked alone, {facts.votes:,} of the films {'gets' if facts.votes == 1 else 'get'} it too"
    return (
        f"Popular with all users: the average user gets {_title(asked)} {ordinal(facts.average_rank)}. "
        f"{mine[0].upper()}{mine[1:]} {adds}{also}."
    )


def _neighbours(asked: Asked, facts: Facts) -> str:
    if facts.of == 1:
        rated = f"{'rated' if facts.raters else 'has not rated'} {_title(asked)}"
        return f"The one nearest neighbour {rated}; of all users {facts.share:.0%} did. {_average(facts)}"
    part = facts.raters / facts.of
    return (
        f"{facts.raters:,} of the {facts.of:,} nearest neighbours rated {_title(asked)} ({part:.0%}); "
        f"of all users {facts.share:.0%} did. {_average(facts)}"
    )


def _recent(asked: Asked, facts: Facts) -> str:
    positive = float(facts.values[facts.values > 0].sum())
    latest = asked.name(int(asked.person.history[-1]))
    if positive <= 0:
        return f"None of {_whose(asked)} {films(asked.n)} says much for {_title(asked)}. {_average(facts)}"
    first = max(float(facts.values[0]), 0.0) / positive
    if asked.n == 1:
        return f"{latest} is the only film that speaks for {_title(asked)}. {_average(facts)}"
    if asked.n <= LAST:
        return (
            f"{latest}, the last of {_whose(asked)} {films(asked.n)}, makes up {first:.0%} of what they say for "
            f"{_title(asked)}. {_average(facts)}"
        )
    share = max(float(facts.values[:LAST].sum()), 0.0) / positive
    return (
        f"The last {LAST} of {_whose(asked)} {films(asked.n)} make up {share:.0%} of what these films say for "
        f"{_title(asked)}; {latest}, the last one, {first:.0%}. {_average(facts)}"
    )


def _parts(asked: Asked, facts: Facts, line: Line) -> str:
    return (
        f"{line.label[0].upper()}{line.label[1:]} add {line.value:.2f} of the {facts.net:.2f} that {_whose(asked)} "
        f"{films(asked.n)} add to {_title(asked)}. {_average(facts)}"
    )


def _spread(asked: Asked, facts: Facts) -> str:
    say = f"asked alone, {facts.votes:,} would get it" if facts.votes else "asked alone, none would get it"
    spread = ", spread over many" if asked.n > 3 else ""
    verb = ("adds" if facts.net >= 0 else "takes") if asked.n == 1 else ("together add" if facts.net >= 0 else "take")
    return (
        f"No single film decides: {_whose(asked)} {films(asked.n)} {verb} {abs(facts.net):.2f}{spread}; {say}. "
        f"{_average(facts)}"
    )


def _nothing_known(asked: Asked, facts: Facts) -> str:
    return f"Nothing that {_who(asked)} watched is known, so no film speaks for {_title(asked)}. {_average(facts)}"


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
    return asked.name(asked.item)


def _about(count: float) -> str:
    """A mean number of votes: whole from 2 on, else with one digit."""
    return f"{count:,.0f}" if count >= 2 else f"{count:.1f}"


def ordinal(n: int) -> str:
    """ "1st", "2nd", "11th", "1,022nd"."""
    ending = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n:,}{ending}"


def net(lines: tuple[Line, ...]) -> float:
    """The sum of the lines that are the person's items or neighbours."""
    return float(sum(line.value for line in lines if line.kind in PERSONAL))
