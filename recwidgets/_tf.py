"""The one door to TensorFlow. Nothing else in the package imports it."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import sys
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

RESTART = (
    "TensorFlow was already loaded with Keras 3, and TensorFlow Recommenders needs Keras 2. "
    "Restart the kernel and import recwidgets first (or set TF_USE_LEGACY_KERAS=1)."
)


INSTALL = 'pip install "recwidgets[train]"'
if sys.version_info >= (3, 14):
    INSTALL += " (in Python 3.11, 3.12 or 3.13: TensorFlow has no wheels for later ones)"

#: Pyodide: Python in a browser's tab, where there is neither TensorFlow nor a thread
IN_BROWSER = "In a browser's tab there is no TensorFlow:"
NO_TENSORFLOW = 'leave the backend out, or take backend="numpy"; both train there'


def in_browser() -> bool:
    """Is this Python in a browser's tab?"""
    return sys.platform == "emscripten"


#: held while TensorFlow, or what imports it, is imported: two threads at once would leave half a TensorFlow
LOADING = threading.RLock()
_under_way = False


class TensorFlowUnavailable(ImportError):
    """Training needs TensorFlow, and it cannot be had; the message says why and what to do."""


class Door(NamedTuple):
    tf: Any
    tfrs: Any


def installed() -> bool:
    """Are TensorFlow and TensorFlow Recommenders installed? Looks for them, and imports nothing."""
    return not in_browser() and all(map(_found, ("tensorflow", "tensorflow_recommenders")))


def _found(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):  # it may not be looked for, or stands there without saying where it is from
        return sys.modules.get(name) is not None


def is_loaded() -> bool:
    """Has TensorFlow been imported yet? (Loading takes some seconds and 600 MB.)"""
    return "tensorflow_recommenders" in sys.modules


def loading() -> bool:
    """Is TensorFlow being imported right now, on any thread?"""
    return _under_way


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep TensorFlow's C++ notes out of the notebook; what goes wrong comes as an exception.

    They are written to the descriptor itself, past Python, before any log level is read.
    """
    sys.stderr.flush()
    try:
        before = os.dup(2)
    except OSError:  # no descriptor 2: nobody to keep quiet
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.close(nowhere)


def load() -> Door:
    """Import TensorFlow and TensorFlow Recommenders, or say in a sentence why that cannot be."""
    with LOADING:
        if is_loaded() and "tensorflow" in sys.modules:
            return Door(sys.modules["tensorflow"], sys.modules["tensorflow_recommenders"])
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        global _under_way
        _under_way = True
        try:
            with _quiet():
                return _import()
        finally:
            _under_way = False


def _import() -> Door:
    if in_browser():
        raise TensorFlowUnavailable(f"{IN_BROWSER} {NO_TENSORFLOW}")
    if os.environ.get("TF_USE_LEGACY_KERAS", "1").lower() not in ("1", "true"):
        raise TensorFlowUnavailable(
            f"TF_USE_LEGACY_KERAS is {os.environ['TF_USE_LEGACY_KERAS']!r} here, and TensorFlow "
            "Recommenders needs Keras 2. Set it to 1 and restart the kernel."
        )
    try:
        tf = importlib.import_module("tensorflow")
    except ImportError as error:
        raise TensorFlowUnavailable(
            f'The backend "tensorflow" needs TensorFlow, which is not installed here ({error}). Train with '
            f'backend="numpy", or run: {INSTALL}'
        ) from error
    if getattr(tf.keras, "__version__", "2").startswith("3"):  # Keras 2 says nothing here
        raise TensorFlowUnavailable(RESTART)
    try:
        tfrs = importlib.import_module("tensorflow_recommenders")
    except ImportError as error:
        raise TensorFlowUnavailable(
            f'The backend "tensorflow" needs TensorFlow Recommenders, which did not load ({error}). '
            f'Train with backend="numpy", or run: {INSTALL}'
        ) from error
    tf.zeros(1) + 1.0  # the first operation looks for devices, and says so
    return Door(tf, tfrs)
