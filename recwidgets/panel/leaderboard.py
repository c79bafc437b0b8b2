"""Markup of the comparison: the lists with their links, and the leaderboard with its lamps."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence

from ..answer import Answer
from ..page.markup import button, named
from ..page.page import esc
from ..why.parts import listed
from .honesty import LAMPS, METRICS, Row

COLOURS = 6  # of shared films; the others are linked in grey
ROW, HEAD = 30, 44  # px: a row of a list, and what stands above the first
NAMES = {"top_10_accuracy": "Top-10 accuracy", "ndcg": "nDCG@10", "coverage": "Coverage", "novelty": "Novelty"}
MEANINGS = {
    "top_10_accuracy": "Share of the held-out ratings whose film is in its user’s top 10.",
    "ndcg": "The same hits, but a high rank counts more; 1 = the best order there is.",
    "coverage": "Share of the catalogue that is in anybody’s top 10.",
    "novelty": "Mean surprise of a recommended film: each bit more = rated by half as many.",
}


def lists(answers: Mapping[str, Answer | None], labels: Mapping[str, str], chosen: int | None) -> str:
    """The lists side by side, links between films that stand on both, and the agreement in words."""
    known = {name: found for name, found in answers.items() if found is not None}
    if not known:
        return '<p class="rw-empty">No films yet, so there is nothing to recommend from. Add one and the lists appear here.</p>'
    columns, colours, every = [], shared(known), list(known.values())
    for n, (name, found) in enumerate(known.items()):
        if n:
            columns.append(links(every, n, chosen, colours))
        columns.append(column(found, labels[name], chosen, colours))
    far = " A short line ends in the rank on the list farther off." if "rw-beyond" in "".join(columns) else ""
    far = f'<span class="rw-about-lines">{far}</span>'
    frame = f"grid-template-columns:{' 56px '.join(['minmax(0,1fr)'] * len(known))}"
    return (
        f'<div class="rw-lists" style="{frame}">{"".join(columns)}</div>'
        f'<p class="rw-agree" role="status"><b>{esc(agreement(known, labels))}</b></p>'
        f'<p class="rw-cap">{esc(where(known, labels, chosen))}{far}</p>'
    )


def shared(answers: Mapping[str, Answer]) -> dict[int, int]:
    """The films on two lists or more and their colours, 1 … COLOURS, then 0; those on most lists and highest first."""
    ranks: dict[int, list[int]] = {}
    for found in answers.values():
        for place, item in enumerate(found.top.tolist()):
            ranks.setdefault(item, []).append(place)
    often = sorted((item for item in ranks if len(ranks[item]) > 1), key=lambda item: (-len(ranks[item]), ranks[item]))
    return {item: n if n <= COLOURS else 0 for n, item in enumerate(often, 1)}


def column(found: Answer, label: str, chosen: int | None, colours: Mapping[int, int]) -> str:
    rows = []
    for place, item in zip(found.places, found.top.tolist(), strict=True):
        title, year = found.title(item)
        later = item in found.later
        spoken = f"Rank {place}: {found.full_title(item)}{', watched later' if later else ''}"
        rows.append(
            f'<li><button type="button" class="rw-row rw-short{" rw-on" if item == chosen else ""}" data-row data-act="film-of" '
            f'data-value="{item}" aria-pressed="{"true" if item == chosen else "false"}" aria-label="{esc(spoken)}" '
            f'title="{esc(found.full_title(item))}"><span class="rw-chip{tied(colours.get(item))}">{esc(place)}</span>{named(title, year)}'
            f'<span class="rw-ok">{"✓" if later else ""}</span></button></li>'
        )
    hits = sum(item in found.later for item in found.top.tolist())
    foot = f"{hits} of {len(found.top)} watched later" if found.person.user is not None and found.has_held_out else ""
    return (
        f'<div><h3>{esc(label)}</h3><div class="rw-row rw-short rw-head" aria-hidden="true"><span>#</span><span>Film</span>'
        f'<span class="rw-ok">✓</span></div><ol class="rw-rows" aria-label="{esc(label)}">{"".join(rows)}</ol>'
        f'<p class="rw-cap rw-foot">{esc(foot)}</p></div>'
    )


def tied(colour: int | None) -> str:
    """The class of a shared film's colour."""
    return f" rw-tied-{colour}" if colour else ""


def links(answers: Sequence[Answer], n: int, chosen: int | None, colours: Mapping[int, int]) -> str:
    """Lines between the places of a film on lists n - 1 and n; a stub where the other list is further away."""
    places = [{item: place for place, item in enumerate(found.top.tolist())} for found in answers]
    left, right = answers[n - 1], answers[n]
    lines = []
    for item in dict.fromkeys([*left.top.tolist(), *right.top.tolist()]):
        kind = f"{tied(colours.get(item))}{' rw-on' if item == chosen else ''}"
        y = {m: HEAD + ROW * (places[m][item] + 0.5) for m in (n - 1, n) if item in places[m]}
        if len(y) == 2:
            ends = (4, y[n - 1]), (52, y[n])
        elif n - 1 in y and (beyond := [m for m in range(n + 1, len(answers)) if item in places[m]]):
            ends = (4, y[n - 1]), (20, y[n - 1])
            lines.append(_stub(answers[beyond[0]], item, 23, y[n - 1], "start"))
        elif n in y and (beyond := [m for m in range(n - 1) if item in places[m]]):
            ends = (36, y[n]), (52, y[n])
            lines.append(_stub(answers[beyond[-1]], item, 33, y[n], "end"))
        else:
            continue
        (x1, y1), (x2, y2) = ends
        dots = "".join(f'<circle cx="{x}" cy="{at}" r="3"/>' for x, at in ends if x in (4, 52))
        lines.append(f'<g class="rw-tie{kind}"><path d="M{x1} {y1}L{x2} {y2}"/>{dots}</g>')
    height = HEAD + ROW * max(len(left.top), len(right.top), 1)
    return f'<svg class="rw-ties" viewBox="0 0 56 {height}" width="56" height="{height}" aria-hidden="true">{"".join(lines)}</svg>'


def _stub(found: Answer, item: int, x: float, y: float, anchor: str) -> str:
    """The rank on a list that is not the next one, at the end of a short line."""
    place = found.places[found.top.tolist().index(item)]
    return f'<text class="rw-beyond" x="{x}" y="{y + 4}" text-anchor="{anchor}">{esc(place)}</text>'


def agreement(answers: Mapping[str, Answer], labels: Mapping[str, str]) -> str:
    """Which films all models agree on, and how many each pair shares."""
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
    """Where the selected film stands on each list."""
    if chosen is None:
        return "Same colour = same film. Select a film to find it on the other lists."
    first = next(iter(answers.values()))
    found = []
    for name, one in answers.items():
        top = one.top.tolist()
        found.append(
            f"rank {one.places[top.index(chosen)]} in {labels[name]}"
            if chosen in top
            else f"not in the top {len(top)} of {labels[name]}"
        )
    return f"Selected: {first.full_title(chosen)} – {', '.join(found)}."


def board(
    rows: Sequence[Row] | None,
    off: frozenset[str],
    honest: Sequence[Row] | None,
    ranking: tuple[int, int, float] | None = None,
) -> str:
    """The table: tick = value, band = interval, dashed = popularity; above it the four lamps.

    ranking: while the rows are worked out, (models done, models in all, seconds left or NaN).
    """
    switches = "".join(
        f'<button type="button" class="rw-lamp{"" if lamp.name in off else " rw-lit"}" role="switch" data-act="lamp" '
        f'data-value="{lamp.name}" aria-checked="{"false" if lamp.name in off else "true"}" title="{esc(lamp.on)}">'
        f'<i aria-hidden="true"></i>{esc(lamp.label)}: {"off" if lamp.name in off else "on"}</button>'
        for lamp in LAMPS
    )
    words = " ".join(lamp.off for lamp in LAMPS if lamp.name in off)
    head = (
        '<h3>Leaderboard on held-out data</h3><p class="rw-cap">Tick = the value, band = 95 % bootstrap interval over users, '
        f'dashed = popularity.</p><div class="rw-lamps" role="group" aria-label="Honesty lamps">{switches}</div>'
        + (f'<p class="rw-cap" role="status">{esc(words)}</p>' if words else "")
    )
    if rows is None:
        return head + under_way(ranking)
    shown = [row for row in rows if "baseline" not in off or row.name not in ("popularity", "chance")]
    return f"{head}{_table(shown, rows, off)}<p class='rw-cap'>{esc(verdict(rows, off, honest))}</p>"


def under_way(ranking: tuple[int, int, float] | None) -> str:
    """How far the ranking is, with its way out; or the way in."""
    if ranking is None:
        again = button("Rank all films for all users", "rank", classes="rw-small")
        return f'<div class="rw-empty"><p role="status">Not measured. {again}</p></div>'
    done, total, left = ranking
    words = f"Ranking all films for all users: {done} of {total} models" + (
        "" if math.isnan(left) else f", {left:.0f} s left"
    )
    bar = f'<div class="rw-progress" aria-hidden="true"><i style="width:{100 * done / total:.0f}%"></i></div>'
    return f'<div class="rw-empty"><p role="status">{words}. {button("Stop", "stop-ranking", classes="rw-small")}</p>{bar}</div>'


def _table(shown: Sequence[Row], rows: Sequence[Row], off: frozenset[str]) -> str:
    ends = {name: _range(rows, name) for name in METRICS}
    popularity = None if "baseline" in off else next((row for row in rows if row.name == "popularity"), None)
    body = ""
    for row in shown:
        cells = "".join(
            f'<td class="rw-num">{said(name, row.values[name][0])}</td><td>{_strip(row.values[name], ends[name], None if popularity is None else popularity.values[name][0])}</td>'
            for name in METRICS
        )
        kind = ' class="rw-base"' if row.name in ("popularity", "chance") else ""
        body += f'<tr{kind}><th scope="row">{esc(row.label)}{" (baseline)" if kind else ""}</th>{cells}</tr>'
    heads = "".join(f'<th scope="col" colspan="2" title="{MEANINGS[name]}">{NAMES[name]}</th>' for name in METRICS)
    meant = "".join(f"<dt>{NAMES[name]}</dt><dd>{MEANINGS[name]}</dd>" for name in METRICS)
    return f'<details class="rw-meant"><summary>What the four numbers mean</summary><dl>{meant}</dl></details><div class="rw-wide-table"><table class="rw-table"><thead><tr><th><span class="rw-hidden">Model</span></th>{heads}</tr></thead><tbody>{body}</tbody></table></div>'


def _range(rows: Sequence[Row], name: str) -> tuple[float, float]:
    numbers = [v for row in rows for v in row.values[name] if not math.isnan(v)]
    return min(0.0, *numbers), max(*numbers, 1e-9)


def _strip(value: tuple[float, float, float], ends: tuple[float, float], baseline: float | None) -> str:
    """A small horizontal scale: band, tick, and popularity's dashed line."""
    low, high = ends

    def at(number: float) -> float:
        return 2 + 92 * (number - low) / (high - low)

    middle, left, right = value
    band = (
        ""
        if math.isnan(left)
        else f'<rect class="rw-band" x="{at(left):.1f}" y="4" width="{max(at(right) - at(left), 1):.1f}" height="12"/>'
    )
    dashed = "" if baseline is None else f'<path class="rw-dash" d="M{at(baseline):.1f} 0V20"/>'
    words = said("", middle) if math.isnan(left) else f"{middle:.3f}, interval {left:.3f} to {right:.3f}"
    return (
        f'<svg class="rw-strip" viewBox="0 0 96 20" width="96" height="20" role="img" aria-label="{esc(words)}">{dashed}{band}'
        f'<rect class="rw-tick" x="{at(middle) - 1.25:.1f}" y="2" width="2.5" height="16"/></svg>'
    )


def said(name: str, value: float) -> str:
    if name in ("top_10_accuracy", "coverage"):
        return f"{100 * value:.1f} %"
    return f"{value:.1f} bits" if name == "novelty" else f"{value:.3f}"


def verdict(rows: Sequence[Row], off: frozenset[str], honest: Sequence[Row] | None) -> str:
    """One sentence: who leads by how much, or what switching lamps off did to the numbers."""
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
