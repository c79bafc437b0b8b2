"""Wheels for Python in a browser's tab, made of what is installed here: no index is asked, and versions are the pins.

Only Python and the data beside it go in: a browser has no use for compiled parts, tests, or the files of the front end
(these are federated into the site from where they are installed).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

COMPILED = (".so", ".pyd", ".dll", ".dylib", ".pyc", ".pyi", ".c", ".pyx")
FRONT_END = {"labextension", "nbextension", "static"}  # folders whose Python is kept alone
TAG = "py3-none-any"
MODELS = r"recwidgets/pretrained/[^/]+\.npz"
AWAY = "recwidgets/pretrained/away.json"  # read by recwidgets/pretrained/away.py
WHEEL = f"Wheel-Version: 1.0\nGenerator: recwidgets\nRoot-Is-Purelib: true\nTag: {TAG}\n"
KEPT = re.compile(r"\.dist-info/(METADATA|licenses/.+|LICEN[CS]E.*|COPYING.*|entry_points\.txt)$")
WHEN = (1980, 1, 1, 0, 0, 0)  # the same content is the same wheel, to the last byte


def pure(name: str, folder: Path) -> Path:
    """The installed package `name` as a wheel that needs no compiler. Raises LookupError where it has no Python."""
    package = metadata.distribution(name)
    files = dict(sorted(_files(package)))
    if not any(path.endswith(".py") for path in files):
        raise LookupError(f"{name} {package.version} is installed here without Python files of its own")
    plain = re.sub(r"[-_.]+", "_", package.metadata["Name"]).lower()
    info = f"{plain}-{package.version}.dist-info"
    files = {re.sub(r"^[^/]+\.dist-info/", f"{info}/", path): content for path, content in files.items()}
    files[f"{info}/WHEEL"] = WHEEL.encode()
    return _write(folder / f"{plain}-{package.version}-{TAG}.whl", files, f"{info}/RECORD")


def _files(package: metadata.Distribution) -> Iterator[tuple[str, bytes]]:
    for file in package.files or ():
        path = file.as_posix()
        folders = set(file.parts[:-1])
        if path.startswith("..") or path.endswith(COMPILED) or "tests" in folders:
            continue
        if FRONT_END & folders and file.suffix != ".py":
            continue
        if ".dist-info/" in path and not KEPT.search(path):
            continue
        yield path, Path(str(package.locate_file(file))).read_bytes()


def _write(wheel: Path, files: dict[str, bytes], record: str) -> Path:
    rows = [f"{path},sha256={_digest(content)},{len(content)}" for path, content in files.items()]
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in {**files, record: "\n".join([*rows, f"{record},,", ""]).encode()}.items():
            archive.writestr(zipfile.ZipInfo(path, WHEN), content, zipfile.ZIP_DEFLATED)
    return wheel


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")


def own(repo: Path, folder: Path) -> Path:
    """recwidgets itself, built by its own build system."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=repo, check=True, capture_output=True)
    (wheel,) = folder.glob("recwidgets-*.whl")
    return _without_models(wheel)


def _without_models(wheel: Path) -> Path:
    """The wheel without the trained models: these lie beside it, each loaded when it is first asked for."""
    with zipfile.ZipFile(wheel) as archive:
        files = {name: archive.read(name) for name in sorted(archive.namelist())}
    record = next(name for name in files if name.endswith(".dist-info/RECORD"))
    del files[record]
    models = {name: files.pop(name) for name in list(files) if re.fullmatch(MODELS, name)}
    sums = {name.rpartition("/")[2]: hashlib.sha256(content).hexdigest() for name, content in models.items()}
    for name, content in models.items():
        (wheel.parent / name.rpartition("/")[2]).write_bytes(content)
    files[AWAY] = json.dumps(sums, sort_keys=True).encode()
    return _write(wheel, files, record)
