"""The panels that need no argument: their frame first, then a pretrained model in it."""

from __future__ import annotations

import functools
import inspect
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..data import Interactions, Split, load_movielens
from ..data.movielens import NAMES
from ..models import model_class
from ..page.markup import Status
from .opening import Opening, close_all
from .panel import Panel, as_split
from .settings import literal
from .state import world_of

if TYPE_CHECKING:  # bqplot takes its time: a panel's frame is on the page before
    from .regions import Regions


class ReadyPanel(Panel):
    """A panel that needs no argument: pretrained on the embedded data, or untrained on others.

    data: also a name that `load_movielens` knows; what is loaded or downloaded is then said in the panel.
    """

    def __init__(self, name: str, data: Interactions | Split | str | None, options: dict[str, Any]) -> None:
        self._call = f"{name_of(name)}Panel"
        known = set(inspect.signature(Panel.__init__).parameters) - {"self", "data", "model", "history"}
        if wrong := sorted(set(options) - known):
            raise TypeError(f"{self._call} has no option {wrong[0]!r}; it has {', '.join(sorted(known))}")
        if isinstance(data, str) and data not in NAMES:
            raise ValueError(f"data must be one of {', '.join(map(repr, NAMES))}, or Interactions, got {data!r}")
        Opening.__init__(self)
        self._options = options
        what = (
            Status("Loading", f"MovieLens {data}; ■ stops")
            if isinstance(data, str)
            else Status("Opening", "loading the trained model")
        )
        fill = functools.partial(self._load, name)
        instead = functools.partial(fill, None) if isinstance(data, str) else None
        self._begin(model_class(name).label, what, functools.partial(fill, data), instead)

    def _load(self, name: str, data: Interactions | Split | str | None) -> None:
        self._began = self._told = time.monotonic()
        if isinstance(data, str) or self._options.get("chart"):  # perhaps in vain, and a chart is given only once
            return self._loaded(name, data, None)
        from .regions import Regions, default_chart

        # made before the data are read: meanwhile the browser loads what draws them
        model = model_class(name)()
        regions = Regions(model, default_chart(model)(), self.act)
        try:
            self._loaded(name, data, regions)
        except BaseException:
            close_all(regions.held())
            raise

    def _loaded(self, name: str, data: Interactions | Split | str | None, regions: Regions | None) -> None:
        from ..pretrained import find, load_pretrained

        first = "" if data is None else literal(data) if isinstance(data, str) else "data"
        if isinstance(data, str):
            data = load_movielens(data, progress=self._downloaded if self.children else True)
        split = as_split(load_movielens("latest-small") if data is None else data)
        pretrained = data is None or find(name, split.train) is not None
        model, history = load_pretrained(name, split.train) if pretrained else (model_class(name)(), None)
        world = world_of(split, model, history)
        world = replace(world, pretrained=pretrained, call=f"rw.{self._call}", first=first)
        self._fill(world, regions=regions, **self._options)

    def _downloaded(self, done: int, total: int) -> None:
        """Says how far a download is, at most five times a second."""
        now = time.monotonic()
        if done >= total:
            self._say_opening(Status("Preparing", "TensorFlow Datasets, once; ■ stops"))
        elif now - self._told > 0.2:
            self._told = now
            left = (now - self._began) * (total - done) / done
            words = f"{done / 1e6:.1f} of {total / 1e6:.1f} MB, {left:.0f} s left; ■ stops"
            self._say_opening(Status("Downloading", words, done / total))

    def __repr__(self) -> str:
        if self._to_open is None:
            return super().__repr__()
        return f"{self._call}({', '.join(f'{name}={value!r}' for name, value in self._options.items())})"


def name_of(model: str) -> str:
    """The class name of a model by its short name: "gnn" is GNN."""
    return str(model_class(model).__name__)


def GNNPanel(data: Interactions | Split | str | None = None, **options: Any) -> Panel:
    """The graph neural network with its pie; pretrained on the embedded data if none are given.

    data: Interactions, a Split, or a name as for `load_movielens` ("100k"), loaded beside the panel's frame.
    options: as for `Panel`.
    """
    return ReadyPanel("gnn", data, options)


def KNNPanel(data: Interactions | Split | str | None = None, **options: Any) -> Panel:
    """Nearest neighbours with the frequency polygon; pretrained on the embedded data if none are given.

    data: Interactions, a Split, or a name as for `load_movielens` ("100k"), loaded beside the panel's frame.
    options: as for `Panel`.
    """
    return ReadyPanel("knn", data, options)


def SessionPanel(data: Interactions | Split | str | None = None, **options: Any) -> Panel:
    """The session-based model with its columns; pretrained on the embedded data if none are given.

    data: Interactions, a Split, or a name as for `load_movielens` ("100k"), loaded beside the panel's frame.
    options: as for `Panel`.
    """
    return ReadyPanel("session", data, options)
