"""What a learner has done, in one small JSON file beside the notebook. Nothing is sent anywhere."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

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
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return _whole(_memory), ""
    except UnicodeDecodeError as error:
        return _whole({}), _keep_aside(path, error)
    except OSError as error:
        return _whole(_memory), f"Your progress could not be read ({error.strerror}); it starts afresh."
    try:
        state = json.loads(text)
        _check(state)
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
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")  # one per kernel
    try:
        partial.write_text(json.dumps({"format": FORMAT, **state}, ensure_ascii=False, indent=1), encoding="utf-8")
        partial.replace(path)  # whole or not at all
    except OSError as error:
        _memory.update(state)
        return f"Your progress cannot be saved here ({error.strerror}); it lasts until the kernel stops."
    return note


def _whole(state: dict[str, Any]) -> dict[str, Any]:
    return {
        kind: {name: dict(entry) for name, entry in state.get(kind, {}).items()} for kind in ("exercises", "guesses")
    }


def _check(state: Any) -> None:
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise ValueError(f"format {state.get('format') if isinstance(state, dict) else None!r}")
    for kind in ("exercises", "guesses"):
        entries = state.get(kind, {})
        if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
            raise ValueError(f"{kind} of another form")


def _keep_aside(path: Path, error: Exception) -> str:
    n = 1
    while (aside := path.with_name(f"{path.stem}.damaged-{n}{path.suffix}")).exists():
        n += 1
    try:
        path.rename(aside)
    except OSError:
        return f"{path.name} could not be read ({error}); your progress starts afresh."
    return f"{path.name} could not be read ({error}). It is kept as {aside.name}; your progress starts afresh."
