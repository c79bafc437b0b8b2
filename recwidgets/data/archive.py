"""Checking an archive before it is believed."""

from __future__ import annotations

import hashlib
from pathlib import Path


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def refuse_altered(path: Path, expected: str) -> None:
    """Raise ValueError, with both sums, if a file is not the one that was published."""
    found = sha256_of(path)
    if found != expected:
        raise ValueError(f"{path.name} must be the published file with sha256 {expected}, got {found}")
