"""How long a first training takes to start on this machine: measured, and remembered in the user's cache folder."""

from __future__ import annotations

import math
import os
from pathlib import Path

import platformdirs

from .._files import read_json, write_json

FORMAT = 1
LONGEST = 3600.0  # s; more is no measurement, but a laptop that slept


def memory() -> Path:
    """The file of the last measurement; its folder can be chosen with RECWIDGETS_CACHE."""
    return Path(os.environ.get("RECWIDGETS_CACHE") or platformdirs.user_cache_dir("recwidgets")) / "first-training.json"


def last_time() -> float | None:
    """Seconds from Train to the first batch when TensorFlow was last loaded here; None where it never was."""
    try:
        seconds = float(read_json(memory(), FORMAT)["seconds"])
    except (OSError, ValueError, TypeError, KeyError):
        return None  # it is only a cache
    return seconds if math.isfinite(seconds) and 0 < seconds <= LONGEST else None


def remember(seconds: float) -> None:
    """Whole or not at all; a folder that refuses it goes without."""
    if not 0 < seconds <= LONGEST:
        return
    file = memory()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_json(file, {"seconds": round(seconds, 1)}, FORMAT)
    except OSError:
        return


def words(waited: float, loading: bool, before: float | None) -> tuple[str, str]:
    """What is under way before the first batch, in a few words, and since when. before: how long it took last time."""
    word = "Loading TensorFlow" if loading else "Getting ready"
    so_far = f"{waited:.0f} s so far" if waited >= 1 else ""
    last = "" if before is None else f"{before:.0f} s last time"
    return word, ", ".join(part for part in (so_far, last) if part)
