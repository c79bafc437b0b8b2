"""Who: from what a learner types to a user, and a line on who that is. Pure functions."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from markupsafe import Markup

from ..data import Interactions, display_title
from ..page.elements import joined, option

OPTIONS = 8


class Found(NamedTuple):
    """What the text in the field means: a user's index or None, and the list to choose from."""

    user: int | None
    options: tuple[tuple[int, str], ...]


def look_up(data: Interactions, text: str) -> Found:
    """Understand an id ("42", "user 42"), a favourite film ("Fargo") or a genre ("horror fans")."""
    wanted = text.strip()
    plain = wanted[5:].strip() if wanted.lower().startswith("user ") else wanted
    options = tuple((found.index, found.label) for found in data.search_users(plain, limit=OPTIONS)) if plain else ()
    exact = [index for index, _ in options if str(data.users[index]) == plain]
    if exact:
        return Found(exact[0], options)
    return Found(options[0][0] if options else None, options)


def user_options(data: Interactions, typed: str | None, closed: bool) -> Markup:
    """The list under the field, while something is typed."""
    found = Found(None, ()) if typed is None or closed else look_up(data, typed)
    return joined(option("user", data.users[index], label) for index, label in found.options)


def item_options(data: Interactions, typed: str | None) -> Markup:
    """The list under the field for items."""
    found = data.search_items(typed, limit=OPTIONS) if typed and typed.strip() else []
    return joined(option("add", hit.index, hit.label) for hit in found)


def day(moment: date) -> str:
    return f"{moment.day} {moment:%B %Y}"


def facts(data: Interactions, user: int) -> tuple[str, str, str]:
    """(name, facts, last items) of a user, as text."""
    about = data.describe_user(user)
    n = about.n_ratings
    text = f"{n} rating{'' if n == 1 else 's'}"
    if about.first is not None and about.last is not None:
        same = about.first == about.last
        text += f" on {day(about.first)}" if same else f" from {day(about.first)} to {day(about.last)}"
    if about.top_genres:
        text += f" · mostly {', '.join(about.top_genres)}"
    items = [
        display_title(title)[0] + (f" {rating:g}★" if data.has_ratings else "") for title, rating in about.last_films
    ]
    return f"User {about.user}", text, f"Last rated: {' · '.join(items)}" if items else "No film rated yet."


def known_ids(data: Interactions) -> str:
    """ "1 to 943", for a sentence on which users there are."""
    return f"{data.users[0]} to {data.users[-1]}"
