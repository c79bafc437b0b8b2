"""The browser site under test: served from a folder on 127.0.0.1, a notebook in it, what it asks for; and its measure.

    python tests/browser/litepage.py build/lite

prints what a first visit loads, and the seconds from Run to the first panel.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import gzip
import http.server
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import labpage
from playwright.sync_api import Page, sync_playwright

SQUEEZED = {".js", ".mjs", ".css", ".html", ".json", ".ipynb", ".svg", ".wasm", ".webmanifest", ".txt"}
LONG = 240_000  # ms; Python itself is loaded and compiled in the page, and the machine may be busy
NOTEBOOK = {
    "metadata": {"kernelspec": {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}
READY = """() => window.jupyterapp?.restored
    && window.jupyterapp.restored.then(() => window.jupyterapp.serviceManager.ready).then(() => true)"""


gzip_lock = threading.Lock()


@functools.cache
def squeezed(path: Path) -> int:
    """Bytes of a file as a server sends it that compresses what can be compressed, as GitHub Pages does."""
    content = path.read_bytes()
    return len(gzip.compress(content, 6)) if path.suffix in SQUEEZED else len(content)


class Server(http.server.ThreadingHTTPServer):
    """sent: bytes of files sent so far; squeezed: what they are where text and WebAssembly are sent with gzip."""

    sent = 0
    squeezed = 0

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A page that is closed leaves what it was loading."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Files(http.server.SimpleHTTPRequestHandler):
    """Files, counted, without a line in the log for each."""

    server: Server

    def copyfile(self, source: Any, outputfile: Any) -> None:
        super().copyfile(source, outputfile)
        self.server.sent += source.tell()
        with gzip_lock:
            self.server.squeezed += squeezed(Path(source.name))

    def log_message(self, *arguments: Any) -> None:
        return


@contextlib.contextmanager
def served(folder: Path) -> Iterator[Server]:
    """A server of the files in `folder`."""
    with Server(("127.0.0.1", 0), functools.partial(Files, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Asked:
    """What a page and its workers ask for."""

    def __init__(self, page: Page, address: str) -> None:
        self.address, self.urls = address, set[str]()
        page.context.on("request", lambda request: self.urls.add(request.url))

    def outside(self) -> list[str]:
        """All that is not asked of the site's own server."""
        own = (f"{self.address}/", "blob:", "data:")
        return sorted(url for url in self.urls if not url.startswith(own))


def open_site(page: Page, address: str) -> None:
    """JupyterLab as the site serves it, without a notebook."""
    page.set_default_timeout(LONG)
    page.goto(f"{address}/lab/index.html?reset", wait_until="domcontentloaded")
    page.wait_for_function(READY, polling=labpage.POLL)


def open_cells(page: Page, name: str, *sources: str) -> None:
    """A new notebook with these cells, kept in the browser, open and its Python ready."""
    cells = [
        {
            "cell_type": "code",
            "id": f"cell-{n}",
            "execution_count": None,
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        for n, source in enumerate(sources)
    ]
    page.evaluate(
        """async ([name, content]) => {
            const contents = window.jupyterapp.serviceManager.contents;
            await contents.save(name, {type: 'notebook', format: 'json', content});
        }""",
        [name, {**NOTEBOOK, "cells": cells}],
    )
    labpage.open_next(page, name)


def outputs(page: Page, cell: int) -> str:
    """The text under a cell."""
    return str(page.locator(".jp-Notebook .jp-CodeCell").nth(cell).locator(".jp-OutputArea").inner_text())


def run_cell(page: Page, cell: int) -> None:
    """Press Run on one cell; it is not waited for."""
    page.evaluate(
        """cell => {
            const notebook = window.jupyterapp.shell.currentWidget.content;
            notebook.deselectAll();
            notebook.activeCellIndex = cell;
            window.jupyterapp.commands.execute('notebook:run-cell');
        }""",
        cell,
    )


def visit(page: Page, server: Server) -> str:
    """What a visit until the first panel costs."""
    sent, small, began = server.sent, server.squeezed, time.monotonic()
    open_site(page, server.address)
    open_cells(page, "measure.ipynb", "import recwidgets as rw\nrw.GNNPanel()")
    ready = time.monotonic()
    run_cell(page, 0)
    page.locator(".rw-gnn .rw-list [data-row]").first.wait_for()
    shown = time.monotonic()
    return (
        f"{(server.sent - sent) / 1e6:.1f} MB, {(server.squeezed - small) / 1e6:.1f} MB where the server compresses\n"
        f"  from the address to a notebook with Python ready: {ready - began:.1f} s\n"
        f"  from Run to the first panel: {shown - ready:.1f} s"
    )


def measure(folder: Path) -> str:
    """What a first visit costs, in a new browser profile, and a second one in the same."""
    with served(folder) as server, sync_playwright() as playwright, labpage.browser(playwright) as program:
        page = labpage.new_page(program)
        first = visit(page, server)
        page.goto("about:blank")
        second = visit(page, server)
    return f"first visit: {first}\nsecond visit: {second}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("site", type=Path, help="the folder that python dev.py lite has built")
    print(measure(parser.parse_args().site))
