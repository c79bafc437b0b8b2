"""Anybody's table as arrays: which of its columns is what, and the line that converts what is no table."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import warnings
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[Any]


class Columns(NamedTuple):
    """What the columns of a table are called; None: there is none, or it is not to be used."""

    user: str = "user"
    item: str = "item"
    rating: str | None = "rating"
    time: str | None = "time"
    title: str | None = "title"
    genres: str | None = "genres"


DEFAULT = Columns()
# How MovieLens, its copy in TFDS, RecBole, LensKit, Surprise, implicit, Cornac … call them, as `_plain` has it.
_KNOWN = {
    "user": "user userid uid",
    "item": "item itemid iid movie movieid film filmid artist artistid track trackid song songid book bookid product "
    "productid",
    "rating": "rating userrating",
    "time": "time timestamp",
    "title": "title movietitle",
    "genres": "genres genre",
}
# Words in the name of a column that may be a rating, or a time; and those of columns that are of the item.
_RATING = re.compile(r"ratings?|scores?|stars?|overall|value|plays?|playcount|count|weight|listens|clicks|views")
_TIME = re.compile(r"times?|timestamp|date|datetime|ts|when|created|day")
_OF_ITEM = re.compile(r"released?|birth|published|year|avg|average|mean|imdb")
_TYPE = re.compile(r":(token|token_seq|float|float_seq)$")  # RecBole's names carry the type


def read_table(df: Any, columns: Columns) -> tuple[dict[str, Column], Columns]:
    """The columns that are used, as arrays of one length, and how each is called in the table; None: it has none.

    df: pandas, polars (lazy, too), pyarrow or what else narwhals knows; a dict of arrays; a structured array.
    Warns of a column that looks like ratings or times and is not used. Raises ValueError, with the line that converts
    where that is known.
    """
    present, source = _source(df)
    called = _called(present, columns)
    _say_unused(source, present, called)
    used = [name for name in dict.fromkeys(called) if name is not None]
    twice = next((name for name in used if present.count(name) > 1), None)
    if twice is not None:
        raise ValueError(f"{present.count(twice)} columns are called {twice!r}; rename those that are not meant")
    table = source.arrays(used)
    lengths = {column: len(values) for column, values in table.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"all columns must have one length, got {lengths}")
    if not len(table[called.user]):
        raise ValueError("the table has no rows; a recommender needs at least two users and two items")
    return table, called


class _Plain:
    """A pandas frame, a dict or a structured array."""

    def __init__(self, df: Any) -> None:
        self.df = df

    def arrays(self, names: list[str]) -> dict[str, Column]:
        return {name: _array(self.df[name], name) for name in names}

    def is_time(self, name: str) -> bool:
        return getattr(getattr(self.df[name], "dtype", None), "kind", "") == "M"


class _Narwhals:
    """A frame of another library, read through narwhals; of a lazy one the columns that are used alone."""

    def __init__(self, frame: Any) -> None:
        self.frame, self.schema = frame, frame.collect_schema()

    def arrays(self, names: list[str]) -> dict[str, Column]:
        frame = self.frame.select(names)
        frame = frame.collect() if hasattr(frame, "collect") else frame
        return {name: _array(self._values(frame[name]), name) for name in names}

    @staticmethod
    def _values(column: Any) -> Any:
        try:
            return column.to_numpy()
        except Exception:  # of a type that numpy has not, as polars' whole numbers of 128 bits
            return column.to_list()

    def is_time(self, name: str) -> bool:
        return bool(self.schema[name].is_temporal())


def _source(df: Any) -> tuple[list[str], _Plain | _Narwhals]:
    if isinstance(df, Mapping) or (isinstance(df, np.ndarray) and df.dtype.names):
        return list(df) if isinstance(df, Mapping) else list(df.dtype.names or ()), _Plain(df)
    if type(df).__module__.partition(".")[0] == "pandas" and hasattr(df, "columns"):
        return list(df.columns), _Plain(df)
    frame = _through_narwhals(df)
    if frame is None:
        raise ValueError(_how_to_convert(df))
    return list(frame.schema), frame


def _through_narwhals(df: Any) -> _Narwhals | None:
    """None for what is no frame of any library."""
    try:
        narwhals = importlib.import_module("narwhals.stable.v2")
    except ImportError:  # in a browser's tab, where no such frame is
        return None
    found = narwhals.from_native(df, pass_through=True)
    return _Narwhals(found) if isinstance(found, (narwhals.DataFrame, narwhals.LazyFrame)) else None


# -- which column is what ---------------------------------------------------------------------------------


def _called(present: list[str], columns: Columns) -> Columns:
    """The name in the table of each column. One that has its usual name is looked for under the well-known ones."""
    found: dict[str, str | None] = {}
    for role, name in columns._asdict().items():
        if name is None and role in ("user", "item"):
            raise ValueError(f"{role} must be the name of a column, got None; every row needs a user and an item")
        found[role] = name
        if name is None or name in present:
            continue
        usual = name == getattr(DEFAULT, role)
        alike = [other for other in present if isinstance(other, str) and _plain(other) in _KNOWN[role].split()]
        alike = [other for other in alike if other not in columns] if usual else []
        if len(alike) > 1:
            raise ValueError(f"{' and '.join(map(repr, alike))} may both be the {role}; pass {role}={alike[0]!r}")
        if not alike and (not usual or role in ("user", "item")):
            listed = ", ".join(repr(str(other)) for other in present) or "none"
            raise ValueError(f"the table has no column {name!r}; its columns are {listed}: pass user=, item=, …")
        found[role] = alike[0] if alike else None
    return Columns(**found)  # type: ignore[arg-type]


def _plain(name: str) -> str:
    """ "movieId", "movie_id:token" and "Movie-ID" are one."""
    return re.sub(r"[\W_]+", "", _TYPE.sub("", name)).lower()


def _has(name: str, words: re.Pattern[str]) -> bool:
    """One of the words of `name` is one of these: "playCount", "play_count" and "Play Count" have two."""
    return any(words.fullmatch(word.lower()) for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", _TYPE.sub("", name)))


def _say_unused(source: _Plain | _Narwhals, present: list[str], called: Columns) -> None:
    """A rating or a time that is not asked for would be missed by nobody."""
    for role, words, like, instead in (
        ("rating", _RATING, "ratings", "each rating is 1.0"),
        ("time", _TIME, "times", "the order of the rows stands for time"),
    ):
        if getattr(called, role) is not None:
            continue
        for name in present:
            if name in called or not isinstance(name, str) or _has(name, _OF_ITEM):
                continue
            if _has(name, words) or (role == "time" and source.is_time(name)):
                warnings.warn(
                    f"the column {name!r} looks like {like} and is not used, so {instead}; pass {role}={name!r}, or "
                    "drop the column",
                    stacklevel=5,
                )
                break


# -- arrays -----------------------------------------------------------------------------------------------


def _array(values: Any, name: str) -> Column:
    if hasattr(values, "to_numpy"):
        array = np.asarray(values.to_numpy())
    elif isinstance(values, np.ndarray):
        array = values
    elif isinstance(values, (str, bytes)) or not hasattr(values, "__len__"):
        raise ValueError(f"{name!r} must be a column, got {values!r:.80}; pass a list or an array")
    else:
        array = _listed(values)
    if array.ndim != 1:
        raise ValueError(f"{name!r} must be a column, got an array of shape {array.shape}")
    return array


def _listed(values: Any) -> Column:
    """A list: as numbers where all are of one kind, which numpy keeps exactly, else as what they are."""
    array = np.empty(len(values), object)
    array[:] = list(values)  # a list of lists (genres) must stay one column
    if any({type(value) for value in array} == {kind} for kind in (bool, int, float)):
        with contextlib.suppress(OverflowError):
            plain = np.array(array.tolist())
            return plain if plain.dtype.kind in "iufb" else array
    return array


# -- what is no table -------------------------------------------------------------------------------------

_TRIPLES = ("user", "item", "rating", "time")


def _how_to_convert(df: Any) -> str:
    """What was given, and the line that makes a table of it where that is known; `df` stands for what was given."""
    line = _line(df)
    what = f"df must be a table (pandas, polars, pyarrow, a dict of arrays), got {type(df).__name__}"
    return f"{what}; this line converts it: rw.Interactions.from_frame({line})" if line else what


def _line(df: Any) -> str:
    if isinstance(df, (str, os.PathLike)):
        return _reading(os.fspath(df))
    if hasattr(df, "tocoo"):
        return '{"user": df.tocoo().row, "item": df.tocoo().col, "rating": df.tocoo().data}'
    if hasattr(df, "as_numpy_iterator"):
        return "pandas.DataFrame(list(df.as_numpy_iterator()))"
    if hasattr(df, "raw_ratings"):  # a dataset of Surprise
        return f"pandas.DataFrame(df.raw_ratings, columns={list(_TRIPLES)})".replace("'", '"')
    first = df[0] if isinstance(df, (list, tuple, np.ndarray)) and len(df) else None
    if isinstance(first, Mapping):
        return "pandas.DataFrame(df)"
    if isinstance(first, (list, tuple)) or (isinstance(first, np.ndarray) and first.ndim == 1):
        if not 2 <= len(first) <= 4:
            return ""
        return f"pandas.DataFrame(df, columns={list(_TRIPLES[: len(first)])})".replace("'", '"')
    if not isinstance(df, (list, tuple, set, np.ndarray)) and isinstance(df, Iterable):
        return "pandas.DataFrame(list(df))"
    return ""


def _reading(path: str | bytes) -> str:
    name = os.path.basename(os.fsdecode(path)).lower()
    if name.endswith((".parquet", ".pq")):
        return "pandas.read_parquet(df)"
    if name == "u.data":
        return f'pandas.read_csv(df, sep="\\t", names={list(_TRIPLES)})'.replace("'", '"')
    return 'pandas.read_csv(df, sep="\\t")' if name.endswith((".tsv", ".inter", ".tab")) else "pandas.read_csv(df)"
