"""Every file that is written or read here: whole or not at all, measured before it is read, nothing in it executed.

A write goes to a temporary file in the same folder, is forced to the disk and takes the old file's place at once, so
that a kill, a full disk or a power cut leaves the old file or the new one. What a killed writer leaves behind is
removed by the next one. JSON carries its format and a checksum; an .npz carries its format in `about`, and the
checksum of each member, which is compared when the member is read.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import math
import os
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

try:
    import fcntl
except ImportError:  # Windows, where an open file cannot be removed
    fcntl = None  # type: ignore[assignment]
_LOCKS: Any = fcntl if hasattr(fcntl, "flock") else None  # Pyodide has no locks, and one process

PARTIAL = ".partial"
SMALL, RATIO = 64 << 20, 100  # bytes that an archive may take when read: SMALL, and RATIO times its own size
JSON_LIMIT = 4 << 20  # bytes of a JSON file of ours: states and progress take a few thousand
ABOUT = 32 << 20  # bytes that what an .npz says about itself may take, if the file is not larger itself
MEMBERS = 10_000  # of an archive
HEADER = 1 << 16  # bytes that the header of an .npy may take


class DamagedFile(ValueError):
    """A file is none of ours, or is damaged; the message says which, why and what to do."""


class Member(NamedTuple):
    """One array of an .npz as its header describes it; the array itself is not read."""

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    size: int  # bytes that the member takes when read


# -- writing -------------------------------------------------------------------------------------------


@contextlib.contextmanager
def writing(path: str | Path) -> Iterator[IO[bytes]]:
    """A binary file that becomes `path` when the block ends; where it raises, `path` stays as it was.

    Raises OSError where the folder or the disk refuses it.
    """
    path = Path(path)
    sweep(path)
    file, temporary = _temporary(path)
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if os.name != "nt":  # under the lock: nobody can take it for a leftover
                _into_place(temporary, path)
        if os.name == "nt":
            _into_place(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise


def write_text(path: str | Path, text: str) -> None:
    """Write text as UTF-8, whole or not at all."""
    content = text.encode("utf-8")  # before a file is opened: text that has no bytes leaves nothing behind
    with writing(path) as file:
        file.write(content)


def write_json(path: str | Path, values: Mapping[str, Any], form: int) -> None:
    """Write `values` with their format and a checksum, whole or not at all. read_json gives `values` back."""
    kept = {"format": form, **values}
    write_text(path, json.dumps({**kept, "checksum": _checksum(kept)}, ensure_ascii=False, indent=1, allow_nan=False))


def write_arrays(path: str | Path, about: Any, arrays: Mapping[str, Any], compressed: bool = True) -> None:
    """Write an .npz, whole or not at all. about: what JSON can keep; arrays: no objects."""
    for name, array in arrays.items():  # numpy before 2.1 has no allow_pickle=False here
        if np.asarray(array).dtype.hasobject:
            raise ValueError(f"{name!r} must hold numbers or text, got objects, which only pickle can write")
    save = np.savez_compressed if compressed else np.savez
    with writing(path) as file:  # a handle: numpy would append .npz to a name
        save(file, about=np.array(json.dumps(about)), **arrays)


def sweep(path: Path) -> None:
    """Remove what writers of `path` that were killed have left beside it."""
    with contextlib.suppress(OSError):
        for name in os.listdir(path.parent):
            if name.startswith(f".{path.name}.") and name.endswith(PARTIAL):
                _remove_unused(path.with_name(name))


def _remove_unused(temporary: Path) -> None:
    with contextlib.suppress(OSError):
        if _LOCKS is None:
            if os.name == "nt":  # refused while somebody writes it
                temporary.unlink()
            return
        with temporary.open("rb") as file:
            _LOCKS.flock(file, _LOCKS.LOCK_EX | _LOCKS.LOCK_NB)  # raises while somebody writes it
            temporary.unlink()


def _temporary(path: Path) -> tuple[IO[bytes], Path]:
    """A new file beside `path`, locked while it is written."""
    while True:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=PARTIAL)
        file = os.fdopen(handle, "wb")
        if _LOCKS is None:
            return file, Path(name)
        with contextlib.suppress(OSError):  # some network folders have no locks
            _LOCKS.flock(file, _LOCKS.LOCK_EX)
        if os.path.exists(name):  # else another writer swept it before it was locked
            return file, Path(name)
        file.close()


def _into_place(temporary: Path, path: Path) -> None:
    mode = 0o644  # mkstemp's 0600 would lock out others that share the folder
    with contextlib.suppress(OSError):
        mode = path.stat().st_mode & 0o777
    with contextlib.suppress(OSError):
        os.chmod(temporary, mode)
    os.replace(temporary, path)
    with contextlib.suppress(OSError):  # the name, too, is on the disk; not every system can be asked for that
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def put_aside(path: Path) -> Path:
    """Rename a file that is of no use here, so that nothing of it is lost. Raises OSError where the folder refuses."""
    n = 1
    while (aside := path.with_name(f"{path.stem}.damaged-{n}{path.suffix}")).exists():
        n += 1
    return path.rename(aside)


def safe_name(text: str) -> str:
    """`text` as a part of a file's name on any system: letters, digits, "-", "_" and inner dots, 60 at most."""
    name = re.sub(r"[^\w.-]+", "_", text)[:60].strip("._")
    return name or "_"


def safe_cell(text: str) -> str:
    """`text` for a CSV that a spreadsheet opens: what it would take for a formula gets an apostrophe in front."""
    return f"'{text}" if text.lstrip()[:1] in ("=", "+", "-", "@") or text[:1] in ("\t", "\r", "\n") else text


# -- reading: JSON -------------------------------------------------------------------------------------


def read_json(path: str | Path, form: int) -> dict[str, Any]:
    """What write_json wrote, without format and checksum; a file without a checksum was written by hand, and is read.

    Raises FileNotFoundError, OSError where the system refuses it, and DamagedFile for all that is not in this form:
    cut or altered, too large, too deep, with a number that is none or text that has no bytes.
    """
    path = Path(path)
    with path.open("rb") as file:
        content = file.read(JSON_LIMIT + 1)
    if len(content) > JSON_LIMIT:
        raise DamagedFile(f"it is larger than {JSON_LIMIT >> 20} MB")
    try:
        values = json.loads(content.decode("utf-8"), parse_constant=_number, parse_float=_number, parse_int=_whole)
        json.dumps(values, ensure_ascii=False).encode("utf-8")  # half a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        raise DamagedFile(str(error)) from error
    if not isinstance(values, dict) or values.pop("format", None) != form:
        raise DamagedFile(f"it is not in format {form}")
    told = values.pop("checksum", None)
    if told is not None and told != _checksum({"format": form, **values}):
        raise DamagedFile('its checksum is another: it was altered; without the line "checksum" it is taken as it is')
    return values


def _number(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is no number")
    return value


def _whole(text: str) -> int:
    value = int(text)
    if not -(2**63) <= value < 2**63:
        raise ValueError(f"{text[:20]}… is too large a number")
    return value


def _checksum(values: Mapping[str, Any]) -> str:
    text = json.dumps(values, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# -- reading: archives ---------------------------------------------------------------------------------


def limit_of(path: str | Path) -> int:
    """Bytes that all of an archive may take when it is read: what we write compresses far less."""
    return SMALL + RATIO * os.path.getsize(path)


def checked_sizes(infos: Iterable[zipfile.ZipInfo], limit: int) -> dict[str, zipfile.ZipInfo]:
    """The members of a zip by name.

    Raises DamagedFile where there are very many, a name is there twice, one is packed so that it cannot be read bit by
    bit (of bzip2 and LZMA, zipfile unpacks all, whatever the directory says), or all take more than `limit`.
    """
    found: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        if len(found) == MEMBERS:
            raise DamagedFile(f"it has more than {MEMBERS:,} members")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise DamagedFile(
                f"{info.filename!r} is packed by method {info.compress_type}; pack it by deflate, as zip does"
            )
        if info.filename in found:
            raise DamagedFile(f"{info.filename!r} is in it twice")
        found[info.filename] = info
    size = sum(info.file_size for info in found.values())
    if size > limit:
        raise DamagedFile(f"it says that it takes {size / 1e6:,.0f} MB when read, more than {limit / 1e6:,.0f} MB")
    return found


def read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """A member of checked size. Not archive.read, which unpacks all that is there and then cuts it to that size."""
    with archive.open(info) as file:
        content = file.read(info.file_size)
        file.read(1)  # reading to the end compares the checksum
    if len(content) != info.file_size:
        raise DamagedFile(f"{info.filename!r} ends after {len(content):,} of {info.file_size:,} bytes")
    return content


def read_directory(path: str | Path) -> tuple[dict[str, Any], dict[str, Member]]:
    """What an .npz says about itself, and its members' types, shapes and sizes; no array is read.

    Raises FileNotFoundError, and DamagedFile for what is none of ours, is damaged or would take too much memory.
    """
    with _opened(path) as (archive, members):
        about = _about(archive, members)
        return about, {name: _header(archive, info) for name, info in members.items() if name != "about"}


def read_arrays(
    path: str | Path, check: Callable[[dict[str, Any], dict[str, Member]], object] | None = None
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What write_arrays wrote. check: told about the file and its members before an array is read; what it raises as
    ValueError, KeyError or TypeError refuses the file.

    Raises FileNotFoundError, and DamagedFile as read_directory does.
    """
    with _opened(path) as (archive, members):
        about = _about(archive, members)
        headers = {name: _header(archive, info) for name, info in members.items() if name != "about"}
        if check is not None:
            check(about, headers)
        return about, {name: _array(archive, members[name]) for name in headers}


def read_members(path: str | Path, names: Iterable[str]) -> dict[str, Any]:
    """These arrays alone. Raises as `read_arrays` does."""
    with _opened(path) as (archive, members):
        return {name: _array(archive, members[name]) for name in names}


def not_ours(path: Any, why: object) -> DamagedFile:
    return DamagedFile(
        f"{str(path)!r} is not a model saved by recwidgets, or is damaged ({why}); save it again with model.save"
    )


@contextlib.contextmanager
def _opened(path: str | Path) -> Iterator[tuple[zipfile.ZipFile, dict[str, zipfile.ZipInfo]]]:
    """The archive and its members without their ".npy"; whatever is wrong within the block becomes DamagedFile."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = checked_sizes(archive.infolist(), limit_of(path))
            odd = [name for name in found if not name.endswith(".npy")]
            if odd:
                raise DamagedFile(f"{odd[0]!r} is no array")
            told = found["about.npy"].file_size
            if told > max(ABOUT, 4 * os.path.getsize(path)):
                raise DamagedFile(f"what it says about itself takes {told / 1e6:,.0f} MB")
            yield archive, {name.removesuffix(".npy"): info for name, info in found.items()}
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no file {str(path)!r}; save one with model.save") from None
    except Exception as error:  # zipfile, zlib, json and numpy each have their own
        raise not_ours(path, error) from error


def _about(archive: zipfile.ZipFile, members: Mapping[str, zipfile.ZipInfo]) -> dict[str, Any]:
    text = _array(archive, members["about"])
    if text.dtype.kind != "U" or text.ndim:
        raise DamagedFile(f"what it says about itself is {text.dtype} of shape {text.shape}, not text")
    about = json.loads(str(text), parse_int=_whole)
    if not isinstance(about, dict):
        raise DamagedFile(f"it says {about!r} about itself")
    return about


def _header(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    with archive.open(info) as file:  # no more than the header: a file has hundreds of members
        begin = file.read(12)
        length = int.from_bytes(begin[8 : 10 if begin[6:7] == b"\x01" else 12], "little")
        start = io.BytesIO(begin + file.read(min(length, HEADER)))
    version = np.lib.format.read_magic(start)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in read:
        raise DamagedFile(f"{info.filename!r} has an .npy header of version {version}")
    shape, _, dtype = read[version](start)
    if dtype.kind not in "biufU":
        raise DamagedFile(f"{info.filename!r} holds {dtype}, neither numbers nor text")
    wanted = start.tell() + math.prod(shape) * dtype.itemsize
    if wanted != info.file_size:
        raise DamagedFile(f"{info.filename!r} takes {info.file_size:,} bytes, its header says {wanted:,}")
    return Member(dtype, shape, info.file_size)


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Any:
    _header(archive, info)  # numpy makes room for what a header says before it reads
    with archive.open(info) as file:
        array = np.lib.format.read_array(file, allow_pickle=False)
        if file.read(1):  # reading to the end compares the checksum
            raise DamagedFile(f"{info.filename!r} is longer than its array")
    return array
