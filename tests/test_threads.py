"""Clicks and batches are worked out in one thread of numpy's; a batch's halves on two cores where they are there."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import recwidgets as rw
from recwidgets import _threads
from recwidgets.models import make
from recwidgets.steps import drain

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


def steps(result, did=lambda: None, n=2):
    for _ in range(n):
        did()
        yield
    return result


def test_two_sides_are_at_work_at_the_same_time_where_there_are_two_cores(monkeypatch):
    monkeypatch.setattr(_threads, "_two_cores", lambda: True)
    here, there = threading.Event(), threading.Event()

    def meet(mine, other):
        mine.set()
        assert other.wait(60), "the other side has not begun"

    sides = steps("a", lambda: meet(here, there), 1), steps("b", lambda: meet(there, here), 1)
    before = threading.active_count()
    assert drain(_threads.side_by_side(*sides)) == ("a", "b")
    assert threading.active_count() == before, "no thread is left"


@pytest.mark.parametrize("side", [0, 1])
def test_what_a_side_raises_is_raised_when_both_have_ended(monkeypatch, side):
    monkeypatch.setattr(_threads, "_two_cores", lambda: True)
    ended, ready = [], threading.Event()

    def fail():
        ready.set()
        raise ValueError("no such row")

    def end():
        ready.wait(60)
        ended.append(True)

    sides = [steps(0, end, 1), steps(0, end, 1)]
    sides[side] = steps(0, fail)
    with pytest.raises(ValueError, match="no such row"):
        drain(_threads.side_by_side(*sides))
    assert ended


def test_in_a_browsers_tab_two_sides_are_taken_in_turn_and_may_be_left(monkeypatch):
    monkeypatch.setattr(sys, "platform", "emscripten")
    said = []
    sides = _threads.side_by_side(steps("a", lambda: said.append("a")), steps("b", lambda: said.append("b")))
    next(sides)
    assert said == ["a"]
    assert drain(sides) == ("a", "b") and said == ["a", "a", "b", "b"]


@pytest.mark.parametrize("name", ["gnn", "knn", "session"])
def test_a_step_is_the_same_to_the_last_bit_with_one_core_and_with_two(name, monkeypatch):
    data = rw.planted(n_users=40, n_items=60, seed=1).data
    found = []
    for cores in (False, True):
        monkeypatch.setattr(_threads, "_two_cores", lambda cores=cores: cores)
        model = make(name, dim=8, seed=3)
        net = model._numpy_network(data, model.values)
        drain(net.begin())
        found.append(drain(net.step(model._draws(net, data)[1](0))))
    (loss, one), (other, two) = found
    assert loss == other
    for key, gradient in one.items():
        np.testing.assert_array_equal(gradient, two[key], key)
