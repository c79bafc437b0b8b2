"""Work beside the clicks: one piece at a time, the newest wish counts, and nothing that fails is lost."""

import asyncio
import threading

from pages import until
from worlds import DEADLINE

from recwidgets.panel.background import Background


class Heard:
    """A Background, what it said, and on which thread."""

    def __init__(self):
        self.done, self.told, self.threads = [], [], set()
        self.background = Background(self._take, self._tell)

    def _take(self, key, result):
        self.threads.add(threading.current_thread())
        self.done.append((key, result))

    def _tell(self, progress):
        self.threads.add(threading.current_thread())
        self.told.append(progress)


class Gated:
    """Work that waits before each of its parts until the test lets it through."""

    def __init__(self, parts=2, result="done"):
        self.parts, self.result = parts, result
        self.permits, self.begun, self.ended = threading.Semaphore(0), threading.Event(), threading.Event()
        self.reached, self.thread = [], None

    def __call__(self, told):
        self.thread = threading.current_thread()
        self.begun.set()
        try:
            for part in range(self.parts):
                assert self.permits.acquire(timeout=DEADLINE)
                told(part, self.parts)
                self.reached.append(part)
        finally:
            self.ended.set()
        return self.result


def on_a_loop(test):
    def run():
        asyncio.run(asyncio.wait_for(test(), DEADLINE))

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


def test_in_a_script_the_work_is_done_at_once():
    heard = Heard()
    heard.background.want("a", lambda told: threading.current_thread())
    assert heard.done == [("a", threading.main_thread())]
    assert heard.background.wanted is None
    heard.background.want("a", lambda told: 2)
    assert heard.done[1:] == [("a", 2)], "it is wanted again: who asks remembers"


def test_in_a_script_a_failure_is_handed_over():
    heard = Heard()
    heard.background.want("a", lambda told: 1 / 0)
    ((key, error),) = heard.done
    assert key == "a" and isinstance(error, ZeroDivisionError)
    heard.background.want("b", lambda told: told(0, 1) or "fine")
    assert heard.done[1:] == [("b", "fine")]


@on_a_loop
async def test_on_a_loop_the_work_has_a_thread_of_its_own_and_the_kernels_thread_hears_of_it():
    heard, work = Heard(), Gated()
    heard.background.want("a", work)
    assert heard.done == [] and heard.background.wanted == "a"
    assert await asyncio.to_thread(work.begun.wait, DEADLINE)
    assert work.thread is not threading.main_thread()
    work.permits.release(2)
    await until(lambda: heard.done)
    assert heard.done == [("a", "done")] and heard.threads == {threading.main_thread()}
    assert [(progress.done, progress.total) for progress in heard.told] == [(0, 2), (1, 2)]
    assert heard.told[0].left != heard.told[0].left, "NaN: nothing is done from which the rest could be told"
    assert heard.told[1].left >= 0


@on_a_loop
async def test_what_is_wanted_already_is_not_begun_again():
    heard, work, never = Heard(), Gated(1), Gated(1)
    heard.background.want("a", work)
    heard.background.want("a", never)
    work.permits.release(1)
    await until(lambda: heard.done)
    assert heard.done == [("a", "done")] and not never.begun.is_set()


@on_a_loop
async def test_the_newest_wish_counts_and_one_piece_of_work_is_done_at_a_time():
    heard, first, between, last = Heard(), Gated(2, "first"), Gated(1, "between"), Gated(1, "last")
    heard.background.want("first", first)
    assert await asyncio.to_thread(first.begun.wait, DEADLINE)
    heard.background.want("between", between)
    heard.background.want("last", last)
    assert not last.begun.is_set(), "the first is still at work"
    first.permits.release(2)
    last.permits.release(1)
    await until(lambda: heard.done)
    assert heard.done == [("last", "last")]
    assert first.reached == [], "it ended before its next part: nobody wants it"
    assert not between.begun.is_set()


@on_a_loop
async def test_work_that_is_abandoned_is_not_heard_and_may_be_wanted_again():
    heard, work, again = Heard(), Gated(2), Gated(2, "again")
    heard.background.want("a", work)
    assert await asyncio.to_thread(work.begun.wait, DEADLINE)
    heard.background.stop()
    assert heard.background.wanted is None
    heard.background.want("a", again)
    work.permits.release(2)
    again.permits.release(2)
    await until(lambda: heard.done)
    assert heard.done == [("a", "again")] and work.reached == []


@on_a_loop
async def test_after_a_stop_nothing_is_said_even_if_the_work_comes_to_its_end():
    heard, work = Heard(), Gated(1)
    heard.background.want("a", work)
    assert await asyncio.to_thread(work.begun.wait, DEADLINE)
    heard.background.stop()
    work.permits.release(1)
    assert await asyncio.to_thread(work.ended.wait, DEADLINE)
    for _ in range(10):
        await asyncio.sleep(0)
    assert heard.done == [] and heard.told == []


@on_a_loop
async def test_work_that_fails_is_handed_over_and_the_next_is_done():
    heard = Heard()
    heard.background.want("a", lambda told: [][0])
    await until(lambda: heard.done)
    assert isinstance(heard.done[0][1], IndexError)
    heard.background.want("b", lambda told: 2)
    await until(lambda: len(heard.done) == 2)
    assert heard.done[1] == ("b", 2)


@on_a_loop
async def test_who_is_told_may_want_more():
    """A wish that is made while a result is taken is begun, once."""
    done = []

    def take(key, result):
        done.append(key)
        if key == "a":
            background.want("b", lambda told: done.append("at work on b"))

    background = Background(take)
    background.want("a", lambda told: None)
    await until(lambda: "b" in done)
    await asyncio.sleep(0)
    assert done == ["a", "at work on b", "b"]


def test_a_kernel_that_goes_down_meanwhile_is_no_error(recwarn):
    heard, work = Heard(), Gated(1)

    async def begin():
        heard.background.want("a", work)

    asyncio.run(begin())  # the loop is closed when the work ends
    work.permits.release(1)
    assert work.ended.wait(DEADLINE)
    work.thread.join(DEADLINE)
    assert heard.done == []
    assert not [str(warning.message) for warning in recwarn if "thread" in str(warning.category).lower()]


def no_threads(monkeypatch):
    """As in a browser's tab: Thread.start raises."""

    def start(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)


def test_without_threads_the_work_is_done_on_the_loop_and_clicks_are_answered_between(monkeypatch):
    """Each slice is over before the next step: a time of 0 s for a slice makes every step one."""
    no_threads(monkeypatch)
    monkeypatch.setattr("recwidgets.panel.background.SLICE", 0.0)
    heard, order = Heard(), []

    def work(told):
        for part in range(3):
            told(part, 3)
            order.append(f"part {part}")
            asyncio.get_running_loop().call_soon(order.append, "a click")
            yield
        return "done"

    @on_a_loop
    async def run():
        heard.background.want("a", work)
        assert heard.done == [], "not at once: the answer to the click is painted first"
        await until(lambda: heard.done)

    run()
    assert heard.done == [("a", "done")] and heard.threads == {threading.main_thread()}
    assert order == ["part 0", "a click", "part 1", "a click", "part 2", "a click"]
    assert [(progress.done, progress.total) for progress in heard.told] == [(0, 3), (1, 3), (2, 3)]


def test_without_threads_the_newest_wish_counts_and_failures_are_handed_over(monkeypatch):
    no_threads(monkeypatch)
    monkeypatch.setattr("recwidgets.panel.background.SLICE", 0.0)
    heard, begun = Heard(), []

    def first(told):
        while True:  # it would never end by itself
            begun.append(told)
            yield

    @on_a_loop
    async def run():
        heard.background.want("first", first)
        await until(lambda: begun)
        heard.background.want("last", lambda told: 1 / 0)
        await until(lambda: heard.done)

    run()
    ((key, error),) = heard.done
    assert key == "last" and isinstance(error, ZeroDivisionError)
