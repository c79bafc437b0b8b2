"""The documentation builds without a warning, names everything public, and its code is Python."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import recwidgets as rw

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = sorted(DOCS.rglob("*.md"))


@pytest.fixture(scope="module")
def site(once):
    """The built site, built once over all workers; warnings (a broken link inside, a missing picture) are errors."""

    def build(folder):
        command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", str(folder / "trees")]
        done = subprocess.run([*command, str(DOCS), str(folder / "html")], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-4000:]

    return once("site", build) / "html"


def test_it_builds_without_a_warning(site):
    assert (site / "index.html").is_file()


def test_every_link_inside_leads_somewhere(site):
    for page in site.rglob("*.html"):
        for target in re.findall(r'(?:href|src)="([^"#?]+)', page.read_text(encoding="utf-8")):
            if not re.match(r"[a-z]+:|//", target):
                assert (page.parent / target).resolve().exists(), f"{page.relative_to(site)}: {target}"


def test_the_reference_names_everything_public(site):
    text = (site / "reference.html").read_text(encoding="utf-8")
    for name in rw.__all__:
        if name not in ("__version__", "teach"):
            assert f"recwidgets.{name}" in text, name


def test_every_page_is_reached_from_the_first(site):
    first = (site / "index.html").read_text(encoding="utf-8")
    for page in PAGES:
        place = page.relative_to(DOCS).with_suffix(".html").as_posix()
        assert place == "index.html" or f'href="{place}"' in first, place


def test_every_environment_variable_that_is_read_is_named_in_the_guide_on_installing():
    source = "".join(file.read_text(encoding="utf-8") for file in Path(rw.__file__).parent.rglob("*.py"))
    read = set(re.findall(r'"(RECWIDGETS_[A-Z0-9_]+|TFDS_DATA_DIR)"', source))
    assert {"RECWIDGETS_CACHE", "RECWIDGETS_ML100K", "RECWIDGETS_AT_ONCE"} <= read
    guide = (DOCS / "howto" / "install.md").read_text(encoding="utf-8")
    assert sorted(name for name in read if f"`{name}`" not in guide) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_its_code_is_python_and_names_what_exists(page):
    text = page.read_text(encoding="utf-8")
    for block in re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL):
        ast.parse(block)
    for name in re.findall(r"\brw\.([A-Za-z_]+)", text):
        assert hasattr(rw, name), name
    for path in re.findall(r"`(recwidgets/[a-z_/]+\.py)`", text):
        assert (DOCS.parent / path).is_file(), path


def test_where_a_click_goes_names_what_there_is():
    """The four files, the act that is followed, the state's fields and the roads between."""
    from recwidgets.page.page import Page
    from recwidgets.panel import acting, acts, edits, effects, looks, show, state

    text = (DOCS / "explanation" / "ten-minutes.md").read_text(encoding="utf-8")
    section = text.split("## Where a click goes")[1].split("\n## ")[0]
    assert section.count("\n") <= 40
    package = DOCS.parent / "recwidgets"
    named = set(re.findall(r"`(?:recwidgets/)?((?:panel/|page/|models/|nets/)?\w+\.(?:py|js))`", section))
    assert {f"panel/{name}.py" for name in ("acts", "show", "views", "regions", "acting")} <= named
    for name in named:
        assert any((place / name).is_file() for place in (package, package / "panel", package / "page")), name
    road = section.split("leads through these stations: ")[1].split(".")[0]
    assert all(callable(getattr(acting.Acting, name)) for name in re.findall(r"`(\w+)`", road))
    fields = {*state.State.__dataclass_fields__, "own"}
    told = re.findall(r"`(\w+)`", section.split("frozen and small")[1].split("It holds")[0])
    assert {"user", "edited", "own", "tab", "drawer", "undo"} <= set(told) <= fields, set(told) - fields
    assert isinstance(state.State.own, property)
    assert "drop" in acts.ACTS and callable(acts.act) and callable(show.show) and hasattr(show, "Shown")
    assert list(inspect.signature(acts.act).parameters) == ["seen", "state", "name", "value"]
    assert list(inspect.signature(show.show).parameters) == ["world", "training", "state", "asked"]
    script = (DOCS.parent / "recwidgets" / "page" / "page.js").read_text(encoding="utf-8")
    assert "data-act" in script or "dataset.act" in script
    assert callable(Page) and all(map(inspect.ismodule, (edits, looks, effects)))
    panel = rw.GNNPanel(user="168")
    panel.act("select", "3")
    assert panel.state.item == panel.shown.answer.top[3]
    history = panel.person.history.tolist()
    panel.act("drop", f"film:{history[-1]}")
    assert panel.person.history.tolist() == history[:-1] and panel.state.undo is not None
