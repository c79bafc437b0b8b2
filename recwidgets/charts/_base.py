"""What a chart is: a figure, a definition, and `show(answer)`. The arithmetic lives in functions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import bqplot

from ..answer import Answer

DURATION = 500  # ms; marks move from where they were
AXIS = {"grid_color": "var(--rw-quiet2)", "color": "var(--rw-rule)", "tick_style": {"font-size": "11px"}}


class Chart(ABC):
    """A chart of an answer. Marks are built once; `show` assigns to them.

    A subclass builds `self.figure` in __init__, and says in `title`, `caption` and its docstring
    what is drawn. `on_select(place)` is called with the place in the list (0 = first) of a mark
    that was clicked.
    """

    name: ClassVar[str]
    title: str
    figure: bqplot.Figure

    def __init__(self) -> None:
        self.on_select: Callable[[int], None] = lambda place: None  # the panel sets it

    def animate(self, wanted: bool) -> None:
        self.figure.animation_duration = DURATION if wanted else 0

    @abstractmethod
    def show(self, answer: Answer | None, selected: int = 0) -> None:
        """Move the marks to `answer`; None = there is no answer yet. selected: place in the list."""

    def caption(self, answer: Answer | None) -> str:
        """One line under the title."""
        return ""

    def foot(self, answer: Answer | None) -> str:
        """HTML under the figure."""
        return ""

    @abstractmethod
    def sentence(self, answer: Answer | None) -> str:
        """The picture in words, for those who do not see it."""

    def slots(self) -> dict[int, int]:
        """item -> colour slot (1, 2, 3) of the films that own a colour in this chart."""
        return {}


def figure(**options: Any) -> bqplot.Figure:
    """A bare figure in the page's own colours."""
    style = {"fill": "transparent"}
    options.setdefault("fig_margin", {"top": 10, "bottom": 26, "left": 36, "right": 10})
    made = bqplot.Figure(
        background_style=style,
        padding_x=0,
        padding_y=0,
        animation_duration=DURATION,
        **options,
    )
    made.layout.overflow = "hidden"
    return made
