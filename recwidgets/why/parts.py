"""Why, as a sum: the parts of a score, grouped so that what is shown adds up to what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..answer import Answer, rounded
from ..core import Explanation
from ..widgets.page import esc

DRAWN = 5  # summands named one by one; the others are one line
DIGITS = 3

PLURAL = {"film": "films of the history", "neighbour": "neighbours"}
NAMES = {"own": "own embedding", "base": "what the film has for everybody"}


class Line(NamedTuple):
    """One line of the sum as shown: label, value, and the kind that gives it its colour."""

    label: str
    value: float
    kind: str


def summands(explanation: Explanation, drawn: int = DRAWN) -> list[Line]:
    """The largest evidence one by one, the rest of it together, then the own part and the base.

    Their values, as rounded, add up to the score as rounded.
    """
    evidence = [part for part in explanation.parts if part.kind not in NAMES]
    first = sorted(evidence, key=lambda part: -abs(part.value))[:drawn]
    lines = [Line(part.label, part.value, part.kind) for part in first]
    if len(evidence) > len(first):
        rest = sum(part.value for part in evidence) - sum(part.value for part in first)
        kind = PLURAL.get(evidence[0].kind, "parts")
        lines.append(Line(f"{len(evidence) - len(first)} other {kind}", rest, "rest"))
    for kind, name in NAMES.items():
        if any(part.kind == kind for part in explanation.parts):
            lines.append(Line(name, explanation.total(kind), kind))
    values = rounded([line.value for line in lines], DIGITS, round(explanation.score, DIGITS))
    return [line._replace(value=value) for line, value in zip(lines, values, strict=True)]


def sentence(answer: Answer, explanation: Explanation) -> str:
    """Why this film, in one sentence."""
    evidence = explanation.largest(3)
    named = [part for part in evidence if part.kind in PLURAL and part.value > 0]
    if not named:
        return "Nothing in the history speaks for it: its score comes from the other parts."
    if named[0].kind == "neighbour":
        return f"Because of {listed([part.label for part in named])}, who are near in the embedding space."
    return f"Because of {listed([part.label for part in named])}."


def listed(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def markup(answer: Answer | None, item: int | None) -> str:
    """The heading, the sentence, the bar of the parts and the sum."""
    if answer is None or item is None:
        return '<h3>Why?</h3><p class="rw-cap">Select a film to see what its score is made of.</p>'
    explanation = answer.explain(item)
    lines = summands(explanation)
    total = sum(abs(line.value) for line in lines) or 1.0
    bar = "".join(
        f'<i class="rw-part rw-part-{line.kind}{" rw-minus" if line.value < 0 else ""}" '
        f'style="width:{100 * abs(line.value) / total:.2f}%"></i>'
        for line in lines
    )
    rows = "".join(
        f'<tr><td><i class="rw-swatch rw-part-{line.kind}"></i></td><td>{esc(line.label)}</td>'
        f'<td class="rw-num">{minus(line.value)}</td></tr>'
        for line in lines
    )
    score = round(explanation.score, DIGITS)
    return (
        f"<h3>Why {esc(answer.full_title(item))}?</h3>"
        f'<p class="rw-cap">{esc(sentence(answer, explanation))} {len(explanation.parts)} parts add up to its score, '
        f"{minus(score)}.</p>"
        f'<div class="rw-bar rw-parts" aria-hidden="true">{bar}</div>'
        f'<table class="rw-sum"><caption class="rw-hidden">Parts of the score</caption><tbody>{rows}</tbody>'
        f'<tfoot><tr><td></td><td>Score</td><td class="rw-num">{minus(score)}</td></tr></tfoot></table>'
    )


def minus(value: float, digits: int = DIGITS) -> str:
    """A number with a real minus sign."""
    return f"{value:.{digits}f}".replace("-", "−")
