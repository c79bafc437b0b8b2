"""Frames: from anybody's table to Interactions, with a clear sentence for what does not fit; and back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from recwidgets.data._arrays import Float32s, Int32s, Int64s, Strings, number_ids
from recwidgets.data.interactions import Interactions

if TYPE_CHECKING:
    import pandas as pd

Column = npt.NDArray[Any]
DUPLICATES = ("error", "first", "last")


class Columns(NamedTuple):
    """What the columns of a table are called."""

    user: str = "user"
    item: str = "item"
    rating: str = "rating"
    time: str = "time"
    title: str = "title"
    genres: str | None = None


DEFAULT = Columns()


def from_frame(
    df: pd.DataFrame | Mapping[str, Any] | np.ndarray[Any, Any],
    columns: Columns = DEFAULT,
    duplicates: str = "error",
    name: str = "your data",
) -> Interactions:
    """Check a table (pandas, a dict of arrays or a structured array) and number its ids.

    user, item: ids, numbers or text. rating, time, title: left out where the table has no such column; then each
    rating is 1.0, each time the row's number, each title the id. time: datetimes, or numbers of seconds since 1970.
    genres: a column of "Action|Comedy" or of lists.
    duplicates: what to do where a user has one item twice: "error", or keep the "first" or "last" row.
    Raises ValueError with a sentence on what is wrong, where, and what to do.
    """
    if duplicates not in DUPLICATES:
        raise ValueError(f"duplicates must be one of {', '.join(map(repr, DUPLICATES))}, got {duplicates!r}")
    table = _table(df, columns)
    users, user = number_ids(_ids(table[columns.user], columns.user))
    items, item = number_ids(_ids(table[columns.item], columns.item))
    n = len(user)
    has_ratings, has_times = columns.rating in table, columns.time in table
    rating = _ratings(table[columns.rating], columns.rating) if has_ratings else np.ones(n, np.float32)
    time = _times(table[columns.time], columns.time) if has_times else np.arange(n, dtype=np.int64)
    for ids, what in ((users, "users"), (items, "items")):
        if len(ids) < 2:
            raise ValueError(f"a recommender needs at least two {what}, got {len(ids)} ({str(ids[0])!r})")
    titles, genres = _titles(table, columns, items, item), _genres(table, columns, len(items), item)
    data = Interactions(user, item, rating, time, users, items, titles, genres, name, has_ratings, has_times)
    kept = _without_duplicates(data, duplicates)
    return data if len(kept) == n else data.take(kept)


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


def _table(df: Any, columns: Columns) -> dict[str, Column]:
    """The columns that are used, as arrays of one length."""
    if isinstance(df, np.ndarray):
        present = list(df.dtype.names or ())
    elif isinstance(df, Mapping) or hasattr(df, "columns"):
        present = list(df) if isinstance(df, Mapping) else list(df.columns)
    else:
        raise ValueError(f"df must be a pandas frame, a dict of arrays or a structured array, got {type(df).__name__}")
    optional = {columns.rating: "rating", columns.time: "time", columns.title: "title"}
    for column in (columns.user, columns.item, columns.genres, *optional):
        renamed = optional.get(column or "", column) != column  # a name of one's own must be there
        if column is not None and column not in present and (column not in optional or renamed):
            listed = ", ".join(repr(str(name)) for name in present) or "none"
            raise ValueError(f"the table has no column {column!r}; its columns are {listed}: pass user=, item=, …")
    table = {column: _array(df[column]) for column in columns if column is not None and column in present}
    lengths = {column: len(values) for column, values in table.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"all columns must have one length, got {lengths}")
    if not len(table[columns.user]):
        raise ValueError("the table has no rows; a recommender needs at least two users and two items")
    return table


def _array(values: Any) -> Column:
    if hasattr(values, "to_numpy"):
        return np.asarray(values.to_numpy())
    if isinstance(values, np.ndarray):
        return values
    array = np.empty(len(values), object)
    array[:] = values  # a list of lists (genres) must stay one column
    plain = np.array(array.tolist()) if not any(isinstance(v, (list, tuple, set)) for v in array) else array
    mixed = plain.dtype.kind in "US" and not all(isinstance(v, (str, bytes)) for v in array)
    return array if mixed else plain


def _first(bad: npt.NDArray[np.bool_]) -> int | None:
    return int(np.argmax(bad)) if bad.any() else None


def _missing(values: Column) -> npt.NDArray[np.bool_]:
    if values.dtype.kind == "f":
        return np.isnan(values)
    if values.dtype.kind in "mM":
        return np.isnat(values)
    if values.dtype.kind == "O":
        # None, NaN and NaT; pandas' NA answers a comparison with itself, and has no truth value
        return np.array([v is None or type(v).__name__ in ("NAType", "NaTType") or v != v for v in values], bool)
    return np.zeros(len(values), np.bool_)


def _refuse_missing(values: Column, column: str) -> None:
    row = _first(_missing(values))
    if row is not None:
        n = int(_missing(values).sum())
        raise ValueError(f"{column!r} must not be missing, got {values[row]} in row {row} ({n} such rows); drop them")


def _ids(values: Column, column: str) -> Column:
    """Ids as int or str: 42, 42.0, b"42" and "42" are one id."""
    _refuse_missing(values, column)
    if values.dtype.kind in "iuU":
        return values
    if values.dtype.kind == "f":
        whole = np.isfinite(values) & (values == np.rint(values))
        row = _first(~whole)
        if row is not None:
            raise ValueError(f"{column!r} must hold whole numbers or text, got {values[row]} in row {row}")
        return values.astype(np.int64)
    return np.array([_id(value) for value in values.tolist()], dtype=np.str_)


def _id(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _numbers(values: Column, column: str, what: str) -> npt.NDArray[np.float64]:
    _refuse_missing(values, column)
    if values.dtype.kind not in "iufb":
        row = _first(np.array([not isinstance(v, (int, float, Decimal, np.number)) for v in values], np.bool_))
        if row is not None:
            raise ValueError(f"{column!r} must hold {what}, got {values.tolist()[row]!r} in row {row}")
    numbers = values.astype(np.float64)
    row = _first(~np.isfinite(numbers))
    if row is not None:
        raise ValueError(f"{column!r} must hold finite numbers, got {values[row]} in row {row}")
    return numbers


def _ratings(values: Column, column: str) -> Float32s:
    return _numbers(values, column, "numbers").astype(np.float32)


def _times(values: Column, column: str) -> Int64s:
    if values.dtype.kind == "O" and len(values) and all(hasattr(v, "timestamp") for v in values):
        _refuse_missing(values, column)
        # a time without a zone is UTC, as datetime64 has it, whatever the zone of this machine
        zoned = [v if v.tzinfo else v.replace(tzinfo=UTC) for v in values]
        return np.array([int(v.timestamp() // 1) for v in zoned], np.int64)
    if values.dtype.kind == "M":
        _refuse_missing(values, column)
        return values.astype("datetime64[s]").astype(np.int64)
    if values.dtype.kind in "iu":
        return values.astype(np.int64)
    what = "datetimes or seconds since 1970 (pandas.to_datetime reads text)"
    return np.floor(_numbers(values, column, what)).astype(np.int64)


def _first_rows(n_items: int, item: Int32s) -> Int64s:
    """The first row of each item, (n_items,)."""
    rows = np.empty(n_items, np.int64)
    rows[item[::-1]] = np.arange(len(item))[::-1]  # the last assignment, the first row, stays
    return rows


def _titles(table: Mapping[str, Column], columns: Columns, items: Strings, item: Int32s) -> Strings:
    if columns.title not in table:
        return items
    values = table[columns.title]
    _refuse_missing(values, columns.title)
    texts = np.array([_id(v) for v in values.tolist()], np.str_)
    titles = texts[_first_rows(len(items), item)]
    row = _first(texts != titles[item])
    if row is not None:
        raise ValueError(
            f"an item must have one title, got {str(titles[item[row]])!r} and {str(texts[row])!r} (row {row}) "
            f"for {columns.item} {str(items[item[row]])!r}"
        )
    return titles


def _genres(table: Mapping[str, Column], columns: Columns, n_items: int, item: Int32s) -> tuple[tuple[str, ...], ...]:
    if columns.genres is None:
        return ((),) * n_items
    values = table[columns.genres][_first_rows(n_items, item)]
    return tuple(_some(value) for value in values.tolist())


def _some(names: Any) -> tuple[str, ...]:
    if isinstance(names, str):
        return tuple(names.split("|")) if names else ()
    return tuple(map(str, names)) if isinstance(names, (list, tuple, set, np.ndarray)) else ()


def _without_duplicates(data: Interactions, duplicates: str) -> Int64s:
    """The rows to keep, in order."""
    n = len(data)
    order = np.lexsort((np.arange(n), data.item, data.user))
    same = (np.diff(data.user[order]) == 0) & (np.diff(data.item[order]) == 0)  # (n - 1,)
    if duplicates == "error" and same.any():
        row = int(order[1:][same].min())
        user, item = str(data.users[data.user[row]]), str(data.items[data.item[row]])
        raise ValueError(
            f"a user may have an item once, got {int(same.sum())} rows too many; the first is row {row} "
            f'(user {user!r}, item {item!r}): pass duplicates="last" or duplicates="first"'
        )
    edge = np.concatenate(([True], ~same)) if duplicates == "first" else np.concatenate((~same, [True]))
    return np.sort(order[edge])
