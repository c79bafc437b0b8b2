"""`recwidgets app`: the panels as a page for a room, served by Voilà. One kernel a visitor, and no code of theirs."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

PANELS = {"gnn": "GNNPanel", "knn": "KNNPanel", "session": "SessionPanel", "compare": "ComparePanel"}
IDLE = 3600  # s after which a visitor's kernel is ended
TEMPLATE = "recwidgets"
# Voilà's page names stylesheets of another server, for icons that the panels do not have.
FOREIGN = re.compile(r"<(?:link|script)\b[^>]*\b(?:href|src)=[\"'](?:https?:)?//[^>]*>(?:\s*</script>)?")
# What the template still named would be refused by the browser.
POLICY = "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; connect-src 'self' data: blob: ws: wss:"


def notebook(panels: Sequence[str]) -> dict[str, object]:
    """The notebook that is served, one cell a panel. Raises ValueError for an unknown panel, or for none."""
    if wrong := [name for name in panels if name not in PANELS]:
        raise ValueError(f"a panel must be one of {', '.join(PANELS)}, got {wrong[0]!r}")
    if not panels:
        raise ValueError(f"name at least one panel: {', '.join(PANELS)}")
    sources = ["import recwidgets as rw", *(f"rw.{PANELS[name]}()" for name in panels)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells: list[dict[str, object]] = [
        {"cell_type": "code", "id": f"cell-{n}", "execution_count": None, "metadata": {}, "outputs": [], "source": text}
        for n, text in enumerate(sources)
    ]
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": cells}


def template(folder: Path) -> None:
    """Write Voilà's own page, as it is installed, without what it would ask of other servers, as a template."""
    from jupyter_core.paths import jupyter_path  # comes with Voilà

    for place in jupyter_path("voila", "templates", "lab", "index.html.j2"):
        if Path(place).is_file():
            page = FOREIGN.sub("", Path(place).read_text(encoding="utf-8"))
            break
    else:
        raise FileNotFoundError('Voilà\'s page was not found: pip install --force-reinstall "voila>=0.5.8"')
    folder.mkdir(parents=True)
    (folder / "index.html.j2").write_text(page, encoding="utf-8")
    (folder / "conf.json").write_text(json.dumps({"base_template": "lab"}), encoding="utf-8")


def prepare(folder: Path, panels: Sequence[str], port: int, ip: str, idle: int, browser: bool = False) -> list[str]:
    """Fill an empty folder with the notebook and Voilà's settings; the command to run there.

    Raises ValueError for a panel, port (1 to 65535) or idle time (seconds, at least 1) that cannot be, ImportError
    where there is no Voilà.
    """
    if not 1 <= port <= 65535:
        raise ValueError(f"a port must be 1 to 65535, got {port}")
    if idle < 1:
        raise ValueError(f"the idle time must be at least 1 s, got {idle}")
    if importlib.util.find_spec("voila") is None:
        raise ImportError('this needs Voilà, which is not installed: pip install "recwidgets[lab]"')
    (folder / "room").mkdir()  # kernels work in it: what a panel exports goes there, and goes with it
    served = folder / "room" / "panels.ipynb"
    served.write_text(json.dumps(notebook(panels)), encoding="utf-8")
    template(folder / "share" / "voila" / "templates" / TEMPLATE)
    settings = {
        "Voila": {
            "ip": ip,
            "port": port,
            "open_browser": browser,
            "tornado_settings": {"headers": {"Content-Security-Policy": POLICY}},
        },
        "VoilaConfiguration": {
            "template": TEMPLATE,
            "allow_template_override": "NO",
            "allow_theme_override": "NO",
            "strip_sources": True,
            "show_tracebacks": False,
            "file_allowlist": ["(?!)"],  # no file of the folder is served
        },
        "MappingKernelManager": {"cull_idle_timeout": idle, "cull_interval": min(60, idle), "cull_connected": True},
    }
    (folder / "room" / "voila.json").write_text(json.dumps(settings), encoding="utf-8")
    return [sys.executable, "-m", "voila", str(served)]


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def serve(panels: Sequence[str], port: int, ip: str, idle: int, browser: bool) -> int:
    """Serve until Ctrl-C or SIGTERM; the exit code. Errors: see `prepare`."""
    with tempfile.TemporaryDirectory(prefix="recwidgets-app-") as name:
        folder = Path(name)
        command = prepare(folder, panels, port, ip, idle, browser)
        paths = [str(folder / "share"), *filter(None, [os.environ.get("JUPYTER_PATH")])]
        environment = {**os.environ, "JUPYTER_PATH": os.pathsep.join(paths)}
        signal.signal(signal.SIGTERM, _interrupt)  # else Voilà, and the visitors' kernels, would outlive this program
        with subprocess.Popen(command, cwd=folder / "room", env=environment) as server:
            try:
                return server.wait()
            except KeyboardInterrupt:
                server.terminate()
                return server.wait()
