"""The prepared copies of TFDS, and our small file beside each: rows in file order, read without TensorFlow."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recwidgets._files import DamagedFile, Member, read_arrays, write_arrays
from recwidgets.data.interactions import Interactions

_COLUMNS = ("user", "item", "rating", "time", "users", "items", "titles")
FORMAT = 2  # 2: genres beside the arrays


def data_folder(data_dir: str | os.PathLike[str] | None) -> Path:
    """Where TFDS keeps its data: data_dir, TFDS_DATA_DIR or ~/tensorflow_datasets."""
    return Path(data_dir or os.environ.get("TFDS_DATA_DIR") or Path.home() / "tensorflow_datasets").expanduser()


def prepared_folder(data: Path, name: str) -> Path | None:
    """The newest copy of MovieLens `name` that TFDS has finished preparing, if any."""
    versions = (data / "movielens" / f"{name}-ratings").glob("*.*.*/dataset_info.json")
    found = [path.parent for path in versions if path.parent.name.replace(".", "").isdigit()]
    return max(found, key=lambda folder: [int(part) for part in folder.name.split(".")], default=None)


def cache_file(folder: Path, name: str) -> Path:
    return folder / f"recwidgets-{name}.npz"


def read_cache(file: Path, name: str) -> Interactions | None:
    """Read what write_cache wrote; None where there is none, or none that can be read: it is only a cache."""
    try:
        about, arrays = read_arrays(file, _check)
        genres = tuple(tuple(text.split("|")) if text else () for text in about["genres"])
        return Interactions(**arrays, genres=genres, name=f"MovieLens {name}")
    except (OSError, ValueError, MemoryError):
        return None  # it is made again from the prepared copy


def _check(about: Mapping[str, Any], members: Mapping[str, Member]) -> None:
    if about["format"] != FORMAT or not all(isinstance(text, str) for text in about["genres"]):
        raise DamagedFile("another format")
    wanted = dict(zip(_COLUMNS, ("i4", "i4", "f4", "i8", "U", "U", "U"), strict=True))
    if wanted.keys() != members.keys() or any(
        len(member.shape) != 1 or not member.dtype.str.endswith(wanted[name]) and member.dtype.kind != wanted[name]
        for name, member in members.items()
    ):
        raise DamagedFile("other columns")


def write_cache(data: Interactions, file: Path) -> None:
    """Whole or not at all. A folder that refuses it goes without."""
    genres = ["|".join(names) for names in data.genres]
    arrays = {column: getattr(data, column) for column in _COLUMNS}
    with contextlib.suppress(OSError):
        write_arrays(file, {"format": FORMAT, "genres": genres}, arrays, compressed=False)
