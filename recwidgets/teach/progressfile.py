"""What a learner has done, in one small JSON file beside the notebook. Nothing is sent anywhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from .._files import put_aside, read_json, write_json

NAME, FORMAT = "recwidgets-progress.json", 1

_memory: dict[str, Any] = {}  # where the folder cannot be written, progress lasts as long as the kernel


def place() -> Path:
    """The file: RECWIDGETS_PROGRESS, or recwidgets-progress.json in the folder of the notebook."""
    return Path(os.environ.get("RECWIDGETS_PROGRESS") or NAME).expanduser()


def read() -> tuple[dict[str, Any], str]:
    """({"exercises": {…}, "guesses": {…}}, a sentence where something was wrong with the file, else "").

    A file that cannot be understood is renamed, never overwritten.
    """
    path = place()
    try:
        state = read_json(path, FORMAT)
        _check(state)
    except FileNotFoundError:
        return _whole(_memory), ""
    except OSError as error:
        return _whole(_memory), f"Your progress could not be read ({error.strerror}); it starts afresh."
    except ValueError as error:
        return _whole({}), _keep_aside(path, error)
    return _whole(state), ""


def update(kind: str, name: str, **values: Any) -> str:
    """Merge `values` into one entry, on what is in the file *now*: another notebook may write it too.

    Returns a sentence where the file was damaged or cannot be written, else "".
    """
    state, note = read()
    state[kind][name] = {**state[kind].get(name, {}), **values}
    path = place()
    try:
        write_json(path, state, FORMAT)
    except OSError as error:
        _memory.update(state)
        return f"Your progress cannot be saved here ({error.strerror}); it lasts until the kernel stops."
    return note


def _whole(state: dict[str, Any]) -> dict[str, Any]:
    return {
        kind: {name: dict(entry) for name, entry in state.get(kind, {}).items()} for kind in ("exercises", "guesses")
    }


def _check(state: Any) -> None:
    for kind in ("exercises", "guesses"):
        entries = state.get(kind, {})
        if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
            raise ValueError(f"{kind} of another form")


def _keep_aside(path: Path, error: Exception) -> str:
    try:
        aside = put_aside(path)
    except OSError:
        return f"{path.name} could not be read ({error}); your progress starts afresh."
    return f"{path.name} could not be read ({error}). It is kept as {aside.name}; your progress starts afresh."
