"""Shipped models that stay on the server of a browser site until somebody asks for them: a first visit is lighter.

The site's build takes the files out of this folder and leaves their names and SHA-256 in away.json. Elsewhere there is
no such file, and nothing here does anything.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from pathlib import Path

from .._files import writing

HERE = Path(__file__).parent
LISTED = "away.json"
BESIDE = "static/pyodide/"  # where the site has them, beside Python's packages


def listed(folder: Path = HERE) -> dict[str, str]:
    """{file name: SHA-256} of the files that are not in `folder`."""
    path = folder / LISTED
    found: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return found


def fetched(name: str, folder: Path = HERE) -> Path | None:
    """The file `name`, asked of the site's server and kept in `folder`; None where it is none of the site's.

    Raises FileNotFoundError where the server does not give it, or gives another one.
    """
    sha256 = listed(folder).get(name)
    if sha256 is None:
        return None
    content = _get(name)
    if hashlib.sha256(content).hexdigest() != sha256:
        raise FileNotFoundError(f"{name} of this site is not the one that it was built with; reload the page")
    path = folder / name
    with writing(path) as file:
        file.write(content)
    return path


def _get(name: str) -> bytes:
    """In the worker that Python runs in a request may be waited for: nothing else happens in it meanwhile."""
    js = importlib.import_module("js")  # Pyodide's: the page's own JavaScript
    root = str(js.location.href).partition("/extensions/")[0]
    request = js.XMLHttpRequest.new()
    request.open("GET", f"{root}/{BESIDE}{name}", False)
    request.responseType = "arraybuffer"
    try:
        request.send()
        status = int(request.status)
    except Exception as error:  # a JavaScript error: no network, and nothing kept
        raise FileNotFoundError(f"{name} could not be loaded from this site: {error}; reload the page") from None
    if status != 200:
        raise FileNotFoundError(f"{name} could not be loaded from this site (HTTP {status}); reload the page")
    content: bytes = request.response.to_bytes()
    return content
