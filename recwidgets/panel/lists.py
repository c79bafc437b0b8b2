"""Markup of the comparison: the lists with their links, and the leaderboard with its honesty checks."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

from markupsafe import Markup

from ..answer import Answer
from ..page.elements import button, joined, named, yes
from ..page.markup import empty
from ..why.parts import listed
from .honesty import CHECKS, METRICS, Row

COLOURS = 6  # of shared films; the others are linked in grey
ROW, HEAD = 30, 44  # px: a row of a list, and what stands above the first
NAMES = {"top_10_accuracy": "Top-10 accuracy", "ndcg": "nDCG@10", "coverage": "Coverage", "novelty": "Novelty"}
MEANINGS = {
    "top_10_accuracy": "Share of the held-out ratings whose film is in its user’s top 10.",
    "ndcg": "The same hits, but a high rank counts more; 1 = the best order there is.",
    "coverage": "Share of the catalogue that is in anybody’s top 10.",
    "novelty": "Mean surprise of a recommended film: each bit more = rated by half as many.",
}


def lists(answers: Mapping[str, Answer | None], labels: Mapping[str, str], chosen: int | None) -> Markup:
    """The lists side by side, links between items that are on both, and the agreement in words."""
    known = {name: found for name, found in answers.items() if found is not None}
    if not known:
        return empty("No films yet, so there is nothing to recommend from. Add one and the lists appear here.")
    columns, colours, every = [], shared(known), list(known.values())
    for n, (name, found) in enumerate(known.items()):
        if n:
            columns.append(links(every, n, chosen, colours))
        columns.append(column(found, labels[name], chosen, colours))
    shown = joined(columns)
    far = " A short line ends in the rank on the list farther off." if "rw-beyond" in shown else ""
    return Markup(
        '<div class="rw-lists" style="grid-template-columns:{frame}">{columns}</div>'
        '<p class="rw-agree" role="status"><b>{agreement}</b></p>'
        '<p class="rw-cap">{where}<span class="rw-about-lines">{far}</span></p>'
    ).format(
        frame=" 56px ".join(["minmax(0,1fr)"] * len(known)), columns=shown, agreement=agreement(known, labels),
        where=where(known, labels, chosen), far=far,
    )  # fmt: skip


def shared(answers: Mapping[str, Answer]) -> dict[int, int]:
    """The items on two lists or more and their colours, 1 … COLOURS, then 0; those on most lists and highest first."""
    ranks: dict[int, list[int]] = {}
    for found in answers.values():
        for rank, item in enumerate(found.top.tolist()):
            ranks.setdefault(item, []).append(rank)
    often = sorted((item for item in ranks if len(ranks[item]) > 1), key=lambda item: (-len(ranks[item]), ranks[item]))
    return {item: n if n <= COLOURS else 0 for n, item in enumerate(often, 1)}


def column(found: Answer, label: str, chosen: int | None, colours: Mapping[int, int]) -> Markup:
    """One model's list."""
    rows = joined(
        _row(found, rank, item, item == chosen, colours.get(item))
        for rank, item in zip(found.ranks, found.top.tolist(), strict=True)
    )
    hits = sum(item in found.later for item in found.top.tolist())
    foot = f"{hits} of {len(found.top)} watched later" if found.person.user is not None and found.has_held_out else ""
    return Markup(
        '<div><h3>{label}</h3><div class="rw-row rw-short rw-head" aria-hidden="true"><span>#</span><span>Film</span>'
        '<span class="rw-ok">✓</span></div><ol class="rw-rows" aria-label="{label}">{rows}</ol><p class="rw-cap rw-foot">{foot}</p></div>'
    ).format(label=label, rows=rows, foot=foot)


def _row(found: Answer, rank: str, item: int, chosen: bool, colour: int | None) -> Markup:
    later, full = item in found.later, found.full_title(item)
    return Markup(
        '<li><button type="button" class="rw-row rw-short{on}" data-row data-act="film-of" data-value="{item}" aria-pressed="{pressed}" '
        'aria-label="{spoken}" title="{full}"><span class="rw-chip{tied}">{rank}</span>{name}<span class="rw-ok">{tick}</span></button></li>'
    ).format(
        on=" rw-on" if chosen else "", item=item, pressed=yes(chosen), full=full, tied=tied(colour), rank=rank,
        spoken=f"Rank {rank}: {full}{', watched later' if later else ''}", name=named(*found.title(item)),
        tick="✓" if later else "",
    )  # fmt: skip


def tied(colour: int | None) -> str:
    """The class of a shared item's colour."""
    return f" rw-tied-{colour}" if colour else ""


def links(answers: Sequence[Answer], n: int, chosen: int | None, colours: Mapping[int, int]) -> Markup:
    """Lines between the rows of an item on lists n - 1 and n; a stub where the other list is further away."""
    ranks = [{item: rank for rank, item in enumerate(found.top.tolist())} for found in answers]
    left, right = answers[n - 1], answers[n]
    lines = []
    for item in dict.fromkeys([*left.top.tolist(), *right.top.tolist()]):
        y = {m: HEAD + ROW * (ranks[m][item] + 0.5) for m in (n - 1, n) if item in ranks[m]}
        if len(y) == 2:
            ends = (4, y[n - 1]), (52, y[n])
        elif n - 1 in y and (beyond := [m for m in range(n + 1, len(answers)) if item in ranks[m]]):
            ends = (4, y[n - 1]), (20, y[n - 1])
            lines.append(_stub(answers[beyond[0]], item, 23, y[n - 1], "start"))
        elif n in y and (beyond := [m for m in range(n - 1) if item in ranks[m]]):
            ends = (36, y[n]), (52, y[n])
            lines.append(_stub(answers[beyond[-1]], item, 33, y[n], "end"))
        else:
            continue
        (x1, y1), (x2, y2) = ends
        dots = joined(Markup('<circle cx="{}" cy="{}" r="3"/>').format(x, at) for x, at in ends if x in (4, 52))
        lines.append(
            Markup('<g class="rw-tie{}{}"><path d="M{} {}L{} {}"/>{}</g>').format(
                tied(colours.get(item)), " rw-on" if item == chosen else "", x1, y1, x2, y2, dots
            )
        )
    return Markup(
        '<svg class="rw-ties" viewBox="0 0 56 {height}" width="56" height="{height}" aria-hidden="true">{lines}</svg>'
    ).format(height=HEAD + ROW * max(len(left.top), len(right.top), 1), lines=joined(lines))


def _stub(found: Answer, item: int, x: float, y: float, anchor: str) -> Markup:
    """The rank on a list that is not the next one, at the end of a short line."""
    rank = found.ranks[found.top.tolist().index(item)]
    return Markup('<text class="rw-beyond" x="{}" y="{}" text-anchor="{}">{}</text>').format(x, y + 4, anchor, rank)


def agreement(answers: Mapping[str, Answer], labels: Mapping[str, str]) -> str:
    """Which items all models agree on, and how many each pair shares."""
    sets = {name: set(found.top.tolist()) for name, found in answers.items()}
    shared = set.intersection(*sets.values())
    first = next(iter(answers.values()))
    ranked = [item for item in first.top.tolist() if item in shared]
    count = {2: "both", 3: "all three"}.get(len(sets), f"all {len(sets)}")
    if not ranked:
        text = f"No film is on {count} lists."
    else:
        titles = [first.full_title(item) for item in ranked[:3]]
        more = f" and {len(ranked) - 3} more" if len(ranked) > 3 else ""
        text = f"{len(ranked)} film{'s are' if len(ranked) > 1 else ' is'} on {count} lists: {listed(titles)}{more}."
    pairs = [f"{labels[a]} and {labels[b]} share {len(sets[a] & sets[b])}" for a, b in itertools.combinations(sets, 2)]
    return f"{text} {'; '.join(pairs)}." if len(sets) > 2 else text


def where(answers: Mapping[str, Answer], labels: Mapping[str, str], chosen: int | None) -> str:
    """The rank of the selected item on each list."""
    if chosen is None:
        return "Same colour = same film. Select a film to find it on the other lists."
    first = next(iter(answers.values()))
    found = []
    for name, one in answers.items():
        top = one.top.tolist()
        found.append(
            f"rank {one.ranks[top.index(chosen)]} in {labels[name]}"
            if chosen in top
            else f"not in the top {len(top)} of {labels[name]}"
        )
    return f"Selected: {first.full_title(chosen)} – {', '.join(found)}."
