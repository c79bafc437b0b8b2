"""Why, for the session: the timeline of the last films, what each weighs and what it adds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

from markupsafe import Markup

from ..core import Explanation, Part
from ..page.elements import button, joined
from . import parts
from ._base import Selected, Why

ROWS = 12  # films shown one by one, newest first


def timeline(explanation: Explanation, dropped: tuple[str, ...] = ()) -> Markup:
    """Rows of the newest films: weight in the query, what it adds to the score, a button to drop it."""
    films = [part for part in explanation.parts if part.kind == "film"]
    first, before = films[:ROWS], films[ROWS:]
    rest = [(f"{len(before)} films before", sum(part.value for part in before))] if before else []
    for kind, name in parts.NAMES.items():
        if any(part.kind == kind for part in explanation.parts):
            rest.append((name, explanation.total(kind)))
    if others := [part.value for part in explanation.parts if part.kind not in ("film", *parts.NAMES)]:
        rest.append(("other contributions", sum(others)))
    values = parts.as_shown([part.value for part in first] + [value for _, value in rest], explanation.score)
    weights, sizes = widths([part.weight for part in films]), widths([part.value for part in films])
    gone = joined(
        Markup('<li class="rw-gone"><span>{}</span><i></i><span class="rw-num">–</span></li>').format(title)
        for title in dropped
    )
    rows = joined(
        _row(part, value, weight, size)
        for part, value, weight, size in zip(first, values, weights, sizes, strict=False)
    )
    tail = joined(
        Markup('<li class="rw-else"><span>{}</span><i></i><span class="rw-num">{}</span></li>').format(
            label, parts.minus(value)
        )
        for (label, _), value in zip(rest, values[len(first) :], strict=True)
    )
    return Markup(
        '<div class="rw-line rw-line-head"><span>Newest first; select to drop</span><span></span><span class="rw-num">adds</span></div>'
        '<ol class="rw-timeline">{gone}{rows}{tail}</ol>'
        '<p class="rw-line rw-total"><span>Score</span><span></span><span class="rw-num">{score}</span></p>'
        '<div class="rw-hop"><span>Slow motion</span>{back}{on}</div>'
        '<p class="rw-legend-line"><span class="rw-swatch rw-strong"></span>weight in the query '
        '<span class="rw-swatch rw-mid"></span>adds to the score (hatched: lowers it)</p>'
    ).format(
        gone=gone, rows=rows, tail=tail, score=parts.minus(round(explanation.score, parts.DIGITS)),
        back=button("One click back", "click", -1, classes="rw-small"),
        on=button("One click on", "click", 1, classes="rw-small"),
    )  # fmt: skip


def widths(values: Sequence[float]) -> list[float]:
    """Widths of bars in percent, of the largest value in either direction; none for what is no number."""
    sizes = [abs(value) if math.isfinite(value) else 0.0 for value in values]
    most = max(sizes, default=0.0) or 1.0
    return [100 * size / most for size in sizes]


def _row(part: Part, value: float, weight: float, size: float) -> Markup:
    return Markup(
        '<li><button type="button" class="rw-line" data-act="drop" data-value="film:{index}" title="{label}" '
        'aria-label="Drop {label}, which adds {value}"><span class="rw-title">{label}</span>'
        '<span class="rw-two"><i class="rw-strong" style="width:{weight:.1f}%"></i><i class="rw-mid{against}" style="width:{size:.1f}%"></i></span>'
        '<span class="rw-num">{value}</span></button></li>'
    ).format(
        index=part.index, label=part.label, value=parts.minus(value), weight=weight, size=size,
        against=" rw-minus" if part.value < 0 else "",
    )  # fmt: skip


class TimelineWhy(Why):
    """The session's films with their weights; select one to drop it and watch the answer change."""

    needs: ClassVar[str] = "weights"

    def draw(self, selected: Selected) -> None:
        answer, item, explanation = selected.answer, selected.item, selected.explanation
        assert answer is not None and item is not None and explanation is not None
        n = sum(part.kind == "film" for part in explanation.parts)
        score = parts.minus(round(explanation.score, parts.DIGITS))
        caption = f"{n} film{'' if n == 1 else 's'} and the rest add up to its score, {score}."
        self.head.show(parts.heading(answer, item, explanation, caption) + timeline(explanation, selected.dropped))
        self.foot.show("")
