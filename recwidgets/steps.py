"""Long work in steps: whoever runs it decides whether something else may happen between two of them."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar

T = TypeVar("T")
#: yields between two parts of the work; what it returns is the result
Steps = Generator[None, None, T]


def in_steps(work: Steps[Any] | Any) -> Steps[Any]:
    """`work` in its steps where it is a generator, else the result that it is already."""
    return (yield from work) if isinstance(work, Generator) else work


def drain(steps: Steps[Any]) -> Any:
    """All steps at once: the result."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value
