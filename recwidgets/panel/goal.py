"""A goal for an exercise: bring an item into the first ranks with few edits."""

from __future__ import annotations

from typing import NamedTuple

from markupsafe import Markup

from ..answer import Answer


class Goal(NamedTuple):
    """Get the film called `title` into the first `top` ranks of the list.

    `reached(answer)` is the checker; the panel shows the line and counts the edits.
    """

    title: str
    top: int = 3

    def place(self, answer: Answer) -> int | None:
        """The film's rank now, 1 = first; None where it is in the history itself.

        Raises UnknownItem for a title that the data do not have.
        """
        item = answer.data.item_by_title(self.title)
        if item in answer.left_out:
            return None
        better = answer.scores > answer.scores[item]
        better[answer.left_out] = False
        return int(better.sum()) + 1

    def reached(self, answer: Answer | None) -> bool:
        rank = None if answer is None else self.place(answer)
        return rank is not None and rank <= self.top

    def markup(self, answer: Answer | None, edits: int) -> Markup:
        where = "add a first film to begin"
        if answer is not None:
            rank = self.place(answer)
            where = "it is in the history itself: that does not count" if rank is None else f"rank {rank} now"
        count = f"{edits} edit{'' if edits == 1 else 's'} so far"
        won = f"Reached with {edits} edit{'' if edits == 1 else 's'} ✓ " if self.reached(answer) else ""
        return Markup('<p class="rw-goal" role="status"><b>{}Goal: {} in the top {}.</b> {}, {}.</p>').format(
            won, self.title, self.top, where, count
        )
