"""The command `recwidgets`: fetch data, train, ask what this machine can do, serve the panels, measure."""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import platform
import sys
from collections.abc import Sequence
from pathlib import Path

from .app import IDLE, PANELS, serve

SETS = ("latest-small", "100k", "1m", "20m", "25m")
# what is shipped must be small: fewer dimensions, fewest where a model has two tables of films
SMALL = {"gnn": {"dim": 24}, "knn": {"dim": 32}, "session": {"dim": 48}}
PACKAGES = (
    "numpy",
    "ipywidgets",
    "bqplot",
    "anywidget",
    "jupyterlab",
    "tensorflow",
    "tensorflow-recommenders",
    "tensorflow-datasets",
)
# of a notebook's kernel, at its peak: benchmarks/RESULTS.md, Memory
MEMORY = (
    "a notebook with a panel takes about 0.2 GB, one that trains a model about 1 GB with TensorFlow, 0.3 GB with numpy"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand; errors of the user's making are one sentence and exit code 2."""
    from .models import known_models

    parser = argparse.ArgumentParser(prog="recwidgets", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    fetch = commands.add_parser("fetch", help="download or prepare a data set")
    fetch.add_argument("name", choices=SETS)
    fetch.add_argument("--archive", help="a zip or folder that you have already")
    train = commands.add_parser("train", help="train the models and keep most of their epochs")
    train.add_argument("name", choices=SETS)
    train.add_argument("--archive", help="a zip or folder that you have already")
    train.add_argument("--model", choices=list(known_models()), action="append", help="only this one (may be repeated)")
    train.add_argument("--epochs", type=int)
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--package", action="store_true", help="write into the package: how the shipped files were made")
    commands.add_parser("doctor", help="say what works on this machine, and what to do about the rest")
    app = commands.add_parser("app", help="serve the panels to a room as a page (Voilà): one kernel a visitor, no code")
    app.add_argument("--port", type=int, default=8866)
    app.add_argument("--ip", default="127.0.0.1", help="0.0.0.0: for the whole network; 127.0.0.1: for this machine")
    app.add_argument("--panels", nargs="+", default=[*PANELS], metavar="PANEL", help=f"some of {' '.join(PANELS)}; all")
    app.add_argument("--idle", type=int, default=IDLE, help=f"seconds after which an unused kernel is ended ({IDLE})")
    app.add_argument("--open", action="store_true", help="open it in this machine's browser")
    commands.add_parser("bench", help="measure accuracy and cost, in a clone: recwidgets bench --help", add_help=False)
    chosen, rest = parser.parse_known_args(arguments)
    if rest and chosen.command != "bench":
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    try:
        if chosen.command == "bench":
            return _bench(rest)
        return {"fetch": _fetch, "train": _train, "doctor": _doctor, "app": _app}[chosen.command](chosen)
    except (ValueError, OSError, ImportError, MemoryError, FloatingPointError) as error:  # the last: training diverged
        print(f"recwidgets: {error}", file=sys.stderr)
        return 2


def _fetch(chosen: argparse.Namespace) -> int:
    from .data import load_movielens

    print(repr(load_movielens(chosen.name, archive=chosen.archive)))
    return 0


def epochs_to_keep(total: int) -> list[int]:
    """Epochs that show how a model settles: each of the first ten, then fewer and fewer of them; and the last.

    About 20 of 30 and 40 of 100, since each costs its share of the file.
    """
    kept, step = list[int](), 1
    while step < total:
        kept.append(step)
        step += 1 if step < 10 else 2 if step < 20 else max(3, step // 10)
    return [*kept, total]


def _train(chosen: argparse.Namespace) -> int:
    from .data import load_movielens
    from .models import known_models, make
    from .pretrained import HERE, file_name, measure_kept, save_pretrained, user_folder
    from .training import fit

    split = load_movielens(chosen.name, archive=chosen.archive).split("temporal", test=0.2)
    folder: Path = HERE if chosen.package else user_folder()
    for name in chosen.model or known_models():
        small = SMALL.get(name, {}) if chosen.package else {}
        model = make(name, seed=chosen.seed, **small)
        history = fit(model, split.train, split.validation, chosen.epochs)
        path = folder / file_name(name, split.train)
        save_pretrained(path, model, history, epochs_to_keep(history.total))
        if len(split.validation):
            measure_kept(path, split.train, split.validation)
        print(f"{model.label}: {history!r}\n  -> {path.name}, {path.stat().st_size / 1e6:.2f} MB")
    return 0


def _app(chosen: argparse.Namespace) -> int:
    return serve(chosen.panels, chosen.port, chosen.ip, chosen.idle, chosen.open)


def _doctor(chosen: argparse.Namespace) -> int:
    from . import _backend, _tf
    from .data import load_movielens

    print(f"Python {platform.python_version()} on {platform.system()} {platform.machine()}")
    for package in PACKAGES:
        try:
            print(f"  {package:<26}{importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            print(f"  {package:<26}missing")
    print(f"memory: {MEMORY}")
    print(f"embedded data: {load_movielens('latest-small')!r}")
    try:
        backend = _backend.at_work(None)
        if backend == "tensorflow":
            _tf.load()
        print(f"training: works, with {_backend.LABELS[backend]}")
    except (ImportError, ValueError, MemoryError) as error:
        print(f"training: {error}")
    return 0


def _bench(arguments: Sequence[str]) -> int:
    """The benchmarks stand beside the package in a clone, and are not installed with it."""
    for root in (Path(__file__).resolve().parents[1], Path.cwd()):
        if (root / "benchmarks" / "run.py").is_file():
            sys.path.insert(0, str(root))
            return int(importlib.import_module("benchmarks.run").main(arguments))
    raise ImportError(
        "the benchmarks are not installed with the package; clone the repository and run recwidgets bench in its folder"
    )


if __name__ == "__main__":
    raise SystemExit(main())
