"""Find a Firefox, or install one, and start it for Playwright, which speaks WebDriver BiDi to a stock Firefox.

The order: the variable RECWIDGETS_FIREFOX, names on the PATH, the usual places; where there is none, apt's firefox-esr.
As a program without arguments it prints that path; with them it is the browser that Playwright starts: Firefox, and an
answer to the one command that it does not know.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import chromium
from playwright.sync_api import Browser, Playwright
from websockets.sync.client import connect
from websockets.sync.connection import Connection
from websockets.sync.server import ServerConnection, serve

NAMES = ("firefox-esr", "firefox", "firefox.exe")
PLACES = ("/Applications/Firefox.app/Contents/MacOS/firefox", r"C:\Program Files\Mozilla Firefox\firefox.exe")
HOW = (
    "no Firefox was found, and none could be installed by apt: install one (Debian: apt-get install firefox-esr), "
    "or set RECWIDGETS_FIREFOX to the program's path"
)
# Playwright sends it for every page; Firefox 153, the present ESR, answers that it does not know it, and no page opens.
# It would change light or dark, which no test asks of Firefox.
UNKNOWN = "emulation.setMediaFeaturesOverride"
LISTENS = re.compile(r"WebDriver BiDi listening on (ws://\S+)")


def find() -> Path | None:
    """The Firefox that the tests will use, or None. A wrong RECWIDGETS_FIREFOX is an error, never skipped over."""
    if named := chromium.chosen("RECWIDGETS_FIREFOX", "Firefox"):
        return named
    found = [Path(path) for name in NAMES if (path := shutil.which(name))]
    found += [Path(place) for place in PLACES if Path(place).is_file()]
    return next((path for path in found if chromium.starts(path)), None)


def find_or_install() -> Path | None:
    """The browser's path, or None where there is none and apt may not install one."""
    return find() or (find() if chromium.apt_install("firefox-esr") else None)


@contextmanager
def browser(playwright: Playwright, program: Path, folder: Path) -> Iterator[Browser]:
    """Firefox with a new profile; folder: where the command that starts it is written."""
    command = folder / "firefox"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{Path(__file__).resolve()}" "{program}" "$@"\n')
    command.chmod(0o755)
    started = playwright.firefox.launch(channel="moz-firefox", executable_path=command)
    try:
        yield started
    finally:
        started.close()


def pump(source: Connection, target: Connection) -> None:
    """Hand on what `source` says; UNKNOWN is answered with an empty success instead."""
    for message in source:
        if UNKNOWN in message and (asked := json.loads(message)).get("method") == UNKNOWN:
            source.send(json.dumps({"type": "success", "id": asked["id"], "result": {}}))
        else:
            target.send(message)
    target.close()


def main(program: str, *arguments: str) -> int:
    """Start Firefox, and listen in its place."""
    firefox = subprocess.Popen([program, *arguments], stderr=subprocess.PIPE, text=True)
    address = ""

    def between(playwright: ServerConnection) -> None:
        with connect(address + playwright.request.path, max_size=None, compression=None) as bidi:
            threading.Thread(target=pump, args=(bidi, playwright), daemon=True).start()
            pump(playwright, bidi)

    with serve(between, "127.0.0.1", 0, max_size=None, compression=None) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for line in firefox.stderr:
            if found := LISTENS.search(line):
                address = found[1].rstrip("/")
                port = server.socket.getsockname()[1]
                line = LISTENS.sub(f"WebDriver BiDi listening on ws://127.0.0.1:{port}", line)
            print(line, end="", file=sys.stderr, flush=True)
    return firefox.wait()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        sys.exit(main(*sys.argv[1:]))
    if not (path := find_or_install()):
        raise SystemExit(HOW)
    print(path)
