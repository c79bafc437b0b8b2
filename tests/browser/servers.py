"""Real JupyterLab and Voilà servers for tests: own port, own configuration, nothing read from the user's home."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark", "contrast": "JupyterLab Dark High Contrast"}


def free_port(in_a_row: int = 1) -> int:
    """A port that nobody listens on, and on so many in a row, from a range that each pytest worker has for itself."""
    first = 20_000 + 1000 * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 10)
    for port in random.sample(range(first, first + 1001 - in_a_row), 100):
        with contextlib.ExitStack() as probes, contextlib.suppress(OSError):
            for one in range(port, port + in_a_row):
                probes.enter_context(socket.socket()).bind(("127.0.0.1", one))
            return port
    raise RuntimeError("no port is free; end the servers that earlier tests have left")


def write_settings(config: Path, theme: str) -> None:
    """JupyterLab's settings for tests: no news popup, the theme asked for."""
    folder = config / "labconfig"
    folder.mkdir(parents=True, exist_ok=True)
    overrides = {
        "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
        "@jupyterlab/apputils-extension:themes": {"theme": THEMES[theme], "adaptive-theme": False},
        "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
    }
    (folder / "default_setting_overrides.json").write_text(json.dumps(overrides), encoding="utf-8")


def environment(home: Path, packages: Path | None = None) -> dict[str, str]:
    """The server's environment: every Jupyter folder inside `home`, the checkout importable by the kernels.

    packages: a folder that the kernels look into before anything else.
    """
    first = [str(folder) for folder in (packages, REPO) if folder]
    own = {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "IPYTHONDIR": str(home / "ipython"),
        "RECWIDGETS_HOME": str(home / "recwidgets"),
        "RECWIDGETS_PROGRESS": str(home / "progress.json"),
        "PYTHONPATH": os.pathsep.join([*first, os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
        "TF_NUM_INTRAOP_THREADS": "2",
        "TF_NUM_INTEROP_THREADS": "2",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    return {**os.environ, **own}


def wait_until_it_answers(url: str, process: subprocess.Popen[bytes], log: Path, seconds: float = 90) -> None:
    """Poll `url`. Raises RuntimeError with the end of the server's log if it ends or stays silent."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=5).close()
            return
        time.sleep(0.1)
    tail = log.read_text(encoding="utf-8", errors="replace")[-2000:]
    raise RuntimeError(f"the server at {url} did not answer within {seconds:.0f} s; its log ends:\n{tail}")


def signal_group(process: subprocess.Popen[bytes], name: str) -> None:
    """Signal the server and what it started; on Windows, which has no groups, the server alone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, getattr(signal, name))
        elif process.poll() is None:
            process.terminate()


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the server to end, with its kernels; end its whole group if it does not within ten seconds."""
    signal_group(process, "SIGTERM")
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
    signal_group(process, "SIGKILL")
    process.wait(10)


@contextlib.contextmanager
def serve(command: list[str], root: Path, home: Path, packages: Path | None, url: str) -> Iterator[str]:
    """Run Python with `command` as a server in `root` until the block ends; its log is home/server.log."""
    for folder in ("config", "data", "runtime"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    log = home / "server.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=root,
            env=environment(home, packages),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_until_it_answers(url, process, log)
            yield url.removesuffix("/api")
        finally:
            stop(process)


def end_kernels(address: str) -> None:
    """End every kernel of a JupyterLab, so that the next test finds the memory free."""
    with urllib.request.urlopen(f"{address}/api/sessions", timeout=30) as answer:
        sessions = json.load(answer)
    for session in sessions:
        request = urllib.request.Request(f"{address}/api/sessions/{session['id']}", method="DELETE")
        urllib.request.urlopen(request, timeout=30).close()


@contextlib.contextmanager
def jupyterlab(root: Path, home: Path, theme: str = "light", packages: Path | None = None) -> Iterator[str]:
    """A real JupyterLab on 127.0.0.1 that shows the files in `root`; yields its address, such as http://127.0.0.1:1234."""
    write_settings(home / "config", theme)
    port = free_port()
    command = [
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={root}",
        "--IdentityProvider.token=",
        "--ServerApp.disable_check_xsrf=True",  # end_kernels() is no browser and has no cookie
        # window.jupyterapp lets the tests ask which cells are done instead of guessing from the page.
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.extension_manager=readonly",
    ]
    with serve(command, root, home, packages, f"http://127.0.0.1:{port}/api") as address:
        yield address


@contextlib.contextmanager
def voila(notebook: Path, home: Path, theme: str = "light") -> Iterator[str]:
    """Voilà showing one notebook; yields the page's address."""
    port = free_port()
    command = [
        "-m",
        "voila",
        str(notebook),
        "--no-browser",
        f"--port={port}",
        "--Voila.ip=127.0.0.1",
        f"--theme={theme}",
    ]
    with serve(command, notebook.parent, home, None, f"http://127.0.0.1:{port}/voila/static/voila.js") as _:
        yield f"http://127.0.0.1:{port}/"
