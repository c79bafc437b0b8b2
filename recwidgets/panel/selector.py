"""Who: from what a learner types to a user, and a line on who that is. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from markupsafe import Markup

from ..data import Interactions, display_title
from ..page.elements import cut, joined, option
from .edited import Edited

OPTIONS = 8
LAST = 5  # films that are named in the line on who somebody is
ID = 16  # characters of a user's id in a line


class Found(NamedTuple):
    """What the text in the field means: a user's index or None, and the list to choose from."""

    user: int | None
    options: tuple[tuple[int, str], ...]


def look_up(data: Interactions, text: str) -> Found:
    """Understand an id ("42", "user 42"), a favourite film ("Fargo") or a genre ("horror fans").

    A number means the user of that id and nobody else, though the list may offer fans of a film that has it in its name.
    """
    wanted = text.strip()
    plain = wanted[5:].strip() if wanted.lower().startswith("user ") else wanted
    options = tuple((found.index, found.label) for found in data.search_users(plain, limit=OPTIONS)) if plain else ()
    exact = [index for index, _ in options if str(data.users[index]) == plain]
    if exact:
        return Found(exact[0], options)
    first = options[0][0] if options else None
    if first is not None and (plain.isdecimal() or plain != wanted):  # "3" may be short for "u3", but not for "30"
        id_ = str(data.users[first])
        first = first if plain.casefold() in id_.casefold() and not id_.isdecimal() else None
    return Found(first, options)


def user_options(data: Interactions, typed: str | None, closed: bool) -> Markup:
    """The list under the field, while something is typed."""
    found = Found(None, ()) if typed is None or closed else look_up(data, typed)
    return joined(option("user", data.users[index], label) for index, label in found.options)


def item_options(data: Interactions, typed: str | None, refused: int | None = None) -> Markup:
    """The list under the field for items. refused: the one that a goal does not count when it is added."""
    found = data.search_items(typed, limit=OPTIONS) if typed and typed.strip() else []
    return joined(
        option(
            "add", hit.index, cut(hit.label, 60) + (" – the goal itself: it would not count" * (hit.index == refused))
        )
        for hit in found
    )


def day(moment: date) -> str:
    return f"{moment.day} {moment:%B %Y}"


def facts(data: Interactions, user: int, edited: Edited | None = None) -> tuple[str, str, str]:
    """(name, facts, last items) of a user, as text. edited: the history that is shown, None = as in the data."""
    about = data.describe_user(user)
    original = data.history(user).tolist()
    if edited is None or (edited.user is not None and list(edited.items) == original):
        text = f"{about.n_ratings} rating{'' if about.n_ratings == 1 else 's'}"
        if about.first is not None and about.last is not None:
            same = about.first == about.last
            text += f" on {day(about.first)}" if same else f" from {day(about.first)} to {day(about.last)}"
        newest, word = original[::-1], "Last rated"
    else:
        text = _changed(edited, original, data.noun)
        newest, word = list(edited.items[::-1]), "Newest now" if edited.user is not None else "Newest"
    own = edited is not None and edited.user is None
    if top := [] if own else _genres(data, newest):
        text += f" · mostly {', '.join(top)}"
    stars = {} if own else ratings(data, user)
    last = [_named(data, item) + (f" {stars[item]:g}★" if item in stars else "") for item in newest[:LAST]]
    nothing = "Add a first one." if own else "Nothing is left." if edited is not None else "Nothing rated yet."
    return (
        "You" if own else f"User {cut(str(data.users[user]), ID)}",
        text,
        f"{word}: {' · '.join(last)}" if last else nothing,
    )


def _changed(edited: Edited, original: Sequence[int], one: str) -> str:
    """How an edited history differs from that in the data: "119 of 122 ratings, 2 films added"."""
    n = len(edited.items)
    if edited.user is None:
        return f"{n} {one}{'' if n == 1 else 's'} of your own"
    now = set(edited.items)
    stayed = len(now & set(original))
    whole = f"{len(original)} rating{'' if len(original) == 1 else 's'}"
    text, new = whole if stayed == len(original) else f"{stayed} of {whole}", n - stayed
    if new:
        return f"{text}, {new} {one}{'' if new == 1 else 's'} added"
    return text if list(edited.items) == [item for item in original if item in now] else f"{text}, in another order"


def _genres(data: Interactions, items: Sequence[int]) -> tuple[str, ...]:
    """Up to three genres, most frequent first; ties by the alphabet."""
    counts = Counter(genre for item in items for genre in data.genres[item])
    return tuple(sorted(counts, key=lambda genre: (-counts[genre], genre))[:3])


def ratings(data: Interactions, user: int) -> dict[int, float]:
    """What a user gave each film, by index; {} where the data have no ratings."""
    rows = data.rows_of(user).tolist() if data.has_ratings else []
    return {int(data.item[row]): float(data.rating[row]) for row in rows}


def _named(data: Interactions, item: int) -> str:
    return cut(display_title(str(data.titles[item]))[0], 32)


def known_ids(data: Interactions) -> str:
    """ "1 to 943", for a sentence on which users there are."""
    return f"{cut(str(data.users[0]), ID)} to {cut(str(data.users[-1]), ID)}"
