"""Fixtures for tests in a real browser: a JupyterLab or Voilà server, a page, no console errors allowed.

The stand-in notebook (a slider that moves a bqplot bar) tests the harness itself.
"""

from __future__ import annotations

import contextlib
import functools
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import firefox
import labpage
import pytest
import servers
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

FAILED = pytest.StashKey[bool]()

expect.set_options(timeout=60_000)  # as long as a page's own waits: two busy cores take more than its five seconds


@pytest.fixture(scope="session")
def driver() -> Iterator[Playwright]:
    """Playwright, which runs once in a process."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium_browser(driver: Playwright) -> Iterator[Browser]:
    with labpage.browser(driver) as program:
        yield program


@pytest.fixture(scope="session")
def firefox_browser(driver: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if sys.platform == "win32":
        pytest.skip("the command that starts Firefox is a shell script")
    if not (path := firefox.find_or_install()):
        pytest.skip(firefox.HOW)
    with firefox.browser(driver, path, tmp_path_factory.mktemp("firefox")) as program:
        yield program


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the page fixture know that its test failed."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="session")
def kept() -> list[Page]:
    """The page that tests take in turn; none after a test that failed. Loading JupyterLab is most of a test's work."""
    return []


@pytest.fixture
def page(kept: list[Page], labs: Callable[..., tuple[Path, str]], request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page. The test fails if the console holds an error outside labpage.HARMLESS.

    `@pytest.mark.parametrize("page", [{"width": 620}], indirect=True)` sets the window's size; other options
    ask for a profile of its own, `{"browser": "firefox"}` for Firefox.
    """
    options = dict(getattr(request, "param", {}))
    size = {"width": options.pop("width", 1280), "height": options.pop("height", 1600)}
    own = bool(options) or not kept
    if own:
        browser = request.getfixturevalue(f"{options.get('browser', 'chromium')}_browser")
        new = labpage.new_page(browser, **{name: value for name, value in options.items() if name != "browser"})
    else:
        new = kept.pop()
    good = False
    try:
        new.set_viewport_size(size)  # type: ignore[arg-type]
        if "open_in_lab" not in request.fixturenames and new.url != "about:blank":
            new.goto("about:blank")  # a test that fills the page itself: nothing of JupyterLab may listen in it
        new.console.errors.clear()  # type: ignore[attr-defined]
        yield new
        if request.node.stash.get(FAILED, False):
            labpage.screenshot(new, "failed-" + re.sub(r"\W+", "-", request.node.name))
        errors = list(new.console.errors)  # type: ignore[attr-defined]
        assert not errors, "the browser's console holds errors:\n" + "\n".join(errors)
        good = not options and request.node.stash.get(FAILED, True) is False
        if good and not any(new.url.startswith(address) for address in labs.addresses()):  # type: ignore[attr-defined]
            new.goto("about:blank")  # a server that is going to end
    finally:
        if good and not kept:
            kept.append(new)
        else:
            new.context.close()


@pytest.fixture(scope="session")
def labs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., tuple[Path, str]]]:
    """labs(theme, packages=None): folder and address of a JupyterLab, started once for all tests and themes.

    packages: a folder that its kernels look into first, to run with another ipykernel.
    """
    with contextlib.ExitStack() as stack:
        started: list[str] = []

        @functools.cache
        def server(packages: Path | None) -> tuple[Path, str]:
            home = tmp_path_factory.mktemp("lab")
            root = home / "root"
            root.mkdir()
            started.append(stack.enter_context(servers.jupyterlab(root, home, "light", packages)))
            return root, started[-1]

        def lab(theme: str = "light", packages: Path | None = None) -> tuple[Path, str]:
            return server(packages)

        lab.addresses = lambda: tuple(started)  # type: ignore[attr-defined]
        yield lab


@pytest.fixture
def open_in_lab(
    labs: Callable[..., tuple[Path, str]], page: Page, request: pytest.FixtureRequest
) -> Iterator[Callable[..., None]]:
    """open_in_lab(notebook, theme="light", packages=None): a copy of it in JupyterLab, its kernel idle, no side bar.

    When the test ends its kernel ends too: one TensorFlow at a time.
    """
    used: list[str] = []

    def start(notebook: Path, theme: str = "light", packages: Path | None = None) -> None:
        root, address = labs(theme, packages)
        used.append(address)
        shutil.copy(notebook, root)
        if page.url.startswith(f"{address}/lab"):
            labpage.open_next(page, notebook.name)
        else:
            labpage.open_notebook(page, address, notebook.name)
        labpage.use_theme(page, theme)
        labpage.hide_side_bar(page)

    yield start
    if used and page.url.startswith(f"{used[-1]}/lab") and not request.node.stash.get(FAILED, False):
        labpage.close_all(page)
    for address in used:
        servers.end_kernels(address)


@pytest.fixture(scope="session")
def old_kernel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ipykernel 6, from the package index, checked against its hash."""
    folder = tmp_path_factory.mktemp("ipykernel-6")
    command = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--require-hashes", "--target", str(folder)]
    subprocess.run([*command, "-r", str(Path(__file__).with_name("ipykernel-6.txt"))], check=True)
    return folder


@pytest.fixture
def start_voila(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """start_voila(notebook, theme="light"): the address of a Voilà page that shows it."""
    with contextlib.ExitStack() as stack:

        def start(notebook: Path, theme: str = "light") -> str:
            return stack.enter_context(servers.voila(notebook, tmp_path / f"voila-{theme}", theme))

        yield start
