"""A class on a hub: what a learner takes, trainings at once, and how long a click waits when many learn (Linux).

JupyterHub with hub/local_config.py, on 127.0.0.1, in the image of `--only binder`: that made by repo2docker's steps.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import random
import re
import secrets
import shutil
import signal
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .binder import ROOT, _bare, _run, made
from .browser import _tools
from .options import Missing, Options
from .report import Row
from .tree import Watch

USERS, AT_ONCE, LEARNERS = 8, (1, 4), (1, 8, 20, 40, 60)
SPARE = 4.0  # GB of the machine that are left to others: no learner is added below
SECONDS, THINK = 20.0, 5.0  # a round of clicks; between two clicks of a learner, on average
NODE = 32.0  # GB of a node in the sums for large classes, of which the system and the hub's parts keep a tenth
PANEL = """
import recwidgets as rw
panel = rw.GNNPanel(user="42")
panel
"""
IDS = """
panel.shown  # what was shown is the frame; this waits for the panel itself
from recwidgets.page.page import Page
from ipywidgets import IntSlider
from ipywidgets.widgets import widget as all_widgets
page = next(w for w in all_widgets._instances.values() if isinstance(w, Page) and "rw-user" in w._dom_classes)
bare = IntSlider()
bare.observe(lambda change: bare.send({"answered": change["new"]}), "value")
print("IDS", page.model_id, bare.model_id)
"""
TRAIN = """
import time, recwidgets as rw
from IPython.display import display
panel = rw.{panel}(user="42", epochs={epochs})
display(panel)
began = time.perf_counter()
rw.fit(rw.GNN(seed=0), panel.train_data, panel.world.split.validation, {epochs}, progress=False)
print("TRAINED", time.perf_counter() - began)
"""


class Learner:
    """A client of one kernel, as a page is: messages over one websocket. All times are in seconds."""

    def __init__(self, socket: Any) -> None:
        self._socket, self._session, self._sent = socket, uuid.uuid4().hex, 0
        self.page = self.bare = ""

    @classmethod
    async def on(cls, base: str, token: str = "") -> Learner:
        """A new kernel of the server at `base`."""
        from tornado.httpclient import HTTPRequest
        from tornado.websocket import websocket_connect

        kernel = await asyncio.to_thread(asked, f"{base}/api/kernels", token, "POST", {})
        address = f"{base.replace('http', 'ws', 1)}/api/kernels/{kernel['id']}/channels"
        headers = {"Authorization": f"token {token}"} if token else {}
        socket = await websocket_connect(HTTPRequest(address, headers=headers), max_message_size=2**28)
        socket.protocol.stream.set_nodelay(True)  # as a browser's socket: else small messages wait 40 ms
        return cls(socket)

    def _send(self, kind: str, content: dict[str, Any]) -> str:
        name = uuid.uuid4().hex
        header = {"msg_id": name, "msg_type": kind, "username": "", "session": self._session, "version": "5.3"}
        whole = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        self._socket.write_message(json.dumps(whole | {"buffers": []}))
        return name

    async def _heard(self) -> AsyncIterator[tuple[str, str, dict[str, Any]]]:
        """(kind, of which request, content) of each message without binary parts."""
        while True:
            message = await self._socket.read_message()
            if message is None:
                raise RuntimeError("the kernel's socket was closed")
            if isinstance(message, str):
                said = json.loads(message)
                yield said["header"]["msg_type"], said["parent_header"].get("msg_id", ""), said["content"]

    async def run(self, code: str) -> str:
        """What a cell prints. Raises RuntimeError where it raises, or the kernel is gone."""
        request = self._send("execute_request", {"code": code, "silent": False, "store_history": True})
        printed = ""
        async for kind, of, content in self._heard():
            if of == request and kind == "stream":
                printed += content["text"]
            elif kind == "error" or content.get("execution_state") in ("restarting", "dead"):
                raise RuntimeError(f"the kernel said {content}")
            elif of == request and kind == "status" and content["execution_state"] == "idle":
                return printed
        raise RuntimeError("the kernel said nothing more")

    async def open(self) -> None:
        await self.run(PANEL)
        self.page, self.bare = re.findall(r"IDS (\w+) (\w+)", await self.run(IDS))[0]

    async def check(self) -> None:
        """Raises RuntimeError where the clicks changed nothing: then their times mean nothing."""
        if "'42'" in await self.run("print(repr(panel.user))"):
            raise RuntimeError("the panel still shows user 42 after all clicks on the next user")

    async def _answered(self, model: str, data: dict[str, Any], number: int) -> float:
        began = time.perf_counter()
        self._send("comm_msg", {"comm_id": model, "data": data})
        async for kind, _, content in self._heard():
            mine = kind == "comm_msg" and content["comm_id"] == model
            if mine and content["data"].get("content", {}).get("answered") == number:
                return time.perf_counter() - began
        raise RuntimeError("the kernel said nothing more")

    async def another_user(self) -> float:
        """From the click on "next" until the kernel has sent all that changed."""
        self._sent += 1
        act = {"act": "next", "value": "", "n": self._sent, "view": "", "typed": False}
        return await self._answered(self.page, {"method": "custom", "content": act}, self._sent)

    async def bare_slider(self) -> float:
        """The same way there and back for a slider that only answers."""
        self._sent += 1
        changed = {"method": "update", "state": {"value": self._sent % 100}, "buffer_paths": []}
        return await self._answered(self.bare, changed, self._sent % 100)


def asked(address: str, token: str = "", method: str = "GET", body: Any = None) -> Any:
    """JSON of a server on this machine; None where it says nothing."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"token {token}"} if token else {})
    request = urllib.request.Request(address, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=120) as answer:
        said = answer.read()
    return json.loads(said) if said else None


def clicked(times: Mapping[str, list[float]]) -> dict[str, dict[str, float]]:
    """Milliseconds: median and 95th percentile of each."""
    found = {}
    for what, values in times.items():
        p95 = float(np.percentile(values, 95))
        found[what] = {"median": statistics.median(values) * 1e3, "p95": p95 * 1e3, "n": len(values)}
    return found


# ------------------------------------------------------------------ the hub


@contextlib.contextmanager
def hub(options: Options, backend: str = "numpy") -> Iterator[tuple[str, str, Watch]]:
    """JupyterHub with its proxy: address, token, and who looks at the memory of all of it."""
    folder = Path(made(options)["folder"])
    tools = folder / "hub"
    if shutil.which("npm") is None:
        raise Missing("needs npm, for JupyterHub's proxy")
    if not (tools / "bin/jupyterhub").exists():
        uv = [sys.executable, "-m", "uv", "--quiet"]
        version = _run(
            [str(folder / "prefix/bin/python"), "-c", "import jupyterhub as j; print(j.__version__)"], folder
        )
        _run([*uv, "venv", str(tools)], folder)
        _run([*uv, "pip", "install", "--python", str(tools / "bin/python"), f"jupyterhub=={version.strip()}"], folder)
        _run(["npm", "install", "--silent", "--prefix", str(tools), "configurable-http-proxy"], folder)
    servers = _tools()[2]
    room = folder / "hub-room"
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir()
    port, token = servers.free_port(3), secrets.token_hex(16)
    own = _bare() | {
        "PATH": f"{folder}/prefix/bin:{tools}/bin:{os.environ['PATH']}",
        "RECWIDGETS_HUB_PORT": str(port),
        "RECWIDGETS_HUB_TOKEN": token,
        "RECWIDGETS_HUB_SERVER": str(folder / "prefix/bin/jupyterhub-singleuser"),
        "RECWIDGETS_HUB_PROXY": str(tools / "node_modules/.bin/configurable-http-proxy"),
        "CONFIGPROXY_AUTH_TOKEN": secrets.token_hex(16),
        "RECWIDGETS_HUB_BACKEND": backend,
    }
    log = room / "hub.log"
    with log.open("wb") as out:
        command = [str(tools / "bin/jupyterhub"), "-f", str(ROOT / "hub/local_config.py")]
        process = subprocess.Popen(
            command, cwd=room, env=own, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )
        address = f"http://127.0.0.1:{port}"
        try:
            servers.wait_until_it_answers(f"{address}/hub/api", process, log)
            with Watch(process.pid) as seen:
                yield address, token, seen
        finally:
            process.send_signal(signal.SIGINT)  # the hub ends the servers that it has started
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(60)
            servers.stop(process)


async def logged_in(address: str, token: str, name: str) -> str:
    """Start somebody's server; its address."""
    user = f"{address}/hub/api/users/{name}"
    await asyncio.to_thread(asked, user, token, "POST", {})
    await asyncio.to_thread(asked, f"{user}/server", token, "POST", {})
    for _ in range(900):
        if (await asyncio.to_thread(asked, user, token)).get("server"):
            return f"{address}/user/{name}"
        await asyncio.sleep(0.2)
    raise RuntimeError(f"{name}'s server did not start within three minutes")


def users(options: Options) -> dict[str, Any]:
    """Eight users, one after the other: each logs in, opens a panel, and looks at other users. MB, ms."""
    count = 2 if options.quick else USERS
    with hub(options) as (address, token, seen):
        return asyncio.run(_users(address, token, seen, count))


async def _users(address: str, token: str, seen: Watch, count: int) -> dict[str, Any]:
    alone, starts, times = seen.look(), list[float](), list[float]()
    together = []
    for n in range(count):
        began = time.perf_counter()
        learner = await Learner.on(await logged_in(address, token, f"learner{n}"), token)
        await learner.open()
        starts.append(time.perf_counter() - began)
        times += [await learner.another_user() for _ in range(10)]
        await learner.check()
        together.append(seen.look())
    return {
        "hub": alone, "each": (together[-1] - together[0]) / max(count - 1, 1), "all": together, "starts": starts,
        "kernels": seen.kernels, "servers": seen.servers, "clicks": clicked({"user": times}), "users": count,
    }  # fmt: skip


def trainings(options: Options, backend: str, count: int) -> dict[str, Any]:
    """So many users of the hub train at once. MB; seconds of the slowest."""
    epochs = 1 if options.quick else 3
    with hub(options, backend) as (address, token, seen):
        return asyncio.run(_trainings(address, token, seen, backend, count, epochs))


async def _trainings(address: str, token: str, seen: Watch, backend: str, count: int, epochs: int) -> dict[str, Any]:
    learners = []
    for n in range(count):
        learners.append(await Learner.on(await logged_in(address, token, f"learner{n}"), token))
    before = seen.look()
    code = f"import os\nos.environ['RECWIDGETS_BACKEND'] = {backend!r}\n" + TRAIN.format(
        panel="GNNPanel", epochs=epochs
    )
    said = await asyncio.gather(*(learner.run(code) for learner in learners))
    seconds = [float(text.split("TRAINED")[1].split()[0]) for text in said]
    return {"before": before, "all": seen.peak, "kernels": seen.kernels, "seconds": seconds, "epochs": epochs}


# ------------------------------------------------------------------ a room full of learners


def learners(options: Options) -> dict[str, Any]:
    """Kernels of one server, each with a panel and a client that clicks now and then, more and more of them."""
    stages = LEARNERS[:2] if options.quick else LEARNERS
    folder = Path(made(options)["folder"])
    from .binder import served

    token = secrets.token_hex(16)
    with served(folder, True, {}, limit=False, token=token) as (address, seen):
        return {"stages": asyncio.run(_learners(address, token, seen, stages, 4.0 if options.quick else SECONDS))}


async def _learners(
    address: str, token: str, seen: Watch, stages: tuple[int, ...], seconds: float
) -> list[dict[str, Any]]:
    import psutil

    there: list[Learner] = []
    done: list[dict[str, Any]] = []
    for count in stages:
        while len(there) < count and psutil.virtual_memory().available / 1e9 > SPARE:
            more = [await Learner.on(address, token) for _ in range(min(4, count - len(there)))]
            await asyncio.gather(*(learner.open() for learner in more))
            there += more
        if len(there) < count:
            break
        await asyncio.sleep(2)  # what opening left to do
        times: dict[str, list[float]] = {"user": [], "bare": []}
        until = time.perf_counter() + seconds
        await asyncio.gather(*(_clicks(learner, n, until, times) for n, learner in enumerate(there)))
        await there[-1].check()
        done.append({"learners": count, "mb": seen.look(), "load": os.getloadavg()[0], **clicked(times)})
    return done


async def _clicks(learner: Learner, seed: int, until: float, times: dict[str, list[float]]) -> None:
    """Another user and the bare slider in turn, each after a pause for thought."""
    draw = random.Random(seed)
    await asyncio.sleep(draw.uniform(0, THINK))
    while True:
        times["user"].append(await learner.another_user())
        await asyncio.sleep(draw.expovariate(2 / THINK))
        times["bare"].append(await learner.bare_slider())
        if time.perf_counter() >= until:
            return
        await asyncio.sleep(draw.expovariate(2 / THINK))


PARTS = {
    "users": users,
    **{
        f"{backend}_{count}": (lambda options, backend=backend, count=count: trainings(options, backend, count))
        for backend in ("numpy", "tensorflow")
        for count in AT_ONCE
    },
    "learners": learners,
}


# ------------------------------------------------------------------ the table


def large(learner: float, training: float, count: int, share: float) -> tuple[float, int]:
    """GB and nodes for a class. learner, training: MB of one who looks, and what a training adds; share: who trains."""
    gb = count * (learner + share * training) / 1e3
    return gb, math.ceil(gb / (0.9 * NODE))


def rows(done: Mapping[str, Any]) -> list[Row]:
    out: list[Row] = []
    if "each" in (part := done.get("users", {})):
        kernels, servers = part["kernels"], part["servers"]
        note = (
            f"kernels {min(kernels):.0f}–{max(kernels):.0f}, servers {min(servers):.0f}–{max(servers):.0f} MB at their "
        )
        note += f"peak; the hub and its proxy alone {part['hub']:.0f} MB; {part['users']} users"
        out.append(Row("One more user of the hub, with a panel", "", f"{part['each']:.0f} MB", None, note))
        note = "from the login to the panel's answer, one after the other"
        out.append(
            Row(
                "The server, the kernel and a panel start in",
                "",
                f"{statistics.median(part['starts']):.1f} s",
                None,
                note,
            )
        )
        click = part["clicks"]["user"]
        note = (
            f"median {click['median']:.0f} ms of {click['n']:.0f}; through the hub's proxy, without a browser's drawing"
        )
        out.append(Row("Another user, through the hub: p95", "", f"{click['p95']:.0f} ms", None, note))
    for backend, label in (("numpy", "numpy"), ("tensorflow", "TensorFlow")):
        for count in AT_ONCE:
            if "all" in (part := done.get(f"{backend}_{count}", {})):
                took = f"{part['epochs']} epochs in {max(part['seconds']):.0f} s"
                note = f"a kernel at most {max(part['kernels']):.0f} MB; {took}; {part['before']:.0f} MB before"
                what = f"Trainings at once with {label}: {count}, all of the hub"
                out.append(Row(what, "", f"{part['all']:,.0f} MB", None, note))
    for stage in done.get("learners", {}).get("stages", ()):
        mine, bare = stage["user"], stage["bare"]
        note = f"median {mine['median']:.0f} ms of {mine['n']:.0f}; a bare slider's p95 {bare['p95']:.0f} ms; "
        note += f"{stage['mb'] / 1e3:.1f} GB in all; load {stage['load']:.1f}"
        what = f"{stage['learners']} learners on one server, a click every {THINK:g} s each: another user, p95"
        out.append(Row(what, "", f"{mine['p95']:.0f} ms", None, note))
    alone, one = done.get("users", {}), done.get("numpy_1", {})
    if "each" in alone and "all" in one:
        more = max(one["kernels"]) - statistics.median(alone["kernels"])
        for count in (30, 300, 3000):
            gb, nodes = large(alone["each"], more, count, 0.25)
            note = f"{alone['each']:.0f} MB each, a quarter trains with numpy (+{more:.0f} MB); nodes of {NODE:g} GB"
            out.append(Row(f"{count:,} learners at the same time", "", f"{gb:,.0f} GB, {nodes} nodes", None, note))
    return out
