"""Acts of the learner: one entry, one lock, and no error that vanishes."""

from __future__ import annotations

import functools
import threading
import traceback
from collections.abc import Callable
from typing import Any

from ..data import UnknownUser
from ..page.markup import Message


def guarded(method: Callable[..., None]) -> Callable[..., None]:
    """Run under the panel's lock; what goes wrong is said in the panel, not lost."""

    @functools.wraps(method)
    def run(self: Acting, *arguments: Any) -> None:
        with self._lock:
            try:
                method(self, *arguments)
            except Exception as error:
                details = "" if isinstance(error, UnknownUser) else "".join(traceback.format_exception(error))
                self._say(Message("That did not work:", sentence(error), True, details=details))

    return run


def sentence(error: BaseException) -> str:
    """What an error says, as a sentence with its full stop; its kind where it says nothing."""
    text = str(error).strip() or type(error).__name__
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."


class Acting:
    """A panel that is told acts by name: "epoch" with a value goes to `_act_epoch(value)`."""

    _lock: threading.RLock
    _message: Message | None

    @guarded
    def _on_act(self, act: str, value: str) -> None:
        name, _, rest = act.partition(":")
        handler = getattr(self, "_act_" + name.replace("-", "_"), None)
        if handler is not None:
            handler(value, rest) if rest else handler(value)

    def _say(self, message: Message | None) -> None:
        """Show the message in the panel's one place."""
        raise NotImplementedError
