"""A goal for an exercise: bring an item into the first ranks with few edits."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup

from ..answer import Answer
from ..page.elements import cut
from .changes import rank_of

TITLE = 24  # characters of the film's title in the line


class Goal(NamedTuple):
    """Get the film called `title` into the first `top` ranks of the list.

    `reached(answer)` is the checker; the panel shows the line from the start, and counts the edits in "You".
    """

    title: str
    top: int = 3

    def rank(self, answer: Answer) -> int | None:
        """The film's rank now, 1 = first; None where it is in the history itself.

        Raises UnknownItem for a title that the data do not have.
        """
        return rank_of(answer, answer.data.item_by_title(self.title))

    def reached(self, answer: Answer | None) -> bool:
        rank = None if answer is None else self.rank(answer)
        return rank is not None and rank <= self.top

    def line(self, answer: Answer | None, edits: int, clue: Markup | str = "") -> Markup:
        """The goal in one short line: "Goal: Fargo into the top 3 · rank 214 now · press You".

        answer: what is shown, of a user of the data or of "You"; None before a first film. clue: what stands after it.
        """
        own = answer is None or answer.person.user is None
        rank = None if answer is None else self.rank(answer)
        counted = f"{edits} edit{'' if edits == 1 else 's'}"
        where = (
            "add a first one" if answer is None else "you have it: that does not count" if own else "seen by this user"
        )
        if rank is not None:
            where = f"rank {rank:,} now"
        if own and self.reached(answer):
            return Markup('<p class="rw-goal rw-won" role="status"><b>Reached with {} ✓</b> {} · {} {}</p>').format(
                counted, cut(self.title, TITLE), where, clue
            )
        then = f" · {counted}" if own else " · press You"
        return Markup('<p class="rw-goal" role="status"><b>Goal: {} into the top {}</b> · {}{} {}</p>').format(
            cut(self.title, TITLE), self.top, where, then, clue
        )
