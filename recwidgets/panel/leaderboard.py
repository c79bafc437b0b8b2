"""Markup of the leaderboard: its honesty checks, a strip plot for each metric, and what is more than noise."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy.random  # noqa: F401  # loaded with the panel: in a tab that takes longer than a slice of work may
from markupsafe import Markup

from ..core import worded
from ..data import Interactions
from ..page.elements import button, joined, yes
from ..page.terms import term
from ..why.parts import listed, minus
from .honesty import BASELINES, CHECKS, METRICS, RESAMPLES, Lead, Row

NAMES = {"top_10_accuracy": "Top-10 accuracy", "ndcg": "nDCG@10", "coverage": "Coverage", "novelty": "Novelty"}
COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight")


def board(
    rows: Sequence[Row] | None,
    off: frozenset[str],
    honest: Sequence[Row] | None,
    ranking: tuple[int, int, float] | None = None,
    found: Sequence[Lead] = (),
    data: Interactions | None = None,
) -> Markup:
    """Four strip plots: tick = value, band = interval, dashed = popularity; above them the four checks and the verdict.

    off: names of the checks that are switched off; honest: the rows with all of them on.
    ranking: while the rows are worked out, (models done, models in all, seconds left or NaN).
    found: `honesty.leads` of the rows, worked out beside: a view draws no random numbers.
    data: whose word for an item is used.
    """
    switches = joined(
        Markup(
            '<button type="button" class="rw-check{lit}" role="switch" data-act="check" data-value="{name}" aria-checked="{on}" title="{rule}">'
            '<i aria-hidden="true"></i>{label}: {state}</button>'
        ).format(
            lit="" if check.name in off else " rw-lit", name=check.name, on=yes(check.name not in off), rule=worded(data, check.on),
            label=worded(data, check.label), state="off" if check.name in off else "on",
        )
        for check in CHECKS
    )  # fmt: skip
    words = " ".join(worded(data, check.off) for check in CHECKS if check.name in off)
    caption = Markup(
        "Tick = the value, band = 95 % {} over users, not over trainings; dashed = {}. On test rows, while a panel’s epochs are "
        "measured on {}."
    ).format(term("interval"), term("popularity"), term("validation rows"))
    head = Markup(
        '<h3>Leaderboard on {}</h3><p class="rw-cap">{}</p><div class="rw-checks" role="group" aria-label="Honesty checks">{}</div>{}'
    ).format(
        term("held-out", "held-out ratings"), caption, switches,
        Markup('<p class="rw-cap" role="status">{}</p>').format(words) if words else "",
    )  # fmt: skip
    if rows is None:
        return head + under_way(ranking, "film" if data is None else data.noun)
    shown = [row for row in rows if "baseline" not in off or row.name not in BASELINES]
    return head + verdict(rows, off, honest, found) + strips(shown, rows, off)


def under_way(ranking: tuple[int, int, float] | None, one: str = "film") -> Markup:
    """How far the ranking is, with a button to stop it; or the button that starts it."""
    if ranking is None:
        again = button(f"Rank all {one}s for all users", "rank", classes="rw-small")
        return Markup('<div class="rw-empty"><p role="status">Not measured. {}</p></div>').format(again)
    done, total, left = ranking
    words = f"Ranking all {one}s for all users: {done} of {total} models" + (
        "" if math.isnan(left) else f", {left:.0f} s left"
    )
    return Markup(
        '<div class="rw-empty"><p role="status">{}. {}</p><div class="rw-progress" aria-hidden="true"><i style="width:{:.0f}%"></i></div></div>'
    ).format(words, button("Stop", "stop-ranking", classes="rw-small"), 100 * done / total)


def strips(shown: Sequence[Row], rows: Sequence[Row], off: frozenset[str]) -> Markup:
    """A table for each metric, all models on one scale. rows: those that the scale is made for."""
    popularity = None if "baseline" in off else next((row for row in rows if row.name == "popularity"), None)
    tables = []
    for name in METRICS:
        ends, base = _range(rows, name), None if popularity is None else popularity.values[name][0]
        body = joined(
            Markup(
                '<tr class="{}"><th scope="row"><span title="{label}">{label}</span></th><td class="rw-num">{}</td><td>{}</td></tr>'
            ).format(
                "rw-baseline" if row.name in BASELINES else "rw-model", said(name, row.values[name][0]),
                strip(name, row.values[name], ends, base), label=row.label,
            )
            for row in shown
        )  # fmt: skip
        tables.append(
            Markup(
                '<table class="rw-table rw-of-{}"><caption>{}</caption><colgroup><col class="rw-names"/><col class="rw-values"/><col/></colgroup>'
                "<tbody>{}</tbody></table>"
            ).format(name, term(NAMES[name]), body)
        )
    return Markup('<div class="rw-tables">{}</div>').format(joined(tables))


def _range(rows: Sequence[Row], name: str) -> tuple[float, float]:
    numbers = [v for row in rows for v in row.values[name] if not math.isnan(v)]
    return min(0.0, *numbers), max(*numbers, 1e-9)


def strip(name: str, value: tuple[float, float, float], ends: tuple[float, float], baseline: float | None) -> Markup:
    """One row's horizontal scale: band with the numbers of its ends, tick, and popularity's dashed line."""
    low, high = ends

    def at(number: float) -> str:
        return f"--at:{(number - low) / (high - low):.4f}"

    middle, left, right = value
    words, pieces = said(name, middle), []
    if not math.isnan(left):
        words += f", interval {said(name, left)} to {said(name, right)}"
        wide = (right - left) / (high - low)
        pieces.append(Markup('<i class="rw-band" style="{};--wide:{:.4f}"></i>').format(at(left), wide))
        pieces.append(Markup('<small class="rw-low" style="{}">{}</small>').format(at(left), bare(name, left)))
        pieces.append(Markup('<small class="rw-high" style="{}">{}</small>').format(at(right), bare(name, right)))
    if baseline is not None:
        pieces.append(Markup('<i class="rw-dash" style="{}"></i>').format(at(baseline)))
    pieces.append(Markup('<i class="rw-tick" style="{}"></i>').format(at(middle)))
    return Markup('<span class="rw-strip" role="img" aria-label="{}">{}</span>').format(words, joined(pieces))


def said(name: str, value: float) -> str:
    """A number with its unit."""
    if name in ("top_10_accuracy", "coverage"):
        return f"{100 * value:.1f} %"
    return f"{value:.1f} bits" if name == "novelty" else f"{value:.3f}"


def bare(name: str, value: float) -> str:
    """A number without its unit, as short as it can be beside a band."""
    text = said(name, value).removesuffix(" %").removesuffix(" bits")
    return text.removeprefix("0") if name == "ndcg" else text


def verdict(
    rows: Sequence[Row], off: frozenset[str], honest: Sequence[Row] | None, found: Sequence[Lead] = ()
) -> Markup:  # fmt: skip
    """Which differences are more than noise; or what switching checks off did to the numbers."""
    models = [row for row in rows if row.name not in BASELINES]
    best = max(models, key=lambda row: row.values["ndcg"][0])
    changed = off - {"baseline"}
    if changed and honest is not None:
        before = next(row for row in honest if row.name == best.name).values["ndcg"][0]
        text = f"{best.label}: nDCG@10 {before:.3f} measured honestly, {best.values['ndcg'][0]:.3f} now."
        return Markup('<p class="rw-verdict">{}</p>').format(text)
    if changed or not found:
        return Markup('<p class="rw-verdict">{}</p>').format(_plain(rows, best))
    pair = [one for one in found if one.other.name not in BASELINES]
    shown = pair if "baseline" in off else found
    told = [one for one in shown if one in pair]
    with_popularity = [one for one in shown if one not in pair]
    said = [in_a_sentence(one, n > 0) for n, one in enumerate(told)]
    said += [against(with_popularity)] if told and len(with_popularity) > 1 else map(in_a_sentence, with_popularity)
    lines = joined(Markup("<li>{}</li>").format(words) for words in said)
    return Markup('<ul class="rw-verdict">{}</ul>{}').format(lines, _caution(len(shown)))


def short_verdict(
    rows: Sequence[Row] | None, off: frozenset[str], honest: Sequence[Row] | None, all_found: Sequence[Lead],
    data: Interactions | None = None,
) -> str:  # fmt: skip
    """What the board says of the best model, in a few words for a narrow place; "" where nothing is measured yet.

    With all checks on that is the comparison with the second; with some off, what that did to the number.
    """
    if rows is None:
        return ""
    if off - {"baseline"}:
        best = max((row for row in rows if row.name not in BASELINES), key=lambda row: row.values["ndcg"][0])
        switched = ", ".join(worded(data, check.label) for check in CHECKS if check.name in off)
        before = [row.values["ndcg"][0] for row in honest or () if row.name == best.name]
        honestly = f", measured honestly {before[0]:.3f}" if before else ""
        return f"“{switched}” off: {best.label} has nDCG@10 {best.values['ndcg'][0]:.3f}{honestly}"
    pair = [one for one in all_found if one.other.name not in BASELINES]
    if not pair:
        return ""
    found = pair[0]
    noise = "more than noise" if found.more_than_noise else "no more than noise"
    return f"{found.one.label} ahead of {found.other.label} by {found.mean:.3f} nDCG@10: {noise}"


def _plain(rows: Sequence[Row], best: Row) -> str:
    """Where the users' own numbers are not known: who is ahead."""
    base = next(row for row in rows if row.name == "popularity").values["ndcg"][0]
    text = f"{best.label} is ahead with nDCG@10 {best.values['ndcg'][0]:.3f}; popularity reaches {base:.3f}."
    losers = [row.label for row in rows if row.name not in BASELINES and row.values["ndcg"][0] < base]
    return text + (f" {listed(losers)} {'do' if len(losers) > 1 else 'does'} not beat popularity." if losers else "")


def in_a_sentence(found: Lead, short: bool = False) -> Markup:
    """Who is better than whom, by how much, what the interval is, and whether it leaves out 0.

    short: without what the interval is of, which a sentence before has said.
    """
    sure, ahead = found.more_than_noise, found.mean >= 0
    how = ("better than" if ahead else "worse than") if sure else ("ahead of" if ahead else "behind")
    ends = (found.low, found.high) if ahead else (-found.high, -found.low)  # counted as the sentence counts
    return Markup(
        "{one} is {how} {other} by <b>{mean:.3f}</b> nDCG@10 ({of}{low} to {high}): "
        "{noise}, <b>{answer}</b>."
    ).format(
        one=found.one.label, how=how, other=found.other.label, mean=abs(found.mean), of="" if short else f"95 % of {RESAMPLES:,} resamples of the {found.users:,} users: ",
        low=minus(ends[0], 3), high=minus(ends[1], 3), noise=term("more than noise"),
        answer="yes" if sure else "no, 0 lies between them",
    )  # fmt: skip


def against(found: Sequence[Lead]) -> Markup:
    """Several models against the same one, in a line: each difference, its interval, and whether it is more than noise."""
    each = joined(
        Markup("{}{} <b>{}</b> ({} to {}): {}").format(
            "; " if n else "", one.one.label, minus(one.mean, 3), minus(one.low, 3), minus(one.high, 3),
            "yes" if one.more_than_noise else "no",
        )
        for n, one in enumerate(found)
    )  # fmt: skip
    return Markup("Better than {}, {}? {}.").format(found[0].other.label, term("more than noise"), each)


def _caution(n: int) -> Markup:
    """What several comparisons at 95 % mean."""
    if n < 2:
        return Markup("")
    many = COUNTS[n] if n < len(COUNTS) else str(n)
    text = (
        f"{many.capitalize()} comparisons are made, each at 95 %: were no model better than another, up to "
        f"{min(5 * n, 100)} in 100 such tables would still say yes somewhere. Their order is taken from these same numbers."
    )
    return Markup('<p class="rw-cap">{}</p>').format(text)
