"""What a panel can give away: one runnable line, a state to come back to, files of a run."""

from __future__ import annotations

import csv
import json
import math
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

STATE_FORMAT = 1
EMBEDDED = "MovieLens latest-small"  # the name of the data that the ready panels take
READY = {"gnn": "GNNPanel", "knn": "KNNPanel", "session": "SessionPanel"}
#: Parts of a panel that a lesson may leave out.
PARTS = (
    "train",
    "pause",
    "step",
    "reset",
    "epoch",
    "knobs",
    "settings",
    "you",
    "why",
    "list",
    "curve",
    "controls",
    "tools",
)


class DamagedState(ValueError):
    """The state file cannot be read; it has been kept aside, and the message says where."""


def check_parts(hide: Any) -> tuple[str, ...]:
    """The parts to leave out, or a sentence that lists those there are."""
    chosen = (hide,) if isinstance(hide, str) else tuple(hide)
    for name in chosen:
        if name not in PARTS:
            raise ValueError(f"hide may name {', '.join(PARTS)}, got {name!r}")
    return chosen


def line(call: str, settings: Mapping[str, Any]) -> str:
    """One runnable line: `rw.GNNPanel(user="42", epoch=8, knobs={"layers": 2})`."""
    shown = ", ".join(f"{name}={_literal(value)}" for name, value in settings.items())
    return f"rw.{call}({shown})"


def _literal(value: Any) -> str:
    if isinstance(value, float) and math.isinf(value):
        return 'float("inf")'
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, list):
        return "[" + ", ".join(map(_literal, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(key)}: {_literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return repr(value)


def read_state(path: Path) -> dict[str, Any]:
    """A state written by `write_state`; {} where there is no file yet.

    Raises DamagedState for a file that cannot be understood; it is renamed first, never overwritten.
    """
    if not path.exists():
        return {}
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(state, dict) or state.get("format") != STATE_FORMAT:
            raise ValueError(f"format {state.get('format') if isinstance(state, dict) else None!r}")
        return state
    except (ValueError, UnicodeDecodeError) as error:
        aside = put_aside(path)
        raise DamagedState(
            f"{path.name} could not be read ({error}). It is kept as {aside.name}; the panel starts afresh."
        ) from error


def put_aside(path: Path) -> Path:
    """Rename a file that is of no use here, so that nothing of it is lost."""
    return path.rename(_free_name(path))


def _free_name(path: Path) -> Path:
    n = 1
    while (aside := path.with_name(f"{path.stem}.damaged-{n}{path.suffix}")).exists():
        n += 1
    return aside


def write_state(path: Path, state: Mapping[str, Any]) -> None:
    """Whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(json.dumps({"format": STATE_FORMAT, **state}, ensure_ascii=False, indent=1), encoding="utf-8")
    partial.replace(path)


def write_recommendations(path: Path, answer: Any) -> None:
    """CSV: one row for each part of each film's score, so that the parts of a film add up to it."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["rank", "item", "title", "score", "watched_later", "part", "kind", "value"])
        for place, item in enumerate(answer.top.tolist(), 1):
            explanation = answer.explain(item)
            head = [place, explanation.item, explanation.title, float(answer.scores[item]), item in answer.later]
            for part in explanation.parts:
                out.writerow([*head, part.label, part.kind, part.value])


def run_card(panel: Any) -> dict[str, Any]:
    """What it takes to make this run again: data, split, model, seed, epochs, versions."""
    from importlib import metadata

    versions = {}
    for package in ("recwidgets", "numpy", "tensorflow", "tensorflow-recommenders", "bqplot", "ipywidgets"):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    model, split, last = panel.model, panel.split, panel.history.last
    settings = model.settings() if hasattr(model, "settings") else {}
    return {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "setup": panel.setup(),
        "history": panel._own_history(),  # None: the user's, as in the data
        "data": {"name": split.train.name, "users": split.train.n_users, "movies": split.train.n_items},
        "split": {"kind": split.kind, "seed": split.seed, "train": len(split.train), "test": len(split.test)},
        "model": {"name": getattr(model, "name", type(model).__name__), "settings": _plain(settings)},
        "epoch": panel.epoch,
        "metrics": {} if last is None else _plain(panel.history.metrics.get(panel.epoch, last.metrics)),
        "versions": versions,
        "python": platform.python_version(),
    }


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has no infinity."""
    return {key: "inf" if isinstance(v, float) and math.isinf(v) else v for key, v in values.items()}
