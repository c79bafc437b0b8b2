"""live(): a panel whose answers are worked out by a function that the learner wrote."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..data import Split, load_movielens
from ..panel.opening import Opening
from ..panel.panel import Panel
from ..panel.settings import literal
from ..panel.state import World, world_of
from ..pretrained import load_pretrained
from ..training import TrainingHistory
from . import worlds
from .checking import Verdict
from .own import OwnGNN, OwnKNN, OwnSession
from .own_backward import OwnBackward
from .safe_call import AnswerError, NotAnswered, called

#: exercise -> (model, the argument that takes the function, the pretrained model)
PLACES: dict[str, tuple[type, str, str]] = {
    "gnn-3": (OwnGNN, "aggregate", "gnn"),
    "gnn-4": (OwnGNN, "layer", "gnn"),
    "knn-3": (OwnKNN, "nearest", "knn"),
    "knn-4": (OwnKNN, "layer", "knn"),
    "session-3": (OwnSession, "recency", "session"),
    "session-4": (OwnSession, "layer", "session"),
    "back-3": (OwnBackward, "backward", "gnn"),
}
LEARNS = "back-3"  # the function that a training needs; the others answer
EPOCHS = 8  # of such a training: enough to see the loss fall


class LivePanel(Panel):
    """A panel around a learner's function; what it gives away is the line that makes it again."""

    def __init__(self, exercise: str, function: Callable[..., Any], world: World, options: dict[str, Any]) -> None:
        Opening.__init__(self)
        name = getattr(function, "__name__", "")
        first = f"{literal(exercise)}, {name if name.isidentifier() else 'function'}"
        self._fill(replace(world, call="rw.teach.live", first=first), **options)


def live(exercise: str, function: Any, **options: Any) -> LivePanel | Verdict:
    """A panel driven by your function, right or wrong: see what it recommends.

    exercise: "gnn-3", "gnn-4", "knn-3", "knn-4", "session-3" or "session-4": the embeddings are the pretrained ones;
    Train trains the package's layer, and your function answers from each epoch. Or "back-3": the panel is that of a
    model which has not learned yet, and Train learns with your function's gradient, in numpy.
    options: as for rw.Panel. Where the function is blank, or stops, a Verdict says so instead.
    """
    name = str(exercise).strip().casefold()
    if name not in PLACES:
        return Verdict(str(exercise)[:40], "broken", f"A panel can be driven by {', '.join(PLACES)}.")
    if not callable(function):
        return Verdict(
            name, "broken", f"A function is asked for, got {function!r:.60}; give its name without brackets."
        )
    split = load_movielens("latest-small").split("temporal", test=0.2)
    make = _learning if name == LEARNS else _answering
    try:
        world = make(name, function, split, options)
    except NotAnswered:
        return Verdict(name, "blank", "Once your function is written, it drives a panel here.")
    except AnswerError as error:
        return Verdict(name, "broken", f"No panel yet: {error}".rstrip(".") + ".")
    return LivePanel(name, function, world, options)


def _answering(name: str, function: Callable[..., Any], split: Split, options: dict[str, Any]) -> World:
    """The pretrained embeddings, and the function in the place of the model's own arithmetic, once it has answered."""
    kind, argument, trained = PLACES[name]
    pretrained, history = load_pretrained(trained, split.train)
    model = kind(**{argument: function}, **pretrained.settings())
    model.data, model.snapshot = split.train, pretrained.snapshot
    model.scores(str(options.get("user") or split.train.users[0]))
    return world_of(split, model, _own(history))


def _learning(name: str, function: Callable[..., Any], split: Split, options: dict[str, Any]) -> World:
    """A model that has not learned yet, and the function as its gradient, once it has answered on paper."""
    kind, argument, trained = PLACES[name]
    called(function, *worlds.gradients()[0].arguments)
    settings = load_pretrained(trained, split.train)[0].settings() | {"epochs": EPOCHS, "layers": 1}
    return world_of(split, kind(**{argument: function}, **settings), TrainingHistory())


def _own(history: TrainingHistory) -> TrainingHistory:
    """The epochs without their metrics: those were measured with the real layer, not with this one."""
    events = tuple(event._replace(metrics={}) for event in history.events)
    return TrainingHistory(events, history.total)
