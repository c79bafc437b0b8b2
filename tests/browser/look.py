"""Look at your work: run a snippet or a notebook in a real JupyterLab and take a picture.

    python tests/browser/look.py "import recwidgets as rw; rw.GNNPanel()" --theme dark --width 1100 --out panel.png
    python tests/browser/look.py tutorials/00-start-here.ipynb --selector .rw-gnn
    python tests/browser/look.py snippet.py --do "page.click('.rw-train'); page.wait_for_timeout(3000)"
    python tests/browser/look.py snippet.py --act hook.py          # hook.py has def act(page): ...

Prints console errors, cell errors and text output; exits with 1 if there was an error.
"""

from __future__ import annotations

import argparse
import json
import runpy
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import labpage
import servers
from playwright.sync_api import Page, sync_playwright

MARGIN = 180  # px: activity bars, prompt and padding beside an output
# Outputs are shown whole, never in a box that scrolls.
PLAIN = ".jp-OutputArea-output, .jp-Cell-outputArea { max-height: none !important; }"


def write_notebook(source: str, path: Path, *more: str) -> None:
    """A notebook of one cell, or of several."""
    plain = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    cells = [plain | {"id": f"look-{n}", "source": text} for n, text in enumerate((source, *more))]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook), encoding="utf-8")


def prepare(target: str, root: Path) -> Path:
    """Copy the notebook, or wrap the snippet in one, inside the server's root."""
    if target.endswith(".ipynb"):
        return Path(shutil.copy(target, root))
    source = Path(target).read_text(encoding="utf-8") if target.endswith(".py") else target
    write_notebook(source, root / "look.ipynb")
    return root / "look.ipynb"


def hook(options: argparse.Namespace) -> Callable[[Page], object]:
    """What to do with the page before the picture is taken."""
    if options.act:
        act: Callable[[Page], object] = runpy.run_path(options.act)["act"]
        return act
    return lambda page: exec(options.do, {"page": page, "labpage": labpage})  # the engineer's own command line


def text_outputs(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        "() => Array.from(document.querySelectorAll('.jp-OutputArea-output'), e => e.innerText.trim()).filter(t => t)"
    )
    return found


def look(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, sync_playwright() as playwright:
        root, home = Path(folder) / "root", Path(folder) / "home"
        root.mkdir()
        notebook = prepare(options.target, root)
        serve = servers.voila(notebook, home, options.theme) if options.voila else None
        serve = serve or servers.jupyterlab(root, home, options.theme)
        with serve as address, labpage.browser(playwright, options.headed) as program:
            page = labpage.new_page(program, options.width + (0 if options.voila else MARGIN), options.height)
            if options.voila:
                page.goto(address)
                page.wait_for_selector(options.wait or ".jp-OutputArea-output")
                errors = []
            else:
                labpage.open_notebook(page, address, notebook.name)
                labpage.hide_side_bar(page)
                page.add_style_tag(content=PLAIN)
                labpage.run_all(page, timeout=options.timeout * 1000, check=False)
                errors = labpage.state(page)["errors"]
                if options.wait and not errors:
                    page.wait_for_selector(options.wait)
            page.wait_for_timeout(options.settle)
            if not errors:
                hook(options)(page)
            element = page.locator(options.selector)
            (element.last if element.count() else page).screenshot(path=options.out)
            print(f"picture: {options.out}")
            if options.text or errors:
                print(*text_outputs(page), sep="\n")
            errors += page.console.errors  # type: ignore[attr-defined]
            for error in errors:
                print(f"error: {error}")
            return 1 if errors else 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", help="a notebook, a .py file or a line of Python whose last value is shown")
    parser.add_argument("--theme", choices=servers.THEMES, default="light")
    parser.add_argument("--width", type=int, default=1100, help="the output's width, about, in px")
    parser.add_argument("--height", type=int, default=1600, help="the window's height in px")
    parser.add_argument("--out", default="look.png")
    parser.add_argument(
        "--selector", default=".jp-Cell-outputWrapper", help="what to take a picture of (the last match)"
    )
    parser.add_argument("--wait", help="a selector to wait for before the picture")
    parser.add_argument("--settle", type=int, default=1200, help="ms for first animations")
    parser.add_argument("--timeout", type=int, default=120, help="seconds for the cells to run")
    parser.add_argument("--do", default="", help="Python to run first; `page` is Playwright's page")
    parser.add_argument("--act", help="a Python file with def act(page)")
    parser.add_argument("--text", action="store_true", help="print the outputs' text too")
    parser.add_argument("--voila", action="store_true", help="under Voilà instead of JupyterLab")
    parser.add_argument("--headed", action="store_true", help="show the browser")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(look(parse()))
