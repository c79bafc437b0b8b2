"""What is said of a change, and the buttons beside it."""

from __future__ import annotations

from ..page.markup import Message
from .state import Change, State, World, history_of, original_of


def said(message: Message | Change | None) -> Message | None:
    """What is said of a change where there is no answer to compare."""
    if isinstance(message, Change):
        return Message(message.lead, buttons=((message.undo, "undo", ""),))
    return message


def numbered(message: Message | None, state: State) -> Message | None:
    """The message with the number of the change that its undo takes back: clicked twice, it takes back one."""
    if message is None or not any(act == "undo" for _, act, _ in message.buttons):
        return message
    n = str(state.changes)
    return message._replace(
        buttons=tuple((label, act, n if act == "undo" else value) for label, act, value in message.buttons)
    )


def buttons(world: World, state: State, change: Change) -> list[tuple[str, str, str]]:
    """Take the change back; and, after several changes, compare with what they all began from, or no more."""
    found = [(change.undo, "undo", "")]
    original, before = original_of(world, state), state.before
    if original is None or before is None or state.wide or state.drawer == "edit":
        return found  # the editor, where it is open, has these two side by side
    if history_of(world, state).same(original):
        return found
    if state.base == "original":
        return [*found, ("Since the last change", "base", "last")]
    if history_of(world, before).same(original):
        return found
    return [*found, ("Since the original", "base", "original")]
