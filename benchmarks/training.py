"""What training costs: beside the TFRS tutorial's loop, beside the bare gradients, and to the end."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import numpy as np

from recwidgets.models import make, model_class

from . import ml100k
from .options import LABELS, MODELS, Options
from .report import Row, above, below, ratio, spans
from .tap import tapped
from .tutorial import Tutorial
from .usage import clocked

ROUNDS = 5  # after a first one, in which everything is traced


def epochs(options: Options) -> dict[str, Any]:
    """One process, in turn: an epoch of the tutorial, one of each model, its bare gradients; and again."""
    train, test = ml100k.parts_of("p3")
    tutorial = Tutorial(train, test)
    rounds = 2 if options.quick else ROUNDS + 1
    used: dict[str, Any] = {"tutorial": [], **{name: [] for name in MODELS}, **{f"bare {name}": [] for name in MODELS}}
    accuracy = []
    with ExitStack() as stack:
        taps = {name: stack.enter_context(tapped(name)) for name in MODELS}
        trainings = {name: make(name, seed=0).steps(train, test, rounds) for name in MODELS}
        for number in range(rounds):
            with clocked() as spent:
                tutorial.epoch()
            used["tutorial"].append(spent)
            accuracy.append(tutorial.accuracy())
            for name, training in trainings.items():
                with clocked() as spent:
                    next(training)
                used[name].append(spent)
                if number:
                    bare = taps[name].bare()
                    with clocked() as spent:
                        bare()
                    used[f"bare {name}"].append(spent)
    return {"used": used, "accuracy": accuracy, "batches": {name: tap.batches for name, tap in taps.items()}}


def full(name: str, options: Options) -> dict[str, Any]:
    """From the first line to the last epoch, in a process of its own: importing TensorFlow and evaluations included."""
    train, test = ml100k.parts_of("p3")
    model = make(name, seed=options.seeds[0])
    with clocked() as used:
        events = list(model.steps(train, test, options.epochs))
    found = ml100k.score("p3", ml100k.everything_ranked(model, train))
    return {**used, "epochs": len(events), "top10": found["top10"], "top10_removed": found["top10_removed"]}


PARTS = {"epochs": epochs} | {f"full_{name}": (lambda options, name=name: full(name, options)) for name in MODELS}


# -- the table --------------------------------------------------------------------------------------


def rows(done: Mapping[str, Any]) -> list[Row]:
    out: list[Row] = []
    if "used" in done.get("epochs", {}):
        used = done["epochs"]["used"]
        out += [_against_tutorial(name, used) for name in MODELS]
        out += [_whole_pass(name, used) for name in MODELS if share_of(name) < 1]
        out += [_against_bare(name, used) for name in MODELS]
    for name in MODELS:
        part = done.get(f"full_{name}", {})
        if "wall" in part:
            note = f"{part['cpu']:.1f} CPU s, {part['epochs']} epochs, p3, TensorFlow's import and evaluations included"
            out.append(below(f"{LABELS[name]}, to full training", part["wall"], 60, "s", note, 1))
            if "accuracy" in done.get("epochs", {}):
                out.append(_accuracy(name, part, done["epochs"]["accuracy"]))
    return out


def _cpu(runs: list[dict[str, float]]) -> list[float]:
    return [run["cpu"] for run in runs]


def _against_tutorial(name: str, used: Mapping[str, Any]) -> Row:
    theirs, ours = _cpu(used["tutorial"])[1:], _cpu(used[name])[1:]
    ratios = [their / our for their, our in zip(theirs, ours, strict=True)]
    note = f"tutorial {spans(theirs, 1)} CPU s, ours {spans(ours, 2)} CPU s, evaluation included"
    if share_of(name) < 1:
        note += f"; an epoch of ours looks at {share_of(name):.0%} of all positions"
    return ratio(f"{LABELS[name]}, an epoch: the tutorial's CPU s / ours", ratios, 15, True, note)


def share_of(name: str) -> float:
    """How much of all positions one epoch looks at: 1, unless the model says otherwise."""
    return float(model_class(name).share)


def _whole_pass(name: str, used: Mapping[str, Any]) -> Row:
    """The tutorial's epoch sees every rating once: epochs enough to have done so, each with its evaluation."""
    theirs, ours = _cpu(used["tutorial"])[1:], _cpu(used[name])[1:]
    ratios = [their * share_of(name) / our for their, our in zip(theirs, ours, strict=True)]
    what = f"{LABELS[name]}, epochs enough to see every position: the tutorial's CPU s / ours"
    return Row(what, "", spans(ratios) + "×", None, f"{1 / share_of(name):.0f} epochs, as many evaluations")


def _against_bare(name: str, used: Mapping[str, Any]) -> Row:
    """Every round's epoch with the gradients over that very epoch's batches."""
    theirs, ours = used[f"bare {name}"], used[name][1:]
    ratios = [our["cpu"] / their["cpu"] for their, our in zip(theirs, ours, strict=True)]
    wall = np.median([our["wall"] / their["wall"] for their, our in zip(theirs, ours, strict=True)])
    note = f"bare {spans(_cpu(theirs))} CPU s an epoch, batches ready beforehand; wall {wall:.2f}×"
    return ratio(f"{LABELS[name]}, an epoch: CPU s / bare forward and backward", ratios, 2, False, note)


def _accuracy(name: str, part: Mapping[str, Any], tutorial: list[float]) -> Row:
    best = max(tutorial)
    note = f"tutorial's best of {len(tutorial)} epochs; ours with seen removed {part['top10_removed']:.4f}"
    what = f"{LABELS[name]}, held-out top-10 accuracy, seen kept, against the tutorial's"
    return above(what, [part["top10"]], [best], "better than the tutorial's", note)
