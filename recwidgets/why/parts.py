"""Why, as a sum: the parts of a score, grouped so that what is shown adds up to what is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..answer import Answer
from ..answer import rounded as rounded
from ..core import Explanation, Part
from ..page.page import esc

DRAWN = 5  # summands named one by one; the others are one line
DIGITS = 3

PLURAL = {"film": "films of the history", "neighbour": "neighbours"}
NAMES = {"own": "own embedding", "base": "the film itself, for everybody"}


class Line(NamedTuple):
    """One line of the sum as shown: label, value, and the kind that gives it its colour."""

    label: str
    value: float
    kind: str
    index: int = -1  # type: ignore[assignment]  # tuples have a method of that name, which nobody needs here


def summands(explanation: Explanation, drawn: int = DRAWN) -> list[Line]:
    """The largest evidence one by one, the rest of it together, then the own part and the base.

    Their values, as rounded, add up to the score as rounded.
    """
    evidence = [part for part in explanation.parts if part.kind not in NAMES]
    first = sorted(evidence, key=lambda part: -abs(part.value))[:drawn]
    lines = [Line(part.label, part.value, part.kind, part.index) for part in first]
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
    speak = [part for part in explanation.parts if part.kind not in NAMES and part.value > 0]
    named = sorted(speak, key=lambda part: -part.value)[:3]
    if not named:
        return "Nothing in the history speaks for it: its score comes from the other parts."
    words = listed([part.label for part in named])
    share = sum(part.value for part in named) / sum(part.value for part in explanation.parts if part.value > 0)
    carry = f"{'this alone makes' if len(named) == 1 else f'these {len(named)} make'} up {100 * share:.0f} % of what speaks for it"
    if named[0].kind == "neighbour":
        every = [part.index for part in explanation.parts if part.kind == "neighbour"]
        item = answer.data.item_index(explanation.item)
        shared = sum(item in answer.data.history(user) for user in every)
        if len(every) == 1:
            rated = "rated it" if shared else "has not rated it, but films like it"
            return f"Because {words} is the only neighbour that is asked, and {rated}."
        near = f"{words} {'is' if len(named) == 1 else 'are'} near"
        return f"Because {near}, and {shared} of the {len(every)} nearest rated it; {carry}."
    if named[0].kind != "film":  # a kind of the learner's own
        return f"Because of {words}; {carry}."
    whom = "you" if answer.person.user is None else f"user {answer.data.users[answer.person.user]}"
    return f"Because {whom} watched {words}; {carry}."


def listed(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def nothing() -> str:
    return '<h3>Why?</h3><p class="rw-cap">Select a film to see what its score is made of.</p>'


def heading(answer: Answer, item: int, explanation: Explanation, caption: str = "") -> str:
    """Which film, and why in a sentence."""
    score = minus(round(explanation.score, DIGITS))
    count = len(explanation.parts)
    caption = caption or (f"{count} parts add up to its score, {score}." if count != 1 else f"One part: {score}.")
    return (
        f"<h3>Why {esc(answer.full_title(item))}?</h3>"
        f'<p class="rw-because">{esc(sentence(answer, explanation))}</p><p class="rw-cap">{esc(caption)}</p>'
    )


def bar(lines: Sequence[Line]) -> str:
    """The parts side by side; a part that speaks against the film is hatched."""
    total = sum(abs(line.value) for line in lines) or 1.0
    pieces = "".join(
        f'<i class="rw-part rw-part-{esc(line.kind)}{" rw-minus" if line.value < 0 else ""}" '
        f'style="width:{100 * abs(line.value) / total:.2f}%"></i>'
        for line in lines
    )
    return f'<div class="rw-bar rw-parts" aria-hidden="true">{pieces}</div>'


def table(lines: Sequence[Line], score: float, removable: bool = True) -> str:
    """The sum; films and neighbours can be taken out to see what changes."""
    rows = "".join(
        f'<tr><td><i class="rw-swatch rw-part-{esc(line.kind)}"></i></td><td>{esc(line.label)}</td>'
        f"<td>{remove(line) if removable else ''}</td>"
        f'<td class="rw-num">{minus(line.value)}</td></tr>'
        for line in lines
    )
    return (
        f'<table class="rw-sum"><caption class="rw-hidden">Parts of the score</caption><tbody>{rows}</tbody>'
        f'<tfoot><tr><td></td><td>Score</td><td></td><td class="rw-num">{minus(round(score, DIGITS))}</td></tr></tfoot>'
        "</table>"
    )


def remove(line: Line) -> str:
    """A small button that takes this piece of evidence out, where it is one."""
    if line.index < 0 or line.kind not in PLURAL:
        return ""
    return (
        f'<button type="button" class="rw-link" data-act="drop" data-value="{line.kind}:{line.index}" '
        f'aria-label="Remove {esc(line.label)} and see what changes">remove</button>'
    )


def markup(answer: Answer, item: int, explanation: Explanation) -> str:
    """The heading, the sentence, the bar of the parts and the sum."""
    lines = summands(explanation)
    return heading(answer, item, explanation) + bar(lines) + table(lines, explanation.score)


def arithmetic(explanation: Explanation, shown: int = 60) -> str:
    """The numbers behind each part: weight × inner product, all of them up to `shown`, largest first."""
    order = sorted(explanation.parts, key=lambda part: -abs(part.value))
    rest = order[shown:]
    sums = [part.value for part in order[:shown]] + ([sum(part.value for part in rest)] if rest else [])
    values = [minus(value, 4) for value in rounded(sums, 4, round(explanation.score, 4))]
    rows = "".join(
        f'<tr><td class="rw-num">{terms_of(part)}</td><td class="rw-num">{value}</td><td>{esc(part.label)}</td></tr>'
        for part, value in zip(order[:shown], values, strict=False)
    )
    if rest:
        rows += f'<tr><td></td><td class="rw-num">{values[-1]}</td><td>{len(rest)} smaller parts together</td></tr>'
    score = minus(round(explanation.score, 4), 4)
    return (
        '<details class="rw-arithmetic"><summary>The arithmetic</summary><div class="rw-scroll" tabindex="0">'
        '<table class="rw-sum"><thead><tr><th>weight × inner product</th><th>adds</th><th>from</th></tr></thead>'
        f'<tbody>{rows}</tbody><tfoot><tr><td></td><td class="rw-num">{score}</td><td>score</td></tr>'
        "</tfoot></table></div></details>"
    )


def terms_of(part: Part) -> str:
    """ "0.083 × 4.214 + …", or nothing for a part that is one number."""
    return " + ".join(f"{weight:.4g} × {product:.4g}" for weight, product in part.terms).replace("-", "−")


def minus(value: float, digits: int = DIGITS) -> str:
    """A number with a real minus sign, and no minus before a zero."""
    text = f"{value:.{digits}f}"
    return text.replace("-", "" if float(text) == 0 else "−")
