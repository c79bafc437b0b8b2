"""What a panel writes and reads: the learner's state, and the files of a run."""

from __future__ import annotations

import csv
import io
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from .._files import DamagedFile, put_aside, read_json, safe_cell, write_json, write_text
from ..answer import Answer
from ..models._base import EmbeddingModel
from ..protocols import Explains
from .changes import sentence
from .settings import jsonable
from .state import World
from .training import Training

STATE_FORMAT = 2  # 2: by the names of Panel's options
PACKAGES = ("recwidgets", "numpy", "tensorflow", "tensorflow-recommenders", "bqplot", "ipywidgets")


class DamagedState(DamagedFile):
    """The state file cannot be read; the message says why, and where it is kept aside if the folder allows that."""


def read_state(path: Path) -> dict[str, Any]:
    """A state written by `write_state`, without its format; {} where there is no file yet.

    Raises DamagedState for a file that cannot be understood, which is renamed first, never overwritten, and OSError
    where the system refuses to read it or to rename it.
    """
    try:
        return read_json(path, STATE_FORMAT)
    except FileNotFoundError:
        return {}
    except DamagedFile as error:
        raise DamagedState(
            f"{path.name} could not be read ({error}). It is kept as {put_aside(path).name}; the panel starts afresh."
        ) from error


def write_state(path: Path, state: Mapping[str, Any]) -> None:
    """Whole or not at all."""
    write_json(path, jsonable(state), STATE_FORMAT)


def write_recommendations(path: Path, answer: Answer) -> None:
    """CSV: one row for each part of each item's score, so that the parts of an item add up to it.

    One row an item, with empty parts, for a model that does not take its scores apart; where it tries to and
    fails, the part says why, and its kind is "fault". Written whole or not at all; text that a spreadsheet would take
    for a formula has an apostrophe in front.
    """
    explains = isinstance(answer.model, Explains)
    with io.StringIO(newline="") as file:
        out = csv.writer(file)
        out.writerow(["rank", "item", "title", "score", "watched_later", "part", "kind", "value"])
        for rank, item in enumerate(answer.top.tolist(), 1):
            title, score = safe_cell(str(answer.data.titles[item])), float(answer.scores[item])
            head = [rank, safe_cell(str(answer.data.items[item])), title, score, item in answer.later]
            try:
                parts = answer.explain(item).parts if explains else ()
            except Exception as error:  # what failed for one item takes neither the others nor the run card
                out.writerow([*head, safe_cell(sentence(error)), "fault", ""])
                continue
            out.writerows([*head, safe_cell(part.label), part.kind, part.value] for part in parts)
            if not parts:
                out.writerow([*head, "", "", ""])
        write_text(path, file.getvalue())


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
