"""What goes wrong in a card's click is said on the card."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from ..panel.show import failure

F = TypeVar("F", bound=Callable[..., None])


def guarded(method: F) -> F:
    """Run under the card's `_lock`; an exception goes to its `_say` as a message."""

    @functools.wraps(method)
    def run(self: Any, *arguments: Any) -> None:
        with self._lock:
            try:
                method(self, *arguments)
            except Exception as error:
                self._say(failure(error))

    return run  # type: ignore[return-value]  # the same signature
