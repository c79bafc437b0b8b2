"""A history that the learner has changed: items dropped, added, moved; neighbours that are left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ..core import Person
from ..data import Interactions


class Edited(NamedTuple):
    """user: whose history it was, None = one's own. items: oldest first, by index.

    dropped: items taken out as evidence, which stay out of the list too. without: users who are not
    asked as neighbours. edits: how many changes led here; a history of one's own that is cleared begins anew.
    """

    user: int | None
    items: tuple[int, ...]
    dropped: tuple[int, ...] = ()
    without: tuple[int, ...] = ()
    edits: int = 0

    def person(self) -> Person:
        return Person(self.user, np.asarray(self.items, np.int32), self.without)

    def drop(self, item: int) -> Edited:
        """Without this item; it stays out of the list too, so that the list shows what it had caused."""
        dropped = (*(other for other in self.dropped if other != item), item)
        return self._with(tuple(other for other in self.items if other != item), dropped)

    def remove(self, item: int) -> Edited:
        """Without this item, as if it had never been seen: it may be recommended."""
        return self._with(tuple(other for other in self.items if other != item), self.dropped)

    def leave_out(self, neighbour: int) -> Edited:
        without = (*(other for other in self.without if other != neighbour), neighbour)
        return self._replace(without=without, edits=self.edits + 1)

    def ask_again(self, neighbour: int) -> Edited:
        without = tuple(other for other in self.without if other != neighbour)
        return self._replace(without=without, edits=self.edits + 1)

    def add(self, item: int) -> Edited:
        """With this item as the newest; one that was there already moves to the end."""
        dropped = tuple(other for other in self.dropped if other != item)
        return self._with((*(other for other in self.items if other != item), item), dropped)

    def move(self, item: int, by: int) -> Edited:
        """Earlier (by < 0) or later (by > 0) in the order; not past its ends."""
        items = list(self.items)
        here = items.index(item)
        there = min(max(here + by, 0), len(items) - 1)
        items.insert(there, items.pop(here))
        return self._with(tuple(items), self.dropped)

    def move_to(self, item: int, index: int) -> Edited:
        """To this index of the history as it is shown: 0 = newest; beyond the last one to the end."""
        return self.move(item, len(self.items) - 1 - index - self.items.index(item))

    def put_back(self, item: int, index: int) -> Edited:
        """With an item that was taken out, at the index that it had, 0 = oldest."""
        dropped = tuple(other for other in self.dropped if other != item)
        return self._with((*self.items[:index], item, *self.items[index:]), dropped)

    def reverse(self) -> Edited:
        return self._with(self.items[::-1], self.dropped)

    def clear(self) -> Edited:
        return Edited(self.user, (), edits=0 if self.user is None else self.edits + 1)

    def same(self, other: Edited) -> bool:
        """Is it the same history, however it came about?"""
        return self[:4] == other[:4]

    def _with(self, items: tuple[int, ...], dropped: tuple[int, ...]) -> Edited:
        return self._replace(items=items, dropped=dropped, edits=self.edits + 1)


def of_user(data: Interactions, user: int) -> Edited:
    """The history of a user as it is in the data."""
    return Edited(user, tuple(data.history(user).tolist()))


def in_ids(edited: Edited | None, data: Interactions) -> dict[str, list[str]]:
    """What makes an edited history again, by original ids; {} for one as it is in the data. `from_ids` reads it."""
    if edited is None:
        return {}
    named = [str(data.items[item]) for item in edited.items]
    told = {
        "dropped": [str(data.items[item]) for item in edited.dropped],
        "without": [str(data.users[user]) for user in edited.without],
    }
    if edited.user is None:
        told["you"] = named
    elif edited.items != tuple(item for item in data.history(edited.user).tolist() if item not in edited.dropped):
        told["films"] = named
    return {name: ids for name, ids in told.items() if ids or name in ("you", "films")}


def from_ids(told: Mapping[str, Sequence[str | int]], data: Interactions, user: int) -> Edited | None:
    """An edited history by ids. you: a history of one's own; films: the user's, changed; both oldest first.

    dropped: items taken out as evidence, which stay out of the list. without: neighbours not asked.
    Raises ValueError for another word, UnknownItem or UnknownUser for an id that is not in the data.
    """
    if not isinstance(told, Mapping):
        raise ValueError(f'edited must be a dict such as {{"you": ["296", "593"]}}, got {told!r}')
    if wrong := sorted(map(str, set(told) - {"you", "films", "dropped", "without"})):
        raise ValueError(f"edited may have you or films, dropped, without, got {wrong[0]!r}")
    if "you" in told and "films" in told:
        raise ValueError("edited has either you, a history of one's own, or films, the user's own; got both")
    if not told:
        return None
    lists = {name: [ids] if isinstance(ids, (str, int)) else list(ids) for name, ids in told.items()}
    found = {
        name: tuple(dict.fromkeys(data.item_index(str(item)) for item in lists.get(name, ())))
        for name in ("films", "you", "dropped")
    }
    own = "you" in lists
    items = found["you"] if own else found["films"] if "films" in lists else data.history(user).tolist()
    items = tuple(item for item in items if item not in found["dropped"])
    without = tuple(dict.fromkeys(data.user_index(str(other)) for other in lists.get("without", ())))
    return Edited(None if own else user, items, found["dropped"], without, 1)
