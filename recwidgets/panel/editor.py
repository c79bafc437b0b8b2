"""The history on the page: its items in order, a field to add one, a shelf to start from. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from ..core import film_label
from ..data import Interactions
from ..page.elements import button, combobox, joined
from . import selector
from .edited import Edited

SHELF = 8  # well-known items to start with
CHIPS = 12  # items of a long history that are shown one by one

_EDITOR = Markup(
    '<div class="rw-yours"><h3>{title}</h3><p class="rw-cap">{text}</p>{goal}<div class="rw-chips">{older}{chips}</div>'
    '<div class="rw-pick">{field}{clear}{back}</div>{shelf}</div>'
)
_CHIP = Markup('<span class="rw-pill-film"><span>{label}</span>{buttons}</span>')


def shelf(data: Interactions, taken: Sequence[int], n: int = SHELF) -> list[int]:
    """The most rated items that are not taken yet."""
    order = np.argsort(-data.popularity, kind="stable")
    return [int(item) for item in order[: n + len(taken)] if int(item) not in taken][:n]


def editor(data: Interactions, edited: Edited, typed: str | None, user: str, goal: Markup) -> Markup:
    """typed: what stands in the field, None = nothing, and its list is open meanwhile. user: to go back to."""
    items, own = list(edited.items), edited.user is None
    older = max(0, len(items) - CHIPS)
    chips = [_chip(data, item, n > 0, n < len(items) - 1) for n, item in list(enumerate(items))[older:]]
    text = "Newest last. Each film that you add, move or remove changes the answer at once."
    if own and not items:
        text = "Pick three to five films you have seen. The model answers without retraining."
    start = [button(film_label(data, item), "add", item) for item in shelf(data, items)]
    below = Markup('<p class="rw-cap">Or start with</p><div class="rw-chips">{}</div>').format(joined(start))
    return _EDITOR.format(
        title="Your own history" if edited.user is None else f"The history of user {data.users[edited.user]}",
        text=text,
        goal=goal,
        older=Markup('<span class="rw-cap">{} older films · </span>').format(older) if older else "",
        chips=joined(chips),
        field=combobox(
            "Add a film by its title", typed or "", selector.item_options(data, typed), wide=True,
            placeholder="Add a film, for example Fargo", stamp=f"{typed or ''}-{len(items)}", find="film",
            enter="add-title", leave="film-close", options_name="Films found",
        ),
        clear=button("Clear all", "clear", off=not items),
        back=button(f"Back to user {user}", "user", user),
        shelf=below if own and len(items) < 5 else "",
    )  # fmt: skip


def _chip(data: Interactions, item: int, earlier: bool, later: bool) -> Markup:
    label, buttons = film_label(data, item), []
    if earlier:
        buttons.append(button("←", "earlier", item, classes="rw-tiny", name=f"Move {label} one place earlier"))
    if later:
        buttons.append(button("→", "later", item, classes="rw-tiny", name=f"Move {label} one place later"))
    buttons.append(button("Remove", "remove", item, classes="rw-tiny", name=f"Remove {label}"))
    return _CHIP.format(label=label, buttons=joined(buttons))
