"""The three panels that need no argument: their frame first, then a pretrained model in it."""

from __future__ import annotations

import functools
import inspect
import time
from typing import Any

import ipywidgets
import traitlets

from ..data import Interactions, Split, load_movielens
from ..data.movielens import NAMES
from ..models import model_class
from ..page.markup import Status
from .opening import Opening
from .panel import Panel, as_split
from .setups import READY


class ReadyPanel(Opening, Panel):
    """A panel that needs no argument: pretrained on the embedded data, or untrained on others.

    data: also a name that `load_movielens` knows; what is loaded or downloaded is then said in the panel.
    """

    def __init__(self, name: str, data: Interactions | Split | str | None, options: dict[str, Any]) -> None:
        known = set(inspect.signature(Panel.__init__).parameters) - {"self", "data", "model", "history"}
        if wrong := sorted(set(options) - known):
            raise TypeError(f"{READY[name]} has no option {wrong[0]!r}; it has {', '.join(sorted(known))}")
        if isinstance(data, str) and data not in NAMES:
            raise ValueError(f"data must be one of {', '.join(map(repr, NAMES))}, or Interactions, got {data!r}")
        ipywidgets.VBox.__init__(self)
        self.add_class(f"rw-{name}")
        self._ready, self._options = name, options
        what = (
            Status("Loading", f"MovieLens {data}; ■ stops")
            if isinstance(data, str)
            else Status("Opening", "loading the trained model")
        )
        fill = functools.partial(self._fill, name, options=options)
        instead = functools.partial(fill, None) if isinstance(data, str) else None
        self._begin(model_class(name).label, what, functools.partial(fill, data), instead)

    def _fill(self, name: str, data: Interactions | Split | str | None, options: dict[str, Any]) -> None:
        from ..pretrained import find, load_pretrained

        self._began = self._shown = time.monotonic()
        if isinstance(data, str):
            data = load_movielens(data, progress=self._downloaded if self.children else True)
        split = as_split(load_movielens("latest-small") if data is None else data)
        if data is not None and find(name, split.train) is None:
            model, history = model_class(name)(), None
        else:
            model, history = load_pretrained(name, split.train)
        Panel.__init__(self, split, model, history=history, **options)

    def _downloaded(self, done: int, total: int) -> None:
        """Says how far a download is, at most five times a second."""
        now = time.monotonic()
        if done >= total:
            self._say_opening(Status("Preparing", "TensorFlow Datasets, once; ■ stops"))
        elif now - self._shown > 0.2:
            self._shown = now
            left = (now - self._began) * (total - done) / done
            words = f"{done / 1e6:.1f} of {total / 1e6:.1f} MB, {left:.0f} s left; ■ stops"
            self._say_opening(Status("Downloading", words, done / total))

    def __repr__(self) -> str:
        if self._to_open is None:
            return super().__repr__()
        return f"{READY[self._ready]}({', '.join(f'{name}={value!r}' for name, value in self._options.items())})"

    @traitlets.default("user")
    def _user_first(self) -> str:
        self._opened()
        return str(self._trait_values.get("user", ""))

    @traitlets.default("epoch")
    def _epoch_first(self) -> int:
        self._opened()
        return int(self._trait_values.get("epoch", 0))

    @traitlets.default("selected")
    def _selected_first(self) -> int:
        self._opened()
        return int(self._trait_values.get("selected", 0))


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
