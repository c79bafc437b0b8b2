"""The Binder image, as far as it can be seen without building it."""

import json
import os
import re
import subprocess
import sys

import pytest


def lines(path):
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("name", ["postBuild", "start"])
def test_the_scripts_are_programs_that_bash_can_read(repo, name):
    script = repo / "binder" / name
    assert script.read_text(encoding="utf-8").startswith("#!/usr/bin/env bash\n")
    if os.name != "nt":
        assert os.access(script, os.X_OK), f"binder/{name} must be executable"
        subprocess.run(["bash", "-n", str(script)], check=True)


@pytest.mark.skipif(os.name == "nt", reason="the image is Linux")
def test_start_sets_keras_2_chooses_numpy_and_runs_its_command(repo):
    own = ("TF_USE_LEGACY_KERAS", "RECWIDGETS_BACKEND")
    environment = {key: value for key, value in os.environ.items() if key not in own}
    say = 'echo "$TF_USE_LEGACY_KERAS $RECWIDGETS_BACKEND $1"'
    command = [str(repo / "binder" / "start"), "sh", "-c", say, "sh", "two words"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "1 numpy two words\n"
    chosen = environment | {"RECWIDGETS_BACKEND": "tensorflow"}  # whoever has the memory says so
    assert subprocess.run(command, env=chosen, capture_output=True, text=True).stdout == "1 tensorflow two words\n"


def test_the_environment_asks_for_a_python_that_the_package_supports(repo):
    (python,) = [line for line in lines(repo / "binder" / "environment.yml") if "python=" in line]
    assert re.search(r"python=3\.1[123]$", python)


def test_tensorflow_cpu_has_the_version_that_is_tested(repo):
    cpu = re.search(r"^tensorflow-cpu==(\S+)", (repo / "binder" / "cpu.txt").read_text(encoding="utf-8"), re.MULTILINE)
    full = re.search(r"^tensorflow==(\S+)", (repo / "constraints.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert cpu[1] == full[1]


def test_the_news_popup_is_off(repo):
    settings = json.loads((repo / "binder" / "lab-overrides.json").read_text(encoding="utf-8"))
    assert settings["@jupyterlab/apputils-extension:notification"]["fetchNews"] == "false"
    assert "lab-overrides.json" in (repo / "binder" / "postBuild").read_text(encoding="utf-8")


@pytest.mark.needs_index
def test_the_image_gets_exactly_one_tensorflow(repo):
    """The options are read from postBuild, so that what is resolved here is what is installed there."""
    script = (repo / "binder" / "postBuild").read_text(encoding="utf-8").replace("\\\n", " ")
    files = {name: re.search(rf"--{name} (\S+)", script)[1] for name in ("overrides", "constraints", "requirements")}
    wanted = re.search(r'--editable "\.\[lab\]" (\w+)', script)[1]
    assert wanted == "notebook"  # repo2docker's own starts the server, and fits an older JupyterLab
    command = [
        sys.executable,
        "-m",
        "uv",
        "pip",
        "compile",
        "pyproject.toml",
        "--extra",
        "lab",
        "--python-version",
        "3.11",
    ]
    command += ["--python-platform", "x86_64-manylinux_2_28", "--no-config", "--no-annotate", "--no-header", "--quiet"]
    command += ["--overrides", files["overrides"], "--constraints", files["constraints"], files["requirements"], "-"]
    done = subprocess.run(command, cwd=repo, input=wanted, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = {line.split("==")[0] for line in done.stdout.splitlines() if "==" in line}
    assert {name for name in found if re.fullmatch(r"tensorflow(-cpu|-intel|-macos|-gpu)?", name)} == {"tensorflow-cpu"}
    assert {"jupyterlab", "notebook", "voila", "tensorflow-recommenders", "tf-keras"} <= found
