"""TensorFlow Datasets: prepare a MovieLens from a checked zip, read it back. Loads TensorFlow: import it lazily."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import io
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recwidgets.data._arrays import Int64s
from recwidgets.data.archive import ML100K_FILES, PUBLISHED
from recwidgets.data.cache import prepared_folder
from recwidgets.data.download import Progress, fetch
from recwidgets.data.interactions import Interactions
from recwidgets.data.parse import Films, from_columns, read_zip

_FEATURES = ("user_id", "movie_id", "user_rating", "timestamp", "movie_title", "movie_genres")
Table = dict[str, npt.NDArray[Any]]  # user, item, rating, time: (n,)


def load() -> Any:
    """Import TFDS, or say in a sentence why that cannot be."""
    from recwidgets import _tf

    try:
        with _tf.LOADING:
            return importlib.import_module("tensorflow_datasets")
    except ImportError as error:
        raise ImportError(
            f"this MovieLens comes through TensorFlow Datasets, which did not load ({error}); run: "
            f"{_tf.INSTALL}; load_movielens() works without it"
        ) from error


def builder(name: str, data: Path) -> Any:
    return load().builder(f"movielens/{name}-ratings", data_dir=data)


def prepare(name: str, data: Path, trusted: Path | bytes | None, progress: Progress = True) -> Interactions:
    """Let TFDS prepare MovieLens `name` from a checked zip, downloaded where none is given; rows in file order."""
    tfds, movielens, published = load(), builder(name, data), PUBLISHED[name]
    with contextlib.ExitStack() as stack:
        stack.enter_context(_bars(tfds, progress is True))
        temporary = stack.enter_context(tempfile.TemporaryDirectory(prefix="recwidgets-"))
        manual = Path(temporary)
        source = manual / published.file
        if trusted is None:
            fetch(movielens.builder_config.download_url, source, published, progress)
        elif isinstance(trusted, bytes):
            source.write_bytes(trusted)
            stack.enter_context(_expecting(movielens, source))
        else:
            shutil.copyfile(trusted, source)
        config = tfds.download.DownloadConfig(
            manual_dir=manual, extract_dir=manual / "extracted", try_download_gcs=False
        )
        try:
            movielens.download_and_prepare(download_dir=manual / "downloads", download_config=config)
        except OSError:
            if not prepared_folder(data, name):  # another process may have been first
                raise
        return read_zip(str(source), name)


def read(name: str, data: Path) -> Interactions:
    """Read a prepared copy; rows in file order, by the rule that load_movielens documents."""
    table, films = _examples(name, data)
    order = _file_order(name, table)
    user, item, rating, time = (table[column][order] for column in ("user", "item", "rating", "time"))
    return from_columns(user, item, rating, time, films, name)


@contextlib.contextmanager
def _expecting(movielens: Any, source: Path) -> Iterator[None]:
    """Our check was of the files inside; until it ends, TFDS expects the sum of this zip instead of the registered."""
    builder_class = type(movielens)
    known = movielens.url_infos
    info = next(info for info in known.values() if info.filename == source.name)
    checksum = hashlib.sha256(source.read_bytes()).hexdigest()
    new = type(info)(size=type(info.size)(source.stat().st_size), checksum=checksum, filename=source.name)
    # a property of a base class: an attribute of the class hides it, and its removal brings it back
    builder_class.url_infos = {**known, movielens.builder_config.download_url: new}
    try:
        yield
    finally:
        del builder_class.url_infos


@contextlib.contextmanager
def _bars(tfds: Any, shown: bool) -> Iterator[None]:
    if shown:
        yield
        return
    tfds.disable_progress_bar()
    try:
        yield
    finally:
        tfds.enable_progress_bar()


def _examples(name: str, data: Path) -> tuple[Table, Films]:
    """All examples in the order of TFDS' shards, and the films among them."""
    tfds, movielens = load(), builder(name, data)
    wanted = {feature: movielens.info.features[feature] for feature in _FEATURES}
    dataset = movielens.as_dataset(
        split="train",
        shuffle_files=False,
        decoders=tfds.decode.PartialDecoding(wanted),
        read_config=tfds.ReadConfig(interleave_cycle_length=1),  # one shard after the other
    )
    genre_names = movielens.info.features["movie_genres"].feature.names
    columns: dict[str, list[npt.NDArray[Any]]] = {column: [] for column in ("user", "item", "rating", "time")}
    films: Films = {}
    for batch in dataset.ragged_batch(65536):
        item = batch["movie_id"].numpy().astype(np.bytes_).astype(np.int64)
        columns["user"].append(batch["user_id"].numpy().astype(np.bytes_).astype(np.int64))
        columns["item"].append(item)
        columns["rating"].append(batch["user_rating"].numpy())
        columns["time"].append(batch["timestamp"].numpy())
        titles, genres = batch["movie_title"].numpy(), batch["movie_genres"]
        values, ends = genres.flat_values.numpy(), genres.row_splits.numpy()
        for id_, row in zip(*np.unique(item, return_index=True), strict=True):
            if int(id_) not in films:
                names = tuple(genre_names[value] for value in values[ends[row] : ends[row + 1]])
                films[int(id_)] = (titles[row].decode(), names)
    return {column: np.concatenate(parts) for column, parts in columns.items()}, films


def _file_order(name: str, table: Table) -> Int64s:
    """The permutation that puts TFDS' rows back into the order of the file."""
    if name in ("latest-small", "20m", "25m"):  # their README: ordered by user, then by film
        return np.lexsort((table["item"], table["user"]))
    order = _unshuffled(len(table["user"]))
    if _is_file_order(name, table, order):
        return order
    return np.lexsort((table["time"], table["user"]))


def _unshuffled(n: int) -> Int64s:
    """TFDS sorts rows by the md5 of "train" and the row's number; so row i of the file is where that md5 landed."""
    salted = hashlib.md5(b"train", usedforsecurity=False)
    digests = []
    for row in range(n):
        digest = salted.copy()
        digest.update(str(row).encode())
        digests.append(digest.digest())
    order = np.empty(n, np.int64)
    order[sorted(range(n), key=digests.__getitem__)] = np.arange(n)
    return order


def _is_file_order(name: str, table: Table, order: Int64s) -> bool:
    """Check the order: ML-100K by the published sum of u.data, ML-1M by its users, who stand in order."""
    if name == "1m":
        return bool((np.diff(table["user"][order]) >= 0).all())
    text = io.StringIO()
    columns = [table[column][order].astype(np.int64) for column in ("user", "item", "rating", "time")]
    np.savetxt(text, np.column_stack(columns), fmt="%d", delimiter="\t")
    return hashlib.sha256(text.getvalue().encode()).hexdigest() == ML100K_FILES["u.data"]
