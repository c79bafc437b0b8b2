"""The roads to a first panel: what works, seconds until it stands, memory, and whether it trains.

Each road is walked in Chromium: from its address to a panel with its list and its chart, one other user, and the first
epoch of a training with numpy. The memory is that of the server and its kernels, or of the browser's tab.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

from .backends import NUMPY
from .binder import ROOT, _bare, _run
from .browser import _tools
from .options import Missing, Options
from .report import Row
from .tree import Watch, family, field

CODE = "import recwidgets as rw\nrw.GNNPanel(user='42')"
ROWS, CHART = ".rw-gnn .rw-list [data-row]", ".rw-gnn .rw-chart path.slice"
FIRST_EPOCH = """() => /Training [2-9]|trained here/.test(document.querySelector('.rw-gnn .rw-status')?.innerText)"""
LONG = 180_000  # ms


def walked(page: Any, open_it: Callable[[Any], None]) -> dict[str, float]:
    """Seconds to the first panel, to another user's, and to the first epoch of a training."""
    began = time.perf_counter()
    open_it(page)
    page.locator(ROWS).nth(9).wait_for(timeout=LONG)
    page.locator(CHART).first.wait_for(timeout=LONG)
    painted = time.perf_counter()
    before = page.locator(ROWS).first.inner_text()
    page.locator(".rw-gnn [data-act=next]").first.click()
    page.wait_for_function("([rows, before]) => document.querySelector(rows).innerText !== before", arg=[ROWS, before])
    changed = time.perf_counter()
    page.locator(".rw-gnn .rw-train").click()
    page.wait_for_function(FIRST_EPOCH, timeout=LONG)
    return {"panel": painted - began, "user": changed - painted, "epoch": time.perf_counter() - changed}


def notebook_road(url: str, root: Path) -> Callable[[Any], None]:
    """Open the notebook at `url`, and run its cell from the keyboard as soon as it is there, until it runs.

    JupyterLab does nothing on a key that comes before the notebook has its kernel.
    """

    def go(page: Any) -> None:
        _tools()[1].write_notebook(CODE, root / "first.ipynb")
        page.goto(url, wait_until="domcontentloaded")
        begun = page.locator(".jp-InputPrompt").filter(has_text=re.compile(r"[*\d]"))
        while not begun.count():
            page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
            page.keyboard.press("Control+Enter")
            page.wait_for_timeout(500)

    return go


def by_server(
    serve: Callable[[Path, Path], Any], address: Callable[[str, Path], Callable[[Any], None]]
) -> dict[str, Any]:
    """serve(root, home): a context that yields an address; address(base, root): how the page is opened."""
    labpage, _, _, sync_playwright = _tools()
    known = {process.pid for process in family(os.getpid())}
    with tempfile.TemporaryDirectory() as name, patch.dict(os.environ, NUMPY):
        root, home = Path(name) / "root", Path(name) / "home"
        root.mkdir()
        with serve(root, home) as base:
            server = next(process.pid for process in family(os.getpid()) if process.pid not in known)
            with Watch(server) as seen, sync_playwright() as playwright, labpage.browser(playwright) as program:
                done = walked(labpage.new_page(program, 1500, 1600), address(base, root))
            return {**done, "mb": seen.peak, "memory": "server and kernel"}


def jupyterlab(options: Options) -> dict[str, Any]:
    return by_server(_tools()[2].jupyterlab, lambda base, root: notebook_road(f"{base}/lab/tree/first.ipynb", root))


def notebook(options: Options) -> dict[str, Any]:
    servers = _tools()[2]

    @contextlib.contextmanager
    def serve(root: Path, home: Path) -> Iterator[str]:
        port = servers.free_port()
        command = ["-m", "notebook", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]
        command += [f"--ServerApp.port={port}", f"--ServerApp.root_dir={root}", "--IdentityProvider.token="]
        with servers.serve(command, root, home, None, f"http://127.0.0.1:{port}/api") as base:
            yield base

    return by_server(serve, lambda base, root: notebook_road(f"{base}/notebooks/first.ipynb", root))


def app(options: Options) -> dict[str, Any]:
    servers = _tools()[2]

    @contextlib.contextmanager
    def serve(root: Path, home: Path) -> Iterator[str]:
        port = servers.free_port()
        command = ["-m", "recwidgets", "app", "--panels", "gnn", "--port", str(port)]
        ready = f"http://127.0.0.1:{port}/voila/static/voila.js"
        with servers.serve(command, root, home, None, ready):
            yield f"http://127.0.0.1:{port}/"

    return by_server(serve, lambda base, root: lambda page: page.goto(base))


def site(options: Options) -> dict[str, Any]:
    """A tab that has never been there: Python itself is loaded first. The memory is all of Chromium's."""
    if not os.environ.get("RECWIDGETS_PYODIDE"):
        raise Missing("needs RECWIDGETS_PYODIDE, an archive of Pyodide")
    labpage, _, _, sync_playwright = _tools()
    import litepage  # beside the tools

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "site"
        _run([sys.executable, str(ROOT / "lite" / "build.py"), "--out", str(folder)], ROOT, {"PYTHONPATH": str(ROOT)})
        with litepage.served(folder) as server, sync_playwright() as playwright, labpage.browser(playwright) as program:
            page = labpage.new_page(program, 1500, 1600)

            def go(page: Any) -> None:
                litepage.open_site(page, server.address)
                litepage.open_cells(page, "first.ipynb", *CODE.splitlines())
                page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")

            done = walked(page, go)
            chromium = [field(Path(f"/proc/{process.pid}/smaps_rollup"), "Pss") for process in family(os.getpid())[1:]]
            return {**done, "mb": sum(chromium), "memory": "the whole browser"}


def marimo(options: Options) -> dict[str, Any]:
    """In an environment of its own: what stands there is the panel's picture."""
    labpage, _, servers, sync_playwright = _tools()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        uv = [sys.executable, "-m", "uv", "--quiet"]
        _run([*uv, "venv", "env"], folder)
        _run([*uv, "pip", "install", "--python", "env/bin/python", "marimo", str(ROOT)], folder)
        cell = "\n    ".join(["import recwidgets as rw", "rw.GNNPanel(user='42')"])
        text = f"import marimo\napp = marimo.App()\n\n@app.cell\ndef _():\n    {cell}\n    return\n\n"
        (folder / "first.py").write_text(text + 'if __name__ == "__main__":\n    app.run()\n', encoding="utf-8")
        port, log = servers.free_port(), folder / "server.log"
        command = [str(folder / "env/bin/python"), "-m", "marimo", "run", "first.py", "--headless", "--no-token"]
        command += ["--host", "127.0.0.1", "--port", str(port)]
        with log.open("wb") as out:
            process = subprocess.Popen(command, cwd=folder, env=_bare(), stdout=out, stderr=out, start_new_session=True)
            try:
                servers.wait_until_it_answers(f"http://127.0.0.1:{port}/health", process, log)
                with Watch(process.pid) as seen, sync_playwright() as play, labpage.browser(play) as program:
                    page, began = labpage.new_page(program, 1500, 1600), time.perf_counter()
                    page.goto(f"http://127.0.0.1:{port}/")
                    page.locator("svg", has_text="Top 10 for user 42").first.wait_for(timeout=LONG)
                    painted = time.perf_counter() - began
                    live = page.locator(".rw-gnn .rw-train").count() > 0
                return {"picture": painted, "live": live, "mb": seen.peak, "memory": "server and kernel"}
            finally:
                servers.stop(process)


PARTS = {"jupyterlab": jupyterlab, "notebook": notebook, "app": app, "site": site, "marimo": marimo}
LABELS = {
    "jupyterlab": "JupyterLab", "notebook": "Notebook 7", "app": "`recwidgets app`",
    "site": "a browser's tab, first visit", "marimo": "marimo",
}  # fmt: skip


def rows(done: Mapping[str, Any]) -> list[Row]:
    out: list[Row] = []
    for name, label in LABELS.items():
        part = done.get(name, {})
        if "panel" in part:
            note = f"another user after {part['user']:.1f} s more, the first epoch of a training with numpy after "
            note += f"{part['epoch']:.1f} s; {part['mb']:.0f} MB ({part['memory']})"
            out.append(Row(f"{label}: from the address to a live panel", "", f"{part['panel']:.1f} s", None, note))
        elif "picture" in part:
            what = f"{label}: from the address to {'a live panel' if part['live'] else 'the panel’s picture'}"
            out.append(Row(what, "", f"{part['picture']:.1f} s", None, f"{part['mb']:.0f} MB ({part['memory']})"))
    return out


BEGIN, END = "<!-- measured (recwidgets bench --only roads) -->", "<!-- end of what was measured -->"


def table(section: Mapping[str, Any]) -> str:
    """The table of docs/howto/roads.md, from what was measured of this section."""
    lines = ["| road | a live panel after | another user | first epoch, numpy | memory |", "|---|---|---|---|---|"]
    for name, label in LABELS.items():
        part = section["parts"].get(name, {})
        memory = f"{part.get('mb', 0):.0f} MB, {part.get('memory')}"
        if "panel" in part:
            lines.append(
                f"| {label} | {part['panel']:.1f} s | {part['user']:.1f} s | {part['epoch']:.1f} s | {memory} |"
            )
        elif "picture" in part:
            lines.append(f"| {label} | a picture after {part['picture']:.1f} s | no | no | {memory} |")
        else:
            lines.append(f"| {label} | not measured | | | |")
    when = f"{section['when']}, {section['machine']['processor']}, {section['machine']['cores']} cores"
    return "\n".join([*lines, "", f"Measured {when}."])


def write_page(section: Mapping[str, Any], path: Path = ROOT / "docs" / "howto" / "roads.md") -> None:
    """Put the table between its two marks. Raises ValueError where the page has none."""
    before, begin, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{path.name} must have a line {BEGIN!r} and a line {END!r}, for the table between them")
    path.write_text(f"{before}{BEGIN}\n{table(section)}\n{END}{after}", encoding="utf-8")
