"""Markup of what a learner turns: training, its settings, the model's knobs, and the slider over the epochs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from ..core import Knob
from .elements import button, choice, joined, slider


def controls(
    state: str, settings: Sequence[tuple[str, str, int, int, int, str, bool]], hint: str, knobs: Markup | str
) -> Markup:
    """Train, Pause, Step, Reset in this order and place, one of them primary; then the settings.

    state: "idle", "running" or "paused". settings: (act, label, value, low, high, said, off).
    """
    running = state == "running"
    rows = [
        ("Train", "train", running, "rw-train" + ("" if running else " rw-primary")),
        ("Pause", "pause", not running, "rw-pause" + (" rw-primary" if running else "")),
        ("Step", "step", running, "rw-step"),
        ("Reset", "reset", False, "rw-reset"),
    ]
    buttons = joined(button(label, act, classes=classes, off=off) for label, act, off, classes in rows)
    sliders = joined(
        Markup('<div class="rw-setting rw-train-setting"><span>{}</span>{}<output>{}</output></div>').format(
            label, slider(act, value, low, high, name=label, said=said, off=off), said
        )
        for act, label, value, low, high, said, off in settings
    )
    return Markup('<div class="rw-buttons">{}</div>{}<p class="rw-hint rw-train-setting">{}</p>{}').format(
        buttons, sliders, hint, knobs
    )


def said(knob: Knob, value: float | str) -> str:
    """A knob's value in words: "4 films", "all", "cosine"."""
    if value == knob.everything:
        return "all"
    return value if isinstance(value, str) else f"{value:g}{' ' + knob.unit if knob.unit else ''}"


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


def knob_rows(
    knobs: Sequence[Knob], values: Mapping[str, float | str], training: bool, all_users: Markup | str = ""
) -> Markup:
    """The model's own knobs: each says whether it answers now or needs training.

    all_users: what the knobs, as they stand, do to the lists of all users.
    """
    rows = []
    for knob in knobs:
        positions, value = knob_positions(knob), values[knob.name]
        here = (
            positions.index(value)
            if value in positions
            else min(range(len(positions)), key=lambda n: abs(positions[n] - value))
        )
        off = training and not knob.instant
        if knob.choices:
            control = choice(f"knob:{knob.name}", here, knob.choices, name=knob.label, off=off)
        else:
            text = said(knob, value)
            bar = slider(f"knob:{knob.name}", here, 0, len(positions) - 1, name=knob.label, said=text, off=off)
            control = bar + Markup("<output>{}</output>").format(text)
        rows.append(
            Markup(
                '<div class="rw-knob"><div class="rw-setting"><span>{}</span>{}</div><p class="rw-hint">{} {}</p></div>'
            ).format(
                knob.label, control, "Answers at once." if knob.instant else "Retrain to see the effect.", knob.hint
            )
        )
    if rows:
        rows.append(Markup('<div class="rw-hint rw-all-users" role="status">{}</div>').format(all_users))
    return joined(rows)


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
        "Odd hops carry the embeddings of films, even hops those of users:"
    )
    return Markup('<div>{}</div><div class="rw-hops">{}</div>').format(words, bars) if hops else Markup("")


def time_machine(
    epoch: int, newest: int, total: int, live: bool, playing: bool = False, tempo: str = "normal", kept: str = ""
) -> Markup:
    """The slider over the epochs, Play with its tempo, and the button for the changes from epoch to epoch."""
    words = "no epoch yet" if not newest else f"epoch {epoch} of {newest}" + (" · live" if live else "")
    few = newest < 2
    tempi = joined(
        Markup('<option value="{name}"{chosen}>{name}</option>').format(
            name=name, chosen=" selected" if name == tempo else ""
        )
        for name in ("slow", "normal", "fast")
    )
    return Markup(
        '<b>Time machine</b>{bar}<output>{words}</output><div class="rw-play">{play}'
        '<label>Tempo <select class="rw-select" data-change="tempo"{off}>{tempi}</select></label>{changes}{kept}</div>'
    ).format(
        bar=slider("epoch", max(epoch, 1), 1, max(total, newest, 1), name="Time machine: epoch", said=words, off=few),
        words=words,
        play=button("Stop" if playing else "Play", "play", off=few, classes="rw-small"),
        off=" disabled" if few else "",
        tempi=tempi,
        changes=button("Changes by epoch", "drawer", "ranks", off=few, classes="rw-small"),
        kept=Markup("<span>Kept: epochs {}</span>").format(kept) if kept else "",
    )


def rank_changes(rows: Sequence[tuple[int, str, str]]) -> Markup:
    """What entered and left the top 10 from one epoch to the next. rows: (epoch, entered, left) as text."""
    body = joined(
        Markup('<tr><th scope="row">{}</th><td>{}</td><td>{}</td></tr>').format(epoch, entered or "–", left or "–")
        for epoch, entered, left in rows
    )
    return Markup(
        '<div class="rw-scroll" tabindex="0"><table class="rw-changes"><thead><tr><th scope="col">epoch</th>'
        '<th scope="col">entered the top 10</th><th scope="col">left it</th></tr></thead><tbody>{}</tbody></table></div>'
    ).format(body)
