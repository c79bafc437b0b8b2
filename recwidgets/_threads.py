"""numpy's products in one thread, while a click is answered or a batch is learned; and a batch's halves on two cores.

The products of a panel are small. On several threads each of them ends with a wait of all for the last one, and
threads that wait for the next product go on using their processors: where several kernels or tests share a machine,
a click then takes several times as long.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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


def side_by_side(first: Steps[T], second: Steps[T]) -> Steps[tuple[T, T]]:
    """What both return, worked out at the same time where there is a core for each: numpy lets others work meanwhile.

    Neither may read what the other writes. Halves of a batch wait for each other once, the threads of BLAS after each
    product. In a browser's tab they are taken in turn, and may be left at their yields.
    """
    if not _two_cores():
        return (yield from first), (yield from second)
    with ThreadPoolExecutor(1, "recwidgets-half") as other:  # waits for it, also where the second fails
        its = other.submit(drain, first)
        mine = drain(second)
    return its.result(), mine


def beside(function: Callable[[], object]) -> None:
    """Call it on a thread of its own, and do not wait; not at all in a browser's tab, which has no threads."""
    if sys.platform != "emscripten":
        threading.Thread(target=function, name="recwidgets-beside", daemon=True).start()


def _two_cores() -> bool:
    """Whether another thread would have a core of its own; not in a browser's tab, which has no threads."""
    if sys.platform == "emscripten":
        return False
    return (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1) > 1


@functools.cache
def _controller() -> Any:
    """Of the threads of the libraries that numpy has loaded; finding them takes some milliseconds."""
    import numpy  # noqa: F401  # its libraries are to be found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
