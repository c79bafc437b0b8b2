"""load_movielens(): the embedded MovieLens by default, the others through TensorFlow Datasets (TFDS)."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path

from recwidgets.data.archive import PUBLISHED, checked_zip, from_environment, refuse_altered
from recwidgets.data.cache import cache_file, data_folder, prepared_folder, read_cache, write_cache
from recwidgets.data.download import Progress
from recwidgets.data.interactions import Interactions
from recwidgets.data.parse import read_zip

EMBEDDED = Path(__file__).with_name("ml-latest-small.zip")
NAMES = tuple(PUBLISHED)


def load_movielens(
    name: str = "latest-small",
    archive: str | os.PathLike[str] | None = None,
    data_dir: str | os.PathLike[str] | None = None,
    progress: Progress = True,
) -> Interactions:
    """MovieLens as Interactions, rows in the order of the published file.

    name: "latest-small" (embedded, read at once without network or TensorFlow), "100k", "1m", "20m" or "25m".
    The others come from, in this order: a copy that TFDS has prepared; `archive`, a published zip (for "100k" also
    an unpacked folder; the environment variable RECWIDGETS_ML100K names one too); a download, with a progress bar
    (progress=False: none; a function: it is told the bytes done and in all).
    What TFDS prepares (14 s for 100k) stays in data_dir (else TFDS_DATA_DIR, ~/tensorflow_datasets); a small file
    beside it makes every later load quick and free of TensorFlow.
    TFDS shuffles rows: where only its copy is left, the order of the file is worked out from how TFDS shuffles, and
    checked; should the check fail, rows are sorted by user and time, those of one second in TFDS' order.
    Raises ValueError on an unknown name or an altered archive, DownloadError if the server cannot be reached.
    """
    if name not in NAMES:
        raise ValueError(f"name must be one of {', '.join(map(repr, NAMES))}, got {name!r}")
    # an archive that was named is checked even where a prepared copy makes it unneeded
    trusted = checked_zip(archive, name) if archive is not None else None
    if name == "latest-small":
        return _embedded()
    data = data_folder(data_dir)
    folder = prepared_folder(data, name)
    cached = read_cache(cache_file(folder, name), name) if folder else None
    if cached is not None:
        return cached
    from recwidgets.data import _tfds

    if folder:
        loaded = _tfds.read(name, data)
    else:
        given = from_environment(name)
        if trusted is None and given is not None:
            trusted = checked_zip(given, name)
        loaded = _tfds.prepare(name, data, trusted, progress)
        folder = prepared_folder(data, name)
    if folder:
        write_cache(loaded, cache_file(folder, name))
    return loaded


@lru_cache(maxsize=1)
def _embedded() -> Interactions:
    """MovieLens latest-small (2018-09-26): 100,836 ratings by 610 users of 9,724 films."""
    refuse_altered(EMBEDDED, PUBLISHED["latest-small"].sha256)
    return read_zip(str(EMBEDDED), "latest-small")
