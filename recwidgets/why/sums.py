"""A reason's lines, few and exact, and the bar that they make: markup only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from markupsafe import Markup

from ..answer import rounded
from ..core import Explanation, worded
from ..data import Interactions
from ..page.elements import joined
from ..reasons.reason import Reason
from . import parts

DIGITS = 2


class Sum(NamedTuple):
    """One line: its name, a remark, what it adds, and the kind that gives it its colour.

    line: which of the reason's lines it is, where that one opens into its items; else -1. pieces: what all users get, in
    two: popular films, and this one against them.
    """

    label: str
    note: str
    value: float
    kind: str
    line: int = -1
    pieces: tuple[float, ...] = ()


def sums_of(
    reason: Reason | None, explanation: Explanation | None, data: Interactions | None = None
) -> list[Sum]:  # fmt: skip
    """The lines of a reason, what all users get as one; without a reason the model's own contributions by kind.

    They add up to the score as the reason's lines, or the model's parts, do. data: whose word for an item is used.
    """
    if reason is None:
        return [] if explanation is None else _by_kind(explanation, data)
    usual = {line.kind: line.value for line in reason.lines if line.kind in ("popular", "average")}
    lines = [
        Sum(line.label, "", line.value, line.kind, n if line.items else -1)
        for n, line in enumerate(reason.lines)
        if line.kind not in usual
    ]
    if usual:
        pieces = (usual.get("popular", 0.0), usual.get("average", 0.0))
        lines.append(Sum("what all users get", "", sum(pieces), "all", pieces=pieces))
    return lines


def _by_kind(explanation: Explanation, data: Interactions | None) -> list[Sum]:
    kinds = list(dict.fromkeys(part.kind for part in explanation.parts))
    found = []
    for kind in kinds:
        n = sum(part.kind == kind for part in explanation.parts)
        many = f"{n} {parts.PLURAL.get(kind, 'contributions')}" if n > 1 else "one contribution"
        found.append(Sum(worded(data, parts.NAMES.get(kind, many)), "", explanation.total(kind), kind))
    return found


def bar(sums: Sequence[Sum], score: float) -> Markup:
    """What raises the score side by side; below it, hatched, what is taken from it again, back to the mark: the score.

    One scale for both, in per cent of the width: the ends of the two lanes differ by nothing but the score.
    """
    values = [line.value if math.isfinite(line.value) else 0.0 for line in sums]
    top = sum(value for value in values if value > 0)
    end = top - sum(-value for value in values if value < 0)
    low, span = min(0.0, end), (top - min(0.0, end)) or 1.0
    up, down = 0.0, top
    pieces = []
    for line, value in zip(sums, values, strict=True):
        start = up if value >= 0 else down + value
        up, down = (up + value, down) if value >= 0 else (up, down + value)
        pieces.append(
            Markup('<i class="rw-sum-{}{}" style="left:{:.2f}%;width:{:.2f}%"></i>').format(
                line.kind, " rw-less" if value < 0 else "", 100 * (start - low) / span, 100 * abs(value) / span
            )
        )
    mark = Markup('<b style="left:{:.2f}%"></b>').format(100 * (end - low) / span)
    return Markup('<div class="rw-sum-bar" aria-hidden="true" title="{}">{}{}</div>').format(
        f"the mark is the score, {parts.minus(score, DIGITS)}", joined(pieces), mark
    )


def lines(sums: Sequence[Sum], score: float) -> Markup:
    """The sum, line by line, rounded so that it adds up to the score as shown, if it does."""
    values = parts.lines_as_shown([line.value for line in sums], [line.kind for line in sums], score, DIGITS)
    rows = joined(
        Markup(
            '<li title="{label} {note}"><i class="rw-swatch rw-sum-{kind}{less}"></i><span>{name} <small>{note}</small></span>'
            '<span class="rw-num">{value}</span></li>'
        ).format(
            kind=line.kind, less=" rw-less" if value < 0 else "", label=line.label, name=_name(line), note=_note(line, value),
            value=parts.minus(value, DIGITS),
        )
        for line, value in zip(sums, values, strict=True)
    )  # fmt: skip
    return Markup(
        '<ul class="rw-sums">{}<li class="rw-sums-score"><i></i><span>Score</span><span class="rw-num">{}</span></li></ul>'
    ).format(rows, parts.minus(score, DIGITS))


def _note(line: Sum, shown: float) -> str:
    """ "popular films 3.01 + 0.69": the two add up to the value shown."""
    if not line.pieces or not np.isfinite(line.pieces).all():
        return line.note
    popular, this = rounded(line.pieces, DIGITS, shown)
    return f"popular {parts.minus(popular, DIGITS)} {'−' if this < 0 else '+'} {abs(this):.{DIGITS}f}"


def _name(line: Sum) -> Markup | str:
    """A line that has items opens into them."""
    if line.line < 0:
        return line.label
    return Markup('<button type="button" class="rw-plain" data-act="open" data-value="{}">{}</button>').format(
        line.line, line.label
    )
