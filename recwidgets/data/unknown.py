"""What is raised when an id is not in the data: a sentence, with what may have been meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recwidgets.data.interactions import Interactions


class _Unknown(KeyError, ValueError):
    def __str__(self) -> str:  # KeyError would show the sentence in quotes
        return str(self.args[0]) if self.args else ""


class UnknownUser(_Unknown):
    """No such user id in the data."""


class UnknownItem(_Unknown):
    """No such item id, or title, in the data."""


def unknown_user(data: Interactions, user: object) -> UnknownUser:
    return UnknownUser(f"user must be one of {_range(data.users.tolist())}, got {user!r}; see data.users")


def unknown_item(data: Interactions, item: object) -> UnknownItem:
    from recwidgets.data.search import suggest_items

    sentence = f"item must be one of {_range(data.items.tolist())}, got {item!r}; see data.items"
    return UnknownItem(sentence + suggest_items(data, str(item)))


def unknown_title(data: Interactions, title: object) -> UnknownItem:
    from recwidgets.data.search import suggest_items

    sentence = f"title must be one of the {data.n_items:,} in data.titles, got {title!r}"
    return UnknownItem(sentence + suggest_items(data, str(title)))


def _range(ids: list[str]) -> str:
    return f"{len(ids)} ids ({ids[0]!r} … {ids[-1]!r})" if ids else "0 ids"
