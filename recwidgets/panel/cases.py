"""What each compared model says of the selected item: its rank there, and why, or why it is not on the list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ..answer import Answer
from ..page.elements import joined
from ..page.markup import part_bars, scores_in_short
from ..page.terms import term
from ..protocols import Neighbours
from ..reasons.asked import ask, known_data
from ..reasons.numbers import ordinal
from ..reasons.parts import score_parts
from ..reasons.reason import Reason, reason_of
from ..reasons.usual import usual
from ..reasons.words import without_all_users
from ..why.parts import minus
from .changes import sentence
from .lists import where
from .show import Asked


@dataclass(frozen=True, eq=False)
class Case:
    """One model's reason for the rank that it gives an item.

    rank: among what may be recommended, from 1; None for what may not be. of: how many may. headline: `rw.reason`'s.
    parts: what the score is made of, (3,), as `reasons.parts`; behind: what the last of the list has more, in the same
    three parts, where the item is not on the list. None where the model does not say. fault: why there is no reason.
    """

    answer: Answer
    item: int
    rank: int | None
    of: int
    headline: str = ""
    average_rank: int | None = None
    parts: NDArray[np.float64] | None = None
    behind: NDArray[np.float64] | None = None
    fault: str = ""

    @property
    def listed(self) -> bool:
        return self.item in self.answer.top

    @property
    def score(self) -> float:
        return float(self.answer.scores[self.item])


def rank_in(answer: Answer, item: int) -> tuple[int | None, int]:
    """The rank of an item among what may be recommended, from 1, ties to the lower index; and how many may."""
    scores = np.where(np.isnan(answer.scores), -np.inf, answer.scores)
    scores[answer.left_out] = -np.inf
    mine, of = scores[item], int(np.count_nonzero(scores > -np.inf))
    if mine == -np.inf:
        return None, of
    return 1 + int(np.count_nonzero(scores > mine)) + int(np.count_nonzero(scores[:item] == mine)), of


def case_of(answer: Answer, item: int, asked: Asked) -> Case:
    """Ask the model why it gives the item its rank; what it raises is said in its place."""
    found = Case(answer, item, *rank_in(answer, item))
    model, data, person = answer.model, answer.data, answer.person
    try:
        usually = usual(model, known_data(model, data))
        last = int(answer.top[-1]) if len(answer.top) else item
        parts = score_parts(model, usually, person, answer.scores, np.array([item, last], np.int32))
        average = usually.average_rank(item, answer.left_out)
        if not found.listed:  # the whole reason would be worked out for nothing
            behind = None if parts is None else parts[1] - parts[0]
            return replace(found, average_rank=average, parts=None if parts is None else parts[0], behind=behind)

        def whole() -> Reason:
            return reason_of(ask(model, data, person, str(data.items[item]), usually, answer.left_out))

        why = asked.once(("reason", id(answer), item), answer, whole)
    except Exception as error:
        return replace(found, fault=f"It does not say why: {type(error).__name__}: {sentence(error)}")
    return replace(found, headline=why.headline, average_rank=average, parts=None if parts is None else parts[0])


def cases(found: Mapping[str, Case], labels: Mapping[str, str]) -> Markup:
    """The selected item's ranks in a line, and under each list that model's reason."""
    if not found:
        return Markup("")
    answers = {name: case.answer for name, case in found.items()}
    item = next(iter(found.values())).item
    cells = joined(
        Markup(
            '<div class="rw-case{}"><p class="rw-case-rank"><span class="rw-case-name">{}: </span>{}</p>{}</div>'
        ).format("" if case.listed else " rw-case-far", labels[name], said_of(case), _why(case))
        for name, case in found.items()
    )
    return Markup(
        '<p class="rw-where" role="status" title="{0}">{0}</p><div class="rw-case-row" style="{1}">{2}</div>'
    ).format(where(answers, labels, item), f"grid-template-columns:repeat({len(found)},minmax(0,1fr))", cells)


def said_of(case: Case) -> Markup:
    """The item's rank and score, and its rank for the average user; of how many, where the list does not show it."""
    if case.rank is None:
        return Markup("<b>no rank</b>")
    words, of = f"rank {case.rank:,}", ""
    if not case.listed:
        words, of = f"not on the list, {words}", f" of {case.of:,}"
    average = Markup("")
    if case.average_rank is not None:
        average = Markup(" · {} {}").format(term("average user"), ordinal(case.average_rank))
    return Markup("<b>{}</b>{} · {} {}{}").format(
        words, of, term("score"), scores_in_short(np.array([case.score]))[0], average
    )


def why_of(case: Case) -> str:
    """The headline, or what the list's last has more, or why there is no reason."""
    if case.rank is None:
        return "It is in the history or was taken out here, so it is not recommended."
    return case.fault or (case.headline if case.listed else why_not_listed(case))


def _why(case: Case) -> Markup:
    """The reason in words, and the score as one exact bar with its numbers, which say what all users get."""
    text, bar = why_of(case), Markup("")
    if case.parts is not None and case.rank is not None:
        mine = "neighbours" if isinstance(case.answer.model, Neighbours) else f"{case.answer.data.noun}s"
        names = (mine, term("own embedding", "own"), term("what all users get", "all users"))
        numbers = joined(
            Markup('<span><i class="rw-made-{}"></i>{} {}</span>').format(kind, name, minus(value, 2))
            for kind, name, value in zip(("mine", "own", "all"), names, case.parts.tolist(), strict=True)
        )
        bar = Markup('{}<p class="rw-cap rw-made-legend">{}</p>').format(part_bars(case.parts[None])[0], numbers)
    shown = without_all_users(text) if bar else text
    return Markup('<p class="rw-case-why" title="{}">{}</p>{}').format(text, shown, bar)


def part_names(answer: Answer) -> tuple[str, str, str]:
    """The three parts of a score as they are called on the page."""
    whose = "your" if answer.person.user is None else "the user’s"
    mine = "neighbours" if isinstance(answer.model, Neighbours) else f"{whose} {answer.data.noun}s"
    return mine, "own embedding", "all users"


def why_not_listed(case: Case) -> str:
    """How far the item is behind the last of the list, and in which parts."""
    last = int(case.answer.top[-1])
    apart = float(case.answer.scores[last]) - case.score
    text = f"{minus(apart, 2)} behind {case.answer.full_title(last)}, rank {len(case.answer.top)}"
    if case.behind is None:
        return f"{text}."
    mine = "neighbours" if isinstance(case.answer.model, Neighbours) else f"{case.answer.data.noun}s"
    names = (mine, "own embedding", "all users")
    named = sorted(zip(case.behind.tolist(), names, strict=True), key=lambda part: -abs(part[0]))
    said = [
        f"{name} {abs(value):.2f} {'less' if value > 0 else 'more'}"
        for value, name in named
        if abs(value) >= 0.005
    ]  # fmt: skip
    return f"{text}: {', '.join(said)}." if said else f"{text}."


def chosen_item(wanted: int | None, answers: Mapping[str, Any]) -> int | None:
    """The item that is selected, or the first of the first list."""
    tops = [found.top for found in answers.values() if found is not None and len(found.top)]
    return wanted if wanted is not None or not tops else int(tops[0][0])
