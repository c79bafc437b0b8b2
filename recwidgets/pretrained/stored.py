"""Epochs that stay in their file: the arrays of one are read when somebody looks at it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import Floats, Snapshot
from ..models._files import not_ours, read_members

KEPT = 3  # epochs in memory besides the newest: the one that is looked at, the one before, one for the ranks
ROW = 1 << 14  # bytes that one row of an array may take: 4,096 dimensions
SMALL = 1 << 26  # bytes that an array may take that has no row for each user or item


def quantise(array: Any, bits: Any, scales: Any = np.float32) -> dict[str, Any]:
    """Round each row to 2**bits - 1 levels: {"q": int8, "scale": one float per row, of the type `scales`}.

    bits: one number, or one for each row. The error is at most half a level, max|row| / (2**bits - 2); with scales of
    float16 up to 3 % of a level more.
    """
    levels = 2 ** (np.asarray(bits) - 1) - 1
    rows = array.reshape(len(array), -1)
    scale = (np.abs(rows).max(axis=1) / levels).astype(scales)
    safe = np.where(scale > 0, scale.astype(np.float32), 1.0)
    q = np.rint(rows / safe[:, None])
    return {"q": np.clip(q, -127, 127).astype(np.int8), "scale": scale}


def restore(q: Any, scale: Any) -> Floats:
    """float32, shaped like q: the inverse of `quantise` but for the rounding."""
    return np.asarray(q.astype(np.float32) * scale.astype(np.float32)[:, None], np.float32)


class EpochFile:
    """The epochs of a file, each read when it is asked for; the newest and the last few asked for stay in memory.

    Threads may ask at the same time. path: read again for each epoch, so that nothing is held open.
    sizes: the members of the file and what each takes in memory. rows: how many users and items there are at most.
    reads: how many epochs were read.
    Raises ValueError for members that belong to no epoch of `steps`, or that would take more than they can need.
    """

    def __init__(self, path: Path, sizes: Mapping[str, int], steps: list[int], rows: int) -> None:
        self.path, self.reads = path, 0
        self._names: dict[int, list[str]] = {step: [] for step in steps}
        for name, size in sizes.items():
            step, _, rest = name.partition("/")
            if not step.isdecimal() or int(step) not in self._names or rest.partition("/")[2] not in ("", "q", "scale"):
                raise not_ours(path, f"{name!r} belongs to no epoch of it")
            if size > max(SMALL, rows * ROW):
                raise not_ours(path, f"{name!r} says that it takes {size / 1e6:,.0f} MB")
            self._names[int(step)].append(name)
        self._called = {step: tuple(sorted({name.split("/")[1] for name in self._names[step]})) for step in steps}
        same = self._called
        if not steps or not all(same[step] == same[steps[-1]] != () for step in steps):
            raise not_ours(path, "its epochs do not hold the same arrays")
        self._stamp, self._newest = _stamp(path), steps[-1]
        self._lock = threading.RLock()
        self._kept: OrderedDict[int, dict[str, NDArray[Any]]] = OrderedDict()

    def names(self, step: int) -> tuple[str, ...]:
        """How the arrays of an epoch are called."""
        return self._called[step]

    def arrays(self, step: int) -> dict[str, NDArray[Any]]:
        """The arrays of one epoch, read-only, restored to float32.

        Raises FileNotFoundError where the file is gone or another one by now, ValueError where it is damaged.
        """
        with self._lock:
            if step not in self._kept:
                self._kept[step] = self._read(step)
                others = [known for known in self._kept if known != self._newest]
                for known in others[:-KEPT]:
                    del self._kept[known]
            self._kept.move_to_end(step)
            return self._kept[step]

    def _read(self, step: int) -> dict[str, NDArray[Any]]:
        try:
            if _stamp(self.path) != self._stamp:
                raise FileNotFoundError
            own = {name.partition("/")[2]: v for name, v in read_members(self.path, self._names[step]).items()}
        except FileNotFoundError:
            raise FileNotFoundError(
                f"epoch {step} cannot be read: {self.path.name} was removed or replaced since it was loaded; "
                "load the model again"
            ) from None
        self.reads += 1
        found: dict[str, NDArray[Any]] = {}
        for name in self.names(step):
            if name in own:
                found[name] = own[name].astype(np.float32) if own[name].dtype == np.float16 else own[name]
                continue
            q, scale = own.get(f"{name}/q"), own.get(f"{name}/scale")
            if q is None or scale is None or q.ndim != 2 or scale.shape != q.shape[:1] or scale.dtype.kind != "f":
                raise not_ours(self.path, f"{name!r} of epoch {step} is not whole")
            found[name] = restore(q, scale)
        for name, array in found.items():
            if array.dtype.kind not in "iufb" or not np.isfinite(array).all():
                raise not_ours(self.path, f"{name!r} of epoch {step} holds what is no finite number")
            array.flags.writeable = False
        return found


class StoredSnapshot(Snapshot):
    """A snapshot whose arrays are read from the file when they are asked for. A pickle of it holds the arrays."""

    def __init__(self, model: str, file: EpochFile, step: int) -> None:
        object.__setattr__(self, "model", model)
        object.__setattr__(self, "arrays", _Arrays(file, step))

    def __copy__(self) -> Snapshot:
        return self


class _Arrays(Mapping[str, NDArray[Any]]):
    """The arrays of one epoch by name: the names are known, the arrays are read."""

    def __init__(self, file: EpochFile, step: int) -> None:
        self._file, self._step = file, step

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self._file.names(self._step):
            raise KeyError(name)
        return self._file.arrays(self._step)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._file.names(self._step))

    def __len__(self) -> int:
        return len(self._file.names(self._step))


def _stamp(path: Path) -> tuple[int, int]:
    """What changes when a file is written anew."""
    found = path.stat()
    return found.st_mtime_ns, found.st_size
