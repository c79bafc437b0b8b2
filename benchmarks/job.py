"""One part in a process of its own: python -m benchmarks.job SECTION PART OPTIONS OUT."""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from pathlib import Path
from typing import Any

from .options import Missing, Options
from .usage import clocked, cpu_seconds, peak_mb

SECTIONS = {
    "accuracy": "Accuracy",
    "training": "Training",
    "backends": "Training with TensorFlow and with numpy",
    "tab": "Training in a browser's tab",
    "ranking": "Ranking",
    "memory": "Memory",
    "binder": "Binder without Docker, under a limit of 1 GB",
    "roads": "Roads to a first panel",
    "hub": "A class on a hub",
    "growth": "Growth, on a synthetic world with MovieLens' curve of popularity",
    "ablation": "Is it the idea?",
    "explanations": "Explanations",
    "load": "Much use: does it stay as it was?",
    "clicks": "What a click costs the kernel, in a panel without a browser",
    "fuzz": "Mutated inputs for every reader",
    "kills": "Writers that are killed while they write",
    "browser": "From an act to the changed chart, in a real browser",
}


def section(name: str) -> Any:
    return importlib.import_module(f"{__package__}.{name}")


def parts_of(name: str, options: Options) -> dict[str, Any]:
    """{part: function of the options} of a section, in order."""
    module = section(name)
    parts: dict[str, Any] = module.parts(options) if hasattr(module, "parts") else module.PARTS
    return parts


def run_part(name: str, part: str, options: Options) -> dict[str, Any]:
    """What the part measured, or {"skipped": why}, or {"failed": why}; its seconds and peak of memory beside it."""
    with clocked() as used:
        try:
            done = dict(parts_of(name, options)[part](options))
        except Missing as reason:
            done = {"skipped": str(reason)}
        except Exception as error:  # one part must not take the others with it
            traceback.print_exc()
            done = {"failed": f"{type(error).__name__}: {error}"}
    done["process"] = {"wall": used["wall"], "cpu": cpu_seconds(), "peak": peak_mb()}
    return done


def main(arguments: list[str]) -> None:
    name, part, options, out = arguments
    done = run_part(name, part, Options.from_json(options))
    Path(out).write_text(json.dumps(done), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
