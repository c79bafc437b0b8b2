"""Markup of what a learner turns: training, its settings, and the model's knobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from ..core import Knob
from .elements import button, choice, joined, slider
from .terms import term, term_or_text


def train_buttons(state: str, train: str = "", step: str = "") -> Markup:
    """Train, Pause, Step, Reset in this order and place, one of them primary. state: "idle", "running" or "paused".

    train, step: what these two do, where that is not what one expects.
    """
    running = state == "running"
    rows = [
        ("Train", "train", running, "rw-train" + ("" if running else " rw-primary")),
        ("Pause", "pause", not running, "rw-pause" + (" rw-primary" if running else "")),
        ("Step", "step", running, "rw-step"),
        ("Reset", "reset", False, "rw-reset"),
    ]
    said = {"train": train, "step": step}
    buttons = joined(
        button(label, act, classes=classes, off=off, title=said.get(act, "")) for label, act, off, classes in rows
    )
    return Markup('<div class="rw-buttons">{}</div>').format(buttons)


def settings(rows: Sequence[tuple[str, str, int, int, int, str, bool]], hint: str) -> Markup:
    """The settings of the next training. rows: (act, label, value, low, high, said, off)."""
    sliders = joined(
        Markup('<div class="rw-setting rw-train-setting"><span>{}</span>{}<output>{}</output></div>').format(
            term_or_text(label), slider(act, value, low, high, name=label, said=said, off=off), said
        )
        for act, label, value, low, high, said, off in rows
    )
    return Markup('{}<p class="rw-hint rw-train-setting">{}</p>').format(sliders, hint)


def said(knob: Knob, value: float | str) -> str:
    """A knob's value in words: "4 films", "1 film", "all", "cosine"."""
    if value == knob.everything:
        return "all"
    unit = knob.unit.removesuffix("s") if value == 1 else knob.unit
    return value if isinstance(value, str) else f"{value:g} {unit}".rstrip()


def knob_positions(knob: Knob) -> list[Any]:
    """The values on a knob's slider, or its choices; from 20 on in growing steps, so that 1 and 100 both fit."""
    if knob.choices:
        return list(knob.choices)
    values: list[float] = []
    value = knob.low
    while value < knob.high:
        values.append(value)
        value += 1 if value < 20 else 5 if value < 50 else 10
    values.append(knob.high)
    return values + ([] if knob.everything is None else [knob.everything])


def knob_control(knob: Knob, value: float | str, training: bool) -> tuple[Markup, str]:
    """(its slider or list, its value in words). training: one that needs a training is then off."""
    positions, off = knob_positions(knob), training and not knob.instant
    here = (
        positions.index(value)
        if value in positions
        else min(range(len(positions)), key=lambda n: abs(positions[n] - value))
    )
    text = said(knob, value)
    if knob.choices:
        return choice(f"knob:{knob.name}", here, knob.choices, name=knob.label, off=off), text
    return slider(f"knob:{knob.name}", here, 0, len(positions) - 1, name=knob.label, said=text, off=off), text


def own_knob(knob: Knob, value: float | str, training: bool, below: Markup | str = "") -> Markup:
    """The model's own knob as it stands beside the time line: label, value, slider, and what is said of its values."""
    control, text = knob_control(knob, value, training)
    words = "Answers at once." if knob.instant else "Retrain to see the effect."
    return Markup(
        '<div class="rw-knob rw-own-knob" title="{words} {hint}"><span>{label}</span><output>{value}</output>{control}{below}</div>'
    ).format(
        below=below,
        words=words,
        hint=knob.hint,
        label=term_or_text(knob.label),
        value="" if knob.choices else text,
        control=control,
    )


def knob_rows(
    knobs: Sequence[Knob], values: Mapping[str, float | str], training: bool, all_users: Markup | str = ""
) -> Markup:
    """The other knobs: each says whether it answers now or needs training.

    all_users: what the knobs, as they stand, do to the lists of all users.
    """
    rows = []
    for knob in knobs:
        control, text = knob_control(knob, values[knob.name], training)
        out = Markup("") if knob.choices else Markup("<output>{}</output>").format(text)
        rows.append(
            Markup(
                '<div class="rw-knob"><div class="rw-setting"><span>{}</span>{}{}</div><p class="rw-hint">{} {}</p></div>'
            ).format(
                term_or_text(knob.label),
                control,
                out,
                "Answers at once." if knob.instant else "Retrain to see the effect.",
                knob.hint,
            )
        )
    return joined(rows) + Markup('<div class="rw-hint rw-all-users" role="status">{}</div>').format(all_users)


def alike(hops: Sequence[float]) -> Markup:
    """How similar two users' messages are: a bar for each hop. Nothing for a model without hops."""
    bars = joined(
        Markup(
            '<span>hop {}</span><i class="rw-alike" style="--share:{:.1f}%" aria-hidden="true"></i><b>{:.2f}</b>'
        ).format(n, max(100 * share, 0), share)
        for n, share in enumerate(hops, 1)
    )
    words = (
        "How alike two users’ messages are (mean cosine; 1 = the same, called over-smoothing). "
        "Odd hops carry the embeddings of items, even hops those of users:"
    )
    return Markup('<div>{}</div><div class="rw-hops">{}</div>').format(words, bars) if hops else Markup("")


def alike_by_hop(hops: Sequence[float], n: int, layers: float) -> Markup:
    """The same in one line under the layers: a number for each of n hops, "–" where it is not known (yet).

    layers: as many hops are in use; the others are pale.
    """
    known = [*hops[:n], *[float("nan")] * (n - len(hops))]
    texts = ["–" if share != share else f"{share:.2f}".replace("0.", ".").replace("-", "−") for share in known]
    numbers = joined(
        Markup("<b{}>{}</b>").format("" if hop <= layers else Markup(' class="rw-unused"'), text)
        for hop, text in enumerate(texts, 1)
    )
    said = "; ".join(f"hop {hop}: {text}" for hop, text in enumerate(texts, 1))
    return Markup('<div class="rw-told">{}<span role="img" aria-label="{said}" title="{said}">{}</span></div>').format(
        term("over-smoothing", "alike"), numbers, said=f"How alike two users’ messages are, {said} (1 = the same)"
    )


def tempo(chosen: str, off: bool) -> Markup:
    """How fast a replay goes through the epochs."""
    words = joined(
        Markup('<option value="{name}"{chosen}>{name}</option>').format(
            name=name, chosen=" selected" if name == chosen else ""
        )
        for name in ("slow", "normal", "fast")
    )
    return Markup(
        '<label class="rw-setting rw-tempo"><span>Tempo of the replay</span>'
        '<select class="rw-select" data-change="tempo" aria-label="Tempo of the replay"{off}>{words}</select></label>'
    ).format(off=" disabled" if off else "", words=words)


def handles(chosen: str, data: str, goal: Markup | str = "") -> Markup:
    """What opens the drawers; the goal of an exercise, or which data they are."""
    names = {"curves": "Curves", "ranks": "Ranks over epochs", "edit": "Edit history", "more": "Settings"}
    buttons = joined(
        Markup(
            '<button type="button" class="rw-handle rw-handle-{name}" data-act="drawer" data-value="{name}" '
            'aria-expanded="{on}">{label}</button>'
        ).format(name=name, label=label, on="true" if name == chosen else "false")
        for name, label in names.items()
    )
    about = goal or Markup('<span class="rw-data">{}</span>').format(data)
    return Markup('<div class="rw-handle-row">{}</div>{}').format(buttons, about)
