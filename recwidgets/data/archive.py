"""Archives: what was published, and the check that a local copy is that."""

from __future__ import annotations

import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from recwidgets._files import DamagedFile, checked_sizes, read_member

ENVIRONMENT = "RECWIDGETS_ML100K"  # a folder or a zip of ML-100K


class Published(NamedTuple):
    """A zip as GroupLens published it and TFDS has registered it."""

    file: str
    sha256: str
    size: int  # bytes


PUBLISHED = {
    "latest-small": Published(
        "ml-latest-small.zip", "696d65a3dfceac7c45750ad32df2c259311949efec81f0f144fdfb91ebc9e436", 978_202
    ),
    "100k": Published("ml-100k.zip", "50d2a982c66986937beb9ffb3aa76efe955bf3d5c6b761f4e3a7cd717c6a3229", 4_924_029),
    "1m": Published("ml-1m.zip", "a6898adb50b9ca05aa231689da44c217cb524e7ebd39d264c56e2832f2c54e20", 5_917_549),
    "20m": Published("ml-20m.zip", "96f243c338a8665f6bcc89c53edf6ee39162a846940de6b7c8c48aeada765ff3", 198_702_078),
    "25m": Published("ml-25m.zip", "8b21cfb7eb1706b4ec0aac894368d90acf26ebdfb6aced3ebd4ad5bd1eb9c6aa", 261_978_986),
}
ML100K_LIMIT = 32 << 20  # bytes that a zip or a folder of ML-100K may take: the six files have 2 MB, all of it 15
# what zipfile raises for a zip that is cut, altered, encrypted or packed in a way that is not read here
_BROKEN: tuple[type[Exception], ...] = (
    zipfile.BadZipFile, EOFError, OSError, zlib.error, DamagedFile, NotImplementedError, RuntimeError,
    UnicodeDecodeError,
)  # fmt: skip
# An unpacked, or re-zipped, ML-100K is known by its six files.
ML100K_FILES = {
    "u.data": "06416e597f82b7342361e41163890c81036900f418ad91315590814211dca490",
    "u.item": "553841ebc7de3a0fd0d6b62a204ea30c1e651aacfb2814c7a6584ac52f2c5701",
    "u.user": "f120e114da2e8cf314fd28f99417c94ae9ddf1cb6db8ce0e4b5995d40e90e62c",
    "u.genre": "9757e0d3e6b298159a80dd48eaf938114690e911e39af97a76949ef1663610bb",
    "u.info": "5b0a40b2e47a729ee6203063f6dcf8790c2e63f5a18663e6ee318a72c5f3c27b",
    "u.occupation": "cd5fbec9afe345d993a62fc7817df1a4a9079c4feb267b3118763b8fd942137d",
}


def checked_zip(archive: str | os.PathLike[str], name: str) -> Path | bytes:
    """A zip of MovieLens `name` to be trusted: the published file itself, or a new zip of ML-100K's checked files.

    archive: the published zip; for "100k" also a folder or another zip with its six files.
    Raises FileNotFoundError if there is none, ValueError (the file, both sums) if it is not what was published.
    """
    path, published = Path(archive).expanduser(), PUBLISHED[name]
    if not path.exists():
        raise FileNotFoundError(f"archive must be {_wanted(name)}, but there is nothing at {str(path)!r}")
    if path.is_file() and sha256_of(path) == published.sha256:
        return path
    if name != "100k":
        if path.is_dir():
            raise ValueError(f"archive must be {_wanted(name)}, got the folder {str(path)!r}")
        refuse_altered(path, published.sha256)
    files = _read_folder(path) if path.is_dir() else _read_zip(path, published)
    for file, expected in ML100K_FILES.items():
        _refuse_sum(f"{file} in {str(path)!r}", hashlib.sha256(files[file]).hexdigest(), expected)
    return _zipped(files)


def from_environment(name: str) -> str | None:
    """The archive that RECWIDGETS_ML100K points to, if it is set and `name` is "100k"."""
    return os.environ.get(ENVIRONMENT) or None if name == "100k" else None


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def refuse_altered(path: Path, expected: str) -> None:
    """Raise ValueError, with both sums, if a file is not the one that was published."""
    _refuse_sum(str(path), sha256_of(path), expected)


def _refuse_sum(what: str, found: str, expected: str) -> None:
    if found != expected:
        raise ValueError(
            f"{what} is not as GroupLens published it: its sha256 must be {expected}, got {found}; "
            f"it was altered or cut short, get it once more"
        )


def _wanted(name: str) -> str:
    return f"the published {PUBLISHED[name].file}" + (", or a folder with its files" if name == "100k" else "")


def _read_folder(path: Path) -> dict[str, bytes]:
    folder = path / "ml-100k" if (path / "ml-100k").is_dir() else path
    files = {file: folder / file for file in ML100K_FILES}
    _refuse_incomplete(path, [file for file in files if files[file].is_file()])
    size = sum(where.stat().st_size for where in files.values())
    if size > ML100K_LIMIT:
        raise ValueError(f"{str(path)!r} holds {size / 1e6:,.0f} MB, ML-100K has 2; get it once more")
    return {file: where.read_bytes() for file, where in files.items()}


def _read_zip(path: Path, published: Published) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(path) as archive:
            infos = checked_sizes(archive.infolist(), ML100K_LIMIT)
            members = {member.rsplit("/", 1)[-1]: member for member in infos}
            _refuse_incomplete(path, [file for file in ML100K_FILES if file in members])
            return {file: read_member(archive, infos[members[file]]) for file in ML100K_FILES}
    except _BROKEN as error:
        raise ValueError(
            f"{str(path)!r} is not a whole zip ({error}): the sha256 of {published.file} must be "
            f"{published.sha256}, got {sha256_of(path)}; get it once more"
        ) from error


def _refuse_incomplete(path: Path, present: list[str]) -> None:
    missing = [file for file in ML100K_FILES if file not in present]
    if missing:
        raise ValueError(f"{str(path)!r} must hold ML-100K's six files, {', '.join(missing)} missing")


def _zipped(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content in files.items():
            archive.writestr(f"ml-100k/{file}", content)
    return buffer.getvalue()
