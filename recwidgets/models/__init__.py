"""The models, one file each; saving and loading without pickle."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from .._found import named_classes
from ..core import Snapshot
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
        raise _not_ours(path, error) from error
    if not isinstance(about, dict):
        raise _not_ours(path, f"it says {about!r} about itself")
    return about, arrays


def _not_ours(path: Any, why: object) -> ValueError:
    return ValueError(
        f"{str(path)!r} is not a model saved by recwidgets, or is damaged ({why}); save it again with model.save"
    )


def load_model(path: Any) -> Any:
    """Read a model written by `model.save`. Nothing in the file is executed.

    Raises FileNotFoundError, or ValueError for a file that is not such a model.
    """
    about, arrays = read_arrays(Path(path))
    if about.get("format") != FORMAT or about.get("model") not in known_models():
        raise ValueError(
            f"{str(path)!r} holds format {about.get('format')!r}, model {about.get('model')!r}; "
            f"this version reads format {FORMAT} of {', '.join(known_models())}"
        )
    fields = {name[5:]: value for name, value in arrays.items() if name.startswith("data/")}
    snapshot = {name[9:]: value for name, value in arrays.items() if name.startswith("snapshot/")}
    try:
        if not snapshot:
            raise ValueError("it holds no snapshot")
        genres = tuple(tuple(text.split("|")) if text else () for text in about["genres"])
        has_ratings, has_times = about["has"]
        model = make(about["model"], **about["settings"])
        model.data = Interactions(
            **fields, genres=genres, name=about["data"], has_ratings=has_ratings, has_times=has_times
        )
    except (KeyError, TypeError, ValueError) as error:  # a pretrained file, say: it holds no interactions
        raise _not_ours(path, error) from error
    model.snapshot = Snapshot(about["model"], snapshot)
    model.trained = about.get("trained", model.trained)  # an older file does not say it
    return model


def make(name: str, **settings: Any) -> Any:
    """A new model by its short name: "gnn", "knn" or "session"."""
    return model_class(name)(**settings)


def model_class(name: str) -> Any:
    """GNN, KNN or Session by its short name. Raises ValueError for another."""
    if name not in known_models():
        raise ValueError(f"model must be one of {', '.join(known_models())}, got {name!r}")
    return known_models()[name]


def known_models() -> dict[str, Any]:
    """Those that can be saved and loaded, by their short names: the classes of this folder."""
    from ._base import EmbeddingModel

    return named_classes("models", EmbeddingModel)
