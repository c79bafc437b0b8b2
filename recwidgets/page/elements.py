"""The small pieces of a page: buttons, sliders, lists, an item's name.

Each returns Markup (markupsafe), which is HTML. A plain str is text: it is escaped where it meets
Markup, in `Markup("<b>{}</b>").format(text)` as in a join. So HTML is written as a literal in
`Markup(…)` and nowhere else, and what the data say cannot become a tag.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from markupsafe import Markup

CUT, END = 24, 13  # characters: a shorter title is never cut; so many at its end stay
SHORT = 17  # characters of a title that leaves room for its year in a narrow line


def joined(pieces: Iterable[str]) -> Markup:
    """The pieces one after the other: Markup as it is, plain text escaped."""
    return Markup("").join(pieces)


def attribute(name: str, value: object) -> Markup:
    """` name="value"`, or nothing for an empty value."""
    return Markup(' {}="{}"').format(name, value) if value != "" else Markup("")


def yes(on: bool) -> str:
    """A state as ARIA spells it: "true" or "false"."""
    return "true" if on else "false"


def cut(text: str, most: int = 40) -> str:
    """`text` with at most so many characters: cut in its middle, since ids and the parts of a series differ at the end."""
    if len(text) <= most:
        return text
    end = (most - 1) // 3
    return f"{text[: most - 1 - end]}…{text[len(text) - end :]}"


def button(
    label: str, act: str, value: object = "", *, classes: str = "", off: bool = False, name: str = "",
    pressed: bool | None = None, title: str = "", once: bool = False,
) -> Markup:  # fmt: skip
    """A button that sends `act`.

    name: what a screen reader says where the label is too short. pressed: its state, for a toggle.
    once: the second click of a double click does nothing.
    """
    return Markup(
        '<button type="button" class="rw-btn {classes}" data-act="{act}" data-value="{value}"{attributes}>{label}</button>'
    ).format(
        classes=classes, act=act, value=value, label=label,
        attributes=attribute("aria-label", name) + attribute("title", title)
        + attribute("aria-pressed", "" if pressed is None else yes(pressed)) + (" data-once" if once else "")
        + (" disabled" if off else ""),
    )  # fmt: skip


def link(label: str, act: str, value: object = "", *, title: str = "") -> Markup:
    """A button that looks like a link, within a line of text."""
    return Markup('<button type="button" class="rw-link" data-act="{}" data-value="{}"{}>{}</button>').format(
        act, value, attribute("title", title), label
    )


def toggle(label: str, act: str, value: object, on: bool, *, classes: str = "rw-small", name: str = "") -> Markup:
    """A button of which one state is chosen."""
    return button(label, act, value, classes=f"{classes}{' rw-chosen' if on else ''}", pressed=on, name=name)


def named(title: str, year: str) -> Markup:
    """An item's name in a row. Where there is no room it is cut in its middle: the parts of a series differ at the end."""
    if len(title) > CUT and " (" in title[1:]:  # the original title in brackets; the tooltip has it
        title = title[: title.index(" (", 1)]
    words, end = title.split(" "), ""
    while len(title) > CUT and len(words) > 1 and len(end) + len(words[-1]) < END:
        end = f" {words.pop()}{end}"
    when = Markup(' <span class="rw-year">{}</span>').format(year)
    if not end:
        return Markup('<span class="rw-title">{}{}</span>').format(title, when)
    return Markup(
        '<span class="rw-title rw-split"><span class="rw-start">{}</span><span class="rw-end">{}{}</span></span>'
    ).format(" ".join(words), end, when)


def whole_name(title: str, year: str) -> Markup:
    """An item's name in a narrow row of two lines: whole, since any part of it may tell the parts of a series apart.

    What two lines have no room for, brackets and the year of a long title, the tooltip has.
    """
    if len(title) > CUT and " (" in title[1:]:
        title = title[: title.index(" (", 1)]
    when = Markup(' <span class="rw-year">{}</span>').format(year) if len(title) <= SHORT else ""
    return Markup('<span class="rw-title">{}{}</span>').format(title, when)


def slider(
    act: str, value: int, low: int, high: int, *, name: str, said: str, off: bool = False, stops: Sequence[int] = ()
) -> Markup:
    """A native slider: keyboard, focus and screen readers come with it.

    stops: the values that it can stand at, ascending, which the arrow keys go through; none = all.
    """
    apart = " ".join(map(str, stops)) if any(b - a > 1 for a, b in itertools.pairwise(stops)) else ""
    return Markup(
        '<input type="range" min="{low}" max="{high}" step="1" value="{value}" data-input="{act}" data-change="{act}" '
        'aria-label="{name}" aria-valuetext="{said}" style="--share:{share:.2f}%"{stops}{off}>'
    ).format(
        stops=attribute("data-stops", apart),
        act=act, value=value, low=low, high=high, name=name, said=said, off=" disabled" if off else "",
        share=0.0 if high == low else 100 * (value - low) / (high - low),
    )  # fmt: skip


def choice(act: str, chosen: int, words: Sequence[str], *, name: str, off: bool = False) -> Markup:
    """A native list to choose one word from; the word's index is sent."""
    options = joined(
        Markup('<option value="{}"{}>{}</option>').format(n, " selected" if n == chosen else "", word)
        for n, word in enumerate(words)
    )
    return Markup('<select class="rw-select" data-change="{}" aria-label="{}"{}>{}</select>').format(
        act, name, " disabled" if off else "", options
    )


def option(act: str, value: object, label: str) -> Markup:
    """A line of the list under a search field."""
    return Markup('<li role="option" aria-selected="false" data-act="{}" data-value="{}">{}</li>').format(
        act, value, label
    )


def combobox(
    name: str, value: str, options: Markup, *, placeholder: str, stamp: str, find: str, enter: str, leave: str,
    options_name: str, wide: bool = False, wrong: bool = False,
) -> Markup:  # fmt: skip
    """A search field with the list of what was found; options: its lines.

    stamp: what the field is of; the page keeps what is being typed until this changes.
    find, enter, leave: the acts sent while typing, by Enter, and by Escape.
    """
    listbox = Markup('<ul class="rw-options" role="listbox" aria-label="{}">{}</ul>').format(options_name, options)
    return Markup(
        '<div class="rw-combo{wide}"><input type="text" role="combobox" autocomplete="off" spellcheck="false" aria-label="{name}" '
        'aria-expanded="{expanded}" placeholder="{placeholder}" value="{value}" data-stamp="{stamp}" data-input="{find}" '
        'data-enter="{enter}" data-escape="{leave}"{wrong}>{listbox}</div>'
    ).format(
        wide=" rw-wide" if wide else "", name=name, expanded=yes(bool(options)), placeholder=placeholder, value=value,
        stamp=stamp, find=find, enter=enter, leave=leave, wrong=attribute("aria-invalid", yes(True) if wrong else ""),
        listbox=listbox if options else "",
    )  # fmt: skip
