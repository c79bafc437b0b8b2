"""The text formats of MovieLens, read in the order of the file, with numpy alone."""

from __future__ import annotations

import contextlib
import csv
import io
import zipfile
from collections.abc import Iterator, Mapping
from typing import IO

import numpy as np
import numpy.typing as npt

from recwidgets._files import DamagedFile
from recwidgets.data._arrays import Float32s, Int64s, number_ids
from recwidgets.data.interactions import Interactions

PART = 1 << 22  # bytes of text that are read at a time
EXACT = 15  # digits that a float64 holds: longer numbers are left to loadtxt
TENS = np.array([float(10**n) for n in range(EXACT + 1)])

Films = dict[int, tuple[str, tuple[str, ...]]]  # id: title, genres

# The names that TFDS gives to the 19 columns of u.item
GENRES_100K = (
    "Unknown", "Action", "Adventure", "Animation", "Children", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
    "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
)  # fmt: skip

_FILES = {"100k": ("u.data", "u.item"), "1m": ("ratings.dat", "movies.dat")}  # the others are CSV


def read_zip(file: IO[bytes] | str, name: str) -> Interactions:
    """Read a published zip, already checked, of MovieLens `name`; rows in file order.

    Children's and unknown are called Children and Unknown, as TFDS does.
    Raises DamagedFile, which names the file inside and the line, for what is in no form of MovieLens'.
    """
    ratings, films = _FILES.get(name, ("ratings.csv", "movies.csv"))
    read = {"100k": _films_100k, "1m": _films_1m}.get(name, _films_csv)
    with zipfile.ZipFile(file) as archive, _reading(f"ml-{name}"):
        rated, filmed = archive.read(f"ml-{name}/{ratings}"), archive.read(f"ml-{name}/{films}")
    with _reading(ratings):
        if name == "1m":
            rated = rated.replace(b"::", b",")
        elif name != "100k":
            rated = rated.partition(b"\n")[2]  # the header
        table = _numbers(rated, "\t" if name == "100k" else ",")
    with _reading(films):
        known = read(filmed.decode("latin-1" if name in _FILES else "utf-8"))
        user, item, time = (table[:, column].astype(np.int64) for column in (0, 1, 3))
        missing = set(np.unique(item).tolist()) - known.keys()
        if missing:
            raise DamagedFile(f"film {min(missing)} is rated, and is not in it")
    return from_columns(user, item, table[:, 2].astype(np.float32), time, known, name)


@contextlib.contextmanager
def _reading(file: str) -> Iterator[None]:
    """What is wrong within the block is said of this file."""
    try:
        yield
    except (ValueError, KeyError, csv.Error) as error:
        raise DamagedFile(f"{file} is not as MovieLens publishes it ({error}); get it once more") from error


def from_columns(
    user: Int64s,
    item: Int64s,
    rating: Float32s,
    time: Int64s,
    films: Mapping[int, tuple[str, tuple[str, ...]]],
    name: str,
) -> Interactions:
    """Interactions from columns of MovieLens' own ids, all (n,), and a table of films that holds every rated id."""
    users, user_index = number_ids(user)
    items, item_index = number_ids(item)
    rated = [films[int(id_)] for id_ in items.tolist()]
    titles = np.array([title for title, _ in rated], np.str_)
    genres = tuple(names for _, names in rated)
    return Interactions(user_index, item_index, rating, time, users, items, titles, genres, f"MovieLens {name}")


def _numbers(text: bytes, delimiter: str) -> npt.NDArray[np.float64]:
    """The rows of four numbers, float64 (n, 4), checked. Raises DamagedFile or ValueError, which say what is wrong."""
    table = _plain(text, delimiter)
    if table is None:
        table = np.loadtxt(io.BytesIO(text), delimiter=delimiter, dtype=np.float64, ndmin=2, comments=None)
    if table.shape[1] != 4:
        raise DamagedFile(f"a row has {table.shape[1]} numbers, not 4")
    odd = ~np.isfinite(table[:, 2])
    for column in (0, 1, 3):
        odd |= ~((table[:, column] == np.rint(table[:, column])) & (np.abs(table[:, column]) < 2**53))
    if odd.any():
        row = int(np.argmax(odd))
        raise DamagedFile(f"row {row} is {', '.join(f'{number:g}' for number in table[row])}")
    return table


def _plain(text: bytes, delimiter: str) -> npt.NDArray[np.float64] | None:
    """Rows as MovieLens writes them, "1,31,2.5,1260759144", in less than half of loadtxt's time: float64 (n, 4).

    None where a row is of another form than the first one, whatever may be wrong.
    """
    first = text[: text.find(b"\n") + 1]
    row = np.frombuffer(first.translate(None, b"0123456789"), np.uint8)  # what stands between the numbers of each row
    comma = delimiter.encode()
    if row.tobytes().replace(b"\r\n", b"\n") not in (comma * 3 + b"\n", comma * 2 + b"." + comma + b"\n"):
        return None
    numbers = len(row) - (row[-2] == ord("\r"))  # how many a row has, those on both sides of a point counted
    table, done, start = np.empty((text.count(b"\n"), 4)), 0, 0
    while start < len(text):
        end = text.find(b"\n", start + PART) + 1 or len(text)
        digits = np.frombuffer(text, np.uint8, end - start, start) - np.uint8(ord("0"))
        ends = np.flatnonzero(digits > 9)  # of the numbers; between "\r" and "\n" is none
        if not len(ends) or ends[-1] + 1 < len(digits) or len(ends) % len(row):
            return None
        length = np.diff(ends, prepend=-1) - 1
        of_row, between = length.reshape(-1, len(row)), digits[ends].reshape(-1, len(row)) + np.uint8(ord("0"))
        if not (between == row).all() or of_row[:, :numbers].min() < 1 or of_row[:, numbers:].any():
            return None
        value = np.zeros(len(ends))
        if max(length.max(), of_row[:, 2:4].sum(1).max()) > EXACT:
            return None
        for nth in range(length.max()):  # the last digit of each number, the one before it …
            some = np.flatnonzero(length > nth)
            value[some] += digits[ends[some] - 1 - nth] * TENS[nth]
        user, item, rating, *rest = value.reshape(-1, len(row)).T[:numbers]
        if len(rest) == 2:  # 2.5 = 25 / 10, which is rounded once, as from text
            tenth = TENS[of_row[:, 3]]
            rating = (rating * tenth + rest[0]) / tenth
        table[done : (done := done + len(user))] = np.stack([user, item, rating, rest[-1]], 1)
        start = end
    return table


def _add(films: Films, id_: str, title: str, genres: tuple[str, ...]) -> None:
    if int(id_) in films:
        raise DamagedFile(f"film {id_} is in it twice")
    films[int(id_)] = (title, genres)


def _films_csv(text: str) -> Films:
    films: Films = {}
    rows = csv.reader(io.StringIO(text), strict=True)
    if next(rows, None) != ["movieId", "title", "genres"]:
        raise DamagedFile("its first line is not movieId,title,genres")
    for row in filter(None, rows):
        if len(row) != 3:
            raise DamagedFile(f"line {rows.line_num} has {len(row)} fields, not 3")
        _add(films, row[0], row[1], tuple(row[2].split("|")))
    return films


def _films_1m(text: str) -> Films:
    films: Films = {}
    for line in filter(None, text.split("\n")):  # splitlines would cut at Latin-1's \x85 too
        id_, title, genres = line.strip().split("::")
        _add(films, id_, title, tuple(genres.replace("Children's", "Children").split("|")))
    return films


def _films_100k(text: str) -> Films:
    films: Films = {}
    for line in filter(None, text.split("\n")):  # splitlines would cut at Latin-1's \x85 too
        id_, title, _, _, _, *flags = line.strip().split("|")
        if not {*flags} <= {"0", "1"}:
            raise DamagedFile(f"the genres of film {id_} are {'|'.join(flags)}")
        _add(films, id_, title, tuple(genre for genre, flag in zip(GENRES_100K, flags, strict=True) if flag == "1"))
    return films
