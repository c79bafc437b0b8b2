"""Clicks and batches are worked out in one thread of numpy's, and the process then has as many as before."""

import os
import subprocess
import sys

import pytest

PROGRAM = """
import threading
import numpy as np
from threadpoolctl import threadpool_info

import recwidgets as rw
from recwidgets._threads import one_thread


def threads():
    return max(part["num_threads"] for part in threadpool_info() if part["user_api"] == "blas")


class Counts(rw.Popularity):
    said = []

    def scores(self, user):
        self.said.append(threads())
        return super().scores(user)


before = threads()
with one_thread():
    with one_thread():
        print("within", threads())
    print("still", threads())
print("after", threads() == before)

inside, leave = threading.Event(), threading.Event()


def other():
    with one_thread():
        inside.set()
        leave.wait(60)


thread = threading.Thread(target=other)
with one_thread():
    thread.start()
    inside.wait(60)
print("the other is at work", threads() == before)
leave.set()
thread.join()
print("both are done", threads() == before)

data = rw.planted(n_users=60, n_items=80, seed=1).data
model = Counts()
rw.fit(model, data, progress=False)
panel = rw.Panel(data, model=model)
Counts.said.clear()
panel.user = str(data.users[3])
panel.drop(data.items[panel.person.history[-1]])
print("clicks", set(Counts.said))
panel.model.scores(panel.user)
print("asked by code", Counts.said[-1] == before)
try:
    with one_thread():
        raise ValueError
except ValueError:
    print("after an error", threads() == before)
print("had", before)
"""


def test_clicks_take_one_thread_and_put_the_others_back():

    told = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    if "had 1" in told:
        pytest.skip("numpy's products have one thread here, whatever is asked for")
    assert told == [
        "within 1", "still 1", "after True", "the other is at work True", "both are done True", "clicks {1}",
        "asked by code True", "after an error True", "had 2",
    ]  # fmt: skip
