"""Find a Chromium or Chrome, or install one. Standard library only: dev.py runs this before anything is installed.

The order: the variable RECWIDGETS_CHROMIUM, names on the PATH, the usual places, Playwright's own download.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
    "chrome",
    "chromium.exe",
    "chrome.exe",
)
# As root (containers, CI) Chromium refuses its sandbox; the rest keeps a test browser off the network.
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
HOW = (
    "No Chromium or Chrome was found: install one (Debian and Ubuntu: apt-get install chromium; "
    "elsewhere: python -m playwright install chromium), or set RECWIDGETS_CHROMIUM to the program's path."
)


def flags() -> list[str]:
    """The command-line flags for this user on this system."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*FLAGS, "--no-sandbox"] if root else list(FLAGS)


def usual_places() -> list[Path]:
    """Where installers put the browser without adding it to the PATH."""
    places = [
        Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"),
        Path("/Applications/Chromium.app/Contents/MacOS/Chromium"),
        Path.home() / "Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        Path("/snap/bin/chromium"),
    ]
    for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        if folder := os.environ.get(variable):
            places.append(Path(folder) / "Google/Chrome/Application/chrome.exe")
            places.append(Path(folder) / "Chromium/Application/chrome.exe")
    return places


def playwrights_own() -> Path | None:
    """The Chromium that `playwright install chromium` downloaded, or None."""
    code = "from playwright.sync_api import sync_playwright as s\nwith s() as p: print(p.chromium.executable_path)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    path = Path(done.stdout.strip() or "/nonexistent")
    return path if done.returncode == 0 and path.is_file() else None


def starts(program: Path) -> bool:
    """False for Ubuntu's chromium-browser, a note that asks for a snap. On Windows --version would open a window."""
    if os.name == "nt":
        return True
    answer = subprocess.run([program, "--version"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return answer.returncode == 0


def chosen(variable: str, kind: str) -> Path | None:
    """The browser that an environment variable names, or None where it is not set."""
    named = os.environ.get(variable)
    if named and not Path(named).is_file():
        raise FileNotFoundError(
            f"{variable} must be the path of a {kind} program, got {named!r}; "
            "correct it or unset it to let the tests search"
        )
    return Path(named) if named else None


def find() -> Path | None:
    """The browser that the tests will use, or None. A wrong RECWIDGETS_CHROMIUM is an error, never skipped over."""
    if named := chosen("RECWIDGETS_CHROMIUM", "Chromium or Chrome"):
        return named
    for name in NAMES:
        if (found := shutil.which(name)) and starts(Path(found)):
            return Path(found)
    for place in usual_places():
        if place.is_file() and starts(place):
            return place
    return playwrights_own()


def apt_install(*packages: str) -> bool:
    """Install Debian packages where this user may; False elsewhere."""
    if sys.platform != "linux" or not shutil.which("apt-get") or os.geteuid() != 0:
        return False
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *packages]):
        command = ["apt-get", "--quiet", *command]
        # Its words go to stderr: what this program prints is the browser's path.
        subprocess.run(command, env=quiet, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)
    return True


def install() -> None:
    """Install a Chromium. Ubuntu's package of that name is a snap, which a container cannot run: then Playwright's."""
    if not (apt_install("chromium") and find()):
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], stdout=sys.stderr, check=False)


def check_playwright() -> None:
    """See that Playwright itself starts: a bare Debian lacks a library that its node needs."""
    command = [sys.executable, "-m", "playwright", "--version"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode and apt_install("libatomic1"):
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        said = (answer.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise SystemExit(f"Playwright does not start ({said}); on Debian and Ubuntu: apt-get install libatomic1")


def find_or_install() -> Path:
    """The browser's path. Raises SystemExit with one sentence that says how to get one."""
    check_playwright()
    found = find()
    if not found:
        install()
        found = find()
    if not found:
        raise SystemExit(HOW)
    return found


if __name__ == "__main__":
    print(find_or_install())
