"""One item's way through the epochs in words: where it stood, its largest jumps, and what they were made of."""

from __future__ import annotations

from markupsafe import Markup

from ..core import film_label
from ..data import Interactions
from ..page.elements import joined
from ..reasons.numbers import ordinal
from ..why.parts import listed, minus
from .ranks import Jump, RankHistory, jumps

RUNS = 3  # stretches of epochs at the last rank that are named
TOLD = 0.1  # of the largest: a smaller part of a change is not told


def way(history: RankHistory, data: Interactions, item: int, mine: str = "own films") -> Markup:
    """A paragraph for where it stood, and one for each of its largest jumps.

    mine: what the first part of a score is called.
    """
    steps, ranks = history.steps, history.ranks([item])[0].tolist()
    known = [(step, rank) for step, rank in zip(steps, ranks, strict=True) if rank > 0]
    if not known:
        return Markup("")
    text = Markup("<p><b>{}</b>: {}</p>").format(film_label(data, item), course(known))
    largest = jumps(history, item, 1)  # where there is room for one alone, it is this
    return text + joined(
        Markup('<p class="rw-jump{}">{}</p>').format(
            "" if jump in largest else " rw-jump-lesser", told(jump, mine, data.noun)
        )
        for jump in jumps(history, item)
    )


def course(known: list[tuple[int, int]]) -> str:
    """ "rank 398 at epoch 1, first at epochs 6 and 26–30 (of the 12 kept)." known: (epoch, rank), in order, as kept.

    A run such as 26–30 means: at all epochs kept from 26 to 30.
    """
    (start, was), (end, now) = known[0], known[-1]
    there = runs([rank == now for _, rank in known])
    if there == [(0, len(known) - 1)]:
        return f"{_place(now)} at every epoch kept, from {start} to {end}." if start != end else f"rank {now:,}."
    words = "" if now == was else f"rank {was:,} at epoch {start}, "
    words += f"{_place(now)} {_when(known, there)}"
    if end - start >= len(known):
        words += f" (of the {len(known)} kept)"
    best = min(rank for _, rank in known)
    if best < now:
        words += f"; at best {_place(best)}, {_when(known, runs([rank == best for _, rank in known]))}"
    return f"{words}."


def _when(known: list[tuple[int, int]], there: list[tuple[int, int]]) -> str:
    """ "at epochs 6 and 26–30"; of many runs the last ones, and how many there were before."""
    spans = [span(known[first][0], known[last][0]) for first, last in there]
    before = len(spans) - RUNS
    many = "" if before < 1 else "once before, then " if before == 1 else f"{before} times before, then "
    one = len(spans) == 1 and there[-1][0] == there[-1][1]
    return f"{many}at epoch{'' if one else 's'} {listed(spans[-RUNS:])}"


def runs(there: list[bool]) -> list[tuple[int, int]]:
    """(first, last) of each run of True."""
    starts = [n for n, on in enumerate(there) if on and (not n or not there[n - 1])]
    ends = [n for n, on in enumerate(there) if on and (n + 1 == len(there) or not there[n + 1])]
    return list(zip(starts, ends, strict=True))


def span(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first}–{last}"


def _place(rank: int) -> str:
    return "first" if rank == 1 else ordinal(rank)


def told(jump: Jump, mine: str, one: str = "film") -> str:
    """A jump: how its score and those of the films it passed moved, and the rank that either alone would bring."""
    up = jump.now < jump.was
    head = f"Epochs {jump.before} → {jump.after}, rank {jump.was:,} → {jump.now:,}: "
    count = f"the {jump.passed:,} {one}s" if jump.passed > 1 else f"the {one}"
    passed = f"{count} that {'it passed' if up else 'passed it'} {_moved(jump.their)}"
    passed += " on average" if jump.passed > 1 else ""
    alone = f"Its new score alone would bring rank {jump.alone:,}, the others’ alone {jump.others:,}."
    return f"{head}its score {_moved(jump.own)}{_parts(jump, mine)}, {passed}. {alone}"


def _moved(change: float) -> str:
    size = f"{abs(change):.2f}"
    if float(size) == 0:
        return "stayed"
    return f"{'rose' if change > 0 else 'fell'} by {size}"


def _parts(jump: Jump, mine: str) -> str:
    """ " (the user’s films +0.40, own embedding +0.01)": the parts of its own change, largest first."""
    if jump.parts is None:
        return ""
    least = TOLD * max(abs(value) for value in jump.parts)
    order = sorted(zip(jump.parts, (mine, "own embedding", "all users"), strict=True), key=lambda part: -abs(part[0]))
    words = [f"{name} {'+' if value > 0 else ''}{minus(value, 2)}" for value, name in order if abs(value) >= least > 0]
    return f" ({', '.join(words)})" if words else ""
