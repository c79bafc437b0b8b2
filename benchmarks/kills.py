"""Writers killed while they write: each file must be the old one or the new one, and nothing may stay beside it.

A child writes versions 1, 2, 3, … of a file in a loop and tells when one is done; it is killed at a random moment, and
what then stands in the file must be the last version that was told or the next one.
"""

from __future__ import annotations

import dataclasses
import os
import random
import signal
import struct
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .options import Missing, Options
from .report import Row

TIMES = 200
SLOWEST = 0.05  # seconds that are waited at most before a kill


class Kind(NamedTuple):
    """write: version n. read: the version that is in the file; raises for one that is not whole. files: how many."""

    write: Callable[[int], object]
    read: Callable[[], int]
    files: int = 1


def state(folder: Path) -> Kind:
    from recwidgets.panel import files

    place, edited = folder / "state.json", {"you": [str(item) for item in range(500)]}
    return Kind(
        lambda n: files.write_state(place, {"user": str(n), "edited": edited}),
        lambda: int(files.read_state(place)["user"]),
    )


def progress(folder: Path) -> Kind:
    from recwidgets.teach import progressfile

    os.environ["RECWIDGETS_PROGRESS"] = str(folder / "progress.json")

    def read() -> int:
        told, wrong = progressfile.read()
        if wrong:
            raise ValueError(wrong)
        return int(told["exercises"]["gnn-1"]["tries"])

    return Kind(lambda n: progressfile.update("exercises", "gnn-1", tries=n), read)


def model(folder: Path) -> Kind:
    import recwidgets as rw

    made, _ = _trained()

    def write(n: int) -> None:
        made.seed = n
        made.save(folder / "model.npz")

    return Kind(write, lambda: int(rw.load_model(folder / "model.npz").seed))


def epochs(folder: Path) -> Kind:
    from recwidgets import pretrained
    from recwidgets._files import read_directory

    made, history = _trained()
    place = folder / "knn.npz"

    def write(n: int) -> None:
        made.seed = n
        pretrained.save_pretrained(place, made, history, [1])

    def read() -> int:
        found, _ = pretrained._read(place, "knn", made.data)
        assert np.isfinite(found.scores(made.data.users[0])).all()  # reads the arrays
        return int(read_directory(place)[0]["settings"]["seed"])

    return Kind(write, read)


def cache(folder: Path) -> Kind:
    from recwidgets.data.cache import read_cache, write_cache

    place, (made, _) = folder / "recwidgets-100k.npz", _trained()
    data = made.data

    def write(n: int) -> None:
        write_cache(dataclasses.replace(data, time=np.full(len(data), n)), place)

    def read() -> int:
        found = read_cache(place, "100k")
        if found is None:
            raise ValueError("it would be made again")
        (version,) = set(found.time.tolist())
        return int(version)

    return Kind(write, read)


def export(folder: Path) -> Kind:
    from recwidgets.answer import answer
    from recwidgets.core import person_of
    from recwidgets.panel import files

    made, _ = _trained()
    users, wanted = made.data.users.tolist(), {}
    answers = [answer(made, made.data, person_of(made.data, user), made.data.take([])) for user in users]
    for n, one in enumerate(answers):
        files.write_recommendations(folder / "one.csv", one)
        wanted[(folder / "one.csv").read_bytes()] = n
    (folder / "one.csv").unlink()
    place, turns = folder / "recommendations.csv", len(wanted)
    last = [0]

    def write(n: int) -> None:
        files.write_recommendations(place, answers[n % turns])

    def read() -> int:  # the version is known up to a whole turn through the users
        found = wanted[place.read_bytes()]
        last[0] += (found - last[0]) % turns
        return last[0]

    return Kind(write, read)


def _trained() -> tuple[Any, Any]:
    import recwidgets as rw
    from recwidgets.data import planted

    made = rw.KNN(seed=0, dim=8, epochs=1, backend="numpy")
    return made, rw.fit(made, planted(n_users=60, n_items=80).data, progress=False)


KINDS: dict[str, tuple[str, Callable[[Path], Kind]]] = {
    "state": ("a panel's state", state),
    "progress": ("a learner's progress", progress),
    "model": ("a model", model),
    "epochs": ("the epochs of a trained model", epochs),
    "cache": ("a data set's cache", cache),
    "export": ("an exported list", export),
}


def killed(kind_of: Callable[[Path], Kind], times: int = TIMES, seed: int = 0) -> dict[str, int]:
    """Kill a writer of such a kind so many times; how often it was within a write, and what was wrong afterwards."""
    dice, counts = random.Random(seed), dict.fromkeys(("within", "half", "lost", "litter"), 0)
    with tempfile.TemporaryDirectory(prefix="recwidgets-kills-") as place:
        folder = Path(place)
        kind = kind_of(folder)
        begin = time.perf_counter()
        kind.write(0)
        span = min(3 * (time.perf_counter() - begin), SLOWEST)
        for _ in range(times):
            told = _write_until_killed(kind, kind.read() + 1, dice.random() * span)
            counts["within"] += len(os.listdir(folder)) > kind.files
            try:
                counts["lost"] += kind.read() not in (told, told + 1)
            except Exception:  # whatever a reader says of a file that is not whole
                counts["half"] += 1
                kind.write(told)
        kind.write(told + 1)
        counts["litter"] = len(os.listdir(folder)) - kind.files
    return {"kills": times, **counts}


def _write_until_killed(kind: Kind, first: int, wait: float) -> int:
    """The last version that the writer said was done."""
    end, begin = os.pipe()
    child = os.fork()
    if not child:
        try:
            for n in range(first, 1 << 62):
                kind.write(n)
                os.write(begin, struct.pack("<q", n))
        finally:
            os._exit(1)
    os.close(begin)
    with open(end, "rb") as file:
        told = file.read(8)  # the first is whole: the child is at work
        time.sleep(wait)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        told += file.read()
    return int(struct.unpack(f"<{len(told) // 8}q", told)[-1])


def part(name: str, options: Options) -> dict[str, Any]:
    if not hasattr(os, "fork"):
        raise Missing("this system has no fork: a writer that is killed would take seconds to start")
    return killed(KINDS[name][1], 20 if options.quick else TIMES)


PARTS = {name: partial(part, name) for name in KINDS}


def rows(done: Mapping[str, Any]) -> list[Row]:
    out = []
    for name, found in done.items():
        if "kills" in found:
            wrong = {key: found[key] for key in ("half", "lost", "litter")}
            note = f"{found['within']} of {found['kills']} kills fell within a write"
            said = ", ".join(f"{count} {key}" for key, count in wrong.items())
            out.append(Row(f"{KINDS[name][0]}, writer killed", "all 0", said, not any(wrong.values()), note))
    return out
