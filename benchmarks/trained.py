"""Models trained once a run: other parts find them in a folder that the run keeps."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import recwidgets as rw
from recwidgets.models import make

from .options import Options
from .usage import clocked


def trained(
    name: str, train: rw.Interactions, key: str, seed: int, options: Options, **settings: Any
) -> tuple[Any, dict[str, float]]:
    """A model trained on `train`, and the {"wall", "cpu"} seconds that it took, TensorFlow's import included once.

    key: names the training rows, so that another part of the run finds the same model again.
    """
    words = "-".join(f"{key}{value}" for key, value in sorted(settings.items()))
    path = Path(options.kept, f"{name}-{key}-{seed}-{words}.npz") if options.kept else None
    if path is not None and path.exists():
        return rw.load_model(path), json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    with clocked() as used:
        model = make(name, seed=seed, **settings)
        rw.fit(model, train, epochs=options.epochs, progress=False)
    if path is not None:
        path.with_suffix(".json").write_text(json.dumps(used), encoding="utf-8")
        model.save(path)
    return model, used
