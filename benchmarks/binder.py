"""Binder without Docker: repo2docker's own steps in a fresh folder, then the course and Train in what they made.

repo2docker writes the Dockerfile (`--no-build`); its base environment is read from its lock file and installed with pip
in place of conda; binder/postBuild and binder/start are run as the Dockerfile says. What is not seen: Debian's
packages, the user of the image, and Docker's own limit: each process stands under RLIMIT_DATA instead, and the memory
of all of them together is looked at four times a second.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .options import Missing, Options
from .report import Row, below
from .tree import Watch

ROOT = Path(__file__).resolve().parents[1]
LIMIT = 1_000_000_000  # bytes: the least that Binder lends
BASE = ("jupyterlab", "notebook", "jupyter_server", "ipywidgets", "jupyter-resource-usage", "jupyterhub-base")
SHOWN = ("jupyterlab", "notebook", "jupyter-server", "jupyterhub", "tensorflow-cpu")
PANEL = "import recwidgets as rw\nrw.GNNPanel(user='42', epochs=5)"
RUN = """
import json, sys, time
import nbformat
from nbclient import NotebookClient
from pathlib import Path
for path in sorted(Path("tutorials").glob("*.ipynb")):
    start = time.perf_counter()
    client = NotebookClient(nbformat.read(path, 4), timeout=300, resources={"metadata": {"path": "tutorials"}})
    peak = []
    def done(cell, cell_index, execute_reply):
        pid = client.km.provisioner.pid
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        peak.append(next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM")))
    client.on_cell_executed = done
    client.execute()
    print(json.dumps([path.stem, time.perf_counter() - start, max(peak)]), flush=True)
"""


def made(options: Options) -> dict[str, Any]:
    """The image's folder: {"folder", and what `image` reports}. Made once a run, or in RECWIDGETS_BINDER."""
    folder = Path(os.environ.get("RECWIDGETS_BINDER") or options.kept or tempfile.mkdtemp()) / "binder"
    report = folder / "report.json"
    if not report.exists():
        if os.name == "nt" or shutil.which("git") is None:
            raise Missing("needs Linux and git")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        report.write_text(json.dumps(_make(folder)), encoding="utf-8")
    return {**json.loads(report.read_text(encoding="utf-8")), "folder": str(folder)}


def _make(folder: Path) -> dict[str, Any]:
    uv = [sys.executable, "-m", "uv", "--quiet"]
    _run([*uv, "venv", "tools"], folder)
    _run([*uv, "pip", "install", "--python", "tools/bin/python", "jupyter-repo2docker"], folder)
    _run(["git", "clone", "--quiet", str(ROOT), "repo"], folder)
    docker = _run(["tools/bin/jupyter-repo2docker", "--no-build", "--debug", "repo"], folder)
    python = re.search(r"conda environment for python=(3\.\d+)", docker)
    for step in ("RUN ./binder/postBuild", 'ENV R2D_ENTRYPOINT="${REPO_DIR}/binder/start"'):
        if python is None or step not in docker:
            raise RuntimeError(f"repo2docker's Dockerfile has no line {step!r}; it says:\n{docker[-2000:]}")
    assert python is not None
    (lock,) = folder.glob(f"tools/lib/*/site-packages/repo2docker/buildpacks/conda/*py-{python[1]}-linux-64.lock")
    known = dict(re.findall(r"/([\w.-]+?)-(\d[\w.]*)-\w+\.conda", lock.read_text(encoding="utf-8")))
    base = [f"{name.removesuffix('-base')}=={known[name]}" for name in BASE]
    _run([*uv, "venv", "--python", python[1], "prefix"], folder)
    ours = re.findall(
        r"^  - ([\w-]+)(?:\s|$)", (folder / "repo/binder/environment.yml").read_text(encoding="utf-8"), re.M
    )
    _run([*uv, "pip", "install", "--python", "prefix/bin/python", *base, *ours[1:]], folder)  # the first is the channel
    start = time.perf_counter()
    environment = {"NB_PYTHON_PREFIX": str(folder / "prefix"), "PATH": f"{folder}/prefix/bin:{os.environ['PATH']}"}
    _run(["binder/postBuild"], folder / "repo", environment)
    seconds = time.perf_counter() - start
    versions = _run([*uv, "pip", "freeze", "--python", "prefix/bin/python"], folder)
    check = subprocess.run(
        [*uv[:-1], "pip", "check", "--python", "prefix/bin/python"], cwd=folder, capture_output=True, text=True
    )
    # tensorflow-cpu is TensorFlow under another name, which is why binder/overrides.txt is there
    wrong = [
        line
        for line in check.stderr.splitlines()
        if "requires" in line and "`tensorflow" not in line.split("requires")[1]
    ]
    size = _run(["du", "-sm", "--apparent-size", "prefix"], folder).split()[0]
    return {
        "seconds": seconds,
        "mb": int(size),
        "wrong": wrong,
        "versions": dict(re.findall(rf"^({'|'.join(SHOWN)})==(\S+)", versions, re.M)),
        "base": base,
        "repo2docker": _run(["tools/bin/jupyter-repo2docker", "--version"], folder).strip(),
    }  # fmt: skip


def _run(command: list[str], cwd: Path, environment: Mapping[str, str] | None = None) -> str:
    """What it says, on both channels. Raises RuntimeError with the end of it where it fails."""
    done = subprocess.run(
        command, cwd=cwd, env={**_bare(), **(environment or {})}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} ended with {done.returncode}: {done.stdout[-1500:]}")
    return done.stdout


def _bare() -> dict[str, str]:
    """This process' environment without what would lead into another installation."""
    own = ("PYTHONPATH", "VIRTUAL_ENV", "RECWIDGETS_BACKEND", "TF_USE_LEGACY_KERAS")
    return {name: value for name, value in os.environ.items() if name not in own}


def image(options: Options) -> dict[str, Any]:
    return {name: value for name, value in made(options).items() if name != "folder"}


def tutorials(options: Options) -> dict[str, Any]:
    """Every notebook of the course, cell by cell, as it lies in the image: seconds and its kernel's peak in MB."""
    folder = Path(made(options)["folder"])
    command = [*_limited(), "binder/start", str(folder / "prefix/bin/python"), "-c", RUN]
    said = _run(command, folder / "repo", {"PATH": f"{folder}/prefix/bin:{os.environ['PATH']}"})
    done = [json.loads(line) for line in said.splitlines() if line.startswith('["')]
    return {"notebooks": {name: {"seconds": seconds, "peak": peak} for name, seconds, peak in done}}


def _limited() -> list[str]:
    if shutil.which("prlimit") is None:
        raise Missing("needs prlimit, to set a limit of memory")
    return ["prlimit", f"--data={LIMIT}"]


@contextlib.contextmanager
def served(
    folder: Path, start: bool, environment: Mapping[str, str], limit: bool = True, token: str = ""
) -> Iterator[tuple[str, Watch]]:
    """The image's own first command on 127.0.0.1; its address, and who looks at its memory."""
    from .browser import _tools

    servers = _tools()[2]
    root, home = folder / "room", folder / "home"
    for place in (root, home):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
    port = servers.free_port()
    # Docker's CMD is `jupyter notebook`; JupyterLab is a page of it
    command = ["jupyter", "notebook", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    command += [
        f"--ServerApp.root_dir={root}",
        f"--IdentityProvider.token={token}",
        "--LabApp.expose_app_in_browser=True",
    ]
    command = [*(_limited() if limit else []), *([str(folder / "repo/binder/start")] if start else []), *command]
    kept = ("JUPYTER", "IPYTHON", "RECWIDGETS_HOME", "RECWIDGETS_PROGRESS")
    own = _bare() | {name: value for name, value in servers.environment(home).items() if name.startswith(kept)}
    own |= {"PATH": f"{folder}/prefix/bin:{os.environ['PATH']}", **environment}
    log = home / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=root, env=own, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
        try:
            servers.wait_until_it_answers(f"http://127.0.0.1:{port}/api", process, log)
            with Watch(process.pid) as seen:
                yield f"http://127.0.0.1:{port}", seen
        finally:
            servers.stop(process)


def train(options: Options, start: bool = True, **environment: str) -> dict[str, Any]:
    """Open a panel in JupyterLab, press Train, wait for its end: what it says, the seconds, and MB."""
    from .browser import _tools

    folder = Path(made(options)["folder"])
    labpage, look, _, sync_playwright = _tools()
    with served(folder, start, environment) as (address, seen), sync_playwright() as playwright:
        look.write_notebook(PANEL, folder / "room" / "panel.ipynb")
        with labpage.browser(playwright) as program:
            page = labpage.new_page(program, 1500, 1600)
            labpage.open_notebook(page, address, "panel.ipynb")
            began = time.perf_counter()
            labpage.run_all(page)
            page.locator(".rw-gnn .rw-list [data-row]").nth(9).wait_for()
            painted, before = time.perf_counter() - began, seen.look()
            page.locator(".rw-gnn .rw-train").click()
            ended = page.wait_for_function(ENDED, timeout=600_000, polling=250).json_value()
            trained = time.perf_counter() - began - painted
    return {
        "said": ended, "first panel": painted, "seconds": trained, "before": before,
        "all": seen.peak, "kernel": max(seen.kernels), "server": seen.server,
    }  # fmt: skip


# what the panel says once its training is over, or was not begun; or what JupyterLab says of a kernel that was killed
ENDED = """() => {
    const text = s => (document.querySelector(s)?.innerText ?? '').replace(/\\s+/g, ' ').trim();
    const status = text('.rw-gnn .rw-status'), note = text('.rw-gnn .rw-note');
    if (/trained here/.test(status) && /Ready/.test(status))
        return document.querySelector('.rw-gnn .rw-status').title; // with the backend
    if (/Failed/.test(status) || /Not begun/.test(note)) return note || status;
    const dialog = text('.jp-Dialog');
    return dialog || false;
}"""

PARTS = {
    "image": image,
    "tutorials": tutorials,
    "numpy": train,
    "tensorflow": lambda options: train(options, RECWIDGETS_BACKEND="tensorflow"),
    "unasked": lambda options: train(options, start=False, MEM_LIMIT=str(LIMIT)),
}


def rows(done: Mapping[str, Any]) -> list[Row]:
    out: list[Row] = []
    if "mb" in (made := done.get("image", {})):
        versions = ", ".join(f"{name} {version}" for name, version in sorted(made["versions"].items()))
        note = f"repo2docker {made['repo2docker']}, its postBuild {made['seconds']:.0f} s; {versions}"
        out.append(
            Row("Image: packages that do not go together", "none", str(len(made["wrong"])), not made["wrong"], note)
        )
        out.append(
            Row("Image: its Python packages", "", f"{made['mb']:,} MB", None, "TensorFlow's without GPU included")
        )
    if notebooks := done.get("tutorials", {}).get("notebooks"):
        note = ", ".join(f"{name[:2]}: {one['seconds']:.0f} s" for name, one in notebooks.items())
        out.append(Row("The seven tutorials run in it", "7", str(len(notebooks)), len(notebooks) == 7, note))
        peak = max(one["peak"] for one in notebooks.values())
        out.append(below("The largest kernel of a tutorial", peak, LIMIT / 1e6, "MB"))
    for name, label in (("numpy", "numpy, as binder/start has it"), ("tensorflow", "TensorFlow")):
        if "all" in (part := done.get(name, {})):
            note = (
                f"kernel {part['kernel']:.0f}, server {part['server']:.0f} MB; before {part['before']:.0f} MB in all; "
            )
            note += f"first panel after {part['first panel']:.1f} s, Train {part['seconds']:.0f} s: {part['said']}"
            out.append(below(f"Train with {label}: server and kernel at most", part["all"], LIMIT / 1e6, "MB", note))
    if "said" in (part := done.get("unasked", {})):
        refused = "would not fit" in part["said"]
        out.append(
            Row("Train with nothing chosen, MEM_LIMIT 1 GB", "says it would not fit", part["said"][:60] + " …", refused)
        )
    return out
