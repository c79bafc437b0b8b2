"""Models as .npz files: what is in one, and the check that it fits its model before an array is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .._files import DamagedFile, Member, not_ours, read_arrays, read_directory, read_members, write_arrays
from ..core import Snapshot
from ..data import Interactions
from ..data._arrays import fixed

FORMAT = 2  # 2: the GNN has "films_liked", the KNN no "turn"
KINDS = {"user": "iu", "item": "iu", "rating": "f", "time": "iu", "users": "U", "items": "U", "titles": "U"}
TEXTS = ("users", "items", "titles")  # also as JSON in bytes: one long title would make a numpy array of text huge

__all__ = ["FORMAT", "not_ours", "read_arrays", "read_directory", "read_members", "save_model", "write_arrays"]


def save_model(model: Any, path: Any) -> None:
    """Write a trained model and its training interactions to one .npz (no pickle)."""
    data: Interactions = model.data
    about = {
        "format": FORMAT,
        "model": model.name,
        "settings": model.settings(),
        "trained": model.trained,
        "data": data.name,
        "genres": ["|".join(genres) for genres in data.genres],
        "has": [data.has_ratings, data.has_times],
    }
    arrays = {f"snapshot/{name}": array for name, array in model.snapshot.arrays.items()}
    for name in KINDS:
        values = getattr(data, name)
        arrays[f"data/{name}"] = _packed(values.tolist()) if name in TEXTS else values
    write_arrays(Path(path), about, arrays)


def _packed(texts: list[str]) -> Any:
    return np.frombuffer(json.dumps(texts).encode(), np.uint8)


def _texts(name: str, array: Any) -> Any:
    """Text as it was packed, or as an older file has it."""
    if array.dtype != np.uint8:
        return array
    texts = json.loads(array.tobytes())
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise DamagedFile(f"data/{name} is no list of texts")
    return fixed(texts, name)


def check_file(about: Mapping[str, Any], members: Mapping[str, Member]) -> None:
    """Raise DamagedFile where what a model's file holds cannot be a trained model; told by its directory alone."""
    genres, has = about["genres"], about["has"]
    if not isinstance(genres, list) or not all(isinstance(text, str) for text in genres):
        raise DamagedFile("genres must be texts")
    if not isinstance(about["data"], str) or not isinstance(about["settings"], dict):
        raise DamagedFile("data must be a name, settings a table")
    if not isinstance(has, list) or len(has) != 2 or not all(answer in (True, False) for answer in has):
        raise DamagedFile(f"has must be two answers, it is {has!r:.80}")
    if not isinstance(about.get("trained", {}), dict):
        raise DamagedFile("trained must be a table")
    for name, member in members.items():
        room, _, column = name.partition("/")
        if room not in ("data", "snapshot") or not column or (room == "data" and column not in KINDS):
            raise DamagedFile(f"{name!r} is not known")
        if room == "data":
            packed = column in TEXTS and member.dtype == np.uint8
            if len(member.shape) != 1 or not (packed or member.dtype.kind in KINDS[column]):
                raise DamagedFile(f"{name!r} is {member.dtype} of shape {member.shape}")
    missing = [column for column in KINDS if f"data/{column}" not in members]
    if missing or not any(name.startswith("snapshot/") for name in members):
        raise DamagedFile(f"it holds no {f'data/{missing[0]}' if missing else 'snapshot'}")


def data_of(about: Mapping[str, Any], arrays: Mapping[str, Any]) -> Interactions:
    """The interactions of a file that `check_file` let through. Raises ValueError where the columns do not fit."""
    columns = {name: arrays[f"data/{name}"] for name in KINDS}
    columns |= {name: _texts(name, columns[name]) for name in TEXTS}
    genres = tuple(tuple(text.split("|")) if text else () for text in about["genres"])
    has_ratings, has_times = map(bool, about["has"])
    return Interactions(**columns, genres=genres, name=about["data"], has_ratings=has_ratings, has_times=has_times)


def snapshot_of(model: Any, arrays: Mapping[str, Any]) -> Snapshot:
    """The snapshot of a file, checked against its model, whose data are set. Raises DamagedFile."""
    found = {name[9:]: array for name, array in arrays.items() if name.startswith("snapshot/")}
    check_shapes(model, {name: array.shape for name, array in found.items()})
    for name, array in found.items():
        if array.dtype.kind not in "iufb" or not np.isfinite(array).all():
            raise DamagedFile(f"snapshot/{name} holds what is no finite number")
    return Snapshot(model.name, found)


def check_shapes(model: Any, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raise DamagedFile where these are not the arrays that the model keeps (its `arrays`; a model may not say)."""
    wanted: Mapping[str, tuple[int | str, ...]] = model.arrays
    if wanted and wanted.keys() != shapes.keys():
        raise DamagedFile(f"a {model.name} keeps {', '.join(sorted(wanted))}, it holds {', '.join(sorted(shapes))}")
    sizes = {"n_users": model.data.n_users, "n_items": model.data.n_items, "dim": vars(model).get("dim")}
    for name, sides in wanted.items():
        shape = shapes[name]
        fits = len(shape) == len(sides)
        for side, size in zip(sides, shape, strict=False):
            fits = fits and size == (sizes.setdefault(side, size) if isinstance(side, str) else side)
        if not fits:
            expected = tuple(sizes.get(side, side) if isinstance(side, str) else side for side in sides)
            raise DamagedFile(f"{name!r} must have the shape {expected}, it has {shape}")
