"""Python in WebAssembly (Pyodide): 32-bit, without threads. The same answers as here, to the last film."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "pyodide"
ARCHIVE = os.environ.get("RECWIDGETS_PYODIDE", "")
pytestmark = [
    pytest.mark.skipif(not ARCHIVE, reason="RECWIDGETS_PYODIDE names no archive of Pyodide"),
    pytest.mark.skipif(not shutil.which("node"), reason="no Node here to run Pyodide in"),
]


@pytest.fixture(scope="module")
def pyodide(once):
    """The archive's folder `pyodide`, unpacked."""

    def unpack(folder):
        with tarfile.open(ARCHIVE) as archive:
            archive.extractall(folder, filter="data")

    return once("pyodide", unpack) / "pyodide"


@pytest.fixture(scope="module")
def pure(tmp_path_factory):
    """What the package imports beside numpy, as Python alone: tqdm and markupsafe without its C part."""
    folder = tmp_path_factory.mktemp("pure")
    for name in ("tqdm", "markupsafe"):
        home = Path(importlib.util.find_spec(name).origin).parent
        shutil.copytree(home, folder / name, ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__"))
    return folder


@pytest.fixture(scope="module")
def answers(repo, pyodide, pure):
    """(what CPython says, what Pyodide says)."""
    file = HERE / "answers.py"
    wasm = ["node", HERE / "run.mjs", pyodide, file, repo, pure]
    said = []
    for command, environment in (([sys.executable, file], {"PYTHONPATH": str(repo)}), (wasm, {})):
        done = subprocess.run(
            command, env={**os.environ, **environment}, capture_output=True, text=True, check=False, cwd=HERE
        )
        assert done.returncode == 0, done.stderr[-3000:]
        said.append(json.loads(done.stdout.splitlines()[-1]))
    return said


@pytest.mark.parametrize("model", ["gnn", "knn", "session"])
def test_the_top_tens_of_all_users_are_identical(answers, model):
    here, wasm = (said["top tens"][model] for said in answers)
    assert len(here) == 610
    assert wasm == here


@pytest.mark.parametrize("what", ["splits", "raters", "watched"])
def test_counts_and_splits_are_identical(answers, what):
    here, wasm = (said[what] for said in answers)
    assert here and wasm == here
