"""What every test can ask for."""

import os
import subprocess
import sys
from collections.abc import Callable
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


#: what takes longest comes first, so that short tests fill the gaps when the workers end
LONG = (
    "test_every_state_looks",
    "test_state_machine",
    "test_instructor",
    "test_notebooks",
    "test_tutorials",
    "test_models",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests last: a broken model fails its own test sooner. RECWIDGETS_OFFLINE skips what asks the index.

    With several workers they come in turn with the others, since one waits where the other computes.
    """
    if getattr(config.option, "loadgroup", False):
        in_turn(items)
    else:
        items.sort(key=is_browser)
    if os.environ.get("RECWIDGETS_OFFLINE"):
        skip = pytest.mark.skip(reason="RECWIDGETS_OFFLINE is set, and this test asks the package index")
        for item in items:
            if item.get_closest_marker("needs_index"):
                item.add_marker(skip)


def is_browser(item: pytest.Item) -> bool:
    return item.get_closest_marker("browser") is not None


def in_turn(items: list[pytest.Item]) -> None:
    """A browser test is a group of its own, another file is one: each group goes to the worker that is free first."""
    groups: dict[tuple[bool, str], list[pytest.Item]] = {}
    for item in items:
        browser = is_browser(item)
        groups.setdefault((browser, item.nodeid if browser else item.path.stem), []).append(item)
    order: list[tuple[float, list[pytest.Item]]] = []
    for kind in (True, False):
        lane = [(name, group) for (browser, name), group in groups.items() if browser == kind]
        lane.sort(key=lambda named: next((n for n, long in enumerate(LONG) if long in named[0]), len(LONG)))
        order += [(place / len(lane), group) for place, (_, group) in enumerate(lane)]
    order.sort(key=lambda placed: placed[0])
    items[:] = [item for _, group in order for item in group]
    for n, (_, group) in enumerate(order):
        for item in group:
            item.add_marker(pytest.mark.xdist_group(f"{n}"))
