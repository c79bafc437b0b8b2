"""Numbers of a reason, as they are said and printed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..answer import rounded
from .flow import Line

ALL_USERS = ("popular", "average")  # two lines that are one on the page: what all users get
PERSONAL = ("voters", "recent", "raters", "group", "rest")  # the kinds of lines that are the person's
NOTHING = 0.005  # printed as 0.00


def amount(value: float) -> str:
    return f"{abs(value):.2f}" if abs(value) >= NOTHING else "less than 0.01"


def percent(share: float) -> str:
    if 0 < share < NOTHING:
        return "under 1%"
    return f"{share:.0%}" if share else "none"


def about(count: float) -> str:
    """A mean number of votes: whole from 2 on, else with one digit."""
    if count < 0.05:
        return "hardly any" if count else "none"
    return f"{count:,.0f}" if count >= 2 else f"{count:.1f}"


def ordinal(n: int) -> str:
    """ "1st", "2nd", "11th", "1,022nd"."""
    ending = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n:,}{ending}"


def digits_of(largest: float, count: int = 3) -> int:
    """Digits after the point: two from 1 on, as in the list; for less so many that `count` of the largest's count."""
    size = abs(largest)
    if not size or not np.isfinite(size) or size >= 1:
        return 2 if size < 100 else 1 if size < 1000 else 0
    return min(count - 1 - int(np.floor(np.log10(size))), 6)


def shown_values(values: Sequence[float], kinds: Sequence[str], score: float, digits: int) -> list[float]:
    """The lines of a reason as they are printed: what is the person's adds up to what a headline says of it, all of it
    to the score. values, kinds: of the lines; score: what all of them add up to."""
    mine = [n for n, kind in enumerate(kinds) if kind in PERSONAL]
    others = [n for n in range(len(values)) if n not in mine]
    total = round(float(score), digits)
    own = round(float(sum(values[n] for n in mine)), digits) if others else total
    found = [0.0] * len(values)
    for some, whole in ((mine, own), (others, round(total - own, digits) if mine else total)):
        for n, value in zip(some, rounded([values[n] for n in some], digits, whole) if some else (), strict=True):
            found[n] = value
    return found


def net(lines: tuple[Line, ...]) -> float:
    """The sum of the lines that are the person's items or neighbours."""
    return float(sum(line.value for line in lines if line.kind in PERSONAL))
