"""What every test can ask for."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

os.environ.setdefault("RECWIDGETS_CACHE", os.devnull)  # a test leaves nothing in the user's own cache
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's notes on the processor hide the test that failed

REPO = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def repo() -> Path:
    """The checkout's folder."""
    return REPO


@pytest.fixture(scope="session")
def ml100k() -> Path:
    """MovieLens 100K as the user has it: a folder or a zip. It may not be redistributed, so it is never in here."""
    place = os.environ.get("RECWIDGETS_ML100K")
    if not place:
        pytest.skip("RECWIDGETS_ML100K is not set: the folder or zip of MovieLens 100K, from GroupLens")
    assert Path(place).exists(), f"RECWIDGETS_ML100K must be a folder or a zip that exists, got {place!r}"
    return Path(place)


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """once(name, make): a folder that `make(folder)` has filled, in whichever worker asked first; the others wait."""
    own = tmp_path_factory.getbasetemp()
    base = own.parent if os.environ.get("PYTEST_XDIST_WORKER") and own.name.startswith("popen-") else own

    def shared(name: str, make: Callable[[Path], object]) -> Path:
        folder, done = base / name, base / f"{name}.done"
        with FileLock(base / f"{name}.lock"):
            if not done.exists():
                folder.mkdir(exist_ok=True)
                make(folder)
                done.touch()
        return folder

    return shared


@pytest.fixture(scope="session")
def course(once: Callable[..., Path], repo: Path) -> Path:
    """Everything that instructor/make.py writes, by its command."""
    command = [sys.executable, str(repo / "instructor" / "make.py"), "--out"]
    return once("course", lambda folder: subprocess.run([*command, str(folder)], check=True, capture_output=True))


@pytest.fixture(autouse=True)
def _no_browsers_loop(request: pytest.FixtureRequest) -> Iterator[None]:
    """Hide the event loop that Playwright leaves on a worker's thread from tests without a browser."""
    loop = None if request.node.get_closest_marker("browser") else asyncio._get_running_loop()
    if loop is not None:
        asyncio._set_running_loop(None)
    yield
    if loop is not None:
        asyncio._set_running_loop(loop)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests last: a broken model fails its own test sooner. RECWIDGETS_OFFLINE skips what asks the index."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
    if os.environ.get("RECWIDGETS_OFFLINE"):
        skip = pytest.mark.skip(reason="RECWIDGETS_OFFLINE is set, and this test asks the package index")
        for item in items:
            if item.get_closest_marker("needs_index"):
                item.add_marker(skip)
