"""Names that would run a script, or are wide, empty or backwards: in real panels nothing runs, and nothing sticks out.

`tests/test_escaping.py` holds the same of the markup of each region alone.
"""

import re
from pathlib import Path

import labpage
import look
import pytest
from hostile import ODD, XSS, Titled, world
from panelpage import PanelPage
from playwright.sync_api import expect
from worlds import Svd

import recwidgets as rw

pytestmark = [pytest.mark.browser, pytest.mark.long]

HERE = Path(__file__).resolve().parents[1]
USERS = 5  # of each panel, one after the other: more than 40 of the 70 titles are shown on the way
BEGIN = f"""
import sys
sys.path[:0] = [{str(HERE)!r}]
import recwidgets as rw
from hostile import XSS, Titled, model_called, world
split = world()
models, histories = {{}}, {{}}
for name in ("GNN", "KNN", "Session"):
    models[name] = getattr(rw, name)(backend="numpy")
    histories[name] = rw.fit(models[name], split.train, split.validation, epochs=2, progress=False)
"""
CELLS = {
    "svd": "rw.Panel(split, model_called(XSS[12], split.train), Titled(XSS[11]))",
    "gnn": "rw.Panel(split, models['GNN'], history=histories['GNN'], goal=rw.Goal(XSS[11], 3))",
    "knn": "rw.teach.tour(rw.Panel(split, models['KNN'], history=histories['KNN']))",
    "session": "rw.Panel(split, models['Session'], history=histories['Session'])",
    "compare": "rw.ComparePanel(split, {XSS[10]: models['GNN'], XSS[14]: models['KNN']})",
}
OTHERS = [
    "rw.teach.check('knn-3', lambda *given: XSS[10])",
    "def fails(*given):\n    raise ValueError(XSS[10])\nrw.teach.check('knn-3', fails)",
    "rw.teach.Predict(rw.Panel(split, models['GNN'], history=histories['GNN']), question=XSS[11])",
    "try:\n    rw.recommend(models['KNN'], split.train, XSS[10] + '?')\nexcept LookupError as error:\n    print(error)",
]
WATCH = "() => { window.harmed = []; window.harm = () => window.harmed.push(new Error().stack); }"

# What a text that was taken for HTML would have left: an element, or a listener.
TRACES = """root => {
    const kinds = 'script, iframe, object, embed, base, meta, link, form, img, video, audio, marquee, math, body, '
        + 'foreignObject, textarea';
    const found = [...root.querySelectorAll(kinds)].map(e => e.outerHTML.slice(0, 200));
    for (const e of root.querySelectorAll('*'))
        for (const { name, value } of e.attributes)
            if (name.startsWith('on') || /^\\s*javascript:/i.test(value) && /href|src|action|data$/.test(name))
                found.push(`${name}=${value}`);
    return found;
}"""

# Pairs of texts that are seen and lie over each other by more than 2 px both ways.
OVERLAPS = """panel => {
    const clipped = (box, e) => {
        for (; e && e !== panel.parentElement; e = e.parentElement) {
            const style = getComputedStyle(e);
            if (style.clipPath !== 'none' || style.clip !== 'auto' || style.opacity === '0') return null;
            if (style.overflowX === 'visible' && style.overflowY === 'visible') continue;
            const edge = e.getBoundingClientRect();
            box = {left: Math.max(box.left, edge.left), right: Math.min(box.right, edge.right),
                   top: Math.max(box.top, edge.top), bottom: Math.min(box.bottom, edge.bottom)};
            if (box.right - box.left < 2 || box.bottom - box.top < 2) return null;
        }
        return box;
    };
    const texts = [], walk = document.createTreeWalker(panel, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const node = walk.currentNode, parent = node.parentElement;
        if (!node.data.trim() || ['TITLE', 'STYLE', 'OPTION'].includes(parent.tagName.toUpperCase())) continue;
        if (!parent.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        for (const rect of [...range.getClientRects()].slice(0, 40)) {
            const box = rect.width > 1 && rect.height > 1 && clipped(rect, parent);
            if (box) texts.push({...box, node, said: node.data.trim().slice(0, 30), name: parent.className});
        }
    }
    const found = [];
    texts.sort((a, b) => a.top - b.top);
    texts.forEach((a, n) => {
        for (const b of texts.slice(n + 1)) {
            if (b.top > a.bottom) break;
            if (a.node === b.node) continue;
            const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            // of two lines of text the boxes overlap, as they hold room for accents: the letters do not
            const least = Math.min(a.bottom - a.top, b.bottom - b.top) / 3;
            if (wide > 2 && high > Math.max(2, least)) found.push(`${a.name}: ${a.said} / ${b.name}: ${b.said}`);
        }
    });
    return found;
}"""


@pytest.fixture
def watched(page):
    """A page on which a script that a text brought, a question or a request to elsewhere would be noticed."""
    asked = []

    def on_dialog(dialog):
        asked.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def on_request(request):
        if not re.match(r"(https?://127\.0\.0\.1:|data:|blob:|file:|about:)", request.url) or "harm" in request.url:
            asked.append(request.url[:200])

    page.on("dialog", on_dialog)
    page.on("request", on_request)
    yield page
    page.remove_listener("dialog", on_dialog)
    page.remove_listener("request", on_request)
    assert asked == []


def as_it_should(panel):
    """Nothing ran, no text became an element, nothing sticks out, no text lies over another."""
    assert panel.page.evaluate("window.harmed") == []
    assert panel.root.evaluate(TRACES) == []
    assert panel.sticks_out() == []
    assert panel.root.evaluate(OVERLAPS) == []


BOTH = pytest.mark.parametrize("page", [{}, {"browser": "firefox"}], indirect=True, ids=["chromium", "firefox"])


@BOTH
def test_hostile_names_in_every_panel_are_shown_and_nothing_else(open_in_lab, watched, tmp_path):
    page = watched
    look.write_notebook(BEGIN, tmp_path / "hostile.ipynb", *CELLS.values(), *OTHERS)
    open_in_lab(tmp_path / "hostile.ipynb")
    page.evaluate(WATCH)
    labpage.run_all(page)
    texts = set()
    for kind in CELLS:
        panel = PanelPage(page, kind)
        panel.filled()
        panel.root.scroll_into_view_if_needed()
        for n in range(USERS):
            before = panel.root.locator(".rw-facts").inner_text()
            if n:
                panel.click("Next user")
                panel.becomes_other(lambda panel=panel: panel.root.locator(".rw-facts").inner_text(), before)
            panel.still()
            labpage.eventually(page, lambda panel=panel: as_it_should(panel))
            texts |= set(panel.root.locator("[data-row]").evaluate_all("rows => rows.map(row => row.title)"))
        if kind == "svd":
            typed(panel)
        {"compare": compared, "svd": own}.get(kind, taken_apart)(panel)
    assert len(texts & set(XSS)) > 35 and len(texts & set(ODD)) > 1, "the titles were shown"
    others = page.locator(".jp-Notebook .jp-Cell").nth(len(CELLS) + 1)
    others.scroll_into_view_if_needed()
    outputs = page.locator(".jp-Notebook")
    assert page.evaluate("window.harmed") == []
    expect(outputs.get_by_text("ValueError, " + XSS[10]).first).to_be_attached()


def taken_apart(panel):
    """The tabs and the drawers of a panel, a line that lies open, and what is said of a change."""
    for tab in ("not", "go", "sum", "why"):
        panel.root.locator(f".rw-tab[data-value={tab}]").click()
        panel.wait("(panel, tab) => panel.querySelector('.rw-why').classList.contains('rw-tab-' + tab)", tab)
        labpage.eventually(panel.page, lambda: as_it_should(panel))
    line = panel.root.locator(".rw-why .rw-flow-lines button").first
    if line.count():
        line.click()
        panel.root.locator(".rw-opened").wait_for()
        labpage.eventually(panel.page, lambda: as_it_should(panel))
        panel.root.locator(".rw-opened [data-act]").first.click()
    for drawer in ("curves", "ranks", "edit", "more"):
        panel.root.locator(f".rw-handle-{drawer}").click()
        panel.wait("(panel, name) => panel.classList.contains('rw-open-' + name)", drawer)
        labpage.eventually(panel.page, lambda: nothing_ran(panel))
        if drawer == "edit":
            panel.root.locator(".rw-own li[data-item] [data-act=remove]").first.click()
            panel.wait_text(".rw-message", "^You took out")
            labpage.eventually(panel.page, lambda: nothing_ran(panel))
    panel.root.locator(".rw-handle-more").click()
    panel.wait("panel => !panel.classList.contains('rw-open-more')")
    labpage.eventually(panel.page, lambda: as_it_should(panel))
    labpage.screenshot(panel.page, f"hostile-{panel.kind}", panel.selector)


def nothing_ran(panel):
    """As it should be, where a drawer covers what is under it."""
    assert panel.page.evaluate("window.harmed") == [] and panel.root.evaluate(TRACES) == []
    assert panel.sticks_out() == []


def compared(panel):
    panel.root.locator(".rw-handle-board").click()
    panel.root.locator(".rw-of-ndcg").wait_for(timeout=120_000)
    labpage.eventually(panel.page, lambda: nothing_ran(panel))
    labpage.screenshot(panel.page, "hostile-compare", panel.selector)


def own(panel):
    """Some of its films cannot be taken apart, and the error's message is a script."""
    for n in range(10):
        panel.root.locator(".rw-list [data-row]").nth(n).click()
        panel.wait("(panel, n) => panel.querySelectorAll('.rw-list [data-row]')[n].ariaPressed === 'true'", n)
        labpage.eventually(panel.page, lambda: as_it_should(panel))
    taken_apart(panel)


def typed(panel):
    """What a learner types, and what is then said of it."""
    box = panel.root.locator(".rw-user [role=combobox]")
    for text in (XSS[10], XSS[43], "x" * 3_000):
        box.fill(f"{text}?")
        box.press("Enter")
        panel.wait("(panel, text) => panel.querySelector('.rw-message').textContent.includes(text)", text[:20])
        labpage.eventually(panel.page, lambda: as_it_should(panel))
        # a button with a long name left one letter a line to what is said
        said, all_of_it = (panel.root.locator(f".rw-message {part}").bounding_box() for part in ("p", ".rw-note"))
        assert said["width"] > 0.4 * all_of_it["width"]


@BOTH
def test_a_text_that_runs_is_noticed(page):
    """What the other tests rely on."""
    labpage.write_page(page, "<main></main>")
    page.evaluate(WATCH)
    page.evaluate("text => { document.querySelector('main').innerHTML = text; }", XSS[10])
    page.wait_for_function("window.harmed.length === 1")
    assert any("onerror" in trace for trace in page.locator("main").evaluate(TRACES))
    page.console.errors.clear()  # that there is no picture


OWN = [{"locale": "en"}, {"browser": "firefox"}]  # a page of its own


@pytest.mark.parametrize("page", OWN, indirect=True, ids=["chromium", "firefox"])
def test_a_saved_page_and_a_picture_of_hostile_names_run_nothing_and_fit(watched, tmp_path):
    """Also without the page's own Content-Security-Policy, and as documents of their own, where SVG could run."""
    split, model = world(), Svd(epochs=2)
    history = rw.fit(model, split.train, split.validation, progress=False)
    panel = rw.Panel(split, model, Titled(XSS[11]), history=history)
    users = panel.data.users[::8].tolist()
    html = panel.save(tmp_path / "page.html", users=users).read_text(encoding="utf-8")
    (tmp_path / "open.html").write_text(re.sub(r"<meta http-equiv=[^>]*>", "", html, count=1), encoding="utf-8")
    for n, user in enumerate(users):
        panel.user = user
        (tmp_path / f"{n}.svg").write_text(panel._repr_mimebundle_()["image/svg+xml"], encoding="utf-8")
    panel.close()
    watched.add_init_script(f"({WATCH})()")
    for name in ("page.html", "open.html"):
        for width in (1280, 390):
            watched.set_viewport_size({"width": width, "height": 900})
            watched.goto((tmp_path / name).as_uri())
            for user in range(len(users)):
                watched.locator("#user").select_option(index=user)
                assert watched.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), (name, width, user)
                assert watched.evaluate("window.harmed") == []
            assert watched.evaluate(f"({TRACES})(document.querySelector('main'))") == []
    labpage.screenshot(watched, "hostile-saved-page")
    for n in range(len(users)):
        watched.goto((tmp_path / f"{n}.svg").as_uri())
        assert (
            watched.evaluate("window.harmed") == [] and watched.evaluate(f"({TRACES})(document.documentElement)") == []
        )
