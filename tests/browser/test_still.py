"""A panel that is seen without a kernel: in JupyterLab, in nbconvert's HTML, and as a page of its own."""

import json
import re
import subprocess
import sys

import labpage
import look
import pytest
import servers
from panelpage import PanelPage
from playwright.sync_api import expect
from test_accessible import violations

import recwidgets as rw
from recwidgets.page.page import HERE

pytestmark = [pytest.mark.browser, pytest.mark.long]

CODE = "import recwidgets as rw\nrw.GNNPanel(user='168')"
PAINTED = "image => image.complete && image.naturalWidth > 400 && image.naturalHeight > 300"


# ------------------------------------------------------------------ JupyterLab


@pytest.fixture
def run(open_in_lab, page, tmp_path):
    """run(code, kind): a notebook of one cell, run; its panel."""

    def start(code, kind, name="still.ipynb"):
        look.write_notebook(code, tmp_path / name)
        open_in_lab(tmp_path / name)
        labpage.run_all(page)
        return PanelPage(page, kind)

    return start


def outputs(page):
    """The notebook's outputs as they would be saved: the types of each."""
    return page.evaluate(
        "() => window.jupyterapp.shell.currentWidget.content.widgets[0].model.outputs.toJSON().map(o => "
        "Object.keys(o.data).sort())"
    )


def test_the_live_panel_is_what_is_seen_and_a_kernel_that_goes_takes_nothing_away(run, page):
    panel = run(CODE, "gnn")
    panel.filled()
    expect(page.locator(labpage.STILL)).to_have_count(1)
    expect(page.locator(labpage.STILL)).to_be_hidden()
    assert outputs(page) == [
        ["application/vnd.jupyter.widget-view+json", "text/plain"],
        ["image/svg+xml", "text/plain"],
    ]
    rows = panel.rows()
    page.evaluate(labpage.DIES)
    page.wait_for_function("!window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel")
    assert panel.rows() == rows
    expect(page.locator(labpage.STILL)).to_be_hidden()


@pytest.mark.parametrize("name", ["GNNPanel", "ComparePanel"])
def test_a_saved_notebook_that_is_opened_without_its_kernel_shows_the_picture(run, page, name):
    run(f"import recwidgets as rw\nrw.{name}(user='168')", name.removesuffix("Panel").lower()).root.wait_for()
    expect(page.locator(labpage.STILL)).to_have_count(1)
    page.evaluate(labpage.SAVE)
    page.evaluate(labpage.DIES)
    page.evaluate("window.jupyterapp.commands.execute('application:close').then(() => null)")
    page.wait_for_function("!document.querySelector('.jp-Notebook')")
    page.evaluate("""() => window.jupyterapp.commands.execute('docmanager:open', {
        path: 'still.ipynb', factory: 'Notebook', kernelPreference: {shouldStart: false, canStart: false}}
    ).then(() => null)""")
    expect(page.locator(labpage.STILL)).to_be_visible()
    expect(page.locator(".rw-panel")).to_have_count(0)
    page.wait_for_function(f"({PAINTED})(document.querySelector('{labpage.STILL} img'))")
    picture = page.locator(f"{labpage.STILL} img").get_attribute("src")
    assert "Rear%20Window" in picture and f"rw.{name}(user%3D%26%2334%3B168%26%2334%3B)" in picture
    labpage.screenshot(page, f"still-reopened-{name}")
    page.console.errors = [error for error in page.console.errors if not labpage.NO_VIEW.search(error)]


def test_a_notebook_that_is_not_trusted_says_it_in_words(executed, open_in_lab, page, tmp_path):
    """JupyterLab shows no SVG of a notebook that it does not know."""
    notebook = json.loads(executed.read_text(encoding="utf-8"))
    notebook["cells"][0]["source"] += "  # from elsewhere"
    del notebook["metadata"]["widgets"]
    (tmp_path / "elsewhere.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    open_in_lab(tmp_path / "elsewhere.ipynb")
    said = page.locator(".jp-Notebook .jp-OutputArea-output pre").last
    expect(said).to_contain_text("Top 10 for user 168")
    expect(said).to_contain_text('rw.GNNPanel(user="168")')
    expect(page.locator(".jp-Notebook .jp-RenderedSVG")).to_have_count(0)
    page.console.errors = [error for error in page.console.errors if not labpage.NO_VIEW.search(error)]


def test_a_panel_that_is_closed_leaves_no_picture_and_a_cell_run_again_has_one(run, page):
    run(CODE.replace("rw.GNN", "panel = rw.GNN") + "\npanel", "gnn").filled()
    labpage.run_all(page)
    expect(page.locator(labpage.STILL)).to_have_count(1)
    expect(page.locator(labpage.STILL)).to_be_hidden()
    page.evaluate("""() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.requestExecute(
        {code: 'panel.close()'}).done.then(() => null)""")
    expect(page.locator(".rw-panel")).to_have_count(0)
    expect(page.locator(".jp-Notebook .jp-RenderedSVG")).to_have_count(0)


# ------------------------------------------------------------------ nbconvert


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """A notebook that nbconvert has run, with the widgets' state, as a file."""
    folder = tmp_path_factory.mktemp("nbconvert")
    look.write_notebook(CODE, folder / "note.ipynb")
    convert(folder, "notebook", "--execute", "--inplace", "note.ipynb")
    return folder / "note.ipynb"


def convert(folder, to, *more):
    env = servers.environment(folder)
    for name in ("config", "data", "runtime"):
        (folder / name).mkdir(exist_ok=True)
    command = [sys.executable, "-m", "nbconvert", "--to", to, *more]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.mark.parametrize("state", [True, False], ids=["with the widgets' state", "without it"])
def test_nbconverts_page_shows_the_picture_without_any_server(executed, chromium_browser, tmp_path, state):
    notebook = json.loads(executed.read_text(encoding="utf-8"))
    assert notebook["metadata"].pop("widgets") if not state else notebook["metadata"]["widgets"]
    (tmp_path / "note.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    convert(tmp_path, "html", "note.ipynb")
    page = labpage.new_page(chromium_browser)
    try:
        page.route("**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort())
        page.goto((tmp_path / "note.html").as_uri(), wait_until="domcontentloaded")
        picture = page.locator(".jp-RenderedSVG img")
        expect(picture).to_have_count(1)
        expect(picture).to_be_visible()
        page.wait_for_function(f"({PAINTED})(document.querySelector('.jp-RenderedSVG img'))")
        if not state:
            said = page.locator(".jp-RenderedText").inner_text()
            assert "GNNPanel" in said or "Panel(" in said
            assert "environment of its server" in " ".join(said.split())
        labpage.screenshot(page, f"still-nbconvert-{'state' if state else 'plain'}")
    finally:
        page.context.close()


def test_a_live_panel_in_nbconverts_page_puts_the_picture_away(executed, chromium_browser, tmp_path):
    """As with the widgets' own scripts at hand: they put a div with the panel before their script tag."""
    (tmp_path / "note.ipynb").write_bytes(executed.read_bytes())
    convert(tmp_path, "html", "note.ipynb")
    page = labpage.new_page(chromium_browser)
    try:
        page.route("**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort())
        page.goto((tmp_path / "note.html").as_uri(), wait_until="domcontentloaded")
        expect(page.locator(".jp-RenderedSVG img")).to_be_visible()
        page.add_style_tag(content=(HERE / "still.css").read_text(encoding="utf-8"))
        page.evaluate(
            "document.querySelector('.jp-OutputArea-output.jupyter-widgets script')"
            ".insertAdjacentHTML('beforebegin', '<div class=widget-subarea><i class=rw-panel></i></div>')"
        )
        expect(page.locator(".jp-RenderedSVG img")).to_be_hidden()
    finally:
        page.context.close()


# ------------------------------------------------------------------ a page of its own


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A saved page of two users at three epochs, and what the panel shows of them: {(user, epoch): titles}."""
    panel = rw.KNNPanel(user="168")
    path = panel.save(tmp_path_factory.mktemp("saved") / "page.html", users=["168", "42"], epochs=[1, 10, 29])
    first = {}
    for user in ("168", "42"):
        for epoch in (1, 10, 29):
            panel.user, panel.epoch = user, epoch
            answer = panel.shown.answer
            first[user, panel.epoch] = [answer.full_title(item) for item in answer.top.tolist()]
    panel.close()
    return path, first


WATCH = "window.blocked = []; addEventListener('securitypolicyviolation', e => blocked.push(e.violatedDirective));"


@pytest.fixture
def open_saved(chromium_browser, saved):
    """open_saved(**options): the page from its file. When the test ends: no request, no violation, no error."""
    opened = []

    def start(**options):
        page = labpage.new_page(chromium_browser, **options)
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        page.add_init_script(WATCH)
        page.goto(saved[0].as_uri())
        opened.append(page)
        return page

    yield start
    try:
        for page in opened:
            assert page.asked == [saved[0].as_uri()], "nothing but the file itself"
            assert page.evaluate("blocked") == [] and page.console.errors == []
    finally:
        for page in opened:
            page.context.close()


def list_of(page):
    section = page.locator("section:not([hidden])")
    expect(section).to_have_count(1)
    return section.locator("li bdi").evaluate_all("all => all.map(e => e.title)")


def test_its_policy_refuses_what_is_not_its_own(open_saved):
    page = open_saved()
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<img src=\"https://example.org/x.png\" style=\"top:0\">')"
    )
    page.wait_for_function("blocked.length >= 2")
    assert set(page.evaluate("blocked")) == {"img-src", "style-src-attr"}
    page.evaluate("blocked = []")
    page.asked, page.console.errors = page.asked[:1], []


def test_its_reader_switches_by_keys_alone(open_saved, saved):
    _, first = saved
    page = open_saved()
    epochs = sorted({epoch for _, epoch in first})
    assert list_of(page) == first["168", epochs[-1]] and len(first["168", epochs[-1]]) == 10
    page.keyboard.press("Tab")
    expect(page.locator("#user")).to_be_focused()
    page.keyboard.press("ArrowDown")
    assert "User 42" in page.title()
    assert list_of(page) == first["42", epochs[-1]]
    page.keyboard.press("Tab")
    expect(page.locator("#epoch")).to_be_focused()
    page.keyboard.press("Home")
    assert page.locator("#shown").inner_text() == str(epochs[0])
    assert page.locator("#epoch").get_attribute("aria-valuetext") == f"epoch {epochs[0]}"
    assert page.locator("#said").inner_text() == f"User 42, epoch {epochs[0]}"
    assert list_of(page) == first["42", epochs[0]]
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    opened = page.locator("section:not([hidden]) details[open]")
    expect(opened).to_have_count(1)  # one at a time
    expect(opened.locator("summary")).to_be_focused()
    assert opened.locator("td").last.inner_text() == opened.locator(".score").inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1100])
def test_it_fits_and_follows_the_theme(open_saved, theme, width):
    page = open_saved(width=width, height=900, color_scheme=theme)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing to scroll to the side"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == {
        "light": "rgb(255, 255, 255)", "dark": "rgb(33, 33, 33)"
    }[theme]  # fmt: skip
    line = "getComputedStyle(document.querySelector('section:not([hidden]) polyline[stroke]')).stroke"
    assert page.evaluate(line) == {"light": "rgb(25, 118, 210)", "dark": "rgb(100, 181, 246)"}[theme]
    assert (
        page.locator("section:not([hidden]) svg[role=img]").get_attribute("aria-label").startswith("Frequency polygon")
    )
    labpage.screenshot(page, f"still-page-{theme}-{width}")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_it(chromium_browser, saved, theme):
    """Of a copy without its policy, which does not let axe-core in."""
    page = labpage.new_page(chromium_browser, color_scheme=theme)
    try:
        labpage.write_page(
            page, re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", saved[0].read_text("utf-8"))
        )
        expect(page.locator("section:not([hidden])")).to_have_count(1)
        assert violations(page, "main") == []
    finally:
        page.context.close()
