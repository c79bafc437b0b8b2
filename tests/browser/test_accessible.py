"""axe-core on the real panels: nothing serious in our elements, in any theme."""

import labpage
import look
import pytest
import servers
from axe_playwright_python.sync_playwright import Axe
from panelpage import KINDS, PanelPage

pytestmark = [pytest.mark.browser, pytest.mark.needs_tf, pytest.mark.long]

MAKE = {
    "gnn": "rw.GNNPanel(user='42')", "knn": "rw.KNNPanel(user='414')", "session": "rw.SessionPanel()",
    "compare": "rw.ComparePanel(user='414')",
}  # fmt: skip


TABS = {"Why not …?": "not", "What would have to go": "go", "Arithmetic": "sum"}


def violations(page, selector):
    """What axe-core calls serious or critical inside `selector`: rule, how many, the first element."""
    result = Axe().run(page, {"include": [[selector]]}, {"resultTypes": ["violations"]})
    return [
        (found["id"], len(found["nodes"]), found["nodes"][0]["html"][:300], found["nodes"][0]["failureSummary"][:400])
        for found in result.response["violations"]
        if found["impact"] in ("serious", "critical")
    ]


def clean(page, selector):
    """Wait until axe-core finds nothing: a colour may still be on its way to another."""
    labpage.becomes(page, lambda: violations(page, selector), [])


@pytest.mark.parametrize("theme", servers.THEMES)
def test_axe_finds_nothing_serious_in_a_panel(page, open_in_lab, tmp_path, theme):
    """All four in one notebook: each is looked at by itself."""
    path = tmp_path / f"axe-{theme}.ipynb"
    look.write_notebook("import recwidgets as rw", path, *MAKE.values())
    open_in_lab(path, theme)
    labpage.run_all(page)
    for kind in KINDS:
        panel = PanelPage(page, kind)
        panel.filled()
        panel.root.scroll_into_view_if_needed()
        panel.still()
        clean(page, panel.selector)  # as it opens
        panel.root.locator(".rw-list [data-row]").first.click()
        for tab, short in TABS.items():
            panel.root.get_by_role("tab", name=tab).click()
            panel.wait("(panel, tab) => panel.querySelector('.rw-why').classList.contains('rw-tab-' + tab)", short)
            panel.still()
            clean(page, panel.selector)  # with this tab open
        if kind == "gnn":
            panel.root.get_by_role("tab", name="Why", exact=True).click()
            panel.root.locator(".rw-layers button").nth(1).click()
            panel.root.locator(".rw-flow-lines button").first.click()
            panel.root.locator(".rw-opened").wait_for()
            clean(page, panel.selector)  # with a line open
        panel.click("You")
        panel.wait_text(".rw-list", "No films yet")
        clean(page, panel.selector)  # with one's own history open
    page.locator(".rw-compare .rw-list [data-row]").first.wait_for()
    clean(page, ".rw-compare")
    page.locator(".rw-compare .rw-handle-board").click()
    page.locator(".rw-compare .rw-of-ndcg").wait_for(timeout=120_000)
    clean(page, ".rw-compare")  # with the leaderboard open


def test_axe_itself_notices_what_is_wrong(page):
    labpage.write_page(page, "<html lang=en><title>t</title><div id=here><img src='data:,'><input></div></html>")
    assert {rule for rule, *_ in violations(page, "#here")} == {"image-alt", "label"}


# what is read or seen on what, and the least contrast that WCAG's AA asks for: 4.5 for text, 3 for graphics
PAIRS = [
    *[(ink, ground, 4.5) for ink in ("ink", "ink2") for ground in ("surface", "soft", "tint")],
    *[(ink, "surface", 4.5) for ink in ("accent", "bad", "good")],
    ("bad", "bad-bg", 4.5), ("ink", "bad-bg", 4.5), ("on-accent", "accent", 4.5),
    *[("on-film", f"film-{n}", 4.5) for n in (1, 2, 3)], *[("on-film", f"tie-{n}", 4.5) for n in range(1, 6)],
    *[(f"film-{n}", "surface", 3.0) for n in (1, 2, 3)], *[(f"tie-{n}", "surface", 3.0) for n in range(1, 6)],
    ("line", "surface", 3.0), ("own", "surface", 3.0), ("own", "quiet", 3.0),
]  # fmt: skip
COLOURS = """names => {
    const probe = document.querySelector('.rw-panel').appendChild(document.createElement('i'));
    const canvas = document.createElement('canvas').getContext('2d', {willReadFrequently: true});
    const found = {};
    for (const name of names) {
        probe.style.color = `var(--rw-${name})`;
        // see-through ink is what it is on the panel's surface
        for (const colour of ['--rw-surface', `--rw-${name}`]) {
            probe.style.color = `var(${colour})`;
            canvas.fillStyle = getComputedStyle(probe).color;
            canvas.fillRect(0, 0, 1, 1);
        }
        found[name] = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    }
    probe.remove();
    return found;
}"""


def luminance(rgb):
    """WCAG 2's relative luminance of an sRGB colour, 0 to 255 each."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (value / 255 for value in rgb)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def ratio(one, two):
    dark, bright = sorted((luminance(one), luminance(two)))
    return (bright + 0.05) / (dark + 0.05)


def too_weak(page):
    names = sorted({name for one, two, _ in PAIRS for name in (one, two)})
    colours = page.evaluate(COLOURS, names)
    found = [(one, two, round(ratio(colours[one], colours[two]), 2), least) for one, two, least in PAIRS]
    return [pair for pair in found if pair[2] < pair[3]]


# how many texts have bqplot's orange, which is its colour on dark ground
ORANGE = "all => all.filter(e => /rgb\\(255, 127, 14|rgb\\(255, 165, 0/.test(getComputedStyle(e).fill)).length"


def surface(page):
    return str(page.evaluate(COLOURS, ["surface"]))


def test_every_colour_stands_out_enough_in_every_theme_and_follows_a_switch(page, open_in_lab, tmp_path):
    path = tmp_path / "themes.ipynb"
    look.write_notebook("import recwidgets as rw\nrw.GNNPanel(user='42')", path)
    open_in_lab(path, "light")
    labpage.run_all(page)
    panel = PanelPage(page, "gnn")
    panel.filled()
    panel.still()
    grounds = set()
    for theme in ("dark", "contrast", "light"):
        before = surface(page)
        labpage.use_theme(page, theme)
        labpage.becomes_other(page, lambda: surface(page), before)  # the panel has followed the switch
        grounds.add(surface(page))
        labpage.becomes(page, lambda: too_weak(page), [])
        labpage.becomes(page, lambda: page.locator(".rw-panel .bqplot text").evaluate_all(ORANGE), 0)
    assert len(grounds) == len(servers.THEMES)


def test_the_ratio_is_that_of_wcag():
    assert ratio((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert ratio((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)
