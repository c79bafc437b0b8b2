"""The browser site under test: served from a folder on 127.0.0.1, a notebook in it, what it asks for; and its measure.

    python tests/browser/litepage.py build/lite

prints what a first visit loads, and the seconds from Run to the first panel.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import labpage
from playwright.sync_api import Page, sync_playwright

LONG = 240_000  # ms; Python itself is loaded and compiled in the page, and the machine may be busy
NOTEBOOK = {
    "metadata": {"kernelspec": {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}
READY = """() => window.jupyterapp?.restored
    && window.jupyterapp.restored.then(() => window.jupyterapp.serviceManager.ready).then(() => true)"""


class Server(http.server.ThreadingHTTPServer):
    """sent: bytes of files sent so far."""

    sent = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Files(http.server.SimpleHTTPRequestHandler):
    """Files, counted, without a line in the log for each."""

    server: Server

    def copyfile(self, source: Any, outputfile: Any) -> None:
        super().copyfile(source, outputfile)
        self.server.sent += source.tell()

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


def measure(folder: Path) -> str:
    """What a first visit costs, in a new browser profile."""
    with served(folder) as server, sync_playwright() as playwright, labpage.browser(playwright) as program:
        page = labpage.new_page(program)
        began = time.monotonic()
        open_site(page, server.address)
        open_cells(page, "measure.ipynb", "import recwidgets as rw\nrw.GNNPanel()")
        ready = time.monotonic()
        run_cell(page, 0)
        page.locator(".rw-gnn .rw-list [data-row]").first.wait_for()
        shown = time.monotonic()
        return (
            f"first visit, until the first panel: {server.sent / 1e6:.1f} MB\n"
            f"from the address to a notebook with Python ready: {ready - began:.1f} s\n"
            f"from Run to the first panel: {shown - ready:.1f} s"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("site", type=Path, help="the folder that python dev.py lite has built")
    print(measure(parser.parse_args().site))
