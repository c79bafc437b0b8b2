"""The panels and the course in a browser's tab: a static JupyterLite site, Python and all wheels bundled.

    python dev.py lite                    build/lite, a folder that any web server can serve
    python dev.py lite --serve            serve it on this machine, and open it

Pyodide comes from its own release, pinned and checked (lite/pyodide.py), or from the archive that RECWIDGETS_PYODIDE
names. When the site runs it asks nobody but its own server for anything.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import webbrowser
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pyodide
import wheels
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPO = Path(__file__).resolve().parents[1]
TUTORIALS = REPO / "tutorials"
START = "00-start-here.ipynb"
# Pyodide's own: what the kernel asks for, and what is compiled
FROM_PYODIDE = ("micropip", "ssl", "sqlite3", "jedi", "ipython", "numpy", "pandas", "traitlets", "packaging")
# what the kernel would otherwise look for one after the other
AT_ONCE = ("micropip", "ssl", "sqlite3", "jedi", "ipython", "comm")
# the kernel brings a stand-in of its own
NOT_NEEDED = {"widgetsnbextension"}
EXTENSIONS = ("ipywidgets", "jupyterlab_widgets", "bqplot", "bqscales", "anywidget", "jupyterlite-pyodide-kernel")
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
SETTINGS = {
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},  # as in the JupyterLab that is tested
}


def needed(name: str, extra: dict[str, str]) -> Iterator[str]:
    """What the installed package asks for in a browser, by the names that Pyodide's lock uses."""
    for text in metadata.requires(name) or ():
        need = Requirement(text)
        if need.marker is None or need.marker.evaluate(extra):
            yield canonicalize_name(need.name)


def bundled() -> dict[str, list[str]]:
    """{package: what it depends on} for recwidgets and all that it needs and Pyodide does not bring."""
    where = {"sys_platform": "emscripten", "platform_system": "Emscripten", "extra": ""}
    found: dict[str, list[str]] = {}
    waiting = ["recwidgets", "comm"]
    while waiting:
        name = waiting.pop()
        if name not in found:
            depends = sorted(set(needed(name, where)) - NOT_NEEDED)
            found[name] = depends
            waiting += [need for need in depends if need not in FROM_PYODIDE]
    return dict(sorted(found.items()))


def entry(wheel: Path, name: str, depends: list[str]) -> dict[str, Any]:
    """The wheel as Pyodide's lock lists a package: `import` loads it and what it depends on."""
    return {
        "depends": depends,
        "file_name": wheel.name,
        "imports": top_level(name),
        "install_dir": "site",
        "name": name,
        "package_type": "package",
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "unvendored_tests": False,
        "version": metadata.version(name),
    }


def top_level(name: str) -> list[str]:
    """What may be imported of an installed package."""
    if name == "recwidgets":
        return [name]
    files = [file for file in metadata.files(name) or () if file.suffix == ".py" and ".." not in file.parts]
    return sorted({re.sub(r"\.py$", "", file.parts[0]) for file in files})


def fill_pyodide(folder: Path, archive: Path | None) -> None:
    """Pyodide with our wheels in its lock: a notebook needs no %pip line, an import finds them."""
    folder.mkdir(parents=True)
    own = {}
    for name, depends in bundled().items():
        wheel = wheels.own(REPO, folder) if name == "recwidgets" else wheels.pure(name, folder)
        own[name] = entry(wheel, name, depends)
    pyodide.fill(folder, archive, FROM_PYODIDE, own)


def extensions() -> list[str]:
    """The folders of the front-end extensions that panels need, as installed."""
    found = []
    for name in EXTENSIONS:
        for file in metadata.files(name) or ():
            if re.search(r"share/jupyter/labextensions/(@[^/]+/)?[^/]+/package\.json$", file.as_posix()):
                folder = Path(str(metadata.distribution(name).locate_file(file))).resolve().parent
                if not folder.is_dir():  # dev.py keeps what is JupyterLite's alone out of JupyterLab's sight
                    folder = Path(str(folder).replace("labextensions", "liteextensions"))
                found.append(str(folder))
    return found


def settings() -> dict[str, Any]:
    """jupyter-lite.json: everything from this site, recwidgets loaded while the notebook is still being read."""
    kernel = {"disablePyPIFallback": True, "loadPyodideOptions": {"packages": [*AT_ONCE, "recwidgets"]}}
    own = {
        "appName": "recwidgets",
        "exposeAppInBrowser": True,
        "enableServiceWorkerCache": "true",  # a second visit is shown from the browser, and brought up to date beside
        "litePluginSettings": {KERNEL: kernel},
        "disabledExtensions": ["@jupyterlab/apputils-extension:announcements"],
    }
    return {"jupyter-lite-schema-version": 0, "jupyter-config-data": own}


def build(out: Path, archive: Path | None) -> None:
    """Build the site into the folder `out`, which is made anew."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        contents = work / "contents"
        contents.mkdir()
        for notebook in sorted(TUTORIALS.glob("*.ipynb")):
            shutil.copy(notebook, contents)
        fill_pyodide(work / "static" / "pyodide", archive)
        overrides = json.loads((REPO / "binder" / "lab-overrides.json").read_text(encoding="utf-8"))
        (work / "overrides.json").write_text(json.dumps({**overrides, **SETTINGS}), encoding="utf-8")
        (work / "jupyter-lite.json").write_text(json.dumps(settings()), encoding="utf-8")
        config = {"ignore_sys_prefix": ["federated_extensions"], "federated_extensions": extensions()}
        (work / "jupyter_lite_config.json").write_text(json.dumps({"LiteBuildConfig": config}), encoding="utf-8")
        options = ["--lite-dir", str(work), "--output-dir", str(work / "site"), "--contents", str(contents)]
        options += ["--apps", "lab", "--no-sourcemaps", "--no-unused-shared-packages", "--no-libarchive"]
        command = [sys.executable, "-m", "jupyterlite_core", "build", *options]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"jupyterlite could not build the site:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
        shutil.copy(work / "site" / "lab" / "favicon.ico", work / "site")  # browsers ask for it there
        shutil.rmtree(out, ignore_errors=True)
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(work / "site", out)


def serve(folder: Path, port: int, look: bool) -> None:
    """Serve `folder` on 127.0.0.1 until Ctrl-C; port 0: a free one."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
        address = f"http://127.0.0.1:{server.server_port}/lab/index.html?path={START}"
        print(f"{address}\nCtrl-C ends it.", flush=True)
        if look:
            webbrowser.open(address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=REPO / "build" / "lite")
    parser.add_argument("--serve", action="store_true", help="serve it on 127.0.0.1, and open it")
    parser.add_argument("--port", type=int, default=0, help="the port to serve on; a free one without it")
    parser.add_argument("--no-browser", action="store_true", help="only say the address")
    chosen = parser.parse_args()
    archive = os.environ.get("RECWIDGETS_PYODIDE")
    build(chosen.out, Path(archive).resolve() if archive else None)
    size = sum(file.stat().st_size for file in chosen.out.rglob("*") if file.is_file())
    print(f"{chosen.out}: {size / 1e6:.0f} MB")
    if chosen.serve:
        serve(chosen.out, chosen.port, not chosen.no_browser)


if __name__ == "__main__":
    main()
