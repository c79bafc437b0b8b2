"""Pyodide, Python in WebAssembly: from an archive or from its own release, each file checked against its SHA-256."""

from __future__ import annotations

import hashlib
import json
import tarfile
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

VERSION = "0.27.7"  # what jupyterlite-pyodide-kernel 0.6 speaks
RELEASE = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"  # where Pyodide's documentation says its releases are
LOCK = "pyodide-lock.json"
CORE = {
    "pyodide.js": "b4cb23a53aba19c221659b9fb40a2f18281d685691dc06647fb0afd0681baf98",
    "pyodide.asm.js": "6b4c90de5b7172873f04f21884d0e9d2274e305fe32116558fe3e4fbe3618d51",
    "pyodide.asm.wasm": "a50dd1843f805a0b7c45b61037ee0d7b26dfe85efe0e18ef95a34ad24e401f5f",
    "python_stdlib.zip": "16611534726e5d8ac2bd8f926410b2dcb8d6f49aa24913463533b457a2115c16",
}
LOCK_SHA256 = (
    "9c45b916001a750f4102fc287494f3eab215909c7535c626a20db80fd6333e2c"  # the release's; it has all packages' own
)

Packages = dict[str, dict[str, Any]]
Read = Callable[[str], bytes]


class NotAsPinned(ValueError):
    """A file of Pyodide is not the one that this project was tested with."""


def checked(name: str, content: bytes, sha256: str, where: str) -> bytes:
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise NotAsPinned(f"{name} of {where} must have the SHA-256 {sha256}, got {found}; get Pyodide {VERSION} again")
    return content


def from_archive(archive: Path) -> Read:
    """Read files of `archive`, a .tar.bz2 that holds the folder pyodide."""
    with tarfile.open(archive) as opened:
        files = {Path(member.name).name: opened.extractfile(member) for member in opened if member.isfile()}
        contents = {name: file.read() for name, file in files.items() if file is not None}

    def read(name: str) -> bytes:
        if name not in contents:
            raise NotAsPinned(f"{archive} holds no {name}; get Pyodide {VERSION} again")
        return contents[name]

    return read


def from_release(name: str) -> bytes:
    """Download one file of the release."""
    with urllib.request.urlopen(RELEASE + name, timeout=120) as answer:
        content: bytes = answer.read()
    return content


def closure(packages: Packages, names: Iterable[str]) -> list[str]:
    """`names` and all that they depend on, sorted. Raises KeyError for a package that is not there."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += [canonicalize_name(need) for need in packages[name]["depends"]]
    return sorted(found)


def fill(folder: Path, archive: Path | None, needed: Iterable[str], own: Packages) -> None:
    """Write Pyodide's core, the packages `needed` and a lock that also names `own`, whose wheels are in `folder`.

    needed: names in Pyodide's lock. own: entries for that lock; they take the place of Pyodide's. Of an archive the
    packages' sums are those of the lock inside; of the release the lock is pinned too.
    """
    read, where = (from_archive(archive), str(archive)) if archive else (from_release, RELEASE)
    for name, sha256 in CORE.items():
        (folder / name).write_bytes(checked(name, read(name), sha256, where))
    text = read(LOCK) if archive else checked(LOCK, read(LOCK), LOCK_SHA256, where)
    lock = json.loads(text)
    packages = {**{canonicalize_name(name): package for name, package in lock["packages"].items()}, **own}
    kept = {name: packages[name] for name in closure(packages, [*needed, *own])}
    for name, package in kept.items():
        if name not in own:
            file = package["file_name"]
            (folder / file).write_bytes(checked(file, read(file), package["sha256"], where))
    (folder / LOCK).write_text(json.dumps({**lock, "packages": kept}, sort_keys=True), encoding="utf-8")
