"""MovieLens 100K and the independent evaluator: both are the user's own, neither is in the repository."""

from __future__ import annotations

import functools
import importlib.util
import os
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

import recwidgets as rw

from .options import Missing

ROOT = Path(__file__).resolve().parents[1]


@functools.cache
def evaluator() -> Any:
    """The module evalbench. Raises Missing where it is not found."""
    folder = Path(os.environ.get("RECWIDGETS_BENCH", ROOT.parent / "shared" / "bench"))
    path = folder / "evalbench.py"
    if not path.is_file():
        raise Missing("needs the evaluator: set RECWIDGETS_BENCH to the folder that holds evalbench.py")
    spec = importlib.util.spec_from_file_location("evalbench", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.cache
def folder() -> str:
    """The unpacked files. Raises Missing where RECWIDGETS_ML100K names none."""
    place = os.environ.get("RECWIDGETS_ML100K")
    if not place or not Path(place).exists():
        raise Missing("needs MovieLens 100K: pass --data FOLDER_OR_ZIP, or set RECWIDGETS_ML100K")
    if Path(place).is_dir():
        return place
    unpacked = Path(tempfile.mkdtemp(prefix="recwidgets-bench-"))
    with zipfile.ZipFile(place) as archive:
        for name in archive.namelist():
            if Path(name).name in ("u.data", "u.item"):
                (unpacked / Path(name).name).write_bytes(archive.read(name))
    return str(unpacked)


@functools.cache
def ml100k() -> rw.Interactions:
    """MovieLens 100K as the package loads it."""
    folder()
    return rw.load_movielens("100k", archive=os.environ["RECWIDGETS_ML100K"], progress=False)


@functools.cache
def table() -> Any:
    """The evaluator's own reading of u.data; its rows are the package's rows, one by one."""
    data, read = ml100k(), evaluator().load(folder())
    for ids, column in ((data.users[data.user], "user"), (data.items[data.item], "item")):
        if not (ids.astype(np.int64) - 1 == read[column]).all():
            raise ValueError(f"the {column} column of the package must be that of u.data, row by row; it is not")
    return read


def rows_of(protocol: str) -> tuple[Any, Any]:
    """The evaluator's train and test rows."""
    train, test = evaluator().split(table(), protocol)
    return train, test


def parts_of(protocol: str) -> tuple[rw.Interactions, rw.Interactions]:
    """The same rows as Interactions."""
    train, test = rows_of(protocol)
    return ml100k().take(train), ml100k().take(test)


def further_split(seed: int) -> rw.Split:
    """75/25 at random, stratified by film: p1's rule with another seed."""
    keep = evaluator().stratified_by(table()["item"], 0.75, seed)
    data = ml100k()
    train, test = data.take(np.flatnonzero(keep)), data.take(np.flatnonzero(~keep))
    return rw.Split(train, data.take([]), test, "random", seed, None)


def raw_lists(index: Any) -> Any:
    """Item indices, best first (n_users, n) -> raw ids by raw user id, as the evaluator reads them; 0 = padding."""
    data = ml100k()
    ids = np.where(index >= 0, data.items.astype(np.int64)[index], 0)
    out = np.zeros_like(ids)
    out[data.users.astype(np.int64) - 1] = ids
    return out


def everything_ranked(model: Any, train: rw.Interactions) -> Any:
    """The whole catalogue for every user, seen films kept: the evaluator itself drops what must be dropped."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        return raw_lists(rw.recommend_all(model, train, k=train.n_items, seen=True))


def score(protocol: str, lists: Any) -> dict[str, float]:
    """The evaluator's numbers for raw lists."""
    found: dict[str, float] = evaluator().score(table(), protocol, lists, folder())
    return found
