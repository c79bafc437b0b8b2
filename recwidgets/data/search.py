"""Search: from a few letters to users and films."""

from __future__ import annotations

import difflib
from itertools import chain, islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from recwidgets.data.titles import display_title, fold, shown_title
from recwidgets.data.unknown import unknown_title

if TYPE_CHECKING:
    from collections.abc import Iterator

    from recwidgets.data.interactions import Interactions

_FAN_WORDS = (" fans", " fan", " lovers", " lover")


class Found(NamedTuple):
    """One hit of a search: an index, and how to show it on one line."""

    index: int  # type: ignore[assignment]  # every tuple has a method of that name, which nobody needs here
    label: str


class Titles:
    """The titles of one data set made comparable, once: folded as stored, and with the article in front."""

    def __init__(self, titles: list[str]) -> None:
        self.stored = [fold(title) for title in titles]
        self.spoken = [fold(shown_title(title)) for title in titles]
        self.names = [fold(display_title(title)[0]) for title in titles]  # no year
        self._all = [f"{stored}\n{spoken}" for stored, spoken in zip(self.stored, self.spoken, strict=True)]

    def holding(self, text: str) -> list[int]:
        """The items that hold the first word of folded `text`: quick, so that few are left to rank."""
        word = text.split(" ", 1)[0]
        return [item for item, forms in enumerate(self._all) if word in forms]

    def rank(self, item: int, text: str) -> int | None:
        """How well folded `text` fits: 0 the whole title, 1 its start, 2 the start of a word, 3 inside, 4 scattered."""
        forms = (self.stored[item], self.spoken[item], self.names[item])
        if text in forms:
            return 0
        if any(form.startswith(text) for form in forms):
            return 1
        if any(f" {text}" in form or f"({text}" in form for form in forms):
            return 2
        if any(text in form for form in forms):
            return 3
        return 4 if all(word in forms[1] for word in text.split()) else None


def search_items(data: Interactions, text: str, limit: int = 20) -> list[Found]:
    """Films whose title fits `text`; the whole title first, then its start, then inside; the most rated first.

    An empty text finds the most rated films.
    """
    wanted = fold(text)
    titles, popularity = data.folded_titles, data.popularity
    ranks = [(titles.rank(item, wanted) if wanted else 0, item) for item in titles.holding(wanted)]
    hits = sorted((rank, -int(popularity[item]), item) for rank, item in ranks if rank is not None)
    return [Found(item, shown_title(str(data.titles[item]))) for _, _, item in hits[: max(limit, 0)]]


def item_by_title(data: Interactions, title: str) -> int:
    """The index of the film called `title` (with or without its year); the most rated if several are."""
    wanted, folded = fold(title), data.folded_titles
    for forms in (folded.stored, folded.spoken, folded.names):
        same = [item for item, form in enumerate(forms) if form == wanted]
        if same:
            return max(same, key=lambda item: (data.popularity[item], -item))
    raise unknown_title(data, title)


def suggest_items(data: Interactions, text: str) -> str:
    """The end of an error: up to three films that may have been meant, or nothing."""
    wanted, names = fold(text), data.folded_titles.names
    close = [hit.index for hit in search_items(data, text, 3)] if len(wanted) > 2 else []
    if not close:
        bare = [name.removeprefix("the ").removeprefix("a ") for name in names]  # "matrx" is near "matrix"
        near = difflib.get_close_matches(wanted.removeprefix("the "), bare, n=3, cutoff=0.75)
        close = list(dict.fromkeys(bare.index(name) for name in near))
    meant = [f"{str(data.titles[item])!r} (id {str(data.items[item])!r})" for item in close]
    return f"; did you mean {' or '.join(meant)}?" if meant else ""


def search_users(data: Interactions, text: str, limit: int = 20) -> list[Found]:
    """Users by id, genre or favourite title, each user once: ids first, then fans of a genre, then of a film.

    A number is looked for in ids and in titles, but not in the years of titles: nobody means 1999 by "999".

    A word that is a genre and in a title ("war") finds both: the first half fans of the genre, unless it says "fans".
    An empty text finds the first users.
    """
    found: dict[int, str] = {}
    wanted = fold(text)
    genre = wanted
    for word in _FAN_WORDS:
        genre = genre.removesuffix(word)
    fans = _by_genre(data, genre)
    first_fans = islice(fans, limit if genre != wanted else limit // 2)
    for user, label in chain(_by_id(data, wanted), first_fans, _by_title(data, wanted), fans):
        if len(found) >= limit:
            break
        found.setdefault(user, f"user {data.users[user]} · {label}")
    return [Found(user, label) for user, label in found.items()]


def _by_id(data: Interactions, wanted: str) -> Iterator[Found]:
    ids = [fold(id_) for id_ in data.users.tolist()]
    order = sorted((id_ != wanted, not id_.startswith(wanted), user) for user, id_ in enumerate(ids) if wanted in id_)
    n = np.diff(data.by_user.indptr)
    for _, _, user in order:
        yield Found(user, f"{n[user]} ratings" if data.has_ratings else f"{n[user]} films")


def _by_genre(data: Interactions, wanted: str) -> Iterator[Found]:
    names = {fold(genre): genre for genres in data.genres for genre in genres}
    genre = names.get(wanted) or next(
        (names[name] for name in sorted(names) if wanted and name.startswith(wanted)), None
    )
    if genre is None:
        return
    in_genre = np.array([genre in genres for genres in data.genres])  # (n_items,)
    count = np.bincount(data.user, weights=in_genre[data.item], minlength=data.n_users).astype(np.int64)
    n = np.diff(data.by_user.indptr)
    share = count / (n + 20.0)  # 20 more, so that three films out of three do not make the greatest fan
    for user in np.argsort(-share, kind="stable").tolist():
        if count[user]:
            yield Found(user, f"{count[user]} of {n[user]} films are {genre}")


def _by_title(data: Interactions, wanted: str) -> Iterator[Found]:
    found = search_items(data, wanted, data.n_items if wanted.isdecimal() else 3) if len(wanted) > 1 else []
    if wanted.isdecimal():
        found = [hit for hit in found if wanted in data.folded_titles.names[hit.index]][:3]
    for item, label in found:
        rows = np.flatnonzero(data.item == item)
        for row in rows[np.argsort(-data.rating[rows], kind="stable")].tolist():
            stars = f" ★ {data.rating[row]:g}" if data.has_ratings else ""
            yield Found(int(data.user[row]), label + stars)
