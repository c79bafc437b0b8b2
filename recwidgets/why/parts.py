"""Why, as a sum: the contributions to a score, grouped so that what is shown adds up to what is shown.

Where the model's own parts do not add up to its score, they are shown as they are, and that is said.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from ..answer import Answer
from ..answer import rounded as rounded
from ..core import Explanation, Part, worded
from ..data import Interactions
from ..page.elements import cut, joined
from ..page.terms import term
from ..reasons.numbers import shown_values

DRAWN = 5  # summands named one by one; the others are one line
DIGITS = 3
LABEL = 120  # characters of a title in running text and in a table; a longer one is cut

PLURAL = {"film": "films of the history", "neighbour": "neighbours"}
NAMES = {"own": "own embedding", "base": "the film itself, for all users"}


class Line(NamedTuple):
    """One line of the sum as shown: label, value, and the kind that gives it its colour."""

    label: str
    value: float
    kind: str
    index: int = -1  # type: ignore[assignment]  # tuples have a method of that name, which nobody needs here


# -- do they add up? ---------------------------------------------------------------------------------


def adds_up(values: Sequence[float], score: float) -> bool:
    """Is their sum the score? A thousandth is allowed, and what float32 loses where large values cancel out."""
    allowed = 1e-3 * max(1.0, abs(score)) + 1e-6 * math.fsum(abs(value) for value in values if math.isfinite(value))
    return abs(sum(values) - score) <= allowed  # False for NaN


def as_shown(values: Sequence[float], score: float, digits: int = DIGITS) -> list[float]:
    """Rounded so that they add up to the score as shown; each by itself where they do not add up to it."""
    if adds_up(values, score):
        return rounded(values, digits, round(score, digits))
    return [round(float(value), digits) for value in values]


def lines_as_shown(values: Sequence[float], kinds: Sequence[str], score: float, digits: int) -> list[float]:
    """As `as_shown`; what is the person's adds up to what the headline says of it, too."""
    if adds_up(values, score):
        return shown_values(values, kinds, score, digits)
    return as_shown(values, score, digits)


def doubts(explanation: Explanation, listed_score: float) -> str:
    """What is not right with an explanation, in words; "" for one that is exact. listed_score: what the list shows."""
    values, score = [part.value for part in explanation.parts], explanation.score
    words = []
    if not adds_up(values, score):
        words.append(
            f"The contributions do not add up: their sum is {minus(sum(values), 4)}, the score {minus(score, 4)}."
        )
    allowed = 1e-3 * max(1.0, abs(listed_score)) + 1e-6 * math.fsum(abs(v) for v in values if math.isfinite(v))
    if not abs(score - listed_score) <= allowed:
        words.append(f"The explanation is of the score {minus(score, 4)}, but the list shows {minus(listed_score, 4)}.")
    return " ".join([*words, "The model’s explain() is not exact."] if words else [])


# -- lines and sentences -----------------------------------------------------------------------------


def summands(explanation: Explanation, drawn: int = DRAWN, data: Interactions | None = None) -> list[Line]:
    """The largest evidence one by one, the rest of it together, then the own part and the base.

    Their values, as rounded, add up to the score as rounded, if the parts do. data: whose word for an item is used.
    """
    evidence = [part for part in explanation.parts if part.kind not in NAMES]
    first = sorted(evidence, key=lambda part: -abs(part.value))[:drawn]
    lines = [Line(part.label, part.value, part.kind, part.index) for part in first]
    if len(evidence) > len(first):
        rest = sum(part.value for part in evidence) - sum(part.value for part in first)
        kind = worded(data, PLURAL.get(evidence[0].kind, "contributions"))
        lines.append(Line(f"{len(evidence) - len(first)} other {kind}", rest, "rest"))
    for kind, name in NAMES.items():
        if any(part.kind == kind for part in explanation.parts):
            lines.append(Line(worded(data, name), explanation.total(kind), kind))
    values = as_shown([line.value for line in lines], explanation.score)
    return [line._replace(value=value) for line, value in zip(lines, values, strict=True)]


def sentence(answer: Answer, explanation: Explanation) -> str:
    """Why this item, in one sentence."""
    raising = [part for part in explanation.parts if 0 < part.value < math.inf]
    named = sorted((part for part in raising if part.kind not in NAMES), key=lambda part: -part.value)[:3]
    if not named:
        return "Nothing in the history raises its score: it comes from the other contributions."
    words = listed([part.label for part in named])
    share = sum(part.value for part in named) / sum(part.value for part in raising)
    these = "this alone makes" if len(named) == 1 else f"these {len(named)} make"
    carry = f"{these} up {100 * share:.0f} % of what raises its score"
    if named[0].kind == "neighbour":
        every = [part.index for part in explanation.parts if part.kind == "neighbour"]
        item = answer.data.item_index(explanation.item)
        shared = sum(item in answer.data.history(user) for user in every)
        if len(every) == 1:
            rated = "rated it" if shared else f"has not rated it, but {answer.data.noun}s like it"
            return f"Because {words} is the only neighbour, and {rated}."
        near = f"{words} {'is' if len(named) == 1 else 'are'} near"
        return f"Because {near}, and {shared} of the {len(every)} nearest rated it; {carry}."
    if named[0].kind != "film":  # a kind of the learner's own
        return f"Because of {words}; {carry}."
    whom = "you" if answer.person.user is None else f"user {answer.data.users[answer.person.user]}"
    return f"Because {whom} {'watched' if answer.data.noun == 'film' else 'chose'} {words}; {carry}."


def listed(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


# -- on the page -------------------------------------------------------------------------------------


def nothing() -> Markup:
    return Markup('<h3>Why?</h3><p class="rw-cap">Select a row to see what its score is made of.</p>')


def no_explanation(title: str, fault: str) -> Markup:
    """Which item, and why there is no explanation of its score."""
    return Markup('<h3>Why {}?</h3><p class="rw-doubt" role="status">{}</p>').format(title, fault)


def heading(answer: Answer, item: int, explanation: Explanation, caption: str = "") -> Markup:
    """Which item, and why in a sentence; and what is not right with the explanation."""
    doubt = doubts(explanation, float(answer.scores[item]))
    count, score = len(explanation.parts), minus(round(explanation.score, DIGITS))
    if doubt:
        said = Markup('<p class="rw-doubt" role="status">{}</p>').format(doubt)
    else:
        whole = f"{count} contributions add up to its score, {score}."
        said = Markup('<p class="rw-cap">{}</p>').format(
            caption or (whole if count != 1 else f"One contribution: {score}.")
        )
    return Markup('<h3>Why {}?</h3><p class="rw-because">{}</p>{}').format(
        answer.full_title(item), sentence(answer, explanation), said
    )


def bar(lines: Sequence[Line]) -> Markup:
    """The contributions side by side; one that lowers the score is hatched."""
    sizes = [abs(line.value) if math.isfinite(line.value) else 0.0 for line in lines]
    total = sum(sizes) or 1.0
    pieces = joined(
        Markup('<i class="rw-part rw-part-{}{}" style="width:{:.2f}%"></i>').format(
            line.kind, " rw-minus" if line.value < 0 else "", 100 * size / total
        )
        for line, size in zip(lines, sizes, strict=True)
    )
    return Markup('<div class="rw-bar rw-parts" aria-hidden="true">{}</div>').format(pieces)


def table(lines: Sequence[Line], score: float, removable: bool = True) -> Markup:
    """The sum; films and neighbours can be taken out to see what changes."""
    rows = joined(
        Markup(
            '<tr><td><i class="rw-swatch rw-part-{}"></i></td><td>{}</td><td>{}</td><td class="rw-num">{}</td></tr>'
        ).format(line.kind, line.label, remove(line) if removable else "", minus(line.value))
        for line in lines
    )
    values = [line.value for line in lines]
    foot = [] if adds_up(values, score) or not lines else [("Sum", sum(values))]
    feet = joined(
        Markup('<tr><td></td><td>{}</td><td></td><td class="rw-num">{}</td></tr>').format(
            label, minus(round(value, DIGITS))
        )
        for label, value in [*foot, ("Score", score)]
    )
    return Markup(
        '<table class="rw-sum"><caption class="rw-hidden">Contributions to the score</caption>'
        "<tbody>{}</tbody><tfoot>{}</tfoot></table>"
    ).format(rows, feet)


def remove(line: Line) -> Markup:
    """A small button that takes this piece of evidence out, where it is one."""
    if line.index < 0 or line.kind not in PLURAL:
        return Markup("")
    return Markup(
        '<button type="button" class="rw-link" data-act="drop" data-value="{}:{}" '
        'aria-label="Remove {} and see what changes">remove</button>'
    ).format(line.kind, line.index, line.label)


def markup(answer: Answer, item: int, explanation: Explanation) -> Markup:
    """The heading, the sentence, the bar of the contributions and the sum."""
    lines = summands(explanation, data=answer.data)
    return heading(answer, item, explanation) + bar(lines) + table(lines, explanation.score)


WHOLE = "Here each adds its whole product; Why and messages count what goes beyond as much of the average user."


def arithmetic(explanation: Explanation, shown: int = 60, note: str = "") -> Markup:
    """The numbers behind each contribution: weight × inner product, up to `shown` of them, largest first.

    note: what they count, where the other tabs count something else.
    """
    order = sorted(explanation.parts, key=lambda part: -abs(part.value))
    rest = order[shown:]
    sums = [part.value for part in order[:shown]] + ([sum(part.value for part in rest)] if rest else [])
    values = as_shown(sums, explanation.score, 4)
    rows = [(terms_of(part), value, part.label) for part, value in zip(order[:shown], values, strict=False)]
    if rest:
        rows.append(("", values[-1], f"{len(rest)} smaller contributions together"))
    feet = [("", sum(sums), "sum")] if sums and not adds_up(sums, explanation.score) else []
    feet.append(("", explanation.score, "score"))
    body, foot = (
        joined(
            Markup('<tr><td{}>{}</td><td class="rw-num">{}</td><td title="{}">{}</td></tr>').format(
                Markup(' class="rw-num"') if terms else "", terms, minus(round(value, 4), 4), label, cut(label, LABEL)
            )
            for terms, value, label in some
        )
        for some in (rows, feet)
    )
    return Markup(
        '{}<div class="rw-arithmetic{}" tabindex="0"><table class="rw-sum"><thead><tr><th>weight × inner product</th><th>{}</th><th>from</th></tr></thead>'
        "<tbody>{}</tbody><tfoot>{}</tfoot></table></div>"
    ).format(
        Markup('<p class="rw-cap">{}</p>').format(note) if note else "",
        "" if any(part.terms for part in explanation.parts) else " rw-no-terms", term("contribution"), body, foot,
    )  # fmt: skip


def terms_of(part: Part) -> str:
    """ "0.083 × 4.214 + …", or nothing for a part that is one number."""
    return " + ".join(f"{weight:.4g} × {product:.4g}" for weight, product in part.terms).replace("-", "−")


def minus(value: float, digits: int = DIGITS) -> str:
    """A number with a real minus sign, and no minus before a zero."""
    text = f"{value:.{digits}f}"
    return text.replace("-", "" if float(text) == 0 else "−")
