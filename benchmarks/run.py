"""The command `recwidgets bench`: every part in a fresh process, then results.json and RESULTS.md."""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import report
from .job import SECTIONS, parts_of, section
from .options import Options, smoke
from .usage import machine

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LIMIT = 1800  # seconds for one part: the longest takes a few minutes on two cores
NOTES = HERE / "NOTES.md"  # what was tried where a line is not met; it stands below the tables


def parser(prog: str = "recwidgets bench") -> argparse.ArgumentParser:
    out = argparse.ArgumentParser(prog=prog, description=__doc__)
    out.add_argument("--only", help=f"sections, with commas between them: {','.join(SECTIONS)}")
    out.add_argument(
        "--parts", help="of the sections, only these parts, with commas; the others stay as they were measured"
    )
    out.add_argument("--data", help="MovieLens 100K, a folder or the zip (else RECWIDGETS_ML100K)")
    out.add_argument("--evaluator", help="the folder of evalbench.py (else RECWIDGETS_BENCH, else beside the clone)")
    out.add_argument("--seeds", type=int, default=3, help="how many seeds of each model: 0, 1, … (default 3)")
    out.add_argument("--sizes", help="interactions of the synthetic worlds, with commas between them")
    out.add_argument("--out", type=Path, help="folder for results.json and RESULTS.md (default: benchmarks)")
    out.add_argument("--quick", action="store_true", help="try the code: one seed and epoch; the numbers mean nothing")
    return out


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write, print the table. 0 if all parts ran or were skipped, 1 if one failed."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    chosen = parser().parse_args(given)
    names, options = chosen_sections(chosen.only), chosen_options(chosen)
    out = chosen.out or (ROOT / "build" / "bench-quick" if chosen.quick else HERE)
    out.mkdir(parents=True, exist_ok=True)
    environment = environment_of(chosen)
    file = out / "results.json"
    results = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    failed = 0
    with tempfile.TemporaryDirectory(prefix="recwidgets-bench-") as folder:
        options = dataclasses.replace(options, kept=folder)
        for name in names:
            before, parts = results.get(name), list(parts_of(name, options))
            results[name] = about(given, options)
            if chosen.parts:
                wanted = chosen.parts.split(",")
                parts = [part for part in parts if part in wanted]
                results[name] |= others(before, wanted)
            for part in parts:
                done = fresh_process(name, part, options, environment, Path(folder))
                results[name]["parts"][part] = done
                failed += "failed" in done
                # after every part: what was measured is kept, whatever comes
                file.write_text(json.dumps(results, indent=1), encoding="utf-8")
    if "roads" in names and out == HERE:
        section("roads").write_page(results["roads"])
    text = page(results)
    (out / "RESULTS.md").write_text(text, encoding="utf-8")
    print(text)
    return 1 if failed else 0


def chosen_sections(only: str | None) -> list[str]:
    names = only.split(",") if only else list(SECTIONS)
    for name in names:
        if name not in SECTIONS:
            raise ValueError(f"--only must be some of {','.join(SECTIONS)}, got {name!r}")
    return [name for name in SECTIONS if name in names]


def chosen_options(chosen: argparse.Namespace) -> Options:
    if chosen.seeds < 1:
        raise ValueError(f"--seeds must be a whole number of at least 1, got {chosen.seeds}")
    options = Options(seeds=tuple(range(chosen.seeds)))
    options = smoke(options) if chosen.quick else options
    if chosen.sizes:
        try:
            sizes = tuple(int(text) for text in chosen.sizes.split(","))
        except ValueError:
            raise ValueError(f"--sizes must be whole numbers with commas between them, got {chosen.sizes!r}") from None
        options = dataclasses.replace(options, sizes=sizes)
    return options


def environment_of(chosen: argparse.Namespace) -> dict[str, str]:
    """What the parts' processes find: absolute places, since they run in the clone's folder."""
    environment = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3")
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a learner's Python compiles a module once
    for name, value in (("RECWIDGETS_ML100K", chosen.data), ("RECWIDGETS_BENCH", chosen.evaluator)):
        place = value or environment.get(name)
        if place:
            if not Path(place).exists():
                raise ValueError(f"{name} must be a folder or a file that exists, got {place!r}")
            environment[name] = str(Path(place).resolve())
    return environment


def about(given: Sequence[str], options: Options) -> dict[str, Any]:
    """When, how and where a section was measured. Places of this machine are left out of the command."""
    hidden = {"--data": "ML100K", "--evaluator": "FOLDER", "--out": "FOLDER"}
    words: list[str] = []
    for word in given:
        name, is_joined, _ = word.partition("=")
        if words and words[-1] in hidden:
            words.append(hidden[words[-1]])
        else:
            words.append(f"{name}={hidden[name]}" if is_joined and name in hidden else word)
    return {
        "when": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "command": " ".join(["recwidgets bench", *words]),
        "machine": machine(),
        "quick": options.quick,
        "parts": {},
    }


def others(before: dict[str, Any] | None, wanted: Sequence[str]) -> dict[str, Any]:
    """What a section keeps of an earlier run, and when that was."""
    if before is None:
        return {}
    kept = {part: done for part, done in before["parts"].items() if part not in wanted}
    return {"parts": kept, "others": f"{before['when']}, commit {before['machine'].get('commit', 'unknown')}"}


def fresh_process(name: str, part: str, options: Options, environment: dict[str, str], folder: Path) -> dict[str, Any]:
    """Run one part; what goes wrong is a result, too."""
    print(f"{name}: {part} …", file=sys.stderr, end=" ", flush=True)
    out, start = folder / f"{name}.{part}.json", time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.job", name, part, options.to_json(), str(out)]
    try:
        ended = subprocess.run(
            command, cwd=ROOT, env=environment, timeout=LIMIT, capture_output=True, text=True, check=False
        )
    except subprocess.TimeoutExpired:
        done: dict[str, Any] = {"failed": f"not done after {LIMIT} s"}
    else:
        if out.exists():
            done = json.loads(out.read_text(encoding="utf-8"))
        else:
            done = {"failed": f"its process ended with code {ended.returncode}"}
        if "failed" in done:
            print(ended.stderr[-3000:], file=sys.stderr)
    print(done.get("skipped") or done.get("failed") or f"{time.perf_counter() - start:.0f} s", file=sys.stderr)
    return done


def page(results: dict[str, Any]) -> str:
    notes = NOTES.read_text(encoding="utf-8") if NOTES.exists() else ""
    known = [name for name in SECTIONS if name in results]
    tables = [(name, SECTIONS[name], section(name).rows(results[name]["parts"])) for name in known]
    return report.page(results, tables, notes)
