"""The colours of the stylesheet, for pictures and pages that stand without it. They are read from page.css."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path

HERE = Path(__file__).parent
#: what page.css takes from JupyterLab's dark theme, which is not there outside of it
DARK = {"surface": "#212121", "ink": "rgba(255, 255, 255, 0.87)", "rule": "#424242"}
_TOKEN = re.compile(r"--rw-([\w-]+):\s*([^;]+);")
_FALLBACK = re.compile(r"var\(--jp-[\w-]+,\s*(.+)\)$")


class Source(str):
    """A style or a script of this package: `escape(source)` puts it into a page as it is, not as text.

    Raises ValueError there for one that would end its own element.
    """

    def __html__(self) -> str:
        if "</" in self:
            raise ValueError("a style or a script that stands in a page must not contain '</'")
        return str(self)


@functools.cache
def colours() -> tuple[Mapping[str, str], Mapping[str, str]]:
    """The tokens by name ("ink", "film-1", …) as CSS colours: of the light theme, and of the dark one."""
    blocks = re.findall(r"\.rw-panel \{([^}]*)\}", (HERE / "page.css").read_text(encoding="utf-8"))
    light, dark = (dict(_TOKEN.findall(block)) for block in blocks[:2])
    light, dark = ({name: _plain(value) for name, value in block.items()} for block in (light, dark))
    return light, light | DARK | dark


def _plain(value: str) -> str:
    """A colour without JupyterLab's variable before it."""
    found = _FALLBACK.match(value)
    return found[1] if found else value


def rules(theme: Mapping[str, str]) -> str:
    """The tokens as declarations of a stylesheet."""
    return "".join(f"--rw-{name}:{value};" for name, value in theme.items())
