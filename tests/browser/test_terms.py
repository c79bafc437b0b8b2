"""A word explains itself on hover, focus and tap: one box at a time, never cut off, and closed by Escape."""

import json

import labpage
import look
import pytest
from axe_playwright_python.sync_playwright import Axe
from markupsafe import Markup
from playwright.sync_api import expect

from recwidgets.page.page import Page as Region
from recwidgets.page.terms import TERMS, term

pytestmark = pytest.mark.browser

FRAME = """<!doctype html><html lang=en><title>t</title><style>%s</style><body style="margin:0;height:3000px">
<main><div class="rw-panel" style="height:90px"><div id=one></div></div>
<div class="rw-panel" style="height:90px"><div id=two></div></div></main>"""
# a region without ipywidgets: what anywidget gives to render()
DRAW = """async ([code, html]) => {
    const { default: region } = await import(URL.createObjectURL(new Blob([code], {type: 'text/javascript'})));
    window.told = {};
    for (const id of ['one', 'two']) {
        const heard = window.told[id] = {values: {html}, acts: []};
        const model = {
            get: name => heard.values[name], send: act => heard.acts.push(act), off() {},
            on: (name, act) => (heard[name] = act),
        };
        heard.end = region.render({model, el: document.getElementById(id)});
    }
}"""
WORDS = Markup('<h3>{} and {}</h3><p style="text-align:right">{}</p><button data-act="other">Other</button>').format(
    term("score", "Score"), term("softmax"), term("PCA")
)


@pytest.fixture
def regions(page):
    """Two panels with the same three words."""
    labpage.write_page(page, FRAME % Region._css)
    page.evaluate(DRAW, [Region._esm, str(WORDS)])
    return page


def word(page, name, region="one"):
    return page.locator(f"#{region} .rw-term", has_text=name)


def shows(page, *sentences):
    """Wait until these sentences, and no others, are to be seen."""
    expect(page.locator(".rw-tip")).to_have_text(list(sentences))
    for n in range(len(sentences)):
        expect(page.locator(".rw-tip").nth(n)).to_be_visible()


def closes(page):
    """Wait until no sentence is to be seen, and no word has one."""
    shows(page)
    expect(page.locator("[aria-describedby]")).to_have_count(0)


def test_pointing_at_a_word_shows_its_sentence_and_going_away_hides_it(regions):
    word(regions, "Score").hover()
    shows(regions, TERMS["score"])
    regions.locator(".rw-tip").hover()  # the sentence can be pointed at
    regions.wait_for_function("document.querySelector('.rw-tip:hover')")
    regions.mouse.move(5, 600)
    closes(regions)


def test_the_keyboard_shows_the_sentence_as_a_description_and_escape_hides_it(regions):
    regions.keyboard.press("Tab")
    shows(regions, TERMS["score"])
    box = regions.locator(".rw-tip")
    expect(box).to_have_attribute("role", "tooltip")
    expect(word(regions, "Score")).to_have_attribute("aria-describedby", box.get_attribute("id"))
    regions.keyboard.press("Tab")
    shows(regions, TERMS["softmax"])  # one at a time
    regions.keyboard.press("Escape")
    closes(regions)
    expect(word(regions, "softmax")).to_be_focused()


def test_a_click_keeps_the_sentence_until_another_click(regions):
    word(regions, "Score").click()
    regions.mouse.move(5, 600)
    regions.wait_for_timeout(500)  # longer than a sentence stays that is not kept
    shows(regions, TERMS["score"])
    word(regions, "softmax", "two").click()
    shows(regions, TERMS["softmax"])  # one box for all panels
    regions.mouse.click(5, 600)
    closes(regions)
    assert regions.evaluate("window.told.one.acts") == [], "reading is no act"


@pytest.mark.parametrize("page", [{"width": 390, "height": 700, "has_touch": True}], indirect=True, ids=["touch"])
def test_a_tap_shows_it_and_a_tap_elsewhere_hides_it(regions):
    word(regions, "PCA").tap()
    shows(regions, TERMS["pca"])
    box = regions.locator(".rw-tip").bounding_box()
    assert box["x"] >= 8 and box["x"] + box["width"] <= 390, box
    regions.touchscreen.tap(20, 500)
    closes(regions)


def test_a_sentence_at_the_lower_edge_stands_above_its_word(regions):
    regions.set_viewport_size({"width": 700, "height": 190})
    word(regions, "PCA", "two").click()
    box, at = regions.locator(".rw-tip").bounding_box(), word(regions, "PCA", "two").bounding_box()
    assert box["y"] >= 0 and box["y"] + box["height"] <= at["y"]


def test_a_region_that_is_painted_anew_keeps_or_closes_the_box(regions):
    word(regions, "Score").click()
    paint = "([id, html]) => { window.told[id].values.html = html; window.told[id]['change:html'](); }"
    regions.evaluate(paint, ["one", str(WORDS).replace("no star rating", "no mark")])
    box = regions.locator(".rw-tip")
    expect(box).to_contain_text("no mark")
    expect(word(regions, "Score")).to_have_attribute("aria-describedby", box.get_attribute("id"))
    regions.evaluate(paint, ["one", "<p>Nothing</p>"])
    closes(regions)
    word(regions, "Score", "two").click()
    regions.evaluate("window.told.two.end()")
    closes(regions)


def test_in_jupyterlab_no_panel_clips_it_no_shortcut_hears_it_and_axe_is_content(page, open_in_lab, tmp_path):
    source = f"""import ipywidgets
from markupsafe import Markup
from recwidgets.page.page import Page
region = Page("rw-list")
region.show(Markup({json.dumps(str(WORDS))}))
panel = ipywidgets.VBox([region], layout={{"height": "70px"}})
panel.add_class("rw-panel")
panel"""
    look.write_notebook(source, tmp_path / "terms.ipynb")
    open_in_lab(tmp_path / "terms.ipynb")
    labpage.run_all(page)
    page.locator(".rw-term", has_text="PCA").click()
    cells = page.locator(".jp-Cell").count()
    for key in ("d", "d", "b", "Enter", "Enter"):
        page.keyboard.press(key)
    assert page.locator(".jp-Cell").count() == cells
    shows(page, TERMS["pca"])
    whole = """tip => {
        const box = tip.getBoundingClientRect(), at = (x, y) => document.elementFromPoint(x, y);
        const inset = [[box.left + 5, box.top + 5], [box.right - 5, box.bottom - 5]];
        return inset.every(([x, y]) => at(x, y) === tip);
    }"""
    assert page.locator(".rw-tip").evaluate(whole), "the whole box is to be seen, beyond the panel's edge"
    found = Axe().run(page, {"include": [[".rw-panel"]]}, {"resultTypes": ["violations"]}).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in ("serious", "critical")] == []
    page.keyboard.press("Escape")
    closes(page)


PICKER = Markup(
    '<input role="combobox" aria-expanded="true" value="414" data-input="typed" data-enter="user" data-escape="no">'
    '<div role="listbox"><div role="option" aria-selected="true" data-act="user" data-value="414">User 414</div></div>'
)


def test_enter_takes_the_text_where_what_is_offered_belongs_to_the_text_before(page):
    labpage.write_page(page, FRAME % Region._css)
    page.evaluate(DRAW, [Region._esm, str(PICKER)])
    box = page.locator("#one [role=combobox]")
    box.fill("42")  # Python has not offered anything for it yet
    box.press("Enter")
    acts = page.evaluate("window.told.one.acts.map(({act, value}) => [act, value])")
    assert acts == [["typed", "42"], ["user", "42"]]
