"""numpy's products in one thread, while a click is answered or a batch is learned.

The products of a panel are small. On several threads each of them ends with a wait of all for the last one, and
threads that wait for the next product go on using their processors: where several kernels or tests share a machine,
a click then takes several times as long.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import threading
from collections.abc import Iterator
from typing import Any, TypeVar

from .steps import Steps, drain

T = TypeVar("T")

BLAS = sys.platform != "emscripten"  # numpy in a browser's tab has none, and no threads

_LOCK = threading.Lock()  # the number is the whole process': only who set it may put it back


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Within: numpy's products in one thread. Where another thread is within already, that one puts the others back."""
    if not BLAS or not _LOCK.acquire(blocking=False):
        yield
        return
    try:
        with _controller().limit(limits=1, user_api="blas"):
            yield
    finally:
        _LOCK.release()


def at_once(steps: Steps[T]) -> Steps[T]:
    """All steps without a stop, in one thread; in a browser's tab, where clicks wait for them, one by one."""
    if not BLAS:
        return (yield from steps)
    with one_thread():
        result: T = drain(steps)
        return result


@functools.cache
def _controller() -> Any:
    """Of the threads of the libraries that numpy has loaded; finding them takes some milliseconds."""
    import numpy  # noqa: F401  # its libraries are to be found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
