"""Work that may be left between two steps, and a panel in a browser's tab, where there is no thread to do it in."""

import asyncio
import sys
import threading

import numpy as np
import pytest
from pages import message
from worlds import Failing, Svd, random_table

import recwidgets as rw
from recwidgets import metrics, pretrained
from recwidgets.models import make, session
from recwidgets.panel import sliced
from recwidgets.reasons.share import personal_curve_in_steps
from recwidgets.steps import drain, in_steps

SPLIT = rw.load_movielens("latest-small").split("temporal", test=0.2)


def counted(steps):
    """(how often the work may be left, what it gives)."""
    n = 0
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return n, end.value
        n += 1


@pytest.fixture(scope="module", params=["gnn", "knn", "session"])
def model(request):
    return pretrained.load_pretrained(request.param, SPLIT.train)[0]


def test_what_is_no_generator_is_its_own_result():
    assert counted(in_steps([1, 2])) == (0, [1, 2])
    assert drain(in_steps(0)) == 0


def test_the_queries_of_all_users_are_the_same_in_steps(model):
    """A model is asked as a whole, its view step by step."""
    n, (queries, items) = counted(model.at().vectors_in_steps())
    assert n >= 2
    np.testing.assert_array_equal(queries, model.vectors()[0])
    np.testing.assert_array_equal(items, model.vectors()[1])


def test_queries_made_in_steps_are_kept():
    model = pretrained.load_pretrained("session", SPLIT.train)[0]
    assert counted(model.vectors_in_steps())[0] == -(-SPLIT.train.n_users // session.BLOCK) > 1
    assert counted(model.vectors_in_steps())[0] == 0


def test_a_model_that_learns_between_two_steps_does_not_keep_what_it_knew_before():
    data = random_table(np.random.default_rng(0), 12, 15)
    model = Svd(epochs=2)
    rw.fit(model, data, progress=False)
    before = model.at().vectors()[0]

    def two_steps():  # Svd has no steps of its own
        yield
        return before

    model._queries = two_steps
    steps = model.vectors_in_steps()
    next(steps)
    del model._queries
    rw.fit(model, data, epochs=1, progress=False)
    found = counted(steps)[1][0]
    np.testing.assert_array_equal(found, model.at().vectors()[0])
    assert not np.array_equal(found, before)


def test_alike_is_the_same_in_steps_also_with_a_layer_of_ones_own():
    model = pretrained.load_pretrained("gnn", SPLIT.train)[0]
    n, hops = counted(model.at().alike_in_steps())
    assert n >= len(hops) and hops == model.alike()


@pytest.mark.parametrize("n_users", [1, 610, 2000])
def test_resamples_drawn_in_steps_are_those_of_one_draw(n_users):
    metrics._KEPT.clear()
    n, counts = counted(metrics.resamples_in_steps(n_users))
    shares = np.full(n_users, 1 / n_users)
    np.testing.assert_array_equal(counts, np.random.default_rng(0).multinomial(n_users, shares, size=1000))
    assert n == 1 + 1000 / metrics.TOGETHER and not counts.flags.writeable
    assert (metrics.resamples(n_users) is counts) == (n_users < 2000), "small ones are kept, large ones are not"


def test_the_curve_of_all_users_may_be_left():
    model = pretrained.load_pretrained("knn", SPLIT.train)[0]
    n, curve = counted(personal_curve_in_steps(model, SPLIT.train, SPLIT.validation, (0.0, 0.5)))
    whole = rw.personal_curve(model, SPLIT.train, SPLIT.validation, (0.0, 0.5))
    assert n > 3
    np.testing.assert_array_equal(np.stack(curve[1:]), np.stack(whole[1:]))


@pytest.fixture
def in_a_tab(monkeypatch):
    """As Pyodide has it: the platform's name, and no thread can be started."""
    started = []
    monkeypatch.setattr(sys, "platform", "emscripten")
    monkeypatch.setattr(threading.Thread, "start", lambda thread: started.append(thread.name))
    return started


@pytest.mark.parametrize("name", ["gnn", "knn", "session"])
def test_a_panel_trains_in_a_browsers_tab_without_a_thread(in_a_tab, name):
    data, _ = rw.checkerboard(12)
    panel = rw.Panel(data, model=make(name, dim=8, epochs=3))
    panel.step()
    assert (panel.training.state, panel.training.holds, panel.training.newest) == ("paused", True, 1)
    panel.train()
    assert (panel.training.state, panel.training.ended, panel.training.newest) == ("idle", "done", 3)
    assert panel.training.backend == "numpy" and panel.setup().endswith("# trained with numpy")
    panel.act("epoch", 1)
    assert panel.state.epoch == 1 and panel.recommendations.titles and not in_a_tab


def test_a_model_of_ones_own_trains_in_a_browsers_tab_an_epoch_at_a_time(in_a_tab):
    panel = rw.Panel(random_table(np.random.default_rng(0), 12, 15), model=Svd(epochs=2))
    panel.train()
    assert panel.training.newest == 2 and panel.training.backend == "" and not in_a_tab


def test_clicks_are_answered_between_the_slices_of_a_training(in_a_tab, monkeypatch):
    """On an event loop: pause holds at once, stop ends it, and what else waits on the loop has its turn."""
    monkeypatch.setattr(sliced, "SLICE", 0.0)  # one part at a time
    data, _ = rw.checkerboard(12)

    async def lesson():
        panel, turns = rw.Panel(data, model=make("gnn", dim=8, epochs=40)), []

        async def until(holds):
            while not holds():
                turns.append(panel.training.newest)
                await asyncio.sleep(0)

        panel.train()
        await asyncio.wait_for(until(lambda: panel.training.newest >= 1), 60)
        panel.pause()
        assert panel.training.state == "paused" and panel.training.holds
        there = panel._ready().trainer._driver._parts
        for _ in range(20):
            await asyncio.sleep(0.002)
        assert panel.training.state == "paused" and panel._ready().trainer._driver._parts is there
        at = panel.training.newest
        panel.train()
        await asyncio.wait_for(until(lambda: panel.training.newest > at), 60)
        panel.stop()
        assert panel.training.ended == "stopped" and panel.training.state == "idle"
        panel.close()
        return turns

    assert len(asyncio.run(lesson())) > 24  # of an epoch's batches, each has several parts
    assert "recwidgets-training" not in in_a_tab


class RefusesThePast(asyncio.SelectorEventLoop):
    """As the event loop of Python in a browser's tab: what is to be called before now is an error."""

    def call_later(self, delay, callback, *args, context=None):
        if delay < 0:
            raise ValueError("Can't schedule in the past")
        return super().call_later(delay, callback, *args, context=context)


def test_a_training_is_shown_where_the_event_loop_refuses_what_is_past(in_a_tab):
    """Where the clock moved while a look at the news was planned, none was planned again: "Getting ready" stayed."""
    data, _ = rw.checkerboard(12)

    async def lesson():
        panel = rw.Panel(data, model=make("gnn", dim=8, epochs=3))
        panel.train()
        while panel.training.state != "idle":
            await asyncio.sleep(0.002)
        newest = panel.training.newest
        panel.close()
        return newest

    with asyncio.Runner(loop_factory=RefusesThePast) as runner:
        assert runner.run(asyncio.wait_for(lesson(), 60)) == 3


def test_a_training_that_fails_in_a_tab_says_so(in_a_tab):
    panel = rw.Panel(random_table(np.random.default_rng(0), 12, 15), model=Failing(epochs=3))
    panel.train()
    assert panel.training.ended == "failed" and panel.training.newest == 1
    assert "the <second> epoch is broken" in message(panel)
