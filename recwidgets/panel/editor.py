"""The history on the page: a list to be put in order, a field to add to it, a shelf to start from. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from ..core import film_label, worded
from ..data import Interactions, display_title
from ..page.elements import button, combobox, cut, joined, link, toggle
from . import selector
from .edited import Edited
from .ordering import ROWS, STEP
from .state import State, World, history_of, original_of

SHELF = 8  # well-known items to start with
FEW = 5  # items of a history of one's own, from which on nobody needs the shelf
NAME, SHORT, TIP = 60, 40, 200  # characters of a title: in a row, in a button's name, and where the pointer rests

_EDITOR = Markup(
    '<div class="rw-yours"><div class="rw-yours-head"><h3 title="{full}">{title}</h3>'
    '<p class="rw-cap" title="{text}">{text}</p>{bases}</div>{goal}'
    '<div class="rw-yours-tools">{field}{tools}</div>{list}{shelf}</div>'
)
_BASES = Markup('<span class="rw-base" role="group" aria-label="Compare with">Compare with {}</span>')
_LIST = Markup(
    '<div class="rw-films">{newer}<ol data-sort="move-to" data-first="{first}" aria-label="{label}" title="{keys}">'
    "{rows}</ol>{older}</div>"
)
# a row is as short as it can be: a hundred of them are sent at each change; what its buttons act on is in data-item
_ROW = Markup(
    '<li data-item="{item}"><button class="rw-hold" title="{full}"><i></i><b>{number}</b>'
    "<span>{title}{year}</span></button><em>{stars}</em>{buttons}</li>"
)
_GONE = Markup(
    '<li data-item="{item}" class="rw-taken"><button class="rw-hold" title="{full}"><i></i><b></b><span>{title}{year}'
    '</span></button><button data-act="put-back" data-once aria-label="Put {full} back">put back</button></li>'
)
_MOVE = Markup('<button data-act="{act}" aria-label="{name}"{more}>{sign}</button>')
KEYS = (
    "Drag one to its place. By keys: arrows choose one, Alt with ↑ or ↓ moves it, Home puts it first, "
    "Delete takes it out."
)


def shelf(data: Interactions, refused: int | None = None, n: int = SHELF) -> list[int]:
    """The most rated items, but for the one that a goal refuses."""
    order = np.argsort(-data.popularity, kind="stable")[: n + 1]
    return [int(item) for item in order if int(item) != refused][:n]


def editor(world: World, state: State, goal: Markup, refused: int | None = None) -> Markup:
    """The history shown, newest first. goal: the line of an exercise; refused: its film, which does not count."""
    data, edited, original = world.data, history_of(world, state), original_of(world, state)
    n, own, typed = len(edited.items), edited.user is None, state.item_typed
    changed = original is not None and not edited.same(original)
    user = cut(state.user, selector.ID)
    text = f"{n} {data.noun}{'' if n == 1 else 's'}, newest first."
    if edited.dropped:
        out = len(edited.dropped)
        text += f" {out} taken out in Why stay{'s' if out == 1 else ''} out of the list too: {_out(data, edited)}."
    if own and not n:
        text = "Pick three to five films you have seen." if data.noun == "film" else "Pick three to five items."
        text += " The model answers without retraining."
    # a history of one's own began with one film: going back to that would take the others away
    back = button(f"Back to user {user}", "user", state.user, classes="rw-small") if own else button(
        "Original", "original", classes="rw-small", off=not changed, name="Back to the original",
        title="Back to the history that your changes began from",
    )  # fmt: skip
    tools = [
        button("Reverse", "reverse", classes="rw-small", off=n < 2, title="The whole order the other way round"),
        back,
        button("Clear all", "clear", classes="rw-small", off=not n),
    ]
    words = {"last": "last", "original": "first" if own else "original"}
    bases = [toggle(word, "base", base, state.base == base) for base, word in words.items()]
    return _EDITOR.format(
        title="Your own history" if own else f"The history of user {user}",
        full="" if own else state.user,
        text=text,
        bases=_BASES.format(joined(bases)),
        goal=goal,
        field=_field(data, edited, typed, refused),
        tools=joined(tools),
        list=_list(data, edited, state),
        shelf=_shelf(data, edited.items, refused) if own and n < FEW else "",
    )


def _out(data: Interactions, edited: Edited) -> str:
    return ", ".join(cut(display_title(str(data.titles[item]))[0], 24) for item in edited.dropped)


def _field(data: Interactions, edited: Edited, typed: str | None, refused: int | None) -> Markup:
    example = next((item for item in shelf(data, refused) if item not in edited.items), None)
    hint = "" if example is None else f": {cut(display_title(str(data.titles[example]))[0], 24)}"
    return combobox(
        worded(data, "Add a film by its title"), typed or "", selector.item_options(data, typed, refused), wide=True,
        placeholder=f"{worded(data, 'Add a film')}{hint}",
        stamp=f"{typed or ''}-{len(edited.items)}", find="film", enter="add-title",
        leave="film-close", options_name=worded(data, "Films found"),
    )  # fmt: skip


def _list(data: Interactions, edited: Edited, state: State) -> Markup:
    """The rows from `state.first` on, and the one that was taken out last, in its old place."""
    newest, n = edited.items[::-1], len(edited.items)
    first = min(state.first, max(n - 1, 0) // STEP * STEP)
    here = newest[first : first + ROWS]
    stars = {} if edited.user is None else selector.ratings(data, edited.user)
    rows = [_row(data, item, first + k, n, stars.get(item)) for k, item in enumerate(here)]
    if state.gone is not None:
        item, index = state.gone
        at = n - index - first  # rows before it: those that are newer
        if 0 <= at <= len(rows):
            rows.insert(at, _GONE.format(**_named(data, item)))
    newer, older = max(first - STEP, 0), first + STEP
    more = n - first - len(here)
    return _LIST.format(
        rows=joined(rows), first=first, label=worded(data, "Films, newest first"), keys=KEYS,
        newer=_page(f"{first:,} newer {data.noun}s", newer) if first else "",
        older=_page(f"{more:,} older {data.noun}s", older) if more > 0 else "",
    )  # fmt: skip


def _page(label: str, first: int) -> Markup:
    return Markup('<p class="rw-films-more">{}</p>').format(link(label, "films", first))


def _named(data: Interactions, item: int) -> dict[str, Markup | str | int]:
    title, year = display_title(str(data.titles[item]))
    when = Markup(" <small>{}</small>").format(year)
    return {"item": item, "full": cut(film_label(data, item), TIP), "title": cut(title, NAME), "year": when}


def _row(data: Interactions, item: int, at: int, n: int, stars: float | None) -> Markup:
    label, off = cut(film_label(data, item), SHORT), Markup(" disabled")
    buttons = (
        ("front", "⤒", f"{label} to the front", off if at == 0 else ""),
        ("later", "↑", f"{label} up", off if at == 0 else ""),
        ("earlier", "↓", f"{label} down", off if at == n - 1 else ""),
        ("remove", "×", f"Take out {label}", Markup(" data-once")),
    )
    return _ROW.format(
        **_named(data, item), number=at + 1, stars="" if stars is None else f"{stars:g}★",
        buttons=joined(
            _MOVE.format(act=act, name=name, sign=sign, more=more)
            for act, sign, name, more in buttons
        ),
    )  # fmt: skip


def _shelf(data: Interactions, taken: Sequence[int], refused: int | None) -> Markup:
    """Films to start with. One that is taken stays in its place, so that no other comes under the pointer."""
    films = []
    for item in shelf(data, refused):
        label = cut(film_label(data, item), 36)
        off = Markup('<button type="button" class="rw-btn rw-small" disabled>{}</button>').format(label)
        films.append(off if item in taken else button(label, "add", item, classes="rw-small", once=True))
    return Markup(
        '<div class="rw-shelf"><p class="rw-cap">Or start with</p><div class="rw-chips">{}</div></div>'
    ).format(joined(films))
