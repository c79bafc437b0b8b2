"""Python in WebAssembly (Pyodide): 32-bit, without threads. The same answers as here, to the last film."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPO / "lite"))
import build  # noqa: E402
import wheels  # noqa: E402

HERE = Path(__file__).parent / "pyodide"
ARCHIVE = os.environ.get("RECWIDGETS_PYODIDE", "")
pytestmark = [
    pytest.mark.skipif(not ARCHIVE, reason="RECWIDGETS_PYODIDE names no archive of Pyodide"),
    pytest.mark.skipif(not shutil.which("node"), reason="no Node here to run Pyodide in"),
    pytest.mark.long,
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
    """What the package needs beside numpy, and pytest, as Python alone: the wheels of the browser site, unpacked."""
    folder, wheel_folder = tmp_path_factory.mktemp("pure"), tmp_path_factory.mktemp("wheels")
    for name in (*(set(build.bundled()) - {"recwidgets"}), "pytest", "iniconfig", "pluggy", "pygments", "filelock"):
        with zipfile.ZipFile(wheels.pure(name, wheel_folder)) as wheel:
            wheel.extractall(folder)
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


@pytest.mark.parametrize("model", ["gnn", "knn", "session"])
def test_what_the_average_user_gets_and_the_reasons_are_the_same(answers, model):
    (here, votes, rank), wasm = (said["reasons"][model] for said in answers)
    assert wasm == [pytest.approx(here, abs=2e-3), votes, rank]


@pytest.mark.parametrize("what", ["splits", "raters", "watched"])
def test_counts_and_splits_are_identical(answers, what):
    here, wasm = (said[what] for said in answers)
    assert here and wasm == here


def test_the_tests_that_need_numpy_alone_pass(repo, pyodide, pure):
    command = ["node", HERE / "run.mjs", pyodide, HERE / "suite.py", repo, pure]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    assert not found.get("failed") and not found["names"], (found, done.stderr[-3000:])
    assert found["passed"] >= 350, found
