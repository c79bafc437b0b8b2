"""Interactions: who rated what, when; the one type that every model, split and panel takes."""

from __future__ import annotations

import dataclasses
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recwidgets.data._arrays import Float32s, Int32s, Int64s, Strings, distinct, frozen, number_ids, sized, stable_order
from recwidgets.data.unknown import UnknownItem, UnknownUser, unknown_item, unknown_user

if TYPE_CHECKING:
    import pandas as pd

    from recwidgets.data.search import Found, Titles
    from recwidgets.data.splits import Split
    from recwidgets.data.summary import UserSummary

_NO_GENRE = {"(no genres listed)", "unknown", ""}  # what sources write where they know none, in small letters
# white space and what has no width: a title of these alone shows nothing
_UNSEEN = "".join(map(chr, range(33))) + "\x7f\x85\xa0\xad\u180e\u2028\u2029\u202f\u205f\u3000\ufeff"
_UNSEEN += "".join(map(chr, [*range(0x2000, 0x2010), *range(0x2060, 0x2065)]))
_YEAR_1, _YEAR_10000 = -62_135_596_800, 253_402_300_800  # seconds since 1970: what a date can show

__all__ = ["ByUser", "Interactions", "UnknownItem", "UnknownUser"]


class ByUser(NamedTuple):
    """Interactions grouped by user, each user's oldest first: user u owns places indptr[u] to indptr[u + 1]."""

    indptr: Int64s  # (n_users + 1,)
    items: Int32s  # (n,)
    rows: Int64s  # (n,) the row of the table that stands at each place


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Interactions:
    """A checked, read-only table of interactions, and the names of its users and items.

    user, item: int32 (n,), indices from 0 into `users` and `items`.
    rating: float32 (n,), 1.0 where the source gave none (`has_ratings` is then False).
    time: int64 (n,), seconds since 1970, or the row's number where the source gave none (`has_times` is then False).
    users, items: str (n_users,), (n_items,), the original ids; titles: str (n_items,), the id where one is blank;
    genres: a tuple of names per item, empty where unknown; "(no genres listed)" and "unknown" are left out of them.
    Rows keep the order of their source; ties in time are broken by it, everywhere.
    Raises ValueError if the columns do not fit together.
    """

    user: Int32s
    item: Int32s
    rating: Float32s
    time: Int64s
    users: Strings
    items: Strings
    titles: Strings
    genres: tuple[tuple[str, ...], ...]
    name: str = "your data"
    has_ratings: bool = True
    has_times: bool = True

    def __post_init__(self) -> None:
        columns = {"user": np.int32, "item": np.int32, "rating": np.float32, "time": np.int64}
        for column, ids in (("user", self.users), ("item", self.items)):
            _check_indices(column, np.asarray(getattr(self, column)), ids)
        if (
            np.asarray(self.time).dtype.kind in "uf"
        ):  # before it is made int64, which would wrap the one and cut the other
            check_times(np.asarray(self.time))
        for column, dtype in {**columns, "users": np.str_, "items": np.str_, "titles": np.str_}.items():
            object.__setattr__(self, column, frozen(getattr(self, column), dtype))
        blank = np.char.str_len(np.char.strip(self.titles, _UNSEEN)) == 0
        if len(self.titles) == len(self.items) and blank.any():  # the id stands in: a blank row names nothing
            object.__setattr__(self, "titles", frozen(np.where(blank, self.items, self.titles), np.str_))
        # few sets of genres are there, in all parts of a split: one object each
        given = [tuple(names) for names in self.genres]
        known = {names: _genres(names) for names in dict.fromkeys(given)}
        object.__setattr__(self, "genres", tuple(known[names] for names in given))
        lengths = {column: getattr(self, column).shape for column in columns}
        if len(set(lengths.values())) != 1 or self.user.ndim != 1:
            raise ValueError(f"user, item, rating and time must be columns of one length, got shapes {lengths}")
        if not len(self.titles) == len(self.items) == len(self.genres):
            raise ValueError(
                f"items, titles and genres must have one entry per item, got "
                f"{len(self.items)}, {len(self.titles)} and {len(self.genres)}"
            )
        for column in ("users", "items", "titles"):
            _check_text(column, getattr(self, column))
        _check_distinct("user", self.users)
        _check_distinct("item", self.items)
        if not np.isfinite(self.rating).all():
            row = int(np.flatnonzero(~np.isfinite(self.rating))[0])
            raise ValueError(f"rating must be a finite number, got {self.rating[row]} in row {row}")
        check_times(self.time)

    @classmethod
    def from_frame(
        cls,
        df: Any,
        user: str = "user",
        item: str = "item",
        rating: str | None = "rating",
        time: str | None = "time",
        title: str | None = "title",
        genres: str | None = "genres",
        duplicates: str = "error",
        name: str = "your data",
        genres_sep: str | None = None,
    ) -> Interactions:
        """Check a table and number its ids; see `recwidgets.data.frames.from_frame`."""
        from recwidgets.data.frames import from_frame
        from recwidgets.data.tables import Columns

        return from_frame(df, Columns(user, item, rating, time, title, genres), duplicates, name, genres_sep)

    def __deepcopy__(self, memo: dict[int, Any]) -> Interactions:
        return self  # nothing in it can change

    def __len__(self) -> int:
        return len(self.user)

    def __repr__(self) -> str:
        return (
            f"<Interactions {self.name!r}: {self.n_users:,} users × {self.n_items:,} items, "
            f"{len(self):,} {'ratings' if self.has_ratings else 'interactions'}>"
        )

    @property
    def noun(self) -> str:
        """What one item is called on a page: "film" in MovieLens data, else "item"."""
        return "film" if self.name.startswith("MovieLens") else "item"

    @property
    def n_users(self) -> int:
        return len(self.users)

    @property
    def n_items(self) -> int:
        return len(self.items)

    @cached_property
    def by_user(self) -> ByUser:
        if (self.time[1:] >= self.time[:-1]).all():
            rows, items = stable_order(self.user, self.n_users, self.item, self.n_items)
        else:
            by_time = np.argsort(self.time, kind="stable")  # ties stay in row order
            order, items = stable_order(self.user[by_time], self.n_users, self.item[by_time], self.n_items)
            rows = by_time[order]
        indptr = np.zeros(self.n_users + 1, np.int64)
        np.cumsum(np.bincount(self.user, minlength=self.n_users), out=indptr[1:])
        return ByUser(frozen(indptr, np.int64), frozen(items, np.int32), frozen(rows, np.int64))

    def history(self, user_index: int) -> Int32s:
        """The item indices of one user, oldest first."""
        return self.by_user.items[self._places(user_index)]

    def rows_of(self, user_index: int) -> Int64s:
        """The rows of one user, oldest first."""
        return self.by_user.rows[self._places(user_index)]

    def _places(self, user_index: int) -> slice:
        if not 0 <= user_index < self.n_users:
            raise IndexError(
                f"user_index must be from 0 to {self.n_users - 1}, got {user_index}; data.user_index(id) finds it"
            )
        indptr = self.by_user.indptr
        return slice(int(indptr[user_index]), int(indptr[user_index + 1]))

    @cached_property
    def liked(self) -> NDArray[np.bool_]:
        """Which rows are rated at or above the data's median, bool (n,); all of them where there are no ratings."""
        return frozen(self.rating >= np.median(self.rating) if len(self) else np.zeros(0), np.bool_)

    @cached_property
    def popularity(self) -> Int64s:
        """How many interactions each item has, int64 (n_items,)."""
        return frozen(np.bincount(self.item, minlength=self.n_items), np.int64)

    @cached_property
    def n_raters(self) -> Int64s:
        """How many users each item has, int64 (n_items,): who rated a film twice counts once."""
        pairs = distinct(self.user.astype(np.int64) * self.n_items + self.item)
        return frozen(np.bincount(sized(pairs % max(self.n_items, 1)), minlength=self.n_items), np.int64)

    @cached_property
    def _user_places(self) -> dict[str, int]:
        return {id_: i for i, id_ in enumerate(self.users.tolist())}

    @cached_property
    def _item_places(self) -> dict[str, int]:
        return {id_: i for i, id_ in enumerate(self.items.tolist())}

    @cached_property
    def folded_titles(self) -> Titles:
        """The titles as a search compares them."""
        from recwidgets.data.search import Titles

        return Titles(self.titles.tolist())

    @cached_property
    def folded_users(self) -> list[str]:
        """The ids of the users as a search compares them."""
        from recwidgets.data.titles import fold

        return [fold(id_) for id_ in self.users.tolist()]

    def user_index(self, user: str | int) -> int:
        """The index of an original id, given as text or number. Raises UnknownUser."""
        found = self._user_places.get(str(user))
        if found is None:
            raise unknown_user(self, user)
        return found

    def item_index(self, item: str | int) -> int:
        """The index of an original id, given as text or number. Raises UnknownItem."""
        found = self._item_places.get(str(item))
        if found is None:
            raise unknown_item(self, item)
        return found

    def item_by_title(self, title: str) -> int:
        """The index of a film by its title, whatever the case, accents and place of its article. Raises UnknownItem."""
        from recwidgets.data.search import item_by_title

        return item_by_title(self, title)

    def search_users(self, text: str, limit: int = 20) -> list[Found]:
        """Users by id ("42"), a favourite title ("Fargo") or a genre ("horror fans"): index and label, best first."""
        from recwidgets.data.search import search_users

        return search_users(self, text, limit)

    def search_items(self, text: str, limit: int = 20) -> list[Found]:
        """Films whose title holds `text`, without regard to case and accents: index and label, best first."""
        from recwidgets.data.search import search_items

        return search_items(self, text, limit)

    def describe_user(self, user_index: int) -> UserSummary:
        """Who a user is: how many ratings, over what days, top genres, the last five films."""
        from recwidgets.data.summary import describe_user

        return describe_user(self, user_index)

    def take(self, rows: Any) -> Interactions:
        """Some of the rows, in the order given (a boolean mask works too); users and items stay the same arrays."""
        rows = np.asarray(rows)
        if rows.size == 0:
            rows = rows.astype(np.int64)  # an empty list is float to numpy
        part = object.__new__(type(self))  # rows of checked columns need no second check
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name in ("user", "item", "rating", "time"):
                value = value[rows]  # a copy
                value.setflags(write=False)
            object.__setattr__(part, field.name, value)
        return part

    def split(
        self, kind: str = "temporal", test: float = 0.2, validation: float | None = None, seed: int = 42
    ) -> Split:
        """Cut into train, validation and test; see `recwidgets.data.splits.split`."""
        from recwidgets.data.splits import split

        return split(self, kind, test=test, validation=validation, seed=seed)

    def by_title(self) -> Interactions:
        """Films of one title merged into one item whose id is the title, as the TFRS tutorials do.

        ML-100K's 1,682 ids become 1,664 titles. All rows stay, so a user may have rated a merged film twice: `split`
        leaves out the held-out rows that repeat a film of train, the metrics count a film once.
        """
        titles, place = number_ids(self.titles)  # place: (n_items,)
        genres: list[dict[str, None]] = [{} for _ in titles]
        for old, new in enumerate(place.tolist()):
            genres[new].update(dict.fromkeys(self.genres[old]))
        return dataclasses.replace(
            self, item=place[self.item], items=titles, titles=titles, genres=tuple(map(tuple, genres))
        )

    def to_frame(self) -> pd.DataFrame:
        """A pandas frame with the columns user, item, rating, time and title: original ids, rows in order."""
        from recwidgets.data.frames import to_frame

        return to_frame(self)


def check_times(time: NDArray[Any]) -> None:
    """Raise ValueError where one of them, (n,) of any type of numbers, is no time in seconds that a date can show."""
    odd = ~((time >= _YEAR_1) & (time < _YEAR_10000))
    if odd.any():
        row = int(np.argmax(odd))
        raise ValueError(
            f"time must be seconds since 1970, before the year 10000, got {time[row]} in row {row}; "
            f"{_divide(float(time[row]))}"
        )


def _divide(value: float) -> str:
    """By what a time that is none in seconds must be divided to be one of today: 1e12 and more, 1e15, 1e18."""
    for digits, unit in ((3, "milliseconds"), (6, "microseconds"), (9, "nanoseconds")):
        if abs(value) / 10**digits < 1e11:
            return f"divide {unit} by {10**digits}"
    return "it is no time that we know"


def _check_indices(column: str, index: NDArray[Any], ids: Strings) -> None:
    """Before they are made int32, which would wrap 2**32 and cut 0.9."""
    if index.size and index.dtype.kind not in "iu":
        whole = index.dtype.kind == "f" and bool(np.isfinite(index).all() and (index == np.rint(index)).all())
        if not whole:
            raise ValueError(
                f"{column} must hold indices, whole numbers from 0, got {index.dtype}; "
                f"Interactions.from_frame(df) numbers ids for you"
            )
    if index.size and (index.min() < 0 or index.max() >= len(ids)):
        raise ValueError(
            f"{column} must hold indices from 0 to {len(ids) - 1}, got {index.min()} to {index.max()}; "
            f"Interactions.from_frame(df) numbers ids for you"
        )


def _check_text(column: str, texts: Strings) -> None:
    """Half a surrogate pair, as `errors="surrogateescape"` leaves where an encoding is wrong, has no bytes."""
    codes = np.ascontiguousarray(texts).view(np.uint32)
    if ((codes >= 0xD800) & (codes < 0xE000)).any():
        bad = next(text for text in texts.tolist() if any("\ud800" <= letter < "\ue000" for letter in text))
        raise ValueError(f"{column} must be text that UTF-8 can write, got {bad!r}; read the file in its own encoding")


def _check_distinct(column: str, ids: Strings) -> None:
    if len(set(ids.tolist())) != len(ids):
        raise ValueError(f"{column}s must be distinct ids, got {len(ids)} of which {len(set(ids.tolist()))} differ")


def _genres(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those that are genres; the same object where all are."""
    kept = tuple(name for name in names if name.strip().lower() not in _NO_GENRE)
    return names if kept == names else kept
