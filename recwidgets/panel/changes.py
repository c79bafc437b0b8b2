"""What a change did to the list, in words: what is new, what left, what moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .._memory import TooLittleMemory
from ..answer import Answer
from ..core import Explanation
from ..data import Interactions
from ..page.elements import cut
from ..page.markup import Message, scores_in_short
from ..reasons.numbers import ALL_USERS, ordinal
from ..reasons.reason import Reason
from ..why.parts import listed, minus

TITLE, MOST = 24, 150  # characters of a title in a message, and of a message of three lines


def what_changed(
    before: Answer, after: Answer, lead: str, item: int | None = None, more: str = "",
    buttons: Sequence[tuple[str, str, str]] = (("Undo", "undo", ""),), since: str = "",
) -> Message:  # fmt: skip
    """What a change did, in two short lines; all films that came and went, and `more`, are told on wish.

    item: the one that was selected, whose rank and score before and now are said. since: what it is compared with,
    where that is not the answer before the last change, as the beginning of a sentence.
    """
    old, new, one = before.top.tolist(), after.top.tolist(), after.data.noun
    came = [after.full_title(other) for other in new if other not in old]
    went = [before.full_title(other) for other in old if other not in new]
    if came or went:
        text = f"{len(came)} of {len(new)} {one}s {'is' if len(came) == 1 else 'are'} new."
    else:
        moved = sum(a != b for a, b in zip(old, new, strict=False))
        text = f"the same {len(new)} {one}s, {moved} at another rank." if moved else "the list stays as it was."
    text = f"{since}{text}" if since else f"{text[0].upper()}{text[1:]}"
    told = why = ""
    if item is not None and item not in after.left_out and item not in before.left_out:
        told = f"{cut(after.title(item)[0], TITLE)}: {_told(before, after, item)}."
        why = why_moved(before, after, item)
        if len(f"{lead} {text} {told}") <= MOST:
            text, told = f"{text} {told}", ""
    came_all = f"New: {listed(came)}." if came else ""
    went_all = f"Left the list: {listed(went)}." if went else ""
    whole = " ".join(words for words in (told, why, came_all, went_all, more) if words)
    return Message(lead, text, buttons=tuple(buttons), more=whole)


def _told(before: Answer, after: Answer, item: int) -> str:
    """An item's rank and score, before and now: "rank 1 → 3, score 5.38 → 5.12"."""
    ranks = dict.fromkeys(str(rank_of(answer, item)) for answer in (before, after))
    scores = dict.fromkeys(scores_in_short([answer.scores[item] for answer in (before, after)]))
    return minus_signs(f"rank {' → '.join(ranks)}, score {' → '.join(scores)}")


def why_moved(before: Answer, after: Answer, item: int) -> str:
    """What an item's change of rank is made of: how its own score moved, and that of the films on the way; "" for none.

    The others are those that it passed, or that passed it, among the films that may be recommended before and now.
    """
    was, now = rank_of(before, item), rank_of(after, item)
    if was is None or now is None or was == now:
        return ""
    there = np.ones(len(before.scores), np.bool_)
    there[before.left_out] = there[after.left_out] = False
    ahead, still = (there & (one.scores > one.scores[item]) for one in (before, after))
    passed = (ahead & ~still) if now < was else (still & ~ahead)
    if not passed.any():
        return ""
    change = after.scores.astype(np.float64) - before.scores
    n, title = int(passed.sum()), cut(after.title(item)[0], TITLE)
    one = after.data.noun
    films = (f"the {one}" if n == 1 else f"the {n:,} {one}s") + (" that it passed" if now < was else " that passed it")
    average = "" if n == 1 else " on average"
    return f"Why: the score of {title} {_by(change[item])}, that of {films} {_by(change[passed].mean())}{average}."


def _by(change: float) -> str:
    """ "rose by 0.12"."""
    size = f"{abs(change):.2f}"
    if float(size) == 0:
        return "rose by less than 0.01" if change > 0 else "fell by less than 0.01" if change < 0 else "stayed"
    return f"{'rose' if change > 0 else 'fell'} by {size}"


def minus_signs(text: str) -> str:
    return text.replace("-", "−")


def rank_of(answer: Answer, item: int) -> int | None:
    """The rank of any item among those that can be recommended, 1 = first; None for one that cannot be."""
    if item in answer.left_out:
        return None
    better = answer.scores > answer.scores[item]
    better[answer.left_out] = False
    return int(better.sum()) + 1


def away(item: int | None, now: Answer) -> str:
    """Where an item is that may be recommended and is not in the list, as a sentence; "" for one that is in it."""
    rank = None if item is None or item in now.top else rank_of(now, item)
    if item is None or rank is None:
        return ""
    return f"{cut(now.title(item)[0], TITLE)} is {ordinal(rank)} now, not listed: here is the first {now.data.noun}."


BEYOND = " beyond as much of the average user"  # what Why counts; the arithmetic counts that as well


def as_in_why(explanation: Explanation, reason: Reason | None, data: Interactions) -> tuple[Explanation, str]:
    """The parts with the numbers that Why shows of items and neighbours, and what these count; else as they are, ""."""
    if reason is None or not any(line.kind == "average" for line in reason.lines):
        return explanation, ""
    people = reason.raters is not None
    ids, kind = (data.users, "neighbour") if people else (data.items, "film")
    added = {id_: value for line in reason.lines for id_, value in zip(line.items, line.values, strict=True)}
    parts = tuple(
        part._replace(value=added.get(str(ids[part.index]), part.value)) if part.kind == kind else part
        for part in explanation.parts
    )
    return replace(explanation, parts=parts), BEYOND


def what_it_added(explanation: Explanation, *items: int, counted: str = "") -> str:
    """What items of the history had added to a score; "" where they had no part of their own. counted: what that is."""
    parts = [part for part in explanation.parts if part.kind == "film" and part.index in items]
    if not parts:
        return ""
    value = minus(sum(part.value for part in parts))
    rest = "those that are left weigh more now, so the score does not fall by just that."
    return f"What was taken out had added {value}{counted}; {rest}"


def for_all_users(before: Reason | None, after: Reason | None) -> str:
    """Why what all users get is another number now; "" where it is the same, or not told."""
    shown = [
        None if reason is None else sum(line.value for line in reason.lines if line.kind in ALL_USERS)
        for reason in (before, after)
    ]
    if None in shown or not all(shown) or minus(shown[0] or 0.0, 2) == minus(shown[1] or 0.0, 2):
        return ""
    old, new = (minus(value or 0.0, 2) for value in shown)
    made = "it is what those left, weighed anew, give to what is popular"
    return f"“What all users get” went from {old} to {new}: {made}."


def what_they_added(before: Explanation, after: Explanation, neighbour: int, counted: str = "") -> str:
    """What a neighbour who was left out had added, and who moves in; "" where they had no part of their own."""
    old, new = ({part.index: part for part in one.parts if part.kind == "neighbour"} for one in (before, after))
    if neighbour not in old:
        return ""
    text = f"They had added {minus(old[neighbour].value)}{counted}"
    came = [part for index, part in new.items() if index not in old]
    if not came:
        return f"{text}; the neighbours who are left weigh more now, so the score does not fall by just that."
    who = " and ".join(f"{cut(part.label, TITLE)} ({minus(part.value)})" for part in came)
    return f"{text}; the next nearest moves in, {who}, so the score does not fall by just that."


def moves(before: Answer | None, after: Answer) -> dict[int, str]:
    """Change of rank since the previous answer: "↑2", "↓1", "new" by item; items that stayed have none."""
    if before is None:
        return {}
    old = {item: rank for rank, item in enumerate(before.top.tolist())}
    words = {}
    for rank, item in enumerate(after.top.tolist()):
        if item not in old:
            words[item] = "new"
        elif old[item] != rank:
            words[item] = f"{'↑' if old[item] > rank else '↓'}{abs(old[item] - rank)}"
    return words


def sentence(error: BaseException) -> str:
    """What an error says, as a sentence with its full stop; its kind where it says nothing."""
    text = str(error).strip()
    if isinstance(error, OSError) and error.strerror:  # the system's own words, without its number for them
        text = error.strerror + (f": {error.filename}" if error.filename else "")
    if isinstance(error, MemoryError) and not isinstance(error, TooLittleMemory):  # which says it all, and better
        text = f"there is no memory left{f' ({text})' if text else ''}; close other notebooks, or take a smaller model"
    text = text or type(error).__name__
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
