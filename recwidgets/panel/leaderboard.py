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


def board(
    rows: Sequence[Row] | None,
    off: frozenset[str],
    honest: Sequence[Row] | None,
    ranking: tuple[int, int, float] | None = None,
) -> Markup:
    """The table: tick = value, band = interval, dashed = popularity; above it the switches of the four checks.

    off: names of the checks that are switched off; honest: the rows with all of them on.
    ranking: while the rows are worked out, (models done, models in all, seconds left or NaN).
    """
    switches = joined(
        Markup(
            '<button type="button" class="rw-check{lit}" role="switch" data-act="check" data-value="{name}" aria-checked="{on}" title="{rule}">'
            '<i aria-hidden="true"></i>{label}: {state}</button>'
        ).format(
            lit="" if check.name in off else " rw-lit", name=check.name, on=yes(check.name not in off), rule=check.on,
            label=check.label, state="off" if check.name in off else "on",
        )
        for check in CHECKS
    )  # fmt: skip
    words = " ".join(check.off for check in CHECKS if check.name in off)
    head = Markup(
        '<h3>Leaderboard on held-out data</h3><p class="rw-cap">Tick = the value, band = 95 % bootstrap interval over users, '
        'dashed = popularity.</p><div class="rw-checks" role="group" aria-label="Honesty checks">{}</div>{}'
    ).format(switches, Markup('<p class="rw-cap" role="status">{}</p>').format(words) if words else "")
    if rows is None:
        return head + under_way(ranking)
    shown = [row for row in rows if "baseline" not in off or row.name not in ("popularity", "chance")]
    return head + _table(shown, rows, off) + Markup('<p class="rw-cap">{}</p>').format(verdict(rows, off, honest))


def under_way(ranking: tuple[int, int, float] | None) -> Markup:
    """How far the ranking is, with a button to stop it; or the button that starts it."""
    if ranking is None:
        again = button("Rank all films for all users", "rank", classes="rw-small")
        return Markup('<div class="rw-empty"><p role="status">Not measured. {}</p></div>').format(again)
    done, total, left = ranking
    words = f"Ranking all films for all users: {done} of {total} models" + (
        "" if math.isnan(left) else f", {left:.0f} s left"
    )
    return Markup(
        '<div class="rw-empty"><p role="status">{}. {}</p><div class="rw-progress" aria-hidden="true"><i style="width:{:.0f}%"></i></div></div>'
    ).format(words, button("Stop", "stop-ranking", classes="rw-small"), 100 * done / total)


def _table(shown: Sequence[Row], rows: Sequence[Row], off: frozenset[str]) -> Markup:
    ends = {name: _range(rows, name) for name in METRICS}
    popularity = None if "baseline" in off else next((row for row in rows if row.name == "popularity"), None)

    def cells(row: Row) -> Markup:
        return joined(
            Markup('<td class="rw-num">{}</td><td>{}</td>').format(
                said(name, row.values[name][0]),
                _strip(row.values[name], ends[name], None if popularity is None else popularity.values[name][0]),
            )
            for name in METRICS
        )

    body = []
    for row in shown:
        base = row.name in ("popularity", "chance")
        body.append(
            Markup('<tr class="{}"><th scope="row">{}{}</th>{}</tr>').format(
                "rw-base" if base else "rw-model", row.label, " (baseline)" if base else "", cells(row)
            )
        )
    return Markup(
        '<details class="rw-meant"><summary>What the four numbers mean</summary><dl>{meant}</dl></details><div class="rw-wide-table" tabindex="0" role="region" aria-label="Leaderboard">'
        '<table class="rw-table"><thead><tr><th><span class="rw-hidden">Model</span></th>{heads}</tr></thead><tbody>{body}</tbody></table></div>'
    ).format(
        meant=joined(Markup("<dt>{}</dt><dd>{}</dd>").format(NAMES[name], MEANINGS[name]) for name in METRICS),
        heads=joined(
            Markup('<th scope="col" colspan="2" title="{}">{}</th>').format(MEANINGS[name], NAMES[name])
            for name in METRICS
        ),
        body=joined(body),
    )


def _range(rows: Sequence[Row], name: str) -> tuple[float, float]:
    numbers = [v for row in rows for v in row.values[name] if not math.isnan(v)]
    return min(0.0, *numbers), max(*numbers, 1e-9)


def _strip(value: tuple[float, float, float], ends: tuple[float, float], baseline: float | None) -> Markup:
    """A small horizontal scale: band, tick, and popularity's dashed line."""
    low, high = ends

    def at(number: float) -> float:
        return 2 + 92 * (number - low) / (high - low)

    middle, left, right = value
    band = dashed = Markup("")
    if not math.isnan(left):
        band = Markup('<rect class="rw-band" x="{:.1f}" y="4" width="{:.1f}" height="12"/>').format(
            at(left), max(at(right) - at(left), 1)
        )
    if baseline is not None:
        dashed = Markup('<path class="rw-dash" d="M{:.1f} 0V20"/>').format(at(baseline))
    words = said("", middle) if math.isnan(left) else f"{middle:.3f}, interval {left:.3f} to {right:.3f}"
    return Markup(
        '<svg class="rw-strip" viewBox="0 0 96 20" width="96" height="20" role="img" aria-label="{}">{}{}'
        '<rect class="rw-tick" x="{:.1f}" y="2" width="2.5" height="16"/></svg>'
    ).format(words, dashed, band, at(middle) - 1.25)


def said(name: str, value: float) -> str:
    if name in ("top_10_accuracy", "coverage"):
        return f"{100 * value:.1f} %"
    return f"{value:.1f} bits" if name == "novelty" else f"{value:.3f}"


def verdict(rows: Sequence[Row], off: frozenset[str], honest: Sequence[Row] | None) -> str:
    """One sentence: who leads by how much, or what switching checks off did to the numbers."""
    by_name = {row.name: row for row in rows}
    models = [row for row in rows if row.name not in ("popularity", "chance")]
    best = max(models, key=lambda row: row.values["ndcg"][0])
    if off and honest is not None:
        before = next(row for row in honest if row.name == best.name).values["ndcg"][0]
        return f"{best.label}: nDCG@10 {before:.3f} measured honestly, {best.values['ndcg'][0]:.3f} now."
    base = by_name["popularity"].values["ndcg"][0]
    text = f"{best.label} leads with nDCG@10 {best.values['ndcg'][0]:.3f}; popularity alone reaches {base:.3f}."
    losers = [row.label for row in models if row.values["ndcg"][0] < base]
    return text + (
        f" {listed(losers)} {'do' if len(losers) > 1 else 'does'} not even beat popularity." if losers else ""
    )
