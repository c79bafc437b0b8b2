"""The prepared copies of TFDS, and our small file beside each: rows in file order, read without TensorFlow."""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from recwidgets.data.interactions import Interactions

_COLUMNS = ("user", "item", "rating", "time", "users", "items", "titles")


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
    """Read what write_cache wrote; None where there is none, or none that can be read."""
    try:
        with np.load(file, allow_pickle=False) as arrays:
            genres = tuple(tuple(text.split("|")) if text else () for text in arrays["genres"].tolist())
            columns = {column: arrays[column] for column in _COLUMNS}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None  # it is only a cache: it is made again from the prepared copy
    return Interactions(**columns, genres=genres, name=f"MovieLens {name}")


def write_cache(data: Interactions, file: Path) -> None:
    """Write beside and move into place, so that nobody reads half a file. A folder that refuses it goes without."""
    arrays = {column: getattr(data, column) for column in _COLUMNS}
    arrays["genres"] = np.array(["|".join(genres) for genres in data.genres], np.str_)
    try:
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    except OSError:
        return
    try:
        with os.fdopen(handle, "wb") as out:
            np.savez(out, allow_pickle=False, **arrays)
        os.chmod(temporary, 0o644)  # mkstemp's 0600 would lock out others that share the folder
        os.replace(temporary, file)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
