"""What a test does with a JupyterLab page: open, run all, read errors, take a picture.

Waits are for conditions, never for time.
"""

from __future__ import annotations

import re
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import chromium
import servers
from playwright.sync_api import Browser, ConsoleMessage, Error, Locator, Page, Playwright

PICTURES = Path(__file__).resolve().parents[2] / "ci-artifacts" / "screenshots"

T = TypeVar("T")

POLL = 100  # ms between looks at a condition: a look at every frame would slow the page that is being watched

# Console errors that say nothing about our code, each with its reason. Keep this list short.
HARMLESS = (
    # Chromium reports every 404; JupyterLab asks for files that need not exist (a saved workspace, custom.css).
    r"Failed to load resource: .*404.*/(api/workspaces|lab/api/workspaces|custom/custom\.css|lab/api/settings)",
    # JupyterLab leaves its sockets when a page is closed or its kernel restarted.
    r"WebSocket (connection to|is closed).*/api/(events|kernels|terminals)",
    # JupyterLab asks for a subshell for a notebook's widgets; a kernel that ends before has left that unanswered.
    r"Canceled future for create_subshell_request message before replies were done",
    # bqplot takes a figure whose cell is out of sight as 0 px wide; it is drawn anew when it comes into sight.
    r"<rect> attribute (width|height): A negative value is not valid.*/extensions/bqplot/",
    # Voilà's template asks a public CDN for its icon font; every button of ours has a text.
    r"Failed to load resource: .*/npm/@fortawesome/fontawesome-free",
)

# What JupyterLab says where it asked a kernel, a session or a document that went away before the answer: its own poll,
# debugger or completer was left without one (jupyterlab/jupyterlab#9521, jupyterlite/jupyterlite#155).
GONE = re.compile(
    r"Canceled future for \w+ message before replies were done|^(Error: )?(Canceled|Disposed)(\s+(at |http)|$)"
    r"|(Kernel (connection|future)|Session|Model|Terminal connection|Poll \(.*\)) is (already )?disposed"
    r"|session already disposed|Kernel is dead|Kernel connection disconnected|Connection lost, reconnecting"
    r"|Host is not attached|Cannot read properties of null \(reading 'kernel'\)"
)
# The files of JupyterLab itself and of its widget manager; not those of bqplot, anywidget and what they load.
OWN = re.compile(r"/static/lab/|/lab/extensions/@jupyter-widgets/")
SOURCE = re.compile(r"(?:https?|blob|file|data):[^\s()]+")


def harmless(text: str, sources: list[str]) -> bool:
    """Named in HARMLESS; or said by JupyterLab alone, and of something that went away.

    text: the message, then its address. sources: every file that it came through; one of ours, and it counts.
    """
    own = bool(sources) and all(OWN.search(source) for source in sources)
    return any(re.search(pattern, text) for pattern in HARMLESS) or (own and bool(GONE.search(text)))


# where each theme's stylesheet comes from
STYLES = {
    "light": "/theme-light-extension/",
    "dark": "/theme-dark-extension/",
    "contrast": "/theme-dark-high-contrast-extension/",
}

NO_SPLASH = "!document.getElementById('jupyterlab-splash')"

# JupyterLab's own record of the notebook that is open: which code cells are done, and what they raised.
STATE = """() => {
    const widget = window.jupyterapp && window.jupyterapp.shell.currentWidget;
    const notebook = widget && widget.content;
    if (!notebook || !notebook.widgets) return null;
    const cells = notebook.widgets.filter(c => c.model.type === 'code' && c.model.sharedModel.getSource().trim());
    const errors = [];
    for (const cell of cells)
        for (const output of cell.model.outputs.toJSON())
            if (output.output_type === 'error') errors.push(output.ename + ': ' + output.evalue);
    const done = cells.filter(c => c.model.executionCount !== null && c.model.executionState !== 'running').length;
    return {cells: cells.length, done: done, errors: errors};
}"""

# A cell that is run again must not pass for done before it has started: it loses the number of its last run.
FORGET = """() => {
    for (const cell of window.jupyterapp.shell.currentWidget.content.widgets)
        if (cell.model.type === 'code') cell.model.executionCount = null;
}"""

# A notebook is saved; its kernel is ended; the picture that a panel leaves for whoever has no kernel.
SAVE = "async () => { await window.jupyterapp.shell.currentWidget.context.save(); }"
DIES = "async () => { await window.jupyterapp.shell.currentWidget.sessionContext.shutdown(); }"
STILL = ".jp-Notebook .jp-OutputArea-child:has(> .jp-RenderedSVG)"
# What JupyterLab says of its own where a notebook with a live view has another kernel, or none: the very case.
NO_VIEW = re.compile(r"widget model not found|Cannot read properties of null \(reading 'kernel'\)")


class ConsoleLog:
    """The page's console errors and uncaught exceptions, without the named harmless ones."""

    def __init__(self, page: Page) -> None:
        self.errors: list[str] = []
        page.on("console", self._on_console)
        page.on("pageerror", self._on_error)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        place = message.location.get("url", "")
        text = f"{message.text} {place}".strip()
        # the text may hold an error's stack; what it names besides files, as the address of a kernel, is no source
        through = [found for found in SOURCE.findall(message.text) if ".js" in found or found.startswith("blob:")]
        if not harmless(text, [*through, place]):
            self.errors.append(text)

    def _on_error(self, error: Error) -> None:
        if not harmless(error.message, SOURCE.findall(error.stack or "")):
            self.errors.append(f"uncaught: {error}")


@contextmanager
def browser(playwright: Playwright, headed: bool = False) -> Iterator[Browser]:
    """The system's Chromium with a new profile."""
    program = playwright.chromium.launch(
        executable_path=chromium.find_or_install(), args=chromium.flags(), headless=not headed
    )
    try:
        yield program
    finally:
        program.close()


def new_page(program: Browser, width: int = 1280, height: int = 1600, **options: Any) -> Page:
    """A page tall enough for a whole panel; `page.console` holds its ConsoleLog."""
    page = program.new_context(viewport={"width": width, "height": height}, **options).new_page()
    page.set_default_timeout(60_000)
    page.console = ConsoleLog(page)  # type: ignore[attr-defined]
    return page


def write_page(page: Page, html: str) -> None:
    """A page with this content, in a document of its own.

    Written into the document of an earlier page, JupyterLab's say, Chromium sends no `pointerout` and no `pointerleave`
    there, and the earlier page's scripts go on.
    """
    page.goto("about:blank")
    page.set_content(html)


def open_notebook(page: Page, address: str, path: str) -> None:
    """Open `path` (relative to the server's root) alone, without the side bar, and wait until its kernel is idle."""
    page.goto(f"{address}/lab/workspaces/test/tree/{quote(path)}?reset", wait_until="domcontentloaded")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    wait_idle(page)


def open_next(page: Page, path: str) -> None:
    """Open `path` in the JupyterLab that the page is at, which costs a tenth of loading it anew."""
    page.evaluate(
        """async path => {
            window.__still = undefined;  // what an earlier notebook looked like
            await window.jupyterapp.commands.execute('docmanager:open', {path: path, factory: 'Notebook'});
        }""",
        path,
    )
    page.wait_for_function(
        """path => {
            const widget = window.jupyterapp.shell.currentWidget;
            return widget?.context?.path === path && widget.context.isReady && widget.content.widgets.length
                && widget.sessionContext.session?.kernel?.status === 'idle';
        }""",
        arg=path,
        polling=POLL,
    )
    wait_idle(page)


def close_all(page: Page) -> None:
    """End the kernel of each open notebook and close it, unsaved."""
    page.evaluate("""async () => {
        for (const widget of [...window.jupyterapp.shell.widgets('main')]) {
            if (!widget.context?.sessionContext) continue;
            await widget.context.sessionContext.shutdown();
            widget.context.model.dirty = false;
            widget.dispose();
        }
    }""")
    page.wait_for_function("!document.querySelector('.jp-Notebook')")


def hide_side_bar(page: Page) -> None:
    """Give the notebook the whole width, as a learner on a small screen does (View > left side bar)."""
    if page.evaluate("!window.jupyterapp.shell.leftCollapsed"):
        page.evaluate("window.jupyterapp.shell.collapseLeft()")
    page.wait_for_function("window.jupyterapp.shell.leftCollapsed")


def use_theme(page: Page, theme: str) -> None:
    """Settings > Theme, unless it is in use, until its stylesheet is there: a theme is named before it is loaded.

    The splash of the change is awaited too: a second one within its 200 ms makes JupyterLab remove it twice.
    """
    page.wait_for_function(NO_SPLASH, polling=POLL)
    if page.evaluate("document.body.dataset.jpThemeName") != servers.THEMES[theme]:
        change = "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})"
        page.evaluate(change, servers.THEMES[theme])
    page.wait_for_function(
        """([name, style]) => {
            const loaded = [...document.styleSheets].map(s => s.href ?? '');
            return document.body.dataset.jpThemeName === name && loaded.some(s => s.includes(style));
        }""",
        arg=[servers.THEMES[theme], STYLES[theme]],
        polling=POLL,
    )
    page.wait_for_function(NO_SPLASH, polling=POLL)


def wait_idle(page: Page) -> None:
    """Wait until the status bar and the notebook's own kernel say Idle. A Run All sent earlier is lost."""
    page.wait_for_function(
        """() => {
            const kernel = window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel;
            const bar = document.querySelector('#jp-main-statusbar')?.textContent ?? '';
            return /\\| Idle/.test(bar) && (!kernel || kernel.status === 'idle');
        }""",
        polling=POLL,
    )


def state(page: Page) -> dict[str, Any]:
    """{"cells": code cells with text, "done": those that have run, "errors": what they raised}."""
    answer: dict[str, Any] = page.evaluate(STATE)
    return answer


def run_all(page: Page, timeout: float = 120_000, check: bool = True) -> None:
    """Run > Run All Cells, then wait until every code cell is done. Raises AssertionError with a cell's error."""
    wait_idle(page)
    page.evaluate(FORGET)
    page.click('li.lm-MenuBar-item:has-text("Run")')
    page.click('li[data-command="runmenu:run-all"]')
    page.wait_for_function(
        f"() => {{ const s = ({STATE})(); return s && (s.errors.length > 0 || s.done === s.cells); }}",
        timeout=timeout,
        polling=POLL,
    )
    if check:
        assert not (errors := state(page)["errors"]), f"a cell of the notebook failed: {errors[0]}"


def eventually(page: Page, check: Callable[[], T], timeout: float = 60_000) -> T:
    """What `check` gives, as soon as it raises no AssertionError; its last one if it still does when the time is over.

    A panel's regions are widgets of their own, whose messages come one after the other: when one of them is new, the
    next may still be old.
    """
    end = time.monotonic() + timeout / 1000
    while True:
        try:
            return check()
        except AssertionError:
            if time.monotonic() > end:
                raise
        page.wait_for_timeout(POLL)


def becomes(page: Page, read: Callable[[], T], wanted: T, timeout: float = 60_000) -> None:
    """Wait until what `read` gives is equal to `wanted`."""

    def check() -> None:
        found = read()
        assert found == wanted

    eventually(page, check, timeout)


def becomes_other(page: Page, read: Callable[[], T], old: T, timeout: float = 60_000) -> None:
    """Wait until what `read` gives is no longer `old`."""

    def check() -> None:
        found = read()
        assert found != old, "it stays as it was"

    eventually(page, check, timeout)


def still(page: Page, selector: str, quiet: int = 300, timeout: float = 60_000) -> None:
    """Wait until nothing inside `selector` has moved for `quiet` ms: an animation's end, whatever its duration."""
    page.wait_for_function(
        """([selector, quiet]) => {
            const now = Array.from(document.querySelectorAll(selector), e => e.innerHTML).join();
            const last = window.__still || {};
            if (last.selector !== selector || last.html !== now)
                window.__still = {selector: selector, html: now, since: performance.now()};
            return performance.now() - window.__still.since >= quiet;
        }""",
        arg=[selector, quiet],
        timeout=timeout,
        polling=POLL,
    )


def screenshot(page: Page, name: str, selector: str | None = None) -> Path:
    """Keep a picture in ci-artifacts/screenshots/NAME.png, of one element or of the page."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    path, partial = PICTURES / f"{name}.png", PICTURES / f"{name}.partial"
    partial.write_bytes(_whole(page.locator(selector).first) if selector else page.screenshot())
    partial.replace(path)  # whole or not there: another worker may be making the contact sheet
    return path


def _whole(element: Locator) -> bytes:
    """A picture of all of an element: taken again for some seconds where a notebook scrolled in between and cut it."""
    for _ in range(20):
        picture, box = element.screenshot(), element.bounding_box()
        width, height = struct.unpack(">II", picture[16:24])  # a PNG's header
        if box and abs(width - box["width"]) < 3 and abs(height - box["height"]) < 3:
            break
        element.page.wait_for_timeout(POLL)
    return picture
