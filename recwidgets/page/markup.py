"""Pure functions from state to HTML, one for each region. No widget is touched here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..answer import Answer
from ..core import Knob
from .page import esc

CUT, END = 24, 13  # characters: a shorter title is never cut; so many at its end stay


class Status(NamedTuple):
    """What the header says: a word in bold, a quiet addition, and progress from 0 to 1 or None."""

    word: str
    more: str = ""
    progress: float | None = None
    bad: bool = False


class Message(NamedTuple):
    """A sentence in the panel's one message place, with buttons (label, act, value)."""

    lead: str
    text: str = ""
    bad: bool = False
    buttons: tuple[tuple[str, str, str], ...] = ()
    details: str = ""


def button(label: str, act: str, value: object = "", *, classes: str = "", off: bool = False, name: str = "") -> str:
    """A button that sends `act`; name = what a screen reader says where the label is too short."""
    aria = f' aria-label="{esc(name)}"' if name else ""
    return (
        f'<button type="button" class="rw-btn {classes}" data-act="{esc(act)}" '
        f'data-value="{esc(value)}"{aria}{" disabled" if off else ""}>{esc(label)}</button>'
    )


def named(title: str, year: str) -> str:
    """A film's name in a row. Where there is no room it is cut in its middle: the parts of a series differ at the end."""
    words, end = title.split(" "), ""
    while len(title) > CUT and len(words) > 1 and len(end) + len(words[-1]) < END:
        end = f" {words.pop()}{end}"
    year = f' <span class="rw-year">{esc(year)}</span>'
    if not end:
        return f'<span class="rw-title">{esc(title)}{year}</span>'
    start = f'<span class="rw-start">{esc(" ".join(words))}</span>'
    return f'<span class="rw-title rw-split">{start}<span class="rw-end">{esc(end)}{year}</span></span>'


def header(title: str, data: str, status: Status, spoken: str | None = None) -> str:
    """Model, data, state; a progress bar only while something is under way.

    spoken: what a screen reader is told; it changes more seldom than what is seen.
    """
    bar = ""
    if status.progress is not None:
        percent = round(100 * status.progress)
        bar = (
            f'<div class="rw-progress" role="progressbar" aria-label="Training" aria-valuemin="0" '
            f'aria-valuemax="100" aria-valuenow="{percent}"><i style="width:{100 * status.progress:.1f}%"></i></div>'
        )
    more = f" · {esc(status.more)}" if status.more else ""
    bad = " rw-bad" if status.bad else ""
    return (
        f'<div><h2>{esc(title)}</h2><p class="rw-cap">{esc(data)}</p></div>'
        f'<div><div class="rw-status{bad}" role="status" aria-live="off"><b>{esc(status.word)}</b>{more}</div>{bar}</div>'
        f'<span class="rw-hidden" aria-live="polite">{esc(status.word if spoken is None else spoken)}</span>'
    )


def skeleton(title: str, status: Status, said: str = "") -> str:
    """A panel's frame before anything is loaded: its name, its state, and grey places for what will be there.

    said: a message's HTML in their stead.
    """
    names = ("who", "chart", "list", "why", "curve", "controls")
    places = "".join(f'<i class="rw-bone rw-bone-{name}"></i>' for name in names)
    below = (
        f'<div class="rw-message">{said}</div>' if said else f'<div class="rw-bones" aria-hidden="true">{places}</div>'
    )
    return f'<div class="rw-header">{header(title, "", status)}</div>{below}'


def message(shown: Message | None) -> str:
    if shown is None:
        return ""
    acts = "".join(button(label, act, value) for label, act, value in shown.buttons)
    details = (
        f"<details><summary>Show the details</summary><pre>{esc(shown.details)}</pre></details>"
        if shown.details
        else ""
    )
    role = "alert" if shown.bad else "status"
    return (
        f'<div class="rw-note{" rw-bad-note" if shown.bad else ""}"><div role="{role}"><p><b>{esc(shown.lead)}</b> '
        f'{esc(shown.text)}</p>{details}</div><div class="rw-acts">{acts}</div></div>'
    )


def ranking(
    answer: Answer | None,
    selected: int,
    slots: Mapping[int, int],
    empty: str,
    heading: str,
    moved: Mapping[int, str] | None = None,
) -> str:
    """The list: the table of the chart. selected: place of the chosen row, 0 = first.

    slots: item -> colour of the films that own one. moved: change of place since the last edit.
    """
    if answer is None or not len(answer.top):
        return f'<h3>{esc(heading)}</h3><p class="rw-empty">{esc(empty)}</p>'
    scores = answer.scores[answer.top]
    said_scores, rows, moved = scores_in_short(scores), [], moved or {}
    for n, (place, item) in enumerate(zip(answer.places, answer.top.tolist(), strict=True)):
        title, year = answer.title(item)
        seen = item in answer.later
        slot = f" rw-f{slots[item]}" if item in slots else ""
        spoken = f"Rank {place}: {answer.full_title(item)}, score {said_scores[n]}"
        spoken += ", watched later" if seen else ""
        spoken += f", {in_words(moved[item])}" if item in moved else ""
        rows.append(
            f'<li><button type="button" class="rw-row{" rw-on" if n == selected else ""}" data-row data-act="select" '
            f'data-value="{n}" aria-pressed="{"true" if n == selected else "false"}" aria-label="{esc(spoken)}" '
            f'title="{esc(answer.full_title(item))}"><span class="rw-chip{slot}">{esc(place)}</span>'
            f"{named(title, year)}"
            f'<span class="rw-moved">{esc(moved.get(item, ""))}</span>'
            f'<span class="rw-num">{said_scores[n]}</span><span class="rw-ok">{"✓" if seen else ""}</span></button></li>'
        )
    hits = sum(item in answer.later for item in answer.top.tolist())
    if not answer.has_held_out:
        foot = "Nothing is held out, so there is no ✓ to give."
    elif answer.person.user is None:
        foot = "✓ needs held-out data, and a history of your own has none."
    else:
        foot = f"✓ = in the held-out data, watched later: {hits} of {len(answer.top)}."
    caption = "↑↓ and new: change since the previous answer." if moved else "Select a film to see why."
    return (
        f'<h3>{esc(heading)}</h3><p class="rw-cap">{caption}</p>'
        '<div class="rw-row rw-head" aria-hidden="true"><span>#</span><span>Film</span><span></span>'
        '<span class="rw-num">Score</span><span class="rw-ok">✓</span></div>'
        f'<ol class="rw-rows" aria-label="{esc(heading)}">{"".join(rows)}</ol><p class="rw-cap rw-foot">{esc(foot)}</p>'
    )


def scores_in_short(scores: Any) -> list[str]:
    """Scores of a list in a narrow column: two or three decimals, none from 1,000 on, and 5.3e6 for what is longer."""
    most = float(np.abs(scores).max()) if len(scores) else 0.0
    if most >= 1e5:
        return [f"{float(score):.3g}".replace("e+0", "e").replace("e+", "e") for score in scores]
    digits = 0 if most >= 1000 else 1 if most >= 100 else 2 if abs(float(scores[0])) >= 1 else 3
    return [f"{float(score):.{digits}f}" for score in scores]


def in_words(move: str) -> str:
    """ "↑2" as it is read out: "up 2"."""
    return move.replace("↑", "up ").replace("↓", "down ")


def slider(act: str, value: int, low: int, high: int, *, name: str, said: str, off: bool = False) -> str:
    """A native slider: keyboard, focus and screen readers come with it."""
    share = 0.0 if high == low else 100 * (value - low) / (high - low)
    return (
        f'<input type="range" min="{low}" max="{high}" step="1" value="{value}" data-input="{esc(act)}" '
        f'data-change="{esc(act)}" aria-label="{esc(name)}" aria-valuetext="{esc(said)}" '
        f'style="--share:{share:.2f}%"{" disabled" if off else ""}>'
    )


def controls(state: str, settings: Sequence[tuple[str, str, int, int, int, str, bool]], hint: str, knobs: str) -> str:
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
    buttons = "".join(button(label, act, classes=classes, off=off) for label, act, off, classes in rows)
    sliders = "".join(
        f'<div class="rw-setting rw-train-setting"><span>{esc(label)}</span>{slider(act, value, low, high, name=label, said=said, off=off)}'
        f"<output>{esc(said)}</output></div>"
        for act, label, value, low, high, said, off in settings
    )
    return f'<div class="rw-buttons">{buttons}</div>{sliders}<p class="rw-hint rw-train-setting">{esc(hint)}</p>{knobs}'


def tools(setup: str, moving: bool, answered: bool) -> str:
    """What can be taken away from a panel, and whether its marks move."""
    copy = (
        f'<button type="button" class="rw-btn rw-small" data-copy="{esc(setup)}" title="{esc(setup)}">'
        "Copy this setup</button>"
    )
    motion = (
        f'<button type="button" class="rw-btn rw-small" data-act="motion" data-value="{"still" if moving else "moving"}" '
        f'aria-pressed="{"true" if moving else "false"}">Motion {"on" if moving else "off"}</button>'
    )
    return f'<div class="rw-tools">{copy}{button("Save this run", "save", classes="rw-small", off=not answered)}{motion}</div>'


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


def knob_rows(knobs: Sequence[Knob], values: Mapping[str, float | str], training: bool, crowd: str = "") -> str:
    """The model's own knobs: each says whether it answers now or needs training. crowd: HTML, what they do to everybody."""
    rows = []
    for knob in knobs:
        places, value = knob_positions(knob), values[knob.name]
        here = places.index(value) if value in places else min(range(len(places)), key=lambda n: abs(places[n] - value))
        text = said(knob, value)
        off = training and not knob.instant
        if knob.choices:
            control = choice(f"knob:{knob.name}", here, knob.choices, name=knob.label, off=off)
        else:
            bar = slider(f"knob:{knob.name}", here, 0, len(places) - 1, name=knob.label, said=text, off=off)
            control = f"{bar}<output>{esc(text)}</output>"
        when = "Answers at once." if knob.instant else "Retrain to see the effect."
        rows.append(
            f'<div class="rw-knob"><div class="rw-setting"><span>{esc(knob.label)}</span>{control}</div>'
            f'<p class="rw-hint">{esc(when)} {esc(knob.hint)}</p></div>'
        )
    said_of = f'<div class="rw-hint rw-crowd" role="status">{crowd}</div>' if rows else ""
    return "".join(rows) + said_of


def alike(hops: Sequence[float]) -> str:
    """How alike is what two users are told: a bar a hop. Nothing for a model without hops."""
    bars = "".join(
        f'<span>hop {n}</span><i class="rw-alike" style="--share:{max(100 * share, 0):.1f}%" aria-hidden="true"></i><b>{share:.2f}</b>'
        for n, share in enumerate(hops, 1)
    )
    words = (
        "How alike is what two users are told (mean cosine; 1 = the same, over-smoothing). "
        "Odd hops bring what films say, even hops what viewers say:"
    )
    return f'<div>{words}</div><div class="rw-hops">{bars}</div>' if hops else ""


def choice(act: str, here: int, words: Sequence[str], *, name: str, off: bool = False) -> str:
    """A native list to choose one word from; its place is sent."""
    options = "".join(
        f'<option value="{n}"{" selected" if n == here else ""}>{esc(w)}</option>' for n, w in enumerate(words)
    )
    return f'<select class="rw-select" data-change="{esc(act)}" aria-label="{esc(name)}"{" disabled" if off else ""}>{options}</select>'


def time_machine(
    epoch: int, newest: int, total: int, live: bool, playing: bool = False, tempo: str = "normal", kept: str = ""
) -> str:
    """The slider over the epochs, Play with its tempo, and what came and went."""
    words = "no epoch yet" if not newest else f"epoch {epoch} of {newest}" + (" · live" if live else "")
    few = newest < 2
    bar = slider("epoch", max(epoch, 1), 1, max(total, newest, 1), name="Time machine: epoch", said=words, off=few)
    there = f"<span>Kept: epochs {esc(kept)}</span>" if kept else ""
    tempi = "".join(
        f'<option value="{name}"{" selected" if name == tempo else ""}>{name}</option>'
        for name in ("slow", "normal", "fast")
    )
    return (
        f"<b>Time machine</b>{bar}<output>{esc(words)}</output>"
        f'<div class="rw-play">{button("Stop" if playing else "Play", "play", off=few, classes="rw-small")}'
        f'<label>Tempo <select class="rw-select" data-change="tempo"{" disabled" if few else ""}>{tempi}</select></label>'
        f"{button('What came and went', 'tale', off=few, classes='rw-small')}{there}</div>"
    )


def who(
    summary: tuple[str, str, str], field: str, options: str, wrong: bool, opened: bool = False, editing: bool = False
) -> str:
    """The user selector; summary: (name, facts, last) as text; options: the open list's HTML.

    opened: "You" is open; editing: the user's own history is.
    """
    name, facts, last = summary
    listbox = f'<ul class="rw-options" role="listbox" aria-label="Users found">{options}</ul>' if options else ""
    bad = ' aria-invalid="true"' if wrong else ""
    return (
        '<div class="rw-pick"><div class="rw-combo"><input type="text" role="combobox" autocomplete="off" spellcheck="false" '
        f'aria-label="User: an id, a favourite film or a genre" aria-expanded="{"true" if options else "false"}" '
        f'placeholder="42, Fargo, horror fans" value="{esc(field)}" data-stamp="{esc(field)}" data-input="find" '
        f'data-enter="choose" data-escape="close"{bad}>{listbox}</div>'
        + button("Previous", "previous", name="Previous user")
        + button("Next", "next", name="Next user")
        + button("Random", "random", name="Random user")
        + f'<button type="button" class="rw-btn rw-you{" rw-chosen" if opened else ""}" data-act="you" '
        f'aria-pressed="{"true" if opened else "false"}">You</button>'
        f'<button type="button" class="rw-btn rw-edit{" rw-chosen" if editing else ""}" data-act="edit" '
        f'aria-pressed="{"true" if editing else "false"}" aria-label="Edit this user\'s history">Edit</button>'
        + f'</div><p class="rw-facts"><b>{esc(name)}</b> · {esc(facts)}</p><p class="rw-cap rw-last">{esc(last)}</p>'
    )
