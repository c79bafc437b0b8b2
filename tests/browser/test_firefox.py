"""The three panels in Firefox, once through what is held of Chromium in full. Hostile names: test_hostile.py."""

import labpage
import look
import pytest
from panelpage import KINDS, PanelPage
from test_panels import MAKE, check_chart_against_list, check_sum

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("page", [{"browser": "firefox"}], indirect=True, ids=["firefox"]),
    pytest.mark.long,
]


def test_each_panel_opens_takes_another_user_and_loses_a_film(open_in_lab, page, tmp_path):
    cells = [f"rw.{MAKE[kind]}()" for kind in KINDS]
    look.write_notebook("import recwidgets as rw", tmp_path / "firefox.ipynb", *cells)
    open_in_lab(tmp_path / "firefox.ipynb")
    labpage.run_all(page)
    for kind in KINDS:
        panel = PanelPage(page, kind)
        panel.filled()
        panel.root.scroll_into_view_if_needed()
        check_chart_against_list(panel)
        panel.fits()
        panel.choose("545")
        panel.click("Next user")
        panel.wait_text(".rw-list h3", "user 546( |$)")
        check_chart_against_list(panel)
        before = panel.rows()
        panel.root.get_by_label("Edit this user's history").click()
        panel.root.locator(".rw-own li[data-item] [data-act=remove]").first.click()
        panel.wait_text(".rw-message", "^You took out")
        panel.becomes_other(panel.rows, before)
        check_chart_against_list(panel)
        panel.click("Put it back")
        panel.becomes(panel.rows, before)
        panel.root.get_by_label("Edit this user's history").click()
        panel.root.locator(".rw-list [data-row]").nth(4).click()
        panel.wait_text(".rw-why h3", "^Why ")
        labpage.eventually(page, lambda panel=panel: check_sum(panel, panel.rows()[4][1]))
        labpage.screenshot(page, f"firefox-{kind}", panel.selector)
