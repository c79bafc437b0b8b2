"""What every test can ask for."""

import os
from pathlib import Path

import pytest

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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Browser tests last: a broken model fails its own test sooner. RECWIDGETS_OFFLINE skips what asks the index."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
    if os.environ.get("RECWIDGETS_OFFLINE"):
        skip = pytest.mark.skip(reason="RECWIDGETS_OFFLINE is set, and this test asks the package index")
        for item in items:
            if item.get_closest_marker("needs_index"):
                item.add_marker(skip)
