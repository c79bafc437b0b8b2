"""A ladder of scores. tests/test_registry.py adds this chart to a copy of the package."""

from __future__ import annotations

from typing import Any, ClassVar

import bqplot
import numpy as np

from ..answer import Answer
from ._base import Chart, figure


class Ladder(Chart):
    """The ten scores as rungs: how high each item stands above the last, as a share of how high the first does."""

    name: ClassVar[str] = "ladder"

    title = "A ladder of scores"

    def __init__(self) -> None:
        super().__init__()
        self._shown: Answer | None = None
        scales = {"x": bqplot.LinearScale(min=0, max=11), "y": bqplot.LinearScale(min=-0.1, max=1.1)}
        ranks = np.arange(1.0, 11)
        self.rungs = bqplot.Scatter(x=ranks, y=np.zeros(10), scales=scales, colors=["var(--rw-accent)"])
        self.previous = bqplot.Scatter(x=ranks, y=np.zeros(10), scales=scales, colors=["transparent"])
        self.figure = figure(marks=[self.rungs])
        self.watch(self.rungs)

    def show(self, answer: Answer | None, selected: int = 0, previous: Answer | None = None) -> None:
        self.outline(previous, self.previous, "y", self.rungs.y)
        self._shown = answer
        with self.rungs.hold_sync():
            self.rungs.y = heights(answer)
            self._choose(self.rungs, [selected] if self.list_index(selected) >= 0 else [])

    def list_index(self, element: int) -> int:
        return element if self._shown is not None and element < len(self._shown.top) else -1

    def sentence(self, answer: Answer | None) -> str:
        if answer is None or not len(answer.top):
            return "No answer to draw yet."
        rungs = zip(answer.top, heights(answer), strict=False)
        return f"A ladder of scores: {', '.join(f'{answer.full_title(item)} {y:.2f}' for item, y in rungs)}."


def heights(answer: Answer | None) -> Any:
    """(10,) from 0 to 1: the best score is 1 and the last 0; what is missing, or is no number, is 0."""
    found = np.zeros(10)
    if answer is None or not len(answer.top):
        return found
    scores = np.nan_to_num(np.asarray(answer.scores, np.float64)[answer.top], posinf=0, neginf=0)
    with np.errstate(all="ignore"):
        found[: len(scores)] = np.nan_to_num((scores - scores[-1]) / (scores[0] - scores[-1]))
    return np.clip(found, 0, 1)
