"""Trained models as files: most of their epochs, rounded to save space, each read when it is looked at; no pickle.

The files in this folder were made by `recwidgets train latest-small --package`. For other data,
`recwidgets train 100k` makes them in the user's own folder. A file belongs to exactly the
interactions that it was trained on: their fingerprint is checked before it is used.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..core import FitEvent
from ..data import Interactions
from ..models import known_models, make
from ..models._files import check_shapes, not_ours, read_arrays, read_directory, write_arrays
from ..ranking import held_out_accuracy
from ..training import TrainingHistory
from . import away
from .stored import EpochFile, StoredSnapshot, quantise, restore

HERE = Path(__file__).parent
FORMAT, READ = 3, (2, 3)  # 3: earlier epochs have rows of more and of fewer levels, and scales of float16
# the last epoch is what people use; in the others, items that hardly anybody rated, which are most of them and in few
# lists, are rounded coarsely: of the lists of ten at an earlier epoch 9.8 items are those of the unrounded one
BITS, RARE_BITS, RARE = 7, 3, 3  # RARE: items with fewer ratings
EXACT = 4096  # arrays up to this size are stored as they are

__all__ = ["quantise", "restore"]


def user_folder() -> Path:
    """Where models trained on this machine are kept: RECWIDGETS_HOME, or ~/.recwidgets."""
    return Path(os.environ.get("RECWIDGETS_HOME", "~/.recwidgets")).expanduser()


def fingerprint(data: Interactions) -> str:
    """Sixteen hex digits that tell what one set of interactions teaches from another."""
    digest = hashlib.sha256()
    for array in (data.user, data.item):
        digest.update(np.ascontiguousarray(array, "<i4").tobytes())
    digest.update(np.packbits(data.liked).tobytes())  # what the graph network's second edges are
    digest.update("\n".join(data.items.tolist()).encode())
    return digest.hexdigest()[:16]


def file_name(name: str, data: Interactions) -> str:
    return f"{name}-{fingerprint(data)}.npz"


def find(name: str, data: Interactions) -> Path | None:
    """The file of this model for these interactions: shipped, or made on this machine.

    Raises FileNotFoundError where a browser site has it and does not give it.
    """
    for folder in (HERE, user_folder()):
        path = folder / file_name(name, data)
        if path.exists():
            return path
    return away.fetched(file_name(name, data))


def shipped_names() -> tuple[str, ...]:
    """The short names of the models that come trained with the package."""
    files = {path.name for path in HERE.glob("*.npz")} | set(away.listed())
    return tuple(name for name in known_models() if any(file.startswith(f"{name}-") for file in files))


def pretrained_names(data: Interactions) -> tuple[str, ...]:
    """The short names of the models that are at hand trained on these interactions: shipped, or made here."""
    away_too = away.listed()
    return tuple(name for name in known_models() if file_name(name, data) in away_too or find(name, data) is not None)


def save_pretrained(path: Path, model: Any, history: TrainingHistory, keep: Sequence[int]) -> None:
    """Write the epochs `keep` of a training, and the metrics of all its epochs.

    An epoch whose snapshot the history has thinned out is replaced by the kept one before it.
    """
    arrays: dict[str, Any] = {}
    keep = sorted({history.at(step).step for step in keep})
    data: Interactions = model.data
    rare = np.bincount(data.item, minlength=data.n_items) < RARE
    for step in keep:
        for name, array in history.at(step).snapshot.arrays.items():
            if array.ndim == 2 and array.size > EXACT and array.dtype.kind == "f":
                of_items = len(array) == data.n_items != data.n_users
                bits = np.where(rare, RARE_BITS, BITS) if of_items and step != keep[-1] else BITS
                half = step != keep[-1] and np.abs(array).max() < 1e4  # what float16 can hold
                for part, value in quantise(array, bits, np.float16 if half else np.float32).items():
                    arrays[f"{step}/{name}/{part}"] = value
            elif array.ndim > 2 and array.dtype == np.float32:
                arrays[f"{step}/{name}"] = array.astype(np.float16)  # maps: few, and finer than a row's levels
            else:
                arrays[f"{step}/{name}"] = array
    about = {
        "format": FORMAT,
        "model": model.name,
        "settings": model.settings(),
        "data": data.name,
        "fingerprint": fingerprint(data),
        "keep": keep,
        "total": history.total,
        "metrics": {str(step): metrics for step, metrics in history.metrics.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_arrays(path, about, arrays)


def measure_kept(path: Path, data: Interactions, validation: Interactions) -> None:
    """Write the accuracy of each kept epoch anew, as the arrays in the file give it: these are rounded.

    So a panel's curve is what its model answers. The epochs that are not kept stay as the training measured them.
    """
    about, arrays = read_arrays(path)
    model, history = _read(path, about["model"], data)
    for event in history.events:
        accuracy = held_out_accuracy(model.at(event.snapshot), data, validation)
        about["metrics"][str(event.step)]["top_10_accuracy"] = accuracy
    write_arrays(path, about, arrays)


def load_pretrained(name: str, data: Interactions) -> tuple[Any, TrainingHistory]:
    """The model of this short name ("gnn", "knn", "session" …) trained on `data`, and its epochs.

    The arrays of an epoch are read from the file when they are first asked for, which must stay where it is.
    data: the very interactions it was trained on, for the embedded data
    `rw.load_movielens("latest-small").split("temporal", test=0.2).train`.
    Raises FileNotFoundError where there is no such file; the message says how to make one.
    Raises ValueError where the file is damaged, or of another model or other interactions.
    """
    path = find(name, data)
    if path is None:
        raise FileNotFoundError(
            f"there is no pretrained {name!r} for these {len(data):,} interactions of {data.name}; "
            "train one with rw.fit(model, data), or with the command: recwidgets train"
        )
    return _read(path, name, data)


def _read(path: Path, name: str, data: Interactions) -> tuple[Any, TrainingHistory]:
    about, members = read_directory(path)
    expected = {"format": FORMAT, "model": name, "fingerprint": fingerprint(data)}
    found = {key: about.get(key) for key in expected}
    if {**found, "format": FORMAT} != expected or found["format"] not in READ:
        raise ValueError(
            f"{path.name} must hold {expected}, it holds {found}; make it again with the command: recwidgets train"
        )
    try:
        keep, total, settings = [int(step) for step in about["keep"]], int(about["total"]), about["settings"]
        metrics = {int(step): dict(numbers) for step, numbers in about["metrics"].items()}
        missing = [step for step in keep if step not in metrics]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise not_ours(path, error) from error
    if missing or keep != sorted(set(keep)):
        raise not_ours(path, f"it says that it keeps the epochs {keep}")
    file = EpochFile(path, {n: member.size for n, member in members.items()}, keep, max(data.n_users, data.n_items))
    try:
        model = make(name, **settings)
        model.data = data
        for step in keep:
            known = {
                name.partition("/")[2].removesuffix("/q"): member.shape
                for name, member in members.items()
                if name.startswith(f"{step}/")
            }
            check_shapes(model, {name: known[name] for name in file.names(step)})
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise not_ours(path, error) from error
    events = [FitEvent(step, total, metrics[step], StoredSnapshot(name, file, step)) for step in keep]
    model.snapshot = events[-1].snapshot
    history = TrainingHistory(tuple(events), total)
    history.metrics = metrics
    return model, history
