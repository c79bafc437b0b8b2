"""Markup of the comparison: each model's shares and list, the links between the lists, and what they agree on."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ..answer import Answer, no_share, softmax_shares
from ..page.elements import attribute, joined, whole_name, yes
from ..page.markup import empty, part_bars
from ..page.terms import term
from ..why.parts import listed

COLOURS, WAYS = 5, 3  # of shared films: after five colours again, with another line
ROWS = 10
NAMED = 60  # characters of titles that the agreement names


def lists(
    answers: Mapping[str, Answer | None],
    labels: Mapping[str, str],
    chosen: int | None,
    parts: Mapping[str, NDArray[np.float64] | None] | None = None,
    moved: Mapping[str, Mapping[int, str]] | None = None,
    one: str = "film",
) -> Markup:
    """Shares and list of each model side by side, links between items that are on both, and the agreement in words.

    parts, moved: by model, what the scores are made of (items, 3), and changes of rank since the previous answer.
    one: what the data call an item.
    """
    known = {name: found for name, found in answers.items() if found is not None}
    if not known:
        return empty(f"No {one}s yet, so there is nothing to recommend from. Add one and the lists appear here.")
    columns, colours, every = [], shared(known), list(known.values())
    highest = max((float(part[0].max()) for one in every if (part := shares(one))), default=1.0)
    for n, (name, found) in enumerate(known.items()):
        if n:
            columns.append(links(every, n, chosen, colours))
        head = column_head(found, labels[name], chosen, colours, highest)
        rows = column(found, labels[name], chosen, colours, (parts or {}).get(name), (moved or {}).get(name, {}))
        columns.append(Markup("<div>{}{}</div>").format(head, rows))
    shown = joined(columns)
    far = " A short line ends in the rank on the list farther off." if "rw-beyond" in shown else ""
    agreed = agreement(known, labels)
    return Markup(
        '<div class="rw-lists" style="grid-template-columns:{frame}">{columns}</div>'
        '<p class="rw-agree" title="{agreement}"><b>{agreement}</b> '
        '<span class="rw-about-lines">Same mark = same {one}.{far}</span></p>'
    ).format(one=one, frame=" 44px ".join(["minmax(0,1fr)"] * len(known)), columns=shown, agreement=agreed, far=far)


def shared(answers: Mapping[str, Answer]) -> dict[int, int]:
    """The items on two lists or more and their marks, 1, 2, …; those on most lists and highest first."""
    ranks: dict[int, list[int]] = {}
    for found in answers.values():
        for rank, item in enumerate(found.top.tolist()):
            ranks.setdefault(item, []).append(rank)
    often = sorted((item for item in ranks if len(ranks[item]) > 1), key=lambda item: (-len(ranks[item]), ranks[item]))
    return {item: n for n, item in enumerate(often, 1)}


def tied(mark: int | None) -> str:
    """The classes of a shared item's mark: a colour, and from the sixth on another line."""
    if not mark:
        return ""
    way, colour = divmod(mark - 1, COLOURS)
    return f" rw-tied-{colour + 1}" + (f" rw-way-{1 + (way - 1) % (WAYS - 1)}" if way else "")


def shares(found: Answer) -> tuple[Any, float] | None:
    """Softmax shares within the list, and the list's over all unseen items; None where a score is not finite."""
    if not len(found.top) or not np.isfinite(found.scores[found.top]).all():
        return None
    return softmax_shares(found.scores[found.top], found.unseen)


def column_head(
    found: Answer, label: str, chosen: int | None, colours: Mapping[int, int], highest: float
) -> Markup:  # fmt: skip
    """The model's name, and its ten shares as columns; highest: the share that is as high as the picture."""
    known = shares(found)
    if known is None:
        return Markup('<h3>{}</h3><p class="rw-cap rw-whole">–</p><div class="rw-mini"></div>').format(label)
    (part, whole), why = known, no_share(found)
    said = ", ".join(
        f"{found.full_title(item)} {100 * share:.1f} %" for item, share in zip(found.top.tolist(), part, strict=True)
    )
    bars = joined(
        Markup('<i class="rw-pillar{}{}" style="--share:{:.3f}" title="{}: {:.1f} %"><b>{}</b></i>').format(
            tied(colours.get(item)), " rw-on" if item == chosen else "", share / highest, found.full_title(item),
            100 * share, n,
        )
        for n, (item, share) in enumerate(zip(found.top.tolist(), part.tolist(), strict=True), 1)
    )  # fmt: skip
    one = found.data.noun
    return Markup(
        '<h3 title="{label}">{label}</h3><p class="rw-cap rw-whole"{why}>{softmax} of the ten, {whole} {all}</p>'
        '<div class="rw-mini" role="img" aria-label="{label}: shares of the ten {one}s: {said}.">{bars}'
        '<small>{first:.0f} %</small></div>'
    ).format(
        one=one, label=label, softmax=term("softmax", "Shares"), whole=f"{100 * whole:.1f} %", said=said, bars=bars,
        first=100 * float(part[0]), why=attribute("title", why), all="says nothing here" if why else f"of all {one}s’",
    )  # fmt: skip


def column(
    found: Answer,
    label: str,
    chosen: int | None,
    colours: Mapping[int, int],
    parts: NDArray[np.float64] | None = None,
    moved: Mapping[int, str] | None = None,
) -> Markup:
    """One model's list."""
    top = found.top.tolist()
    bars = part_bars(parts) if parts is not None and len(parts) == len(top) else [Markup("")] * len(top)
    rows = joined(
        _row(found, rank, item, item == chosen, colours.get(item), bar, (moved or {}).get(item, ""))
        for rank, item, bar in zip(found.ranks, top, bars, strict=True)
    )
    hits = sum(item in found.later for item in top)
    foot = Markup("")
    if found.person.user is not None and found.has_held_out:
        foot = Markup("✓ = rated too ({}): {} of {}").format(term("held-out"), hits, len(top))
    return Markup('<ol class="rw-rows" aria-label="{}">{}</ol><p class="rw-cap rw-foot">{}</p>').format(
        label, rows, foot
    )


def _row(
    found: Answer, rank: str, item: int, chosen: bool, mark: int | None, bar: Markup, move: str
) -> Markup:  # fmt: skip
    later, full = item in found.later, found.full_title(item)
    return Markup(
        '<li><button type="button" class="rw-row rw-short{on}" data-row data-act="film-of" data-value="{item}" '
        'aria-pressed="{pressed}" aria-label="{spoken}" title="{full}">'
        '<span class="rw-chip{tied}">{rank}</span>{name}<span class="rw-moved">{move}</span>'
        '<span>{bar}</span><span class="rw-ok">{tick}</span></button></li>'
    ).format(
        on=" rw-on" if chosen else "", item=item, pressed=yes(chosen), full=full, tied=tied(mark), rank=rank, bar=bar,
        spoken=f"Rank {rank}: {full}{', rated later' if later else ''}", name=whole_name(*found.title(item)),
        move=move, tick="✓" if later else "",
    )  # fmt: skip


def links(answers: Sequence[Answer], n: int, chosen: int | None, colours: Mapping[int, int]) -> Markup:
    """Lines between the rows of an item on lists n - 1 and n; a stub where the other list is further away."""
    ranks = [{item: rank for rank, item in enumerate(found.top.tolist())} for found in answers]
    left, right = answers[n - 1], answers[n]
    lines = []
    for item in dict.fromkeys([*left.top.tolist(), *right.top.tolist()]):
        y = {m: 100 * (ranks[m][item] + 0.5) / ROWS for m in (n - 1, n) if item in ranks[m]}  # per cent of the height
        if len(y) == 2:
            ends = (4, y[n - 1]), (40, y[n])
        elif n - 1 in y and (beyond := [m for m in range(n + 1, len(answers)) if item in ranks[m]]):
            ends = (4, y[n - 1]), (15, y[n - 1])
            lines.append(_stub(answers[beyond[0]], item, 17, y[n - 1], "start"))
        elif n in y and (beyond := [m for m in range(n - 1) if item in ranks[m]]):
            ends = (29, y[n]), (40, y[n])
            lines.append(_stub(answers[beyond[-1]], item, 27, y[n], "end"))
        else:
            continue
        (x1, y1), (x2, y2) = ends
        dots = joined(Markup('<circle cx="{}" cy="{}%" r="3"/>').format(x, at) for x, at in ends if x in (4, 40))
        lines.append(
            Markup('<g class="rw-tie{}{}"><line x1="{}" y1="{}%" x2="{}" y2="{}%"/>{}</g>').format(
                tied(colours.get(item)), " rw-on" if item == chosen else "", x1, y1, x2, y2, dots
            )
        )
    return Markup('<svg class="rw-ties" width="44" aria-hidden="true">{}</svg>').format(joined(lines))


def _stub(found: Answer, item: int, x: float, y: float, anchor: str) -> Markup:
    """The rank on a list that is not the next one, at the end of a short line."""
    rank = found.ranks[found.top.tolist().index(item)]
    return Markup('<text class="rw-beyond" x="{}" y="{}%" dy="4" text-anchor="{}">{}</text>').format(
        x, y, anchor, rank
    )  # fmt: skip


def agreement(answers: Mapping[str, Answer], labels: Mapping[str, str]) -> str:
    """Which items all models agree on, and how many each pair shares."""
    sets = {name: set(found.top.tolist()) for name, found in answers.items()}
    common = set.intersection(*sets.values())
    first = next(iter(answers.values()))
    one = first.data.noun
    ranked = [item for item in first.top.tolist() if item in common]
    count = {2: "both", 3: "all three"}.get(len(sets), f"all {len(sets)}")
    if not ranked:
        text = f"No {one} is on {count} lists."
    else:
        every = [first.full_title(item) for item in ranked]
        n = max(1, sum(length <= NAMED for length in itertools.accumulate(map(len, every))))
        titles = [*every[:n], *([f"{len(every) - n} more"] if len(every) > n else [])]
        text = f"{len(ranked)} {one}{'s are' if len(ranked) > 1 else ' is'} on {count} lists: {listed(titles)}."
    if len(sets) <= 2:
        return text
    names = list(sets)
    pairs = [
        f"{labels[a]} shares {listed([f'{len(sets[a] & sets[b])} with {labels[b]}' for b in names[n:]])}"
        for n, a in enumerate(names[:-1], 1)
    ]
    return f"{text} {'; '.join(pairs)}."


def new_films(moved: Mapping[str, Mapping[int, str]], labels: Mapping[str, str], one: str = "film") -> str:
    """How much a change did to each model's list, in one sentence."""
    counts = [f"{labels[name]} {sum(move == 'new' for move in moves.values())}" for name, moves in moved.items()]
    return f"New {one}s in the top 10: {', '.join(counts)}."


def where(answers: Mapping[str, Answer], labels: Mapping[str, str], chosen: int) -> str:
    """The rank of the selected item on each list."""
    first = next(iter(answers.values()))
    found = []
    for name, one in answers.items():
        top = one.top.tolist()
        found.append(
            f"rank {one.ranks[top.index(chosen)]} in {labels[name]}"
            if chosen in top
            else f"not in the top {len(top)} of {labels[name]}"
        )
    return f"{first.full_title(chosen)}: {', '.join(found)}."
