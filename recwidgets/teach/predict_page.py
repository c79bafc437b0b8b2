# ruff: noqa: E501  # a row of markup stays on one line
"""Markup of Predict: the question, the films to order or the number to pick, and what is revealed."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ..page.elements import button, joined, slider, toggle

NAMES = {"guess": "Your guess", "model": "The model", "truth": "What happened"}


def head(question: str, who: str, open_: bool) -> Markup:
    """The question, who it is about, and whether the panel is to be seen yet."""
    state = "Your guess stands; the panel is open." if open_ else "The panel opens once your guess stands."
    about = Markup('<p class="rw-cap">{}</p>').format(who) if who else ""
    return Markup(
        '<div style="padding:12px 16px 4px"><h2>{}</h2>{}<p class="rw-cap" role="status">{}</p></div>'
    ).format(question, about, state)  # fmt: skip


def alternative(stage: str, titles: Sequence[str], shares: Sequence[float]) -> Markup:
    """The pie in words, handed to the figure beside: what a screen reader says of it."""
    parts = ", ".join(f"{title} {share:.2f}" for title, share in zip(titles, shares, strict=True))
    return Markup('<span hidden data-alt="{}"></span>').format(f"Pie, {NAMES[stage].lower()}: shares {parts}.")


def order(
    titles: Sequence[str], slots: Sequence[int], ranks: Sequence[str], shares: Sequence[float], committed: bool
) -> Markup:
    """Three items in the order guessed, each with buttons to move it; shares are shown once it stands.

    ranks: the numbers in the pie's slices, as they are drawn now.
    """
    rows = joined(
        Markup(
            '<li style="display:grid;grid-template-columns:28px minmax(0,1fr) auto 48px;gap:6px;align-items:center;min-height:32px">'
            '<span class="rw-chip{colour}">{rank}</span><span class="rw-title" title="{title}">{title}</span>'
            '<span>{up}{down}</span><span class="rw-num">{said}</span></li>'
        ).format(
            colour=f" rw-f{slot}" if slot else " rw-quiet", rank=rank, title=title,
            said=f"{100 * share:.0f} %" if committed else "",
            up=button("↑", "up", n, classes="rw-tiny", off=committed or n == 0, name=f"Move {title} up"),
            down=button("↓", "down", n, classes="rw-tiny", off=committed or n == len(titles) - 1, name=f"Move {title} down"),
        )
        for n, (title, slot, rank, share) in enumerate(zip(titles, slots, ranks, shares, strict=True))
    )  # fmt: skip
    return Markup('<ol class="rw-rows" aria-label="Your order, first on top">{}</ol>{}').format(
        rows, _commit(committed)
    )


def number(value: int, low: int, high: int, committed: bool) -> Markup:
    """A slider over the whole numbers from low to high."""
    bar = slider("number", value, low, high, name="Your guess", said=str(value), off=committed)
    return Markup('<div class="rw-setting"><span>Your guess</span>{}<output>{}</output></div>{}').format(
        bar, value, _commit(committed)
    )


def _commit(committed: bool) -> Markup:
    commit = "" if committed else button("This is my guess", "commit", classes="rw-primary rw-commit")
    return Markup('<p style="margin-top:8px">{}</p>').format(commit)


def reveal(stage: str, words: str, note: str, ordered: bool) -> Markup:
    """The stages to go through, and what this one says."""
    stages = ("guess", "model", "truth") if ordered else ("guess", "truth")
    return Markup(
        '<div class="rw-buttons" role="group" aria-label="Whose pie" style="margin-top:8px">{}</div><p role="status">{}</p>{}'
    ).format(
        joined(toggle(NAMES[name], "stage", name, name == stage) for name in stages),
        words,
        Markup('<p class="rw-cap">{}</p>').format(note) if note else "",
    )
