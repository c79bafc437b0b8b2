"""Looks at what a cell has shown, from inside the kernel that runs a notebook: see test_notebooks.py."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

LIMIT = 1024  # MB of a kernel's memory, at its peak


def last(out: dict[int, Any]) -> Any:
    """What the cell before has shown, or None: IPython's Out, which is emptied, so that nothing is looked at twice."""
    shown = list(out.values())[-1] if out else None
    out.clear()
    return shown


def blank(out: dict[int, Any], exercise: str) -> None:
    shown = last(out)
    assert (shown.state, shown.exercise) == ("blank", exercise), repr(shown)


def right(out: dict[int, Any], exercise: str) -> None:
    """Right, at the first try: the blank before it counts as none."""
    shown = last(out)
    assert (shown.state, shown.exercise) == ("right", exercise), repr(shown)
    kept = json.loads(Path(os.environ["RECWIDGETS_PROGRESS"]).read_text(encoding="utf-8"))
    assert kept["exercises"][exercise] == {"tries": 1, "done": True}, kept


def fine(out: dict[int, Any]) -> None:
    """What is no exercise shows no verdict, as it would where a panel is missing, and no panel that complains."""
    shown = last(out)
    assert type(shown).__name__ != "Verdict", repr(shown)
    said = messages(shown)
    assert said == [], said


def messages(widget: Any) -> list[str]:
    """What the panels in `widget` say in their message areas."""
    own = re.sub(r"<[^>]*>", "", getattr(widget, "html", "")).strip()
    said = [own] if own and "rw-message" in getattr(widget, "_dom_classes", ()) else []
    return said + [text for child in getattr(widget, "children", ()) for text in messages(child)]


def light() -> None:
    """All this without TensorFlow, and in little memory."""
    heavy = {"tensorflow", "tf_keras"} & set(sys.modules)
    assert not heavy, heavy
    if sys.platform == "linux":
        peak = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024  # type: ignore[index]
        assert peak < LIMIT, f"{peak:.0f} MB"
