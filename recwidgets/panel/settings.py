"""A State by original ids, and back: what setup(), the state file and the run card all write."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from numbers import Integral, Real
from typing import Any

from ..protocols import Trainable, Tunable
from .edited import from_ids, in_ids
from .state import State, World, person_of, plain
from .training import Training

#: What may be told of a State; each is also an option of `Panel`.
NAMES = ("user", "epoch", "knobs", "edited", "selected", "epochs", "learning_rate", "alpha")
#: Parts of a panel that a lesson may leave out.
PARTS = (
    "train", "pause", "step", "reset", "epoch", "knobs", "settings", "you", "why", "list", "curve", "controls", "tools",
)  # fmt: skip


def check_parts(hide: Any) -> tuple[str, ...]:
    """The parts to leave out, or a sentence that lists those there are."""
    chosen = (hide,) if isinstance(hide, str) else tuple(hide)
    for name in chosen:
        if name not in PARTS:
            raise ValueError(f"hide may name {', '.join(PARTS)}, got {name!r}")
    return chosen


def told(
    world: World, state: State, item: int | None = None, epochs: int | None = None, model: Any = None
) -> dict[str, Any]:
    """What makes this state again, by original ids; what stands as it would anyway is left out.

    item: the selected one, None where it is the first of the list. epochs: the model's own number. model: the one
    that the new panel is given, None = the same as here; its learning rate need not be told.
    """
    found: dict[str, Any] = {"user": state.user}
    if state.epoch is not None:
        found["epoch"] = state.epoch
    turned = {name: value for name, value in state.knobs if world.values.get(name) != value}
    found |= {"knobs": turned} if turned else {}
    edited = in_ids(state.edited, world.data)
    found |= {"edited": edited} if edited else {}
    if item is not None:
        found["selected"] = str(world.data.items[item])
    if state.alpha:
        found["alpha"] = state.alpha
    if epochs is not None and state.epochs != epochs:
        found["epochs"] = state.epochs
    given = world.model if model is None else model
    own = world.model.learning_rate if isinstance(world.model, Trainable) else None
    rate = own if state.rate is None else state.rate
    if rate is not None and not (isinstance(given, Trainable) and rate == given.learning_rate):
        found["learning_rate"] = rate
    return found


def restored(world: World, training: Training, first: State, wanted: Mapping[str, Any]) -> State:
    """`first`, with what `told` gave. Raises ValueError, UnknownUser or UnknownItem for what does not fit here."""
    if unknown := sorted(map(str, set(wanted) - set(NAMES))):
        raise ValueError(f"a panel's state has {', '.join(NAMES)}, got {unknown[0]!r}")
    state = first
    if wanted.get("user") is not None:
        world.data.user_index(str(wanted["user"]))
        state = plain(state, user=str(wanted["user"]), edited=None, item=None)
    if wanted.get("knobs"):
        state = replace(state, knobs=checked_knobs(world, training, wanted["knobs"]))
    if wanted.get("epoch") is not None:
        state = replace(state, epoch=checked_epoch(training, wanted["epoch"]))
    if wanted.get("edited"):
        edited = from_ids(wanted["edited"], world.data, world.data.user_index(state.user))
        own = edited is not None and edited.user is None
        state = replace(state, edited=edited, drawer="edit" if own else "", undo=state)
    if wanted.get("selected") is not None:
        item = world.data.item_index(str(wanted["selected"]))
        if item in person_of(world, state).history:
            raise ValueError(
                f"selected must be a film that can be recommended, got {wanted['selected']!r}: it was seen"
            )
        state = replace(state, item=item)
    if wanted.get("alpha") is not None:
        state = replace(state, alpha=checked_alpha(wanted["alpha"]))
    if wanted.get("epochs") is not None:
        state = replace(state, epochs=_whole("epochs", wanted["epochs"]))
    if wanted.get("learning_rate") is not None:
        state = replace(state, rate=checked_rate(training, wanted["learning_rate"]))
    return state


def checked_knobs(world: World, training: Training, knobs: Any) -> tuple[tuple[str, Any], ...]:
    """Values for knobs, as the model itself checks them."""
    if not isinstance(knobs, Mapping):
        raise ValueError(f'knobs must be a dict such as {{"layers": 2}}, got {knobs!r}')
    if not isinstance(training.model, Tunable):
        raise ValueError(f"{world.label} has no knobs to turn, got knobs={dict(knobs)!r}; leave knobs out")
    known = {knob.name: knob for knob in training.knobs}
    read = {
        name: _number(value) if name in known and not known[name].choices else value for name, value in knobs.items()
    }
    values = training.model.at(**read).values
    return tuple(sorted((name, values[name]) for name in read))


def _number(value: Any) -> Any:
    """JSON has no infinity: "inf" stands for it."""
    return math.inf if value == "inf" else value


def checked_epoch(training: Training, epoch: Any) -> int | None:
    """The kept epoch at or before this one; None for the newest. Raises ValueError for one that cannot be shown."""
    newest = training.number(None)
    if isinstance(epoch, bool) or not isinstance(epoch, Integral):
        raise ValueError(f"epoch must be a whole number, got {epoch!r}")
    epoch = int(epoch)
    if not min(newest, 1) <= epoch <= newest:
        nothing = "nothing is trained yet" if training.history.counted else "they are not known without history="
        there = f"from 1 to {newest}" if newest else f"0: {nothing}"
        raise ValueError(f"epoch must be {there}, got {epoch!r}")
    if epoch == newest:
        return None
    if not training.rewindable:
        raise ValueError(
            f"epoch must be {newest}, the newest: {training.model.label} cannot go back, since it has no method "
            f"at(snapshot) that gives the model as it was then; got {epoch!r}"
        )
    step = training.history.at(epoch).step
    return None if step == newest else step


def checked_rate(training: Training, rate: Any) -> float:
    if training.rate is None:
        raise ValueError(f"{training.model.label} has no learning rate, got learning_rate={rate!r}; leave it out")
    if isinstance(rate, bool) or not isinstance(rate, Real) or not 0 < float(rate) < math.inf:
        raise ValueError(f"learning_rate must be a number above 0, got {rate!r}")
    return float(rate)


def checked_alpha(alpha: Any) -> float:
    if isinstance(alpha, bool) or not isinstance(alpha, Real) or not 0 <= float(alpha) <= 1:
        raise ValueError(f"alpha must be a number from 0 (as trained) to 1 (the person's taste alone), got {alpha!r}")
    return round(float(alpha), 2)


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} must be a whole number of at least 1, got {value!r}")
    return int(value)


def line(call: str, settings: Mapping[str, Any], first: str = "") -> str:
    """One runnable line: `rw.GNNPanel(user="42", epoch=8, knobs={"layers": 2})`. first: arguments before those."""
    shown = [f"{name}={literal(value)}" for name, value in settings.items()]
    return f"{call}({', '.join([first] * bool(first) + shown)})"


def literal(value: Any) -> str:
    """Python for a value that JSON can nearly keep."""
    if isinstance(value, float) and math.isinf(value):
        return 'float("inf")'
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return repr(value)


def jsonable(value: Any) -> Any:
    """The same with "inf" in the place of infinity, which JSON does not have."""
    if isinstance(value, float) and not math.isfinite(value):
        return "inf" if value > 0 else "-inf" if value < 0 else "nan"
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [jsonable(item) for item in value]
    return value
