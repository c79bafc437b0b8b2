"""What a panel writes and reads: the learner's state, and the files of a run."""

from __future__ import annotations

import csv
import json
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from ..answer import Answer
from ..models._base import EmbeddingModel
from ..protocols import Explains
from .changes import sentence
from .settings import jsonable
from .state import World
from .trainer import Training

STATE_FORMAT = 2  # 2: by the names of Panel's options
PACKAGES = ("recwidgets", "numpy", "tensorflow", "tensorflow-recommenders", "bqplot", "ipywidgets")


class DamagedState(ValueError):
    """The state file cannot be read; it has been kept aside, and the message says where."""


def read_state(path: Path) -> dict[str, Any]:
    """A state written by `write_state`, without its format; {} where there is no file yet.

    Raises DamagedState for a file that cannot be understood; it is renamed first, never overwritten.
    """
    if not path.exists():
        return {}
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(state, dict) or state.pop("format", None) != STATE_FORMAT:
            raise ValueError(f"it is not in format {STATE_FORMAT}")
        return state
    except (ValueError, RecursionError) as error:
        raise DamagedState(
            f"{path.name} could not be read ({error}). It is kept as {put_aside(path).name}; the panel starts afresh."
        ) from error


def put_aside(path: Path) -> Path:
    """Rename a file that is of no use here, so that nothing of it is lost."""
    n = 1
    while (aside := path.with_name(f"{path.stem}.damaged-{n}{path.suffix}")).exists():
        n += 1
    return path.rename(aside)


def write_state(path: Path, state: Mapping[str, Any]) -> None:
    """Whole or not at all."""
    write_whole(path, json.dumps(jsonable({"format": STATE_FORMAT, **state}), ensure_ascii=False, indent=1))


def write_whole(path: Path, text: str) -> None:
    """Write a file whole or not at all: what stood there stays until the new one is complete."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def write_recommendations(path: Path, answer: Answer) -> None:
    """CSV: one row for each part of each item's score, so that the parts of an item add up to it.

    One row an item, with empty parts, for a model that does not take its scores apart; where it tries to and
    fails, the part says why, and its kind is "fault".
    """
    explains = isinstance(answer.model, Explains)
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["rank", "item", "title", "score", "watched_later", "part", "kind", "value"])
        for rank, item in enumerate(answer.top.tolist(), 1):
            title, score = str(answer.data.titles[item]), float(answer.scores[item])
            head = [rank, str(answer.data.items[item]), title, score, item in answer.later]
            try:
                parts = answer.explain(item).parts if explains else ()
            except Exception as error:  # what failed for one item takes neither the others nor the run card
                out.writerow([*head, sentence(error), "fault", ""])
                continue
            out.writerows([*head, part.label, part.kind, part.value] for part in parts)
            if not parts:
                out.writerow([*head, "", "", ""])


def run_card(world: World, training: Training, told: Mapping[str, Any], setup: str) -> dict[str, Any]:
    """What it takes to make this run again: state, data, split, model, seed, epochs, versions."""
    split, last, model = world.split, training.history.last, training.model
    epoch = told.get("epoch", training.number(None)) or None
    settings = model.settings() if isinstance(model, EmbeddingModel) else {}
    metrics = {} if last is None or epoch is None else training.history.metrics.get(epoch, last.metrics)
    card = {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "setup": setup,
        "state": told,
        "data": {"name": world.data.name, "users": world.data.n_users, "items": world.data.n_items},
        "split": {
            "kind": split.kind, "seed": split.seed, "train": len(split.train), "validation": len(split.validation),
            "test": len(split.test),
        },
        "model": {"name": world.name, "label": world.label, "settings": settings, "trained here": training.here},
        "backend": training.backend or None,
        "epoch": epoch,
        "metrics": metrics,
        "versions": {package: _version(package) for package in PACKAGES},
        "python": platform.python_version(),
    }  # fmt: skip
    return dict(jsonable(card))


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"
