"""Mutated inputs for every reader: each ends in a right object or in an error of ours, soon, and without much memory.

An input is made from its kind, its number and the seed alone, so that it can be made again:
`python -m benchmarks.fuzz KIND NUMBER` shows what one of them does. An error is ours where it is raised in
recwidgets and is a ValueError (or OSError); what comes from a library underneath, with its words, is a fault.
"""

from __future__ import annotations

import importlib
import io
import json
import math
import os
import random
import signal
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .options import Options
from .report import Row
from .usage import peak_mb

EACH = 10_000
PATIENCE = 10  # seconds that one input may take
MEMORY = 500.0  # MB that the peak of memory may grow by
Dice = random.Random


class Kind(NamedTuple):
    """make: an input. ask: what is done with it; returns for a right object, asserts that it is one."""

    make: Callable[[Dice], Any]
    ask: Callable[[Any], None]


# -- mutations --------------------------------------------------------------------------------------------

ODD = [
    b"", b"\0", b"\n", b"\r", b"\t", b",", b"|", b'"', b"::", b"nan", b"Infinity", b"-1", b"0.5", b"1e999",
    b"99999999999", b"4294967296", b"18446744073709551616", b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", b"[", b"{",
    b'"\\ud800"', b"null", b"true", b"[]", b"{}", b"1_0", b"0x10", b" ", b"-", b"1e308", b"\xe2\x80\xae",
]  # fmt: skip


def bytes_like(whole: bytes, dice: Dice) -> bytes:
    """One to four changes: bytes turned, taken out, put in, doubled, swapped, cut off."""
    content = bytearray(whole)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(content) + 1)
        size = dice.choice((1, 2, 8, 64, 512))
        act = dice.randrange(7)
        if act == 0 and at < len(content):
            content[at] ^= 1 << dice.randrange(8)
        elif act == 1:
            del content[at : at + size]
        elif act == 2:
            content[at:at] = dice.choice(ODD) * dice.choice((1, 1, 1, 2, 1000))
        elif act == 3:
            content[at : at + size] = dice.choice(ODD)
        elif act == 4:
            content[at:at] = content[max(0, at - size) : at]
        elif act == 5:
            content[at : at + size] = bytes(dice.randrange(256) for _ in range(min(size, len(content) - at)))
        elif act == 6 and dice.random() < 0.3:
            del content[at:]
    return bytes(content)


VALUES: list[Any] = [
    None, True, 0, 1, -1, 0.5, 2**32, 2**63, 10**400, 1e308, float("inf"), float("nan"), "", "x", "\0", "\ud800", "7",
    "1e5", "=1+1", "<b>", "x" * 5000, [], [1], [[]], {}, {"a": 1}, ["gnn"], -(2**63), "\u202e", "../../x",
]  # fmt: skip


def json_like(whole: Any, dice: Dice) -> Any:
    """The same with one value, key or entry other, at a place at random."""
    if isinstance(whole, dict) and whole and dice.random() < 0.9:
        found, key = dict(whole), dice.choice(list(whole))
        act = dice.randrange(6)
        if act == 0:
            del found[key]
        elif act == 1:
            found[dice.choice(["x", "format", "checksum", "epoch", "user", ""])] = dice.choice(VALUES)
        else:
            found[key] = json_like(found[key], dice)
        return found
    if isinstance(whole, list) and whole and dice.random() < 0.9:
        items, at = list(whole), dice.randrange(len(whole))
        act = dice.randrange(4)
        if act == 0:
            del items[at]
        elif act == 1:
            items[at:at] = [dice.choice(VALUES)] * dice.choice((1, 1000))
        else:
            items[at] = json_like(items[at], dice)
        return items
    return dice.choice(VALUES)


def json_text(whole: Mapping[str, Any], dice: Dice) -> bytes:
    """Half of them as text, half as values."""
    if dice.random() < 0.5:
        return bytes_like(json.dumps(whole, indent=1).encode(), dice)
    if dice.random() < 0.02:
        return dice.choice([b"[", b'{"a":', b"[[],"]) * 100_000
    return json.dumps(json_like(whole, dice)).encode("utf-8", "surrogatepass")


def array_like(array: Any, dice: Dice) -> Any:
    """Another type, shape or value."""
    act = dice.randrange(8)
    if act == 0:
        kind = dice.choice(["f8", "i8", "u1", "f2", "U3", "?", "c8", "S4", "M8[s]"])
        return np.zeros(array.shape, kind) if array.dtype.kind == "U" else array.astype(kind)
    if act == 1:
        return array[: dice.randrange(array.shape[0] + 1)] if array.ndim else array
    if act == 2:
        return array[..., None]
    if act == 3:
        return array.reshape(-1)[0] if array.size else array
    if act == 4:
        return np.zeros(dice.choice([(0,), (0, 0), (3, 1 << 20), (1, 1, 1)]), dice.choice(["f4", "u1", "i4"]))
    if act == 5:
        return np.concatenate([array, array]) if array.ndim else array
    if array.dtype.kind == "U":
        return np.array(["", "x" * 300, *array.tolist()])[: len(array)]
    changed = array.astype(dice.choice([array.dtype, np.dtype("f8"), np.dtype("i8")]))
    if changed.size:
        value = dice.choice([-1, 0, 1, 255, 2**31, 2**40, math.nan, math.inf, 0.9, 1e38])
        with np.errstate(all="ignore"):
            changed.reshape(-1)[dice.randrange(changed.size)] = np.array(value).astype(changed.dtype)
    return changed


def npz_like(about: Mapping[str, Any], arrays: Mapping[str, Any], whole: bytes, dice: Dice) -> bytes:
    """A third each: bytes of the file, what it says about itself, its arrays; the last two in a sound archive."""
    act = dice.randrange(3)
    if act == 0:
        return bytes_like(whole, dice) if dice.random() < 0.5 else _directory_like(whole, dice)
    told, held = dict(about), dict(arrays)
    if act == 1:
        told = json_like(told, dice)
    else:
        name = dice.choice(list(held))
        what = dice.randrange(5)
        if what == 0:
            del held[name]
        elif what == 1:
            held[dice.choice(["x", "data/x", "snapshot/x", "1/x/q", "../../x", ""])] = held[name]
        else:
            held[name] = array_like(held[name], dice)
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.savez_compressed(out, about=np.array(json.dumps(told)), **held)
    return out.getvalue()


def _directory_like(whole: bytes, dice: Dice) -> bytes:
    """A number in the archive's directory, or in the head of a member, is another."""
    content, signature = bytearray(whole), dice.choice([b"PK\1\2", b"PK\3\4", b"PK\5\6", b"\x93NUMPY"])
    places = [at for at in range(len(content)) if content.startswith(signature, at)]
    if places:
        at = dice.choice(places) + 4 + dice.randrange(42)
        size = dice.choice((1, 2, 4))
        content[at : at + size] = dice.choice([0, 1, 255, 2**16 - 1, 2**31, 2**32 - 1]).to_bytes(4, "little")[:size]
    return bytes(content)


# -- kinds ------------------------------------------------------------------------------------------------


def _trained() -> tuple[Any, Any]:
    import recwidgets as rw
    from recwidgets.data import planted

    made = rw.KNN(seed=0, dim=4, epochs=1, backend="numpy")
    return made, rw.fit(made, planted(n_users=40, n_items=60).data, progress=False)


def _sound(model: Any) -> None:
    """It answers: with a finite score for each film, and its data are whole."""
    data = model.data
    assert len(data.user) == len(data.item) == len(data.rating) == len(data.time)
    for user in data.users[:2].tolist():
        scores = model.scores(user)
        assert scores.shape == (data.n_items,) and np.isfinite(scores).all(), f"the scores of {user!r:.40}"


def model(folder: Path) -> Kind:
    import recwidgets as rw
    from recwidgets._files import read_arrays

    made, _ = _trained()
    place = folder / "model.npz"
    made.save(place)
    whole, parts = place.read_bytes(), read_arrays(place)

    def ask(content: bytes) -> None:
        place.write_bytes(content)
        _sound(rw.load_model(place))

    return Kind(lambda dice: npz_like(*parts, whole, dice), ask)


def epochs(folder: Path) -> Kind:
    from recwidgets import pretrained
    from recwidgets._files import read_arrays

    pretrained.EXACT = 16  # arrays as small as these are rounded, too
    made, history = _trained()
    place = folder / "knn.npz"
    pretrained.save_pretrained(place, made, history, [1])
    whole, parts = place.read_bytes(), read_arrays(place)

    def ask(content: bytes) -> None:
        place.write_bytes(content)
        _sound(pretrained._read(place, "knn", made.data)[0])

    return Kind(lambda dice: npz_like(*parts, whole, dice), ask)


def cache(folder: Path) -> Kind:
    """A data set's, and the one of how long the first training takes: what cannot be read is made again."""
    from recwidgets._files import read_arrays, write_json
    from recwidgets.data import Interactions
    from recwidgets.data.cache import read_cache, write_cache
    from recwidgets.panel import waiting

    os.environ["RECWIDGETS_CACHE"] = str(folder)
    place, (made, _) = folder / "recwidgets-100k.npz", _trained()
    write_cache(made.data, place)
    whole, parts = place.read_bytes(), read_arrays(place)
    write_json(waiting.memory(), {"seconds": 7.5}, waiting.FORMAT)
    told = json.loads(waiting.memory().read_text(encoding="utf-8"))

    def make(dice: Dice) -> tuple[Path, bytes]:
        if dice.random() < 0.2:
            return waiting.memory(), json_text(told, dice)
        return place, npz_like(*parts, whole, dice)

    def ask(given: tuple[Path, bytes]) -> None:
        given[0].write_bytes(given[1])
        if given[0] == place:
            found = read_cache(place, "100k")
            assert found is None or isinstance(found, Interactions)
        else:
            seconds = waiting.last_time()
            assert seconds is None or 0 < seconds <= waiting.LONGEST

    return Kind(make, ask)


def state(folder: Path) -> Kind:
    import recwidgets as rw
    from recwidgets.panel import effects
    from recwidgets.panel.state import State

    made, history = _trained()
    panel = rw.Panel(made.data, model=made, history=history)
    place, parts = folder / "state.json", panel._ready()
    world, training, start = parts.world, parts.trainer.training, panel.state
    panel.edit(made.data.items[:3].tolist())
    told = effects.told(panel)
    panel.close()

    def ask(content: bytes) -> None:
        place.write_bytes(content)
        found, kept = effects.from_file(world, training, start, start, place)
        assert isinstance(found, State) and kept is not None
        assert found.message is not None or place.exists(), "a file that is put aside is said"
        if not place.exists():
            (aside,) = folder.glob("state.damaged-*")
            assert aside.read_bytes() == content
            aside.unlink()

    return Kind(lambda dice: json_text({"format": 2, **told}, dice), ask)


def progress(folder: Path) -> Kind:
    from recwidgets.teach import progressfile

    place = folder / "progress.json"
    os.environ["RECWIDGETS_PROGRESS"] = str(place)
    progressfile.update("exercises", "gnn-1", tries=2, depth=1, done=True)
    progressfile.update("guesses", "pie", score=0.5)
    told = json.loads(place.read_text(encoding="utf-8"))
    del told["checksum"]

    def ask(content: bytes) -> None:
        place.write_bytes(content)
        before, wrong = progressfile.read()
        assert bool(wrong) == (not place.exists()), "a file that is put aside is said"
        assert progressfile.update("exercises", "knn-1", done=True) == ""
        after, _ = progressfile.read()
        assert after["exercises"]["knn-1"]["done"]
        assert before["exercises"].keys() - {"knn-1"} <= after["exercises"].keys()
        for aside in folder.glob("progress.damaged-*"):
            assert aside.read_bytes() == content
            aside.unlink()

    return Kind(lambda dice: json_text(told, dice), ask)


RATED = [
    (user, item, 1 + (user * item) % 5, 880_000_000 + user)
    for user in range(1, 9)
    for item in range(1, 12)
    if user != item
]


def archive(folder: Path) -> Kind:
    """A zip of ML-100K's six files, whose sums are those of these made-up ones."""
    from recwidgets.data import archive as archives

    files = {name: random.Random(name).randbytes(400) for name in archives.ML100K_FILES}
    archives.ML100K_FILES = {name: archives.hashlib.sha256(files[name]).hexdigest() for name in files}
    place, out = folder / "ml-100k.zip", io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in files.items():
            zipped.writestr(f"ml-100k/{name}", content)
    whole = out.getvalue()

    def make(dice: Dice) -> bytes:
        return bytes_like(whole, dice) if dice.random() < 0.5 else _directory_like(whole, dice)

    def ask(content: bytes) -> None:
        place.write_bytes(content)
        found = archives.checked_zip(place, "100k")
        assert isinstance(found, bytes)
        with zipfile.ZipFile(io.BytesIO(found)) as zipped:
            assert {name: zipped.read(f"ml-100k/{name}") for name in files} == files

    return Kind(make, ask)


def _text_kind(name: str, ratings: str, films: str, sep: str, header: str, film_lines: list[str], which: str) -> Kind:
    """One of the two files of a MovieLens is mutated; the object must have each of its rows."""
    from recwidgets.data.parse import read_zip

    coding = "latin-1" if name == "100k" else "utf-8"
    rated = (header + "".join(sep.join(map(str, row)) + "\n" for row in RATED)).encode()
    filmed = "".join(film_lines).encode(coding)

    def make(dice: Dice) -> tuple[bytes, bytes]:
        return (bytes_like(rated, dice), filmed) if which == ratings else (rated, bytes_like(filmed, dice))

    def ask(given: tuple[bytes, bytes]) -> None:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as zipped:
            for file, content in zip((ratings, films), given, strict=True):
                zipped.writestr(f"ml-{name}/{file}", content)
        data = read_zip(out, name)
        body = given[0].partition(b"\n")[2] if header else given[0]
        rows = [line.split(sep) for line in body.decode("latin-1").replace("\r", "\n").split("\n") if line.strip()]
        numbers = [[float(cell) for cell in row] for row in rows]
        assert len(data) == len(numbers), f"{len(numbers)} rows became {len(data)}"
        found = [data.users[data.user], data.items[data.item], data.rating, data.time]
        for column, values in enumerate(found):
            wanted = np.array([row[column] for row in numbers], np.float32 if column == 2 else np.float64)
            assert np.array_equal(values.astype(wanted.dtype), wanted), f"column {column}"
        assert len(data.titles) == len(data.genres) == data.n_items

    return Kind(make, ask)


FLAGS = "|".join("01000100000000000000"[:19])
ITEMS = [f"{n}|Film é{n} (1990)|01-Jan-1990||http://x/{n}|{FLAGS}\n" for n in range(1, 12)]
MOVIES = ["movieId,title,genres\n"] + [f'{n},"Élan, {n} (1990)",Action|Comedy\n' for n in range(1, 12)]
HEADER = "userId,movieId,rating,timestamp\n"


def u_data(folder: Path) -> Kind:
    return _text_kind("100k", "u.data", "u.item", "\t", "", ITEMS, "u.data")


def u_item(folder: Path) -> Kind:
    return _text_kind("100k", "u.data", "u.item", "\t", "", ITEMS, "u.item")


def table_csv(folder: Path) -> Kind:
    """ratings.csv and movies.csv in turn."""
    kinds = [
        _text_kind("20m", "ratings.csv", "movies.csv", ",", HEADER, MOVIES, which)
        for which in ("ratings.csv", "movies.csv")
    ]

    def make(dice: Dice) -> tuple[int, Any]:
        n = dice.randrange(2)
        return n, kinds[n].make(dice)

    return Kind(make, lambda given: kinds[given[0]].ask(given[1]))


# -- tables -----------------------------------------------------------------------------------------------


def _cells(n: int, dice: Dice) -> Any:
    """A column at random: numbers or text of many types, some of its cells odd."""
    import datetime as dt

    small = [dice.randrange(6) for _ in range(n)]
    kinds: list[Callable[[], Any]] = [
        lambda: small,
        lambda: [str(value) for value in small],
        lambda: [float(value) for value in small],
        lambda: [value + 0.5 for value in small],
        lambda: np.array(
            small, dice.choice(["i1", "u8", "f2", "f4", "f8", "?", "U2", "S2", "M8[s]", "M8[ns]", "m8[s]"])
        ),
        lambda: [dice.choice([None, "a", 1, 1.0, b"1", "1", math.nan]) for _ in range(n)],
        lambda: [dice.choice([10**18, 10**19, 10**30, 1e19, 1e20, 2.0**53]) for _ in range(n)],
        lambda: [dt.datetime(2020, 1, 1 + value) for value in small],
        lambda: [dt.date(2020, 1, 1 + value) for value in small],
        lambda: [880_000_000 * 10 ** dice.choice([0, 3, 6, 9]) + value for value in small],
        lambda: [["A", "B"][: value % 3] for value in small],
        lambda: "text",
        lambda: None,
        lambda: [],
        lambda: np.zeros((n, 2)),
    ]
    column = dice.choice(kinds[:4] * 3 + kinds)()
    if isinstance(column, list) and column and dice.random() < 0.3:
        column = list(column)
        column[dice.randrange(len(column))] = dice.choice(VALUES)
    return column


PLAIN: dict[str, Callable[[int, Dice], Any]] = {
    "user": lambda n, dice: [dice.randrange(4) for _ in range(n)],
    "item": lambda n, dice: [str(i) for i in range(n)],
    "rating": lambda n, dice: [dice.randrange(1, 11) / 2 for _ in range(n)],
    "time": lambda n, dice: [880_000_000 + dice.randrange(9) for _ in range(n)],
    "title": lambda n, dice: [dice.choice([f"Film {i}", None]) for i in range(n)],
    "genres": lambda n, dice: [dice.choice(["A|B", "A", "", None]) for _ in range(n)],
    "userId": lambda n, dice: [dice.randrange(4) for _ in range(n)],
    "item_id:token": lambda n, dice: [f"i{i}" for i in range(n)],
    "timestamp": lambda n, dice: [880_000_000.5 + i for i in range(n)],
    "plays": lambda n, dice: [dice.randrange(100) for _ in range(n)],
}


def _framed(table: dict[str, Any], dice: Dice) -> Any:
    """As a frame of some library, where it makes one of it."""
    try:
        library = importlib.import_module(dice.choice(["pandas", "polars", "pyarrow"]))
        made = library.table(table) if hasattr(library, "table") else library.DataFrame(table)
    except Exception:  # what it makes no frame of
        return dice.choice([table, table, list(table.items())])
    return made.lazy() if hasattr(made, "lazy") and dice.random() < 0.5 else made


def frame(folder: Path) -> Kind:
    import recwidgets as rw

    def make(dice: Dice) -> tuple[Any, dict[str, Any], dict[str, Any]]:
        n = dice.choice([0, 2, 5, 20, 20])
        table = {name: PLAIN[name](n, dice) for name in ("user", "item")}
        if dice.random() < 0.2:
            del table[dice.choice(["user", "item"])]
        for name in dice.sample(list(PLAIN), dice.randint(0, 4)):
            table[name] = _cells(n, dice) if dice.random() < 0.3 else PLAIN[name](n, dice)
        options: dict[str, Any] = {"duplicates": dice.choice(["error", "first", "last", "sum"])}
        if dice.random() < 0.2:
            option = dice.choice(["user", "title", "rating", "time", "genres", "genres_sep"])
            options[option] = dice.choice([*PLAIN, None, ""])
        return _framed(table, dice) if dice.random() < 0.6 else table, table, options

    def ask(given: tuple[Any, dict[str, Any], dict[str, Any]]) -> None:
        df, table, options = given
        data = rw.Interactions.from_frame(df, **options)
        column = options.get("user", "user")
        column = column if column in table else "userId"
        rows = len(table[column])
        if options["duplicates"] == "error":
            assert len(data) == rows, f"{rows} rows became {len(data)}"
            assert data.users[data.user].tolist() == [_as_id(value) for value in table[column]]
        elif options["duplicates"] == "sum" and not data.has_times:
            assert "rating" in {*table, *options} or data.rating.sum() == rows, "each row counts once"
        assert np.isfinite(data.rating).all() and len(data.titles) == data.n_items == len(data.genres)
        assert len({*data.users.tolist()}) == data.n_users

    return Kind(make, ask)


def _as_id(value: Any) -> str:
    value = value.decode() if isinstance(value, bytes) else value
    return str(int(value)) if isinstance(value, (float, np.floating)) and float(value).is_integer() else str(value)


# -- running ----------------------------------------------------------------------------------------------

KINDS: dict[str, tuple[str, Callable[[Path], Kind]]] = {
    "zip": ("a zip of MovieLens 100K", archive),
    "csv": ("ratings.csv, movies.csv", table_csv),
    "u.data": ("u.data", u_data),
    "u.item": ("u.item", u_item),
    "model": ("a saved model (.npz)", model),
    "epochs": ("the epochs of a trained model (.npz)", epochs),
    "state": ("a panel's state", state),
    "progress": ("a learner's progress", progress),
    "cache": ("caches", cache),
    "frame": ("tables for from_frame", frame),
}


class Hang(BaseException):
    """Not an Exception: nothing that is tried may catch it."""


def _is_ours(error: BaseException) -> bool:
    """Raised in recwidgets, in words of ours."""
    frames = traceback.extract_tb(error.__traceback__)
    return isinstance(error, (ValueError, OSError)) and f"{os.sep}recwidgets{os.sep}" in frames[-1].filename


def _dice(name: str, number: int, seed: int) -> Dice:
    return random.Random(f"{name} {seed} {number}")


def fuzzed(name: str, times: int = EACH, seed: int = 0) -> dict[str, Any]:
    """Ask `times` inputs of a kind; {"inputs", "right", "refused", "faults": […], "slowest": s, "grown": MB}."""
    counts, faults, slowest = {"inputs": times, "right": 0, "refused": 0}, [], 0.0
    with tempfile.TemporaryDirectory(prefix="recwidgets-fuzz-") as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        kind = KINDS[name][1](Path(place))
        before = peak_mb()
        for number in range(times):
            given, begin = kind.make(_dice(name, number, seed)), time.perf_counter()
            said = _asked(kind, given)
            slowest = max(slowest, time.perf_counter() - begin)
            grown = peak_mb() - before
            if grown > MEMORY:
                said, before = f"the peak of memory grew by {grown:.0f} MB", peak_mb()
            if said in counts:
                counts[said] += 1
            else:
                faults.append(f"{name} {number}: {said}")
    return counts | {"faults": faults, "slowest": slowest, "grown": peak_mb() - before}


def _asked(kind: Kind, given: Any) -> str:
    """ "right", "refused", or what is wrong."""
    at_most = getattr(signal, "setitimer", None)
    if at_most:
        signal.signal(signal.SIGALRM, _hang)
        at_most(signal.ITIMER_REAL, PATIENCE)
    try:
        kind.ask(given)
    except Exception as error:
        if _is_ours(error):
            return "refused"
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"{type(error).__name__}: {error!s:.200} ({Path(where.filename).name}:{where.lineno})"
    except Hang:
        return f"it takes more than {PATIENCE} s"
    finally:
        if at_most:
            at_most(signal.ITIMER_REAL, 0)
    return "right"


def _hang(*_: Any) -> None:
    raise Hang


def part(name: str, options: Options) -> dict[str, Any]:
    return fuzzed(name, 300 if options.quick else EACH)


PARTS = {name: partial(part, name) for name in KINDS}


def rows(done: Mapping[str, Any]) -> list[Row]:
    out = []
    for name, found in done.items():
        if "inputs" in found:
            wrong = len(found["faults"])
            note = (
                f"{found['right']:,} right, {found['refused']:,} refused; the slowest took {found['slowest']:.2f} s, "
                f"memory grew by {max(found['grown'], 0):.0f} MB"
            )
            measured = f"{wrong} of {found['inputs']:,}" + (f": {found['faults'][0]}" if wrong else "")
            out.append(Row(f"{KINDS[name][0]}, mutated: wrong, or failing otherwise", "0", measured, not wrong, note))
    return out


def main(arguments: list[str]) -> None:
    name, number = arguments[0], int(arguments[1])
    with tempfile.TemporaryDirectory() as place:
        kind = KINDS[name][1](Path(place))
        given = kind.make(_dice(name, number, int(arguments[2]) if len(arguments) > 2 else 0))
        print(f"{given!r:.3000}", file=sys.stderr)
        kind.ask(given)


if __name__ == "__main__":
    main(sys.argv[1:])
