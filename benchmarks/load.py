"""Much use of one panel: do memory, threads, widgets and comms stay? Many panels, and many users to choose from.

What is measured is imported inside the functions, so that nothing else is in its process.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .options import LABELS, MODELS, Options
from .report import Row, below
from .usage import clocked, settled_mb

#: how often each is done; the first tenth fills what is kept (answers of the last users, averages of the last knobs)
TIMES = {"users": 10_000, "knobs": 2_000, "edits": 1_000, "training": 200}
WHAT = {
    "users": "changes of user", "knobs": "turned knobs", "edits": "edits, each taken back",
    "training": "trainings of one epoch, each forgotten",
}  # fmt: skip
PANELS, MANY_USERS, GROWN = 30, 100_000, 5.0  # percent that memory may grow
PATIENCE = 60  # s that one training of a small world may take


def counted() -> dict[str, int]:
    """What must not grow with use."""
    import comm
    from ipywidgets.widgets import widget

    return {
        "threads": threading.active_count(), "widgets": len(widget._instances),
        "comms": len(comm.get_comm_manager().comms),
    }  # fmt: skip


def many(panel: Any, kind: str, times: int) -> dict[str, Any]:
    """Do something so often, on an event loop as in a notebook: MB and counts after a tenth of it, and at the end."""

    async def run() -> dict[str, Any]:
        panel.act("motion")  # off: what is drawn is the same, and nothing waits for an animation
        each, found, began = ACTS[kind](panel), [], time.perf_counter()
        for n in range(times + 1):
            if n in (times // 10, times):
                await rested()
                found.append({"mb": settled_mb(), **counted()})
            if n < times:
                wait = next(each)
                await asyncio.sleep(0)
                until = time.monotonic() + PATIENCE
                while wait is not None and not wait():
                    if time.monotonic() > until:
                        raise RuntimeError(f"{kind}: nothing came of act {n}")
                    await asyncio.sleep(0.005)
        said = panel.state.message
        if said is not None and said.bad:
            raise RuntimeError(f"the panel says: {said.lead} {said.text}")
        return {"times": times, "first": found[0], "last": found[1], "wall": time.perf_counter() - began}

    return asyncio.run(run())


async def rested() -> None:
    """What is measured beside has come back, and a stopped training's thread has ended."""
    until = time.monotonic() + PATIENCE
    while any(thread.name.startswith("recwidgets") for thread in threading.enumerate()) and time.monotonic() < until:
        await asyncio.sleep(0.05)


Wait = Callable[[], bool] | None  # what is to be true before the next act


def users(panel: Any) -> Iterator[Wait]:
    ids, n = panel.data.users.tolist(), 0
    while True:
        n += 1
        panel.user = ids[7 * n % len(ids)]
        yield None


def knobs(panel: Any) -> Iterator[Wait]:
    """Turn to and fro, and let every fiftieth rest, so that all users are ranked beside."""
    values = {"gnn": [("layers", v) for v in range(5)], "knn": [("k", v) for v in range(5, 105, 5)],
              "session": [("window", v) for v in range(1, 50, 3)]}[panel.model.name]  # fmt: skip
    n = 0
    while True:
        n += 1
        name, value = values[n % len(values)]
        panel.turn(**{name: value})
        if n % 50 == 0:
            panel.act("rest")
        yield None


def edits(panel: Any) -> Iterator[Wait]:
    n = 0
    while True:
        history = panel.person.history
        panel.drop(panel.data.items[history[n % len(history)]])
        panel.undo()
        n += 1
        yield None


def trainings(panel: Any) -> Iterator[Wait]:
    while True:
        panel.step()
        yield lambda: panel.training.here and panel.training.newest >= 1
        panel.reset()
        yield lambda: not panel._parts.trainer._driver._working


ACTS: dict[str, Callable[[Any], Iterator[Wait]]] = {
    "users": users, "knobs": knobs, "edits": edits, "training": trainings,
}  # fmt: skip


def shipped(name: str) -> Any:
    """The panel on latest-small with the model that comes with the package."""
    import recwidgets as rw

    return {"gnn": rw.GNNPanel, "knn": rw.KNNPanel, "session": rw.SessionPanel}[name]()


def small(name: str) -> Any:
    """A panel on a small world whose training takes a moment."""
    import recwidgets as rw
    from recwidgets.models import make

    return rw.Panel(rw.planted(n_users=60, n_items=80, seed=1).data, model=make(name, dim=8, backend="numpy"))


def use(name: str, kind: str, options: Options) -> dict[str, Any]:
    times = TIMES[kind] * (2 if kind == "training" else 1)  # Train and Reset are two acts
    panel = small(name) if kind == "training" else shipped(name)
    return many(panel, kind, times // 100 if options.quick else times)


def together(options: Options) -> dict[str, Any]:
    """Panels in one notebook: MB and CPU seconds of the first ones and of the last; all closed, what is left."""
    import recwidgets as rw

    kinds, panels, each = (rw.GNNPanel, rw.KNNPanel, rw.SessionPanel), [], []
    for n in range(6 if options.quick else PANELS):
        with clocked() as used:
            panels.append(kinds[n % 3](user=str(n + 1)))
        each.append({"cpu": used["cpu"], "mb": settled_mb(), **counted()})
    with clocked() as used:
        for panel in panels:
            panel.user = "42"
    for panel in panels:
        panel.close()
    return {"each": each, "user": 1000 * used["cpu"] / len(panels), "closed": {"mb": settled_mb(), **counted()}}


def selector(options: Options) -> dict[str, Any]:
    """100,000 users in the selector: options on the page, letters of HTML, and CPU milliseconds of what is typed."""
    import numpy as np

    import recwidgets as rw
    from recwidgets.models.popularity import Popularity

    n = 2_000 if options.quick else MANY_USERS
    draw = np.random.default_rng(0)
    user, item = np.repeat(np.arange(n), 3), draw.integers(0, 500, 3 * n)
    data = rw.Interactions.from_frame({"user": user, "item": item, "time": np.arange(3 * n)}, duplicates="last")
    panel, worst, most, longest = rw.Panel(data, model=Popularity().learn(data)), 0.0, 0, 0
    for typed in ("4", "42", "9999", "user 77", "fans", "x", str(n - 1)):
        with clocked() as used:
            panel.act("find", typed)
        html = panel._parts.regions.header.html
        worst = max(worst, 1000 * used["cpu"])
        most, longest = max(most, html.count('role="option"')), max(longest, len(html))
    panel.act("user", str(n - 1))
    return {"users": n, "cpu": worst, "options": most, "letters": longest, "chosen": panel.user == str(n - 1)}


PARTS: dict[str, Callable[[Options], dict[str, Any]]] = {
    **{f"{kind}_{name}": (lambda options, name=name, kind=kind: use(name, kind, options))
       for kind in TIMES for name in MODELS},
    "together": together,
    "selector": selector,
}  # fmt: skip


def rows(done: Mapping[str, Any]) -> list[Row]:
    out = []
    for kind, what in WHAT.items():
        for name in MODELS:
            part = done.get(f"{kind}_{name}", {})
            if "last" in part:
                out += _kept(f"{LABELS[name]}, {part['times'] // (2 if kind == 'training' else 1):,} {what}", part)
    if "each" in (part := done.get("together", {})):
        out += _together(part)
    if "options" in (part := done.get("selector", {})):
        note = f"at most {part['options']} options and {part['letters']:,} letters of HTML on the page"
        what = f"A selector of {part['users']:,} users, the slowest of what is typed"
        out.append(below(what, part["cpu"], 100, "ms of CPU", note))
    return out


def _kept(what: str, part: Mapping[str, Any]) -> list[Row]:
    first, last = part["first"], part["last"]
    grown = 100 * (last["mb"] / first["mb"] - 1)
    note = f"{first['mb']:.0f} MB after a tenth of them, {last['mb']:.0f} MB at the end"
    same = {name: f"{first[name]} → {last[name]}" for name in ("threads", "widgets", "comms")}
    constant = all(last[name] <= first[name] for name in same)
    words = ", ".join(f"{name} {change}" for name, change in same.items())
    return [
        below(f"{what}: memory grows by", grown, GROWN, "%", note, 1),
        Row(f"{what}: threads, widgets and comms", "constant", "constant" if constant else "grown", constant, words),
    ]


def _together(part: Mapping[str, Any]) -> list[Row]:
    each = part["each"]
    half = len(each) // 2
    early, late = (sum(one["cpu"] for one in some) / len(some) for some in (each[3:half], each[half:]))
    mb = (each[-1]["mb"] - each[2]["mb"]) / (len(each) - 3)
    note = f"{early:.2f} and {late:.2f} CPU s a panel; {mb:.1f} MB and {each[-1]['widgets'] // len(each)} widgets each"
    what = f"{len(each)} panels in one notebook: opening one of the last half / of the first"
    left = part["closed"]
    return [
        Row(what, "≤ 1.5×", f"{late / early:.2f}×", late <= 1.5 * early, note),
        below(f"{len(each)} panels in one notebook, a change of user in each", part["user"], 100, "ms of CPU"),
        Row(f"{len(each)} panels closed: widgets left", "none", str(left["widgets"]), left["widgets"] == 0,
            f"{left['mb']:.0f} MB, {left['threads']} threads, {left['comms']} comms"),
    ]  # fmt: skip
