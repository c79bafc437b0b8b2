"""The documentation's settings. Build: python -m sphinx -W --keep-going docs build/docs"""

from __future__ import annotations

import re
from typing import Any

import recwidgets
from recwidgets._found import public_classes

project = "recwidgets"
author = "the recwidgets authors"
release = recwidgets.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.mathjax"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["images/*"]
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = "recwidgets"
autodoc_typehints = "none"  # the docstrings give shapes and units, which say more
autodoc_member_order = "bysource"


def plain(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Our docstrings are prose, not reStructuredText: a `name` is code, and stars and bars mean themselves."""
    text = "\n".join(lines)
    text = re.sub(r"(?<!`)`([^`\n]+)`(?!`)", r"``\1``", text)
    parts = re.split(r"(``[^`]+``)", text)
    lines[:] = "".join(
        part if part.startswith("``") else re.sub(r"([*|\\])", r"\\\1", part).replace("_ ", "\\_ ") for part in parts
    ).splitlines()


def registered(app: Any, name: str, source: list[str]) -> None:
    """Where a page says <!-- every class of recwidgets/models -->, they are listed as the package finds them."""

    def listed(found: re.Match[str]) -> str:
        classes = [name for name, module in public_classes().items() if module.startswith(f"{found[1]}.")]
        rows = [f".. autoclass:: recwidgets.{name}\n   :members:\n" for name in classes]
        return "\n".join(["```{eval-rst}", *rows, "```"])

    source[0] = re.sub(r"<!-- every class of recwidgets/(\w+) -->", listed, source[0])


def setup(app: Any) -> None:
    app.connect("source-read", registered)
    app.connect("autodoc-process-docstring", plain)
