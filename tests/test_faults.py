"""What may go wrong while a panel is used, where no browser is needed: list, chart, reason and curve agree after it."""

import asyncio
import contextlib
import re
import subprocess
import threading
import time

import numpy as np
import pytest
from pages import curve, message, page, region, rows, status, titles, until
from worlds import Svd, random_table, trained

import recwidgets as rw
from recwidgets.page import page as page_module
from recwidgets.panel import trainer

SPLIT = random_table(np.random.default_rng(14), 18, 30, density=0.4).split("temporal", test=0.2, validation=0.1)


def agrees(panel):
    """One user, one epoch and one film everywhere, and each number is the shown model's own."""
    user, epoch, newest = panel.user, panel.epoch, panel.training.newest
    assert f"User {user}" in page(panel, "rw-user").one(name="rw-facts").text
    assert f"user {user}" in page(panel, "rw-list").one("h3").text
    wanted = rw.recommend(panel.model, panel.data, user)
    assert titles(panel) == list(wanted.titles) and len(wanted.titles) == 10
    (chosen,) = [row["title"] for row in rows(panel) if row["aria-pressed"] == "true"]
    assert page(panel, "rw-why").one("h3").text == f"Why {chosen}?"
    shares = np.exp(wanted.scores - wanted.scores[0])
    shares /= shares.sum()
    np.testing.assert_allclose(panel.chart.pie.sizes[:3], shares[:3], atol=1e-5)
    (alt,) = [tag["data-alt"] for tag in page(panel, "rw-chart").all("p") if "data-alt" in tag.attributes]
    said = re.match(
        "Pie of the first 10 films: " + ", ".join(rf"{re.escape(t)} (\S+) %" for t in wanted.titles[:3]), alt
    )
    assert [float(share) for share in said.groups()] == pytest.approx(
        100 * shares[:3], abs=0.1
    )  # rounded so that all make 100
    explained = panel.model.explain(user, wanted.items[wanted.titles.index(chosen)])
    assert sum(part.value for part in explained.parts) == pytest.approx(explained.score, abs=1e-4)
    assert explained.score == pytest.approx(wanted.scores[wanted.titles.index(chosen)], abs=1e-4)
    for plot in (curve(panel).loss, curve(panel).accuracy):
        assert np.isfinite(plot.line.y).all() and plot.dot.x.tolist() == [epoch]
        assert plot.line.x.max() == newest == panel.history.last.step


class Broken(Svd):
    """What its third epoch ends with is `third`."""

    def _epochs(self, data, total, between_batches):
        for step, result in enumerate(super()._epochs(data, total, between_batches), 1):
            yield self.third(*result) if step == 3 and self.seed == 0 else result


class Unlucky(Broken):
    def third(self, loss, arrays):
        raise MemoryError


class Greedy(Broken):
    def third(self, loss, arrays):
        return loss, {**arrays, "films": np.empty((1 << 30, 1 << 23))}  # 64 PiB: no machine has them


class Diverging(Broken):
    def third(self, loss, arrays):
        return np.nan * loss, {name: np.nan * array for name, array in arrays.items()}


@pytest.mark.parametrize(
    ("cls", "said"),
    [
        (Unlucky, "Training stopped: there is no memory left; close other notebooks, or take a smaller model."),
        (Greedy, "Training stopped: there is no memory left (Unable to allocate 64.0 PiB"),
        (Diverging, "Training stopped: the loss is no longer a number at epoch 3: the learning rate 0.1 is too high"),
    ],
)
def test_a_training_without_memory_or_with_nan_keeps_what_was_learned_and_says_so(cls, said):
    panel = rw.Panel(SPLIT, cls(epochs=5), user="u2")
    panel.train()
    assert message(panel).startswith(said) and "Epoch 2 is kept and shown." in message(panel)
    assert status(panel) == "Failed after epoch 2" and panel.training.newest == 2
    agrees(panel)
    panel.user = "u3"
    panel.epoch = 1
    agrees(panel)
    panel.train()  # the same again: said again, nothing kept of the first but what is shown
    assert message(panel).startswith(said) and panel.epoch == 2
    agrees(panel)
    panel.reset()
    assert status(panel) == "Not trained yet"
    panel.close()


def test_a_training_whose_arrays_become_nan_under_a_sound_loss_says_which_epoch_has_no_list():
    class Hollow(Broken):
        def third(self, loss, arrays):
            return loss, {name: np.nan * array for name, array in arrays.items()}

    panel = rw.Panel(SPLIT, Hollow(epochs=3), user="u2")
    panel.train()
    assert "got no finite number" in message(panel) and not rows(panel)
    panel.epoch = 2
    agrees(panel)
    panel.close()


def test_a_loss_of_ones_own_that_is_nan_leaves_a_gap_in_the_curve():
    class Mine:
        label = "Mine"

        def steps(self, data, validation=None, epochs=None):
            for step in range(1, 5):
                snapshot = rw.Snapshot("mine", {"w": np.arange(30.0) * step})
                yield rw.FitEvent(step, 4, {"loss": np.nan if step == 3 else 1 / step}, snapshot)

        def scores(self, user):
            return np.arange(30.0)

    panel = rw.Panel(SPLIT, Mine(), user="u2")
    panel.train()
    assert curve(panel).loss.line.x.tolist() == [1, 2, 4] and len(rows(panel)) == 10
    assert "no number at epoch 3" in page(panel, "rw-curve").all("p", "rw-cap")[0].text
    panel.close()


def test_a_click_for_which_there_is_no_memory_leaves_one_person_on_the_page():
    class Tight(Svd):
        full = False

        def scores(self, user):
            if self.full and getattr(user, "user", None) == 4:
                np.empty((1 << 30, 1 << 23))
            return super().scores(user)

    panel = rw.Panel(SPLIT, Tight(epochs=2), user="u2")
    panel.train()
    Tight.full = True
    panel.user = "u5"
    assert message(panel).startswith("That did not work: there is no memory left (Unable to allocate 64.0 PiB")
    assert "User u5" in page(panel, "rw-user").one(name="rw-facts").text and not rows(panel)
    assert "user u5" in page(panel, "rw-list").one("h3").text
    panel.user = "u6"
    assert not message(panel)
    agrees(panel)
    panel.close()


def test_a_clock_that_goes_back_a_day_while_training_changes_nothing(monkeypatch, tmp_path):
    real, gone = time.time, 86_400.0

    class Late(Svd):
        def _epochs(self, data, total, between_batches):
            for step, result in enumerate(super()._epochs(data, total, between_batches), 1):
                if step == 3:
                    monkeypatch.setattr(time, "time", lambda: real() - gone)
                yield result

    async def used():
        panel = rw.Panel(SPLIT, Late(epochs=6), user="u2", state=tmp_path / "state.json")
        panel.train()
        await until(lambda: panel.training.newest >= 3)
        panel.user = "u3"
        await until(lambda: panel.training.ended == "done")
        left = panel.training.seconds_left
        assert left is None or 0 <= left < 60
        agrees(panel)
        assert panel.training.newest == 6
        panel.close()
        again = rw.Panel(SPLIT, trained(SPLIT.train, epochs=6), state=tmp_path / "state.json")
        assert again.user == "u3"
        again.close()

    asyncio.run(used())


def test_a_browser_that_is_slow_to_paint_is_sent_no_epoch_until_it_has_painted_the_one_before(monkeypatch):
    """Six times slower than the machine here, a page was minutes behind, and answered no click."""
    monkeypatch.setattr(trainer, "INTERVAL", 0.001)
    goes_on = threading.Event()

    class Held(Svd):
        def _epochs(self, data, total, between_batches):
            for step, result in enumerate(super()._epochs(data, total, between_batches), 1):
                if step == 5:
                    goes_on.wait()
                yield result

    async def used():
        panel = rw.Panel(SPLIT, Held(epochs=20), user="u2")
        header = region(panel, "rw-header")
        header.ask()
        painted(header)  # there is a browser
        panel.train()
        await until(lambda: panel.training.newest == 4 or painted(header))
        assert header.behind
        goes_on.set()
        await until(lambda: not panel._parts.trainer._driver.alive)  # all is learned
        assert panel.training.newest == 4, "sent before the page was ready"
        panel.user = "u3"  # a click is answered, with what is known of the training
        agrees(panel)
        painted(header)
        await until(lambda: panel.training.ended == "done")
        assert panel.training.newest == 20
        agrees(panel)
        panel.close()

    asyncio.run(used())


def test_a_browser_that_answers_no_more_is_not_waited_for(monkeypatch):
    async def used():
        panel = rw.Panel(SPLIT, Svd(epochs=30), user="u2")
        header = region(panel, "rw-header")
        header.ask()
        painted(header)
        monkeypatch.setattr(page_module, "PATIENCE", 0.0)
        panel.train()
        await until(lambda: panel.training.ended == "done")
        assert panel.training.newest == 30
        panel.close()

    asyncio.run(used())


def painted(header):
    """What the browser sends when it has worked off all that it was sent."""
    header._handle_custom_msg({"beat": header.beat}, [])


@pytest.mark.parametrize("n", [2, 4])
def test_panels_that_train_beside_each_other_answer_each_for_itself(n):
    async def used():
        panels = [rw.Panel(SPLIT, Svd(epochs=4, seed=seed), user=f"u{seed + 2}") for seed in range(n)]
        for turn in range(3):  # Train in one pauses the others, which is said there; then they go on
            for panel in panels:
                panel.train()
                panel.user = f"u{(turn + panels.index(panel)) % 9 + 2}"
        for panel in panels:
            if panel.training.ended != "done":
                panel.train()
            await until(lambda panel=panel: panel.training.ended == "done")
        lists = set()
        for panel in panels:
            assert panel.training.newest == panel.epoch == 4
            agrees(panel)
            panel.user = "u2"
            agrees(panel)
            lists.add(tuple(titles(panel)))
            panel.close()
        assert len(lists) == n, "each has a model of its own"

    asyncio.run(used())


# -- the disk ------------------------------------------------------------------------------------------


class Disk:
    """A folder on a disk of its own, of 96 KB; where that cannot be mounted, the test is skipped."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self._mount("-t", "tmpfs", "-o", "size=96k", "tmpfs")

    def _mount(self, *options):
        try:
            done = subprocess.run(["mount", *options, str(self.folder)], capture_output=True, text=True, check=False)
        except FileNotFoundError:
            pytest.skip("this system has no mount")
        if done.returncode:
            pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")

    def fill(self):
        with contextlib.suppress(OSError), open(self.folder / "other", "wb", buffering=0) as file:
            while file.write(b"x" * 512):
                pass

    def shut(self):
        self._mount("-o", "remount,ro")

    def close(self):
        subprocess.run(["umount", str(self.folder)], check=True)


class Quota:
    """A folder in which no file can grow from `fill` on, by the limit of the process."""

    def __init__(self, folder):
        self.resource = pytest.importorskip("resource")
        self.folder, self.limits = folder, self.resource.getrlimit(self.resource.RLIMIT_FSIZE)
        folder.mkdir()

    def fill(self):
        self.resource.setrlimit(self.resource.RLIMIT_FSIZE, (0, self.limits[1]))

    def close(self):
        self.resource.setrlimit(self.resource.RLIMIT_FSIZE, self.limits)


@pytest.mark.parametrize(
    ("kind", "what", "said"),
    [
        (Disk, "fill", "No space left on device"),
        (Quota, "fill", "File too large"),
        (Disk, "shut", "Read-only file system"),
    ],
)
def test_on_a_disk_that_takes_no_more_nothing_old_is_lost_and_what_is_not_saved_is_said(
    kind, what, said, tmp_path, monkeypatch
):
    disk = kind(tmp_path / "disk")
    folder = disk.folder
    try:
        with monkeypatch.context() as patch:
            patch.chdir(folder)
            model = Svd()
            history = rw.fit(model, SPLIT.train, SPLIT.validation, epochs=3, progress=False)
            panel = rw.Panel(SPLIT, model, history=history, user="u2", state=folder / "state.json")
            panel.user = "u3"
            model.save(folder / "model.npz")
            panel.export(folder / "out")
            before = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
            assert len(before) == 4
            getattr(disk, what)()
            panel.user = "u4"
            first = message(panel)
            panel.act("save")
            second = message(panel)
            for write in (lambda: model.save(folder / "model.npz"), lambda: panel.export(folder / "out")):
                with pytest.raises(OSError, match=said):
                    write()
            panel.user = "u5"
            names = {str(path.relative_to(folder)) for path in folder.rglob("*")} - {"other"}
            kept = {path: path.read_bytes() for path in before}
    finally:
        disk.close()
    assert first == (
        f"Your state is not saved. {folder}/state.json cannot be written ({said}); "
        "what you do here lasts until the kernel stops."
    )
    assert second.startswith(f"That did not work: {said}")
    assert kept == before and names == {"model.npz", "out", "out/recommendations.csv", "out/run.json", "state.json"}
    agrees(panel)
    panel.close()
