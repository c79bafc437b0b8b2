# ruff: noqa: E501  # a row of markup stays on one line
"""Markup of Predict: the question, the films to order or the number to pick, and what is revealed."""

from __future__ import annotations

from collections.abc import Sequence

from ..page.markup import button, slider
from ..page.page import esc

NAMES = {"guess": "Your guess", "model": "The model", "truth": "What happened"}


def head(question: str, who: str, open_: bool) -> str:
    """The question, who it is about, and whether the panel is to be seen yet."""
    state = "Your guess stands; the panel is open." if open_ else "The panel opens once your guess stands."
    about = f'<p class="rw-cap">{esc(who)}</p>' if who else ""
    return f'<div style="padding:12px 16px 4px"><h2>{esc(question)}</h2>{about}<p class="rw-cap" role="status">{esc(state)}</p></div>'


def alternative(stage: str, titles: Sequence[str], shares: Sequence[float]) -> str:
    """The pie in words, handed to the figure beside: what a screen reader says of it."""
    parts = ", ".join(f"{title} {share:.2f}" for title, share in zip(titles, shares, strict=True))
    return f'<span hidden data-alt="{esc(f"Pie, {NAMES[stage].lower()}: shares {parts}.")}"></span>'


def order(
    titles: Sequence[str], slots: Sequence[int], places: Sequence[str], shares: Sequence[float], committed: bool
) -> str:
    """Three films in the order guessed, each with buttons to move it; shares are shown once it stands.

    places: the numbers in the pie's slices, as they are drawn now.
    """
    rows = ""
    for place, (title, slot, number_, share) in enumerate(zip(titles, slots, places, shares, strict=True)):
        up = button("↑", "up", place, classes="rw-tiny", off=committed or place == 0, name=f"Move {title} up")
        down = button("↓", "down", place, classes="rw-tiny", off=committed or place == len(titles) - 1,
                      name=f"Move {title} down")  # fmt: skip
        said = f"{100 * share:.0f} %" if committed else ""
        colour = f" rw-f{slot}" if slot else " rw-quiet"
        rows += (
            f'<li style="display:grid;grid-template-columns:28px minmax(0,1fr) auto 48px;gap:6px;align-items:center;'
            f'min-height:32px"><span class="rw-chip{colour}">{number_}</span><span class="rw-title" title="{esc(title)}">'
            f'{esc(title)}</span><span>{up}{down}</span><span class="rw-num">{said}</span></li>'
        )
    commit = "" if committed else button("This is my guess", "commit", classes="rw-primary rw-commit")
    return (
        f'<ol class="rw-rows" aria-label="Your order, first on top">{rows}</ol><p style="margin-top:8px">{commit}</p>'
    )


def number(value: int, low: int, high: int, committed: bool) -> str:
    """A slider over the whole numbers from low to high."""
    bar = slider("number", value, low, high, name="Your guess", said=str(value), off=committed)
    commit = "" if committed else button("This is my guess", "commit", classes="rw-primary rw-commit")
    return (
        f'<div class="rw-setting"><span>Your guess</span>{bar}<output>{value}</output></div>'
        f'<p style="margin-top:8px">{commit}</p>'
    )


def reveal(stage: str, words: str, note: str, ordered: bool) -> str:
    """The stages to go through, and what this one says."""
    stages = ("guess", "model", "truth") if ordered else ("guess", "truth")
    buttons = "".join(
        f'<button type="button" class="rw-btn rw-small{" rw-chosen" if name == stage else ""}" data-act="stage" '
        f'data-value="{name}" aria-pressed="{"true" if name == stage else "false"}">{NAMES[name]}</button>'
        for name in stages
    )
    said = f'<p class="rw-cap">{esc(note)}</p>' if note else ""
    return (
        f'<div class="rw-buttons" role="group" aria-label="Whose pie" style="margin-top:8px">{buttons}</div>'
        f'<p role="status">{esc(words)}</p>{said}'
    )
