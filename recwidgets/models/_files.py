"""Models as .npz files, written whole or not at all, read without pickle."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ..data import Interactions

FORMAT = 2  # 2: the GNN has "films_liked", the KNN no "turn"


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
    for name in ("user", "item", "rating", "time", "users", "items", "titles"):
        arrays[f"data/{name}"] = getattr(data, name)
    write_arrays(Path(path), about, arrays)


def write_arrays(path: Path, about: dict[str, Any], arrays: dict[str, Any]) -> None:
    """Write an .npz whole or not at all: an interrupted save loses nothing."""
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:  # a handle: numpy would append .npz to a name
            np.savez_compressed(file, about=np.array(json.dumps(about)), **arrays)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def read_arrays(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `write_arrays` wrote; nothing in the file is executed.

    Raises FileNotFoundError, or ValueError for a file that is none of ours or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            arrays = {name: file[name] for name in file.files if name != "about"}
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {str(path)!r}; save one with model.save") from None
    except Exception as error:  # zipfile, zlib, json and numpy each have their own
        raise not_ours(path, error) from error
    if not isinstance(about, dict):
        raise not_ours(path, f"it says {about!r} about itself")
    return about, arrays


def read_directory(path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """What such a file says about itself, and the bytes that each of its arrays takes when read; no array is read.

    Raises as `read_arrays` does, also where a name is there twice.
    """
    try:
        with zipfile.ZipFile(path) as file:
            about = json.loads(str(np.load(file.open("about.npy"), allow_pickle=False)))
            members = [(info.filename.removesuffix(".npy"), info.file_size) for info in file.infolist()]
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {str(path)!r}; save one with model.save") from None
    except Exception as error:
        raise not_ours(path, error) from error
    sizes = {name: size for name, size in members if name != "about"}
    if not isinstance(about, dict):
        raise not_ours(path, f"it says {about!r} about itself")
    if len(sizes) != len(members) - 1:
        raise not_ours(path, "a name is in it twice")
    return about, sizes


def read_members(path: Path, names: Iterable[str]) -> dict[str, Any]:
    """These arrays alone. Raises as `read_arrays` does."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in names}
    except FileNotFoundError:
        raise
    except Exception as error:  # zipfile, zlib and numpy each have their own
        raise not_ours(path, error) from error


def not_ours(path: Any, why: object) -> ValueError:
    return ValueError(
        f"{str(path)!r} is not a model saved by recwidgets, or is damaged ({why}); save it again with model.save"
    )
