"""What a change did to the list, in words: what is new, what left, what moved."""

from __future__ import annotations

from ..answer import Answer
from ..core import Explanation
from ..page.markup import Message
from ..why.parts import listed, minus


def what_changed(before: Answer, after: Answer, lead: str, item: int | None = None, more: str = "") -> Message:
    """Which items are new, which left, or that nothing moved.

    item: the one that was selected; its old and new score are said too, and `more` of it.
    """
    old, new = before.top.tolist(), after.top.tolist()
    came = [after.full_title(other) for other in new if other not in old]
    went = [before.full_title(other) for other in old if other not in new]
    if not came and not went:
        moved = sum(a != b for a, b in zip(old, new, strict=False))
        text = (
            f"The same {len(new)} films; {moved} of them changed their rank."
            if moved
            else "Nothing in the list changed."
        )
    else:
        text = f"{len(came)} of {len(new)} films {'is' if len(came) == 1 else 'are'} new"
        text += f": {listed(came[:3])}" if came else ""
        text += f" and {len(came) - 3} more" if len(came) > 3 else ""
        if went:
            text += f"; {listed(went[:3])}{f' and {len(went) - 3} more' if len(went) > 3 else ''} left the list"
        text += "."
    if item is not None and item not in after.person.history:
        old_score, new_score = before.scores[item], after.scores[item]
        text += f" {before.full_title(item)}: score {old_score:.3f} before, {new_score:.3f} now."
        text += f" {more}" if more else ""
    return Message(lead, text, buttons=(("Put it back", "undo", ""),))


def what_it_added(explanation: Explanation, item: int) -> str:
    """What an item of the history had added to a score; "" where it had no part of its own."""
    parts = [part for part in explanation.parts if part.kind == "film" and part.index == item]
    if not parts:
        return ""
    value = minus(sum(part.value for part in parts))
    return f"It had added {value}; the films that are left weigh more now, so the score does not fall by just that."


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
    text = str(error).strip() or type(error).__name__
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
