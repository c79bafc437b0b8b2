"""Training: a history that forgets no number, and a driver that answers between two batches."""

import gc
import math
import queue
import threading
import traceback
import weakref

import numpy as np
import pytest
from worlds import BATCHES, DEADLINE, Failing, Fixed, Held, Svd, random_table, table

import recwidgets as rw
from recwidgets.core import FitEvent, Snapshot
from recwidgets.training import KEEP, Driver, Stopped, TrainingHistory, pull


def event(step, total=1000, **metrics):
    snapshot = Snapshot("test", {"step": np.array([step], np.float32)})
    return FitEvent(step, total, metrics or {"loss": 1 / step}, snapshot)


@pytest.fixture
def data():
    return random_table(np.random.default_rng(0), 12, 15)


# ------------------------------------------------------------------ the history


@pytest.mark.parametrize("n", [1, 99, 100, 101, 150, 257, 1000])
def test_a_long_history_keeps_the_first_the_last_and_every_number(n):
    history = TrainingHistory()
    for step in range(1, n + 1):
        history.add(event(step))
        kept = [e.step for e in history.events]
        assert kept[0] == 1
        assert kept[-1] == step
        assert kept == sorted(set(kept))
        assert len(kept) <= KEEP
    assert history.curve("loss") == (list(range(1, n + 1)), [1 / step for step in range(1, n + 1)])
    assert len(history.events) == n if n <= KEEP else len(history.events) > KEEP // 2
    assert history.total == 1000


def test_thinning_leaves_no_wide_hole():
    history = TrainingHistory()
    for step in range(1, 1001):
        history.add(event(step))
    kept = np.array([e.step for e in history.events])
    assert np.diff(kept).max() <= 1000 / (KEEP / 2)  # at least half of those that there is room for, evenly spread


def test_an_epoch_that_was_thinned_out_is_answered_by_the_one_before():
    history = TrainingHistory()
    for step in range(1, 151):
        history.add(event(step))
    kept = {e.step for e in history.events}
    for step in range(1, 151):
        found = history.at(step)
        assert found.step == max(k for k in kept if k <= step)
        assert found.snapshot["step"].tolist() == [found.step]


def test_a_history_that_starts_late_answers_with_its_first():
    history = TrainingHistory((event(5), event(9)), 20)
    assert [history.at(step).step for step in (1, 5, 8, 9)] == [5, 5, 5, 9]
    assert history.total == 1000  # what the events say


def test_an_epoch_that_does_not_exist_is_a_sentence():
    with pytest.raises(ValueError, match="there is no epoch yet; train first"):
        TrainingHistory().at(1)
    history = TrainingHistory((event(1), event(2)))
    for step in (0, 3, -1):
        with pytest.raises(ValueError, match=f"epoch must be from 1 to 2, got {step}"):
            history.at(step)


def test_events_are_rebound_never_edited():
    history = TrainingHistory()
    history.add(event(1))
    events, metrics = history.events, history.metrics
    history.add(event(2))
    assert [e.step for e in events] == [1]
    assert list(metrics) == [1]


def test_a_history_says_where_it_stands():
    assert repr(TrainingHistory()) == "TrainingHistory(no epoch yet)"
    history = TrainingHistory((event(3, 7, loss=0.123456),))
    assert repr(history) == "TrainingHistory(3 of 7 epochs; loss 0.1235)"
    assert history.curve("top_10_accuracy") == ([], [])
    assert history.last is history.events[0]
    assert list(history.snapshots) == [3]


# ------------------------------------------------------------------ fit


def test_fit_trains_to_the_end_and_the_model_answers_from_the_last_epoch(data):
    model = Svd()
    history = rw.fit(model, data, data, epochs=4, progress=False)
    assert [e.step for e in history.events] == [1, 2, 3, 4]
    assert model.snapshot is history.events[-1].snapshot
    losses = history.curve("loss")[1]
    assert losses[-1] < losses[0]
    assert all(0 <= e.metrics["top_10_accuracy"] <= 1 for e in history.events)


def test_fit_takes_the_models_own_number_of_epochs(data):
    assert rw.fit(Svd(epochs=2), data, progress=False).total == 2


def test_fit_shows_a_progress_bar_with_the_metrics(data, capsys):
    rw.fit(Svd(), data, epochs=2)
    shown = capsys.readouterr().err
    assert "Truncated SVD" in shown
    assert "2/2" in shown
    assert "loss=" in shown


def test_fit_trains_a_class_of_ones_own(data):
    history = rw.fit(Fixed(data, np.zeros((12, 15))), data, epochs=3, progress=False)
    assert [e.metrics["loss"] for e in history.events] == [1, 0.5, pytest.approx(1 / 3)]


def test_without_validation_the_accuracy_is_not_a_number(data):
    history = rw.fit(Svd(), data, epochs=1, progress=False)
    assert math.isnan(history.last.metrics["top_10_accuracy"])


# ------------------------------------------------------------------ the driver


class Heard:
    """What a driver delivers, in order; batches apart."""

    def __init__(self):
        self._all = queue.Queue()
        self.batches = []

    def __call__(self, kind, value):
        self._all.put((kind, value))

    def next(self):
        """The next word that is not on a batch."""
        while True:
            kind, value = self._all.get(timeout=DEADLINE)
            if kind != "batch":
                return kind, value
            self.batches.append(value)

    def nothing(self):
        return self._all.empty()


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def driver(heard):
    made = Driver(heard)
    yield made
    made.stop(wait=DEADLINE)
    assert not made._thread or not made._thread.is_alive()


def held(data, epochs=3):
    model = Held()
    return model, lambda gate: pull(model, data, None, epochs, gate)


def test_nothing_is_trained_or_said_before_it_is_told_to_go(driver, heard, data):
    model, make = held(data)
    driver.start(make)
    assert driver.alive
    assert not driver.running
    assert heard.nothing()
    driver.resume()
    assert model.waiting.wait(DEADLINE)
    assert driver.running
    driver.stop()
    model.let(1)


def test_every_epoch_is_delivered_and_then_the_end(driver, heard, data):
    model, make = held(data)
    model.let(3 * BATCHES)
    driver.start(make)
    driver.resume()
    words = [heard.next() for _ in range(4)]
    assert [kind for kind, _ in words] == ["event", "event", "event", "done"]
    assert [value.step for kind, value in words if kind == "event"] == [1, 2, 3]
    assert heard.batches == 3 * [(0, 1), *[(n, BATCHES) for n in range(BATCHES)]] + [(0, 1)]
    assert not driver.alive
    assert not driver.running


def test_a_pause_is_kept_between_two_batches_and_training_goes_on_from_there(driver, heard, data):
    model, make = held(data, epochs=1)
    driver.start(make)
    driver.resume()
    assert model.waiting.wait(DEADLINE)  # inside the first batch
    driver.pause()
    assert not driver.running
    assert driver.alive
    assert not driver.holds, "a batch is at work"
    model.let(BATCHES)
    assert heard.next() == ("paused", None)
    assert driver.holds
    assert heard.batches == [(0, 1), (0, BATCHES)]  # the second batch was never begun
    driver.resume()
    assert not driver.holds
    kind, found = heard.next()
    assert kind == "event"
    assert heard.next() == ("done", None)
    whole = list(Svd().steps(data, epochs=1))[0]
    np.testing.assert_array_equal(found.snapshot["films"], whole.snapshot["films"])  # nothing was lost or done twice


def test_a_step_is_one_epoch(driver, heard, data):
    model, make = held(data, epochs=3)
    model.let(3 * BATCHES)
    driver.start(make)
    for step in (1, 2):
        driver.resume(1)
        kind, value = heard.next()
        assert (kind, value.step) == ("event", step)
        assert not driver.running
        assert heard.next() == ("paused", None)
        assert driver.alive
        assert heard.nothing()
    driver.resume(1)
    assert [heard.next()[0], heard.next()[0]] == ["event", "done"]


def test_a_step_within_an_epoch_ends_with_that_epoch(driver, heard, data):
    model, make = held(data, epochs=3)
    driver.start(make)
    driver.resume()
    assert model.waiting.wait(DEADLINE)
    driver.pause()
    model.let(3 * BATCHES)
    assert heard.next() == ("paused", None)
    driver.resume(1)
    kind, value = heard.next()
    assert (kind, value.step) == ("event", 1)
    assert heard.next() == ("paused", None)


def test_training_on_after_a_step_runs_to_the_end(driver, heard, data):
    model, make = held(data, epochs=4)
    model.let(4 * BATCHES)
    driver.start(make)
    driver.resume(1)
    assert [heard.next()[0] for _ in range(2)] == ["event", "paused"]
    driver.resume()
    assert [heard.next()[0] for _ in range(4)] == ["event", "event", "event", "done"]


@pytest.mark.parametrize("paused", [False, True])
def test_a_stop_ends_the_training_between_two_batches(driver, heard, data, paused):
    model, make = held(data)
    driver.start(make)
    driver.resume()
    assert model.waiting.wait(DEADLINE)
    if paused:
        driver.pause()
        model.let(1)
        assert heard.next() == ("paused", None)
    driver.stop()
    model.let(BATCHES)
    assert heard.next() == ("stopped", None)
    assert not driver.alive
    assert len(heard.batches) == 2


def test_a_pause_after_a_stop_does_not_hold_it_up(driver, heard, data):
    model, make = held(data)
    driver.start(make)
    driver.resume()
    assert model.waiting.wait(DEADLINE)
    driver.stop()
    driver.pause()
    model.let(BATCHES)
    assert heard.next() == ("stopped", None)


def test_a_training_that_never_began_can_be_stopped(driver, heard, data):
    _, make = held(data)
    driver.start(make)
    driver.stop(wait=DEADLINE)
    assert heard.next() == ("stopped", None)
    assert not driver.alive


def test_the_epochs_are_closed_when_they_are_stopped(driver, heard):
    closed = threading.Event()

    def make(gate):
        try:
            for step in range(1, 10):
                yield event(step)
        finally:
            closed.set()

    driver.start(make)
    driver.resume(1)
    assert heard.next()[0] == "event"
    assert not closed.is_set()
    driver.stop(wait=DEADLINE)
    assert closed.is_set()


def test_a_failure_is_delivered_with_what_came_before(driver, heard, data):
    driver.start(lambda gate: pull(Failing(), data, None, 3, gate))
    driver.resume()
    assert heard.next()[0] == "event"
    kind, error = heard.next()
    assert kind == "failed"
    assert isinstance(error, RuntimeError)
    assert str(error) == "the <second> epoch is broken"
    assert not driver.alive


def test_what_is_refused_before_the_first_epoch_is_delivered_too(driver, heard, data):
    driver.start(lambda gate: pull(Svd(), data, None, 0, gate))
    driver.resume()
    kind, error = heard.next()
    assert (kind, type(error)) == ("failed", ValueError)


def test_two_trainings_at_once_are_refused(driver, heard, data):
    model, make = held(data)
    driver.start(make)
    driver.resume()
    with pytest.raises(RuntimeError, match="a training is under way; stop it first"):
        driver.start(make)
    driver.stop()
    model.let(BATCHES)
    assert heard.next() == ("stopped", None)


def test_a_training_that_is_told_to_stop_cannot_go_on_but_holds_its_place_until_its_batch_is_done(driver, heard, data):
    model, make = held(data)
    driver.start(make)
    driver.resume()
    assert model.waiting.wait(DEADLINE)
    driver.stop()
    assert not driver.alive
    assert not driver.running
    with pytest.raises(RuntimeError, match="a training is under way"):
        driver.start(make)
    model.let(1)
    assert heard.next() == ("stopped", None)
    driver.start(make)
    assert driver.alive


def test_whoever_hears_the_end_may_start_again_at_once(driver, heard, data):
    for _ in range(20):
        driver.start(lambda gate: pull(Svd(), data, None, 1, gate))
        assert not driver.running  # it waits to be told, the second time as well
        driver.resume(1)
        assert [heard.next()[0], heard.next()[0]] == ["event", "done"]


def test_a_step_has_delivered_its_epoch_once_it_no_longer_runs(heard, data):
    """A script has no loop to be called on: it looks for news until nothing runs."""
    inbox = queue.SimpleQueue()
    driver = Driver(lambda kind, value: inbox.put(kind))
    driver.start(lambda gate: pull(Svd(), data, None, 200, gate))
    for _ in range(200):
        driver.resume(1)
        while driver.running:
            pass
        words = []
        while not inbox.empty():
            words.append(inbox.get())
        assert "event" in words or "done" in words
    driver.stop(wait=DEADLINE)


def test_a_class_of_ones_own_is_paused_between_its_epochs(driver, heard, data):
    model = Fixed(data, np.zeros((12, 15)))
    driver.start(lambda gate: pull(model, data, None, 3, gate))
    driver.resume(1)
    assert [heard.next()[0] for _ in range(2)] == ["event", "paused"]
    driver.resume()
    assert [heard.next()[0] for _ in range(3)] == ["event", "event", "done"]


def test_a_gate_that_was_told_to_stop_raises():
    driver = Driver(lambda kind, value: None)
    driver.stop()
    with pytest.raises(Stopped):
        driver.gate(0, 1)


class Table:
    """Stands for a network's tables: something that a weak reference can follow."""


def test_a_training_that_failed_is_told_with_its_lines_and_keeps_nothing_alive(driver, heard, data):
    """A panel keeps the exception to show it, and its traceback held every table of the network."""
    seen = []

    class Exploding(Svd):
        def _epochs(self, data, total, between_batches):
            network = Table()
            seen.append(weakref.ref(network))
            raise FloatingPointError("the loss is no longer a number")
            yield

    driver.start(lambda gate: pull(Exploding(), data, None, 1, gate))
    driver.resume()
    kind, error = heard.next()
    assert kind == "failed" and "_epochs" in [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    gc.collect()
    assert seen[0]() is None


def test_a_world_too_small_to_train_on_fails_with_a_sentence(driver, heard):
    driver.start(lambda gate: pull(Svd(), table([(0, 0)], 1, 2), None, 1, gate))
    driver.resume()
    kind, error = heard.next()
    assert kind == "failed"
    assert "at least two users and two films" in str(error)
