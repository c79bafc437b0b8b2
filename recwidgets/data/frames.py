"""Frames: from anybody's table to Interactions, with a clear sentence for what does not fit; and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recwidgets.data._arrays import Float32s, Int32s, Int64s, Strings, fixed, number_ids
from recwidgets.data.interactions import Interactions, check_times
from recwidgets.data.tables import DEFAULT, Column, Columns, read_table

if TYPE_CHECKING:
    import pandas as pd

DUPLICATES = ("error", "first", "last", "sum")
ID_LENGTH = 1_000  # characters of an id
EXACT = 2**53  # a float holds all whole numbers below it


def from_frame(
    df: Any,
    columns: Columns = DEFAULT,
    duplicates: str = "error",
    name: str = "your data",
    genres_sep: str | None = None,
) -> Interactions:
    """Check a table and number its ids.

    df: a frame of pandas, polars (lazy, too) or pyarrow, or of another library that narwhals knows; a dict of arrays;
    a structured array.
    user, item: ids, numbers or text. rating, time, title, genres: left out where the table has no such column, or with
    rating=None and so on; then each rating is 1.0, each time the row's number, each title the id. Where a column has
    not its usual name, the names of MovieLens, RecBole, LensKit, Surprise, implicit and Cornac are looked for
    ("userId", "user_id:token"). An item without a title gets its id for one.
    time: datetimes, or numbers of seconds since 1970.
    genres: a column of "Action|Comedy" or of lists. genres_sep: what stands between two genres; None: "|", and a space
    in a column of RecBole's type token_seq.
    duplicates: what to do where a user has one item twice: "error", keep the "first" or "last" row, or "sum", for plays
    that are counted: one row with the sum of the ratings (the number of rows, where there are none) and the last time.
    Warns of a column that looks like ratings or times and is not used.
    Raises ValueError with a sentence on what is wrong, where, and what to do.
    """
    if duplicates not in DUPLICATES:
        raise ValueError(f"duplicates must be one of {', '.join(map(repr, DUPLICATES))}, got {duplicates!r}")
    if genres_sep is not None and (not isinstance(genres_sep, str) or not genres_sep):
        raise ValueError(f'genres_sep must be text such as "|" or ", ", got {genres_sep!r}')
    table, columns = read_table(df, columns)
    users, user = _numbered(table[columns.user], columns.user)
    items, item = _numbered(table[columns.item], columns.item)
    n = len(user)
    has_ratings, has_times = columns.rating is not None, columns.time is not None
    rating = np.ones(n, np.float32) if columns.rating is None else _ratings(table[columns.rating], columns.rating)
    time = np.arange(n, dtype=np.int64) if columns.time is None else _times(table[columns.time], columns.time)
    for ids, what in ((users, "users"), (items, "items")):
        if len(ids) < 2:
            raise ValueError(f"a recommender needs at least two {what}, got {len(ids)} ({str(ids[0])!r})")
    titles, genres = _titles(table, columns, items, item), _genres(table, columns, len(items), item, genres_sep)
    if duplicates == "sum":
        rows, rating, time = _summed(user, item, rating, time)
        user, item, has_ratings = user[rows], item[rows], True
    data = Interactions(user, item, rating, time, users, items, titles, genres, name, has_ratings, has_times)
    kept = _without_duplicates(data, duplicates)
    return data if len(kept) == len(data) else data.take(kept)


def to_frame(data: Interactions) -> pd.DataFrame:
    """A pandas frame with the columns user, item, rating, time and title: original ids, rows in order."""
    import pandas as pd

    return pd.DataFrame(
        {
            "user": data.users[data.user],
            "item": data.items[data.item],
            "rating": data.rating,
            "time": data.time,
            "title": data.titles[data.item],
        }
    )


def _first(bad: npt.NDArray[np.bool_]) -> int | None:
    return int(np.argmax(bad)) if bad.any() else None


def _missing(values: Column) -> npt.NDArray[np.bool_]:
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype.kind in "mM":
        return np.isnat(values)
    if values.dtype.kind == "O" and set(map(type, values)) != {str}:
        return np.array([_is_missing(v) for v in values], bool)
    return np.zeros(len(values), np.bool_)


def _is_missing(value: Any) -> bool:
    """None, NaN, NaT and pandas' NA, which has no truth value."""
    if isinstance(value, Decimal):
        return value.is_nan()
    if isinstance(value, (float, np.floating, np.datetime64)):
        return bool(value != value)
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def _refuse_missing(values: Column, column: str) -> None:
    row = _first(_missing(values))
    if row is not None:
        n = int(_missing(values).sum())
        raise ValueError(f"{column!r} must not be missing, got {values[row]} in row {row} ({n} such rows); drop them")


def _numbered(values: Column, column: str) -> tuple[Strings, Int32s]:
    """Distinct ids as text, and each row's index: 42, 42.0, b"42" and "42" are one id."""
    _refuse_missing(values, column)
    if values.dtype.kind == "f":
        whole = np.isfinite(values) & (values == np.rint(values))
        row = _first(~whole)
        if row is not None:
            raise ValueError(f"{column!r} must hold whole numbers or text, got {values[row]} in row {row}")
        row = _first(np.abs(values) >= EXACT)
        if row is not None:
            raise ValueError(_inexact(values[row], row, column))
        values = values.astype(np.int64)
    if values.dtype.kind in "iu":
        return number_ids(values)
    texts, codes = _coded(values, column, _id)
    longest = max(range(len(texts)), key=lambda i: len(texts[i]))
    if len(texts[longest]) > ID_LENGTH:
        row = int(np.argmax(codes == longest))
        raise ValueError(
            f"{column!r} must hold ids of at most {ID_LENGTH:,} characters, got one of {len(texts[longest]):,} in row "
            f"{row}; number them, as pandas.factorize does"
        )
    odd = next((i for i, text in enumerate(texts) if "\0" in text), None)
    if odd is not None:
        row = int(np.argmax(codes == odd))
        raise ValueError(
            f"{column!r} must hold ids without the character NUL, got {texts[odd]!r} in row {row}; "
            "two ids that differ in it alone would be one"
        )
    ids, place = number_ids(fixed(texts, column))
    return ids, place[codes]


def _coded(values: Column, column: str, text: Callable[[Any, int, str], str]) -> tuple[list[str], Int64s]:
    """The distinct texts in their order, and each row's place among them, (n,)."""
    if values.dtype.kind in "mM" and len(values):  # numpy makes whole numbers of some of them, dates of others
        raise ValueError(f"{column!r} must hold numbers or text, got the time {values[0]} in row 0")
    texts = values.tolist()
    if set(map(type, texts)) != {str}:
        texts = [value if type(value) is str else text(value, row, column) for row, value in enumerate(texts)]
    places = {found: code for code, found in enumerate(dict.fromkeys(texts))}
    codes = np.fromiter(map(places.__getitem__, texts), np.int64, len(texts))
    for found, code in places.items():
        if not found.isascii() and not _encodes(found):
            row = int(np.argmax(codes == code))
            raise ValueError(
                f"{column!r} must hold text, got {found!r:.80} in row {row}, which has half of a character; "
                "read the file with its own encoding"
            )
    return list(places), codes


def _encodes(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:  # half of a surrogate pair
        return False
    return True


def _text(value: Any, row: int, column: str) -> str:
    """42.0, b"42" and "42" are one."""
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise ValueError(f"{column!r} must hold text in UTF-8, got {value!r:.80} in row {row}; decode it") from None
    if isinstance(value, (list, dict, set, tuple, np.ndarray, date, timedelta)):
        raise ValueError(f"{column!r} must hold numbers or text, got {value!r:.80} in row {row}")
    if isinstance(value, int) and abs(value) >= 10**ID_LENGTH:
        raise ValueError(f"{column!r} must hold numbers or text, got a number of {ID_LENGTH:,} digits in row {row}")
    return str(int(value)) if isinstance(value, (float, np.floating)) and value.is_integer() else str(value)


def _id(value: Any, row: int, column: str) -> str:
    if isinstance(value, (float, np.floating)):
        if not value.is_integer():
            raise ValueError(f"{column!r} must hold whole numbers or text, got {value} in row {row}")
        if abs(float(value)) >= EXACT:
            raise ValueError(_inexact(value, row, column))
    return _text(value, row, column)


def _inexact(value: Any, row: int, column: str) -> str:
    return (
        f"{column!r} must hold ids that are exact, got the float {value} in row {row}: floats from 2**53 on leave "
        "numbers out, so that two ids may be one; read the column as text or as int64"
    )


def _numbers(values: Column, column: str, what: str) -> npt.NDArray[np.float64]:
    _refuse_missing(values, column)
    if values.dtype.kind not in "iufb":
        kinds = (int, float, Decimal, np.integer, np.floating, np.bool_)
        row = _first(np.array([not isinstance(v, kinds) for v in values], np.bool_))
        if row is not None:
            raise ValueError(f"{column!r} must hold {what}, got {values.tolist()[row]!r:.80} in row {row}")
    try:
        numbers = values.astype(np.float64)
    except OverflowError:  # a whole number of Python
        row = next(row for row, v in enumerate(values.tolist()) if isinstance(v, int) and abs(v) >= 2**1023)
        raise ValueError(f"{column!r} must hold {what}, got a number of hundreds of digits in row {row}") from None
    row = _first(~np.isfinite(numbers))
    if row is not None:
        raise ValueError(f"{column!r} must hold finite numbers, got {values[row]} in row {row}")
    return numbers


def _ratings(values: Column, column: str) -> Float32s:
    numbers = _numbers(values, column, "numbers")
    row = _first(np.abs(numbers) > np.finfo(np.float32).max)
    if row is not None:
        raise ValueError(f"{column!r} must hold numbers that float32 has, up to 3.4e38, got {values[row]} in row {row}")
    return numbers.astype(np.float32)


def _times(values: Column, column: str) -> Int64s:
    if values.dtype.kind == "O" and len(values) and all(isinstance(v, date) for v in values):  # a datetime is one
        _refuse_missing(values, column)
        # a time without a zone is UTC, as datetime64 has it, whatever the zone of this machine
        return np.array([int(_zoned(v).timestamp() // 1) for v in values], np.int64)
    if values.dtype.kind == "M":
        _refuse_missing(values, column)
        return values.astype("datetime64[s]").astype(np.int64)
    what = "datetimes or seconds since 1970 (pandas.to_datetime reads text)"
    numbers = values if values.dtype.kind in "iu" else np.floor(_numbers(values, column, what))
    check_times(numbers)
    return numbers.astype(np.int64)


def _zoned(value: date) -> datetime:
    moment = value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _titles(table: Mapping[str, Column], columns: Columns, items: Strings, item: Int32s) -> Strings:
    """(n_items,): the first title that is not missing; the id where there is none."""
    if columns.title is None:
        return items
    values = table[columns.title]
    rows = np.flatnonzero(~_missing(values))
    texts, codes = _coded(values[rows], columns.title, _text)
    of_item = np.full(len(items), -1, np.int64)
    of_item[item[rows][::-1]] = codes[::-1]  # the last assignment, the first row, stays
    place = _first(codes != of_item[item[rows]])
    if place is not None:
        row = int(rows[place])
        raise ValueError(
            f"an item must have one title, got {texts[of_item[item[row]]]!r} and {texts[codes[place]]!r} (row {row}) "
            f"for {columns.item} {str(items[item[row]])!r}"
        )
    return fixed(
        [texts[code] if code >= 0 else str(items[i]) for i, code in enumerate(of_item.tolist())], columns.title
    )


def _genres(
    table: Mapping[str, Column], columns: Columns, n_items: int, item: Int32s, sep: str | None
) -> tuple[tuple[str, ...], ...]:
    if columns.genres is None:
        return ((),) * n_items
    sep = sep or (" " if columns.genres.endswith(":token_seq") else "|")
    values = table[columns.genres]
    there = np.flatnonzero(~_missing(values))
    rows = np.full(n_items, -1, np.int64)
    rows[item[there][::-1]] = there[::-1]
    held = values.tolist()
    found = [held[row] if row >= 0 else "" for row in rows.tolist()]
    return tuple(_some(value, sep, columns.genres, int(row)) for value, row in zip(found, rows, strict=True))


def _some(names: Any, sep: str, column: str, row: int) -> tuple[str, ...]:
    if isinstance(names, bytes):
        names = _text(names, row, column)
    if isinstance(names, str):
        names = names.split(sep)
    if not isinstance(names, (list, tuple, set, np.ndarray)):
        raise ValueError(
            f'{column!r} must hold text such as "Action|Comedy" or lists, got {names!r:.80} in row {row}; '
            "genres=None leaves it out"
        )
    texts = [name.decode(errors="replace") if isinstance(name, bytes) else str(name) for name in names]
    return tuple(dict.fromkeys(text.strip() for text in texts if text.strip()))


def _groups(user: Int32s, item: Int32s) -> tuple[Int64s, npt.NDArray[np.bool_]]:
    """Rows in the order of user, item and place, and where the same user and item go on, (n,) and (n - 1,)."""
    order = np.lexsort((np.arange(len(user)), item, user))
    return order, (np.diff(user[order]) == 0) & (np.diff(item[order]) == 0)


def _summed(user: Int32s, item: Int32s, rating: Float32s, time: Int64s) -> tuple[Int64s, Float32s, Int64s]:
    """For each user and item the last row, the sum of the ratings and the newest time; in the order of these rows."""
    order, same = _groups(user, item)
    starts = np.flatnonzero(np.concatenate(([True], ~same)))
    sums = np.add.reduceat(rating[order].astype(np.float64), starts)
    newest = np.maximum.reduceat(time[order], starts)
    last = order[np.concatenate((starts[1:], [len(order)])) - 1]
    place = np.argsort(last)
    return last[place], _ratings(sums[place], "the sum of the ratings"), newest[place]


def _without_duplicates(data: Interactions, duplicates: str) -> Int64s:
    """The rows to keep, in order."""
    order, same = _groups(data.user, data.item)
    if duplicates == "error" and same.any():
        row = int(order[1:][same].min())
        user, item = str(data.users[data.user[row]]), str(data.items[data.item[row]])
        raise ValueError(
            f"a user may have an item once, got {int(same.sum())} rows too many; the first is row {row} "
            f'(user {user!r}, item {item!r}): pass duplicates="last" or duplicates="first", or "sum" to count plays'
        )
    edge = np.concatenate(([True], ~same)) if duplicates == "first" else np.concatenate((~same, [True]))
    return np.sort(order[edge])
