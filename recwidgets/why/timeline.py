"""Why, for the session: the timeline of the last films, what each weighs and what it adds."""

from __future__ import annotations

from typing import ClassVar

from ..answer import Answer
from ..core import Explanation, Part
from ..page.page import esc
from . import parts
from ._base import Why

ROWS = 12  # films shown one by one, newest first


def timeline(explanation: Explanation, dropped: tuple[str, ...] = ()) -> str:
    """Rows of the newest films: weight in the query, what it adds to the score, a button to drop it."""
    films = [part for part in explanation.parts if part.kind == "film"]
    most_weight = max((part.weight for part in films), default=1.0) or 1.0
    most_value = max((abs(part.value) for part in films), default=1.0) or 1.0
    values = parts.rounded(
        [part.value for part in films[:ROWS]]
        + [sum(part.value for part in films[ROWS:]), explanation.total("own"), explanation.total("base")],
        parts.DIGITS,
        round(explanation.score, parts.DIGITS),
    )
    gone = "".join(
        f'<li class="rw-gone"><span>{esc(title)}</span><i></i><span class="rw-num">–</span></li>' for title in dropped
    )
    rows = "".join(
        _row(part, value, part.weight / most_weight, abs(part.value) / most_value)
        for part, value in zip(films[:ROWS], values, strict=False)
    )
    rest = [(f"{len(films) - ROWS} films before", values[-3])] if len(films) > ROWS else []
    rest += [("own embedding", values[-2])] if any(part.kind == "own" for part in explanation.parts) else []
    rest += [(parts.NAMES["base"], values[-1])] if any(part.kind == "base" for part in explanation.parts) else []
    tail = "".join(
        f'<li class="rw-else"><span>{esc(label)}</span><i></i><span class="rw-num">{parts.minus(value)}</span></li>'
        for label, value in rest
    )
    return (
        '<div class="rw-line rw-line-head"><span>Newest first; select to drop</span><span></span><span class="rw-num">adds</span></div>'
        f'<ol class="rw-timeline">{gone}{rows}{tail}</ol>'
        f'<p class="rw-line rw-total"><span>Score</span><span></span><span class="rw-num">{parts.minus(round(explanation.score, parts.DIGITS))}</span></p>'
        '<div class="rw-hop"><span>Slow motion</span>'
        '<button type="button" class="rw-btn rw-small" data-act="click" data-value="-1">One click back</button>'
        '<button type="button" class="rw-btn rw-small" data-act="click" data-value="1">One click on</button></div>'
        '<p class="rw-legend-line"><span class="rw-swatch rw-strong"></span>weight in the query '
        '<span class="rw-swatch rw-mid"></span>adds to the score (hatched: speaks against it)</p>'
    )


def _row(part: Part, value: float, weight: float, size: float) -> str:
    against = " rw-minus" if part.value < 0 else ""
    return (
        f'<li><button type="button" class="rw-line" data-act="drop" data-value="film:{part.index}" title="{esc(part.label)}" '
        f'aria-label="Drop {esc(part.label)}, which adds {parts.minus(value)}"><span class="rw-title">{esc(part.label)}</span>'
        f'<span class="rw-two"><i class="rw-strong" style="width:{100 * weight:.1f}%"></i>'
        f'<i class="rw-mid{against}" style="width:{100 * size:.1f}%"></i></span>'
        f'<span class="rw-num">{parts.minus(value)}</span></button></li>'
    )


class TimelineWhy(Why):
    """The session's films with their weights; select one to drop it and watch the answer change."""

    needs: ClassVar[str] = "weights"
    dropped: tuple[str, ...] = ()

    def show(self, answer: Answer | None, item: int | None) -> None:
        super().show(answer, item)
        if answer is None or item is None:
            return
        explanation = answer.explain(item)
        n = sum(part.kind == "film" for part in explanation.parts)
        score = parts.minus(round(explanation.score, parts.DIGITS))
        caption = f"{n} film{'' if n == 1 else 's'} and the parts below add up to its score, {score}."
        self.head.show(parts.heading(answer, item, explanation, caption) + timeline(explanation, self.dropped))
