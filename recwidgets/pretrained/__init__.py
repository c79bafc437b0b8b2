"""Trained models as small files: a handful of epochs each, rounded to save space, without pickle.

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

from ..core import FitEvent, Snapshot
from ..data import Interactions
from ..models import known_models, make
from ..models._files import read_arrays, write_arrays
from ..training import TrainingHistory

HERE = Path(__file__).parent
FORMAT = 2
LAST_BITS, EARLIER_BITS = 7, 4  # the last epoch is what people use, the others are for looking back
EXACT = 4096  # arrays up to this size are stored as they are


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
    """The file of this model for these interactions: shipped, or made on this machine."""
    for folder in (HERE, user_folder()):
        path = folder / file_name(name, data)
        if path.exists():
            return path
    return None


def shipped_names() -> tuple[str, ...]:
    """The short names of the models that come trained with the package."""
    return tuple(name for name in known_models() if any(HERE.glob(f"{name}-*.npz")))


def pretrained_names(data: Interactions) -> tuple[str, ...]:
    """The short names of the models that are at hand trained on these interactions: shipped, or made here."""
    return tuple(name for name in known_models() if find(name, data) is not None)


def quantise(array: Any, bits: int) -> dict[str, Any]:
    """Round each row to 2**bits - 1 levels: {"q": int8, "scale": float32 per row}.

    The error is at most half a level: max|row| / (2**bits - 2).
    """
    levels = 2 ** (bits - 1) - 1
    rows = array.reshape(len(array), -1)
    scale = np.abs(rows).max(axis=1) / levels
    safe = np.where(scale > 0, scale, 1.0)
    return {"q": np.rint(rows / safe[:, None]).astype(np.int8), "scale": scale.astype(np.float32)}


def restore(q: Any, scale: Any) -> Any:
    """float32, shaped like q: the inverse of `quantise` but for the rounding."""
    return q.astype(np.float32) * scale[:, None]


def save_pretrained(path: Path, model: Any, history: TrainingHistory, keep: Sequence[int]) -> None:
    """Write the epochs `keep` of a training, and the metrics of all its epochs.

    An epoch whose snapshot the history has thinned out is replaced by the kept one before it.
    """
    arrays: dict[str, Any] = {}
    keep = sorted({history.at(step).step for step in keep})
    for step in keep:
        bits = LAST_BITS if step == keep[-1] else EARLIER_BITS
        for name, array in history.at(step).snapshot.arrays.items():
            if array.ndim == 2 and array.size > EXACT and array.dtype.kind == "f":
                for part, value in quantise(array, bits).items():
                    arrays[f"{step}/{name}/{part}"] = value
            elif array.ndim > 2 and array.dtype == np.float32:
                arrays[f"{step}/{name}"] = array.astype(np.float16)  # maps: few, and finer than a row's levels
            else:
                arrays[f"{step}/{name}"] = array
    about = {
        "format": FORMAT,
        "model": model.name,
        "settings": model.settings(),
        "data": model.data.name,
        "fingerprint": fingerprint(model.data),
        "keep": keep,
        "total": history.total,
        "metrics": {str(step): metrics for step, metrics in history.metrics.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_arrays(path, about, arrays)


def load_pretrained(name: str, data: Interactions) -> tuple[Any, TrainingHistory]:
    """The model of this short name ("gnn", "knn", "session" …) trained on `data`, and its epochs.

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
    about, stored = read_arrays(path)
    expected = {"format": FORMAT, "model": name, "fingerprint": fingerprint(data)}
    found = {key: about.get(key) for key in expected}
    if found != expected:
        raise ValueError(
            f"{path.name} must hold {expected}, it holds {found}; make it again with the command: recwidgets train"
        )
    model = make(name, **about["settings"])
    model.data = data
    snapshots = {step: Snapshot(name, _arrays(stored, step)) for step in about["keep"]}
    model.snapshot = snapshots[about["keep"][-1]]
    events = [FitEvent(step, about["total"], about["metrics"][str(step)], snapshots[step]) for step in about["keep"]]
    history = TrainingHistory(tuple(events), about["total"])
    history.metrics = {int(step): metrics for step, metrics in about["metrics"].items()}
    return model, history


def _arrays(stored: dict[str, Any], step: int) -> dict[str, Any]:
    """The arrays of one epoch, restored to float32."""
    own = {key.partition("/")[2]: value for key, value in stored.items() if key.startswith(f"{step}/")}
    whole = {name: value for name, value in own.items() if "/" not in name}
    whole = {name: v.astype(np.float32) if v.dtype == np.float16 else v for name, v in whole.items()}
    for name in {key.partition("/")[0] for key in own if "/" in key}:
        whole[name] = restore(own[f"{name}/q"], own[f"{name}/scale"])
    return whole
