"""Fixtures for tests in a real browser: a JupyterLab or Voilà server, a page, no console errors allowed.

The stand-in notebook (a slider that moves a bqplot bar) tests the harness itself.
"""

from __future__ import annotations

import contextlib
import functools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import labpage
import pytest
import servers
from playwright.sync_api import Browser, Page, sync_playwright


@pytest.fixture(scope="session")
def chromium_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright, labpage.browser(playwright) as program:
        yield program


@pytest.fixture
def page(chromium_browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page in a new profile. The test fails if the console holds an error outside labpage.HARMLESS.

    `@pytest.mark.parametrize("page", [{"width": 620}], indirect=True)` sets the window's size.
    """
    new = labpage.new_page(chromium_browser, **getattr(request, "param", {}))
    try:
        yield new
        errors = list(new.console.errors)  # type: ignore[attr-defined]
        assert not errors, "the browser's console holds errors:\n" + "\n".join(errors)
    finally:
        new.context.close()


@pytest.fixture(scope="session")
def labs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], tuple[Path, str]]]:
    """labs(theme): the folder and the address of the JupyterLab of that theme, started once for all tests."""
    with contextlib.ExitStack() as stack:

        @functools.cache
        def lab(theme: str) -> tuple[Path, str]:
            home = tmp_path_factory.mktemp(f"lab-{theme}")
            root = home / "root"
            root.mkdir()
            return root, stack.enter_context(servers.jupyterlab(root, home, theme))

        yield lab


@pytest.fixture
def open_in_lab(labs: Callable[[str], tuple[Path, str]], page: Page) -> Iterator[Callable[..., None]]:
    """open_in_lab(notebook, theme="light"): a copy of the notebook in JupyterLab, its kernel idle, no side bar.

    When the test ends its kernel ends too: one TensorFlow at a time.
    """
    used: list[str] = []

    def start(notebook: Path, theme: str = "light") -> None:
        root, address = labs(theme)
        used.append(address)
        shutil.copy(notebook, root)
        labpage.open_notebook(page, address, notebook.name)
        labpage.hide_side_bar(page)

    yield start
    for address in used:
        servers.end_kernels(address)


@pytest.fixture
def start_voila(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """start_voila(notebook, theme="light"): the address of a Voilà page that shows it."""
    with contextlib.ExitStack() as stack:

        def start(notebook: Path, theme: str = "light", env: dict[str, str] | None = None) -> str:
            return stack.enter_context(servers.voila(notebook, tmp_path / f"voila-{theme}", theme, env))

        yield start
