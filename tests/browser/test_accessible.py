"""axe-core on the real panels: nothing serious in our elements, in any theme."""

import labpage
import look
import pytest
from axe_playwright_python.sync_playwright import Axe
from panelpage import PanelPage

pytestmark = [pytest.mark.browser, pytest.mark.needs_tf]

MAKE = {
    "gnn": "rw.GNNPanel(user='42')", "knn": "rw.KNNPanel(user='414')", "session": "rw.SessionPanel()",
    "compare": "rw.ComparePanel(user='414')",
}  # fmt: skip


def violations(page, selector):
    """What axe-core calls serious or critical inside `selector`: rule, how many, the first element."""
    result = Axe().run(page, {"include": [[selector]]}, {"resultTypes": ["violations"]})
    return [
        (found["id"], len(found["nodes"]), found["nodes"][0]["html"][:300], found["nodes"][0]["failureSummary"][:400])
        for found in result.response["violations"]
        if found["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", MAKE)
def test_axe_finds_nothing_serious_in_a_panel(page, open_in_lab, tmp_path, kind, theme):
    path = tmp_path / f"{kind}.ipynb"
    look.write_notebook(f"import recwidgets as rw\n{MAKE[kind]}", path)
    open_in_lab(path, theme)
    labpage.run_all(page)
    if kind == "compare":
        page.locator(".rw-compare .rw-list [data-row]").first.wait_for()
        assert violations(page, ".rw-compare") == []
        return
    panel = PanelPage(page, kind)
    panel.still()
    assert violations(page, panel.selector) == [], "as it opens"
    panel.root.locator(".rw-list [data-row]").first.click()
    panel.root.get_by_text("The arithmetic").click()
    panel.click("You")
    assert violations(page, panel.selector) == [], "with the why and one's own history open"


def test_axe_itself_notices_what_is_wrong(page):
    page.set_content("<html lang=en><title>t</title><div id=here><img src='data:,'><input></div></html>")
    assert {rule for rule, *_ in violations(page, "#here")} == {"image-alt", "label"}
