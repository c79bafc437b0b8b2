"""A panel as wide as in a classroom's JupyterLab, with the file browser open, and on larger pages: no text is cut or
drawn over another."""

import labpage
import look
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.needs_tf, pytest.mark.long]

NARROW = [{"width": 932 + look.MARGIN, "height": 900}]
#: of these elements, those whose text is cut: by an ellipsis, by a height, or by a box that scrolls
CUT = """selectors => [...document.querySelectorAll(selectors)]
    .filter(e => e.checkVisibility({visibilityProperty: true}))
    .filter(e => e.scrollWidth > e.clientWidth + 1 || e.scrollHeight > e.clientHeight + 1).map(e => e.innerText)"""
#: pairs of elements that share a part of the page
OVER = """selectors => {
    const [some, others] = selectors.map(one => [...document.querySelectorAll(one)]);
    const boxes = others.map(e => e.getBoundingClientRect());
    return some.filter(e => {
        const p = e.getBoundingClientRect();
        return boxes.some(q => p.left < q.right - 0.5 && q.left < p.right - 0.5
            && p.top < q.bottom - 0.5 && q.top < p.bottom - 0.5);
    }).map(e => e.innerText);
}"""


@pytest.fixture
def opened(open_in_lab, page, tmp_path):
    """opened(code, selector): a notebook with this one cell, run, and the panel on the page."""

    def start(code, selector):
        path = tmp_path / "cut.ipynb"
        look.write_notebook(f"import recwidgets as rw\n{code}", path)
        open_in_lab(path)
        labpage.run_all(page)
        root = page.locator(selector)
        root.locator(".rw-list [data-row]").nth(9).wait_for()
        return root

    return start


@pytest.mark.parametrize("page", NARROW, indirect=True, ids=["932 px"])
def test_a_comparison_has_room_for_its_words(opened, page):
    root = opened("rw.ComparePanel(user='168')", ".rw-compare")
    root.locator(".rw-case").nth(2).wait_for()
    said = ".rw-agree, .rw-where, .rw-case-rank, .rw-case-why, .rw-case .rw-made-legend, .rw-whole, .rw-foot"
    cut = f".rw-compare :is({said})"
    labpage.becomes(page, lambda: page.evaluate(CUT, cut), [])
    labpage.becomes(page, lambda: page.evaluate(OVER, [".rw-mini small", ".rw-pillar"]), [])
    root.locator(".rw-list [data-row]").nth(17).click()  # on one list of the three
    root.locator(".rw-case-far").nth(1).wait_for()
    labpage.becomes(page, lambda: page.evaluate(CUT, cut), [])


@pytest.mark.parametrize("page", NARROW, indirect=True, ids=["932 px"])
def test_the_longest_headline_of_a_list_is_read_whole(opened, page):
    root = opened("rw.KNNPanel(user='359')", ".rw-knn")
    lengths = []
    for row in range(10):
        root.locator(".rw-list [data-row]").nth(row).click()
        root.locator(f".rw-list .rw-on[data-value='{row}']").wait_for()
        labpage.becomes(page, lambda: page.evaluate(CUT, ".rw-knn .rw-headline, .rw-knn .rw-headline > span"), [])
        lengths.append(len(root.locator(".rw-headline").first.inner_text()))
    assert max(lengths) > 195 > min(lengths), "short ones and long ones"


NUMBERS = """() => [...document.querySelectorAll('.rw-chart .bqplot .axis')]
    .map(axis => [...axis.querySelectorAll('text')].map(e => e.textContent).filter(text => text))"""


@pytest.mark.parametrize("page", NARROW, indirect=True, ids=["932 px"])
def test_an_axis_is_labelled_with_its_own_numbers_and_the_reason_fits_where_a_film_is_away(opened, page):
    """The labels had the format of the scores before: 0.1, 0.1 and 0.1 for 0.06, 0.07 and 0.08."""
    root = opened("rw.KNNPanel(user='219')", ".rw-knn")
    labpage.becomes(page, lambda: page.evaluate(NUMBERS)[2], ["3.0", "3.5", "4.0"])
    for row in (1, 0):  # selected by hand, so that it is told where it is
        root.locator(".rw-list [data-row]").nth(row).click()
        root.locator(f".rw-list .rw-on[data-value='{row}']").wait_for()
    root.locator(".rw-epoch input").press("Home")
    labpage.becomes(page, lambda: page.evaluate(NUMBERS)[2], ["0.06", "0.07", "0.08"])
    root.locator(".rw-away").wait_for()
    labpage.becomes(page, lambda: page.evaluate(CUT, ".rw-knn :is(.rw-near-note, .rw-away)"), [])
    root.locator(".rw-epoch input").press("End")
    labpage.becomes(page, lambda: page.evaluate(NUMBERS)[2], ["3.0", "3.5", "4.0"])


@pytest.mark.parametrize("page", NARROW, indirect=True, ids=["932 px"])
def test_a_slider_that_is_put_where_no_epoch_is_goes_back_with_its_number(opened, page):
    root = opened("rw.GNNPanel(user='219')", ".rw-gnn")
    said = "word => RegExp(word).test(document.querySelector('.rw-gnn .rw-status').innerText)"
    for name, word in (("Train", "^Training [4-9]"), ("Pause", "^Paused after")):
        root.get_by_role("button", name=name, exact=True).click()
        page.wait_for_function(said, arg=word, timeout=120_000)
    slider, thumb = root.locator(".rw-epoch input"), root.locator(".rw-thumb")
    newest, last = slider.get_attribute("value"), slider.get_attribute("max")
    assert int(newest) < int(last)
    thumb.evaluate("""thumb => {
        window.__seen = [];
        new MutationObserver(() => window.__seen.push(thumb.textContent)).observe(thumb, {childList: true});
    }""")
    box = slider.bounding_box()
    for _ in range(3):  # what the training still had to paint would put the number right after the first
        page.evaluate("window.__seen = []")
        page.mouse.click(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
        page.wait_for_function("last => window.__seen.includes(last)", arg=last)
        labpage.becomes(page, lambda: [slider.input_value(), thumb.inner_text()], [newest] * 2)


@pytest.mark.parametrize("page", NARROW, indirect=True, ids=["932 px"])
def test_what_a_rank_changed_by_is_read_without_scrolling(opened, page):
    root = opened("rw.GNNPanel(user='168')", ".rw-gnn")
    root.locator(".rw-handle-ranks").click()
    head = root.locator(".rw-ranks-head")  # until all epochs are ranked, the labels are in the order of an earlier one
    labpage.becomes(page, lambda: "Ranks" in (said := head.inner_text()) and "Ranking" not in said, True)
    for n in (0, 4, 9):
        title = root.locator(".rw-list [data-row]").nth(n).get_attribute("title")
        root.locator(".rw-rank-label").nth(n).click()
        root.locator(".rw-ranks-way").get_by_text(title).wait_for()
        root.locator(".rw-ranks-way .rw-jump").first.get_by_text("Its new score alone").wait_for()
        labpage.becomes(page, lambda: page.evaluate(CUT, ".rw-gnn .rw-ranks-way"), [])
    numbers = ".rw-gnn .rw-ranks-lines .bqplot .axis text"
    found = page.evaluate("s => [...document.querySelectorAll(s)].map(e => e.textContent)", numbers)
    assert {"1", "10", "rank"} <= set(found)


@pytest.mark.parametrize("page", NARROW, indirect=True, ids=["932 px"])
def test_the_strip_says_who_trained_and_the_neighbours_rows_are_whole(opened, page):
    root = opened("panel = rw.KNNPanel(user='168', epochs=1)\npanel.train()\npanel", ".rw-knn")
    state = root.locator(".rw-state .rw-status")
    state.get_by_text("trained here").wait_for()
    labpage.becomes(page, lambda: page.evaluate(CUT, ".rw-knn :is(.rw-state > div, .rw-accuracy, .rw-near-who)"), [])
    assert "trained here with " in state.get_attribute("title")
    root.locator(".rw-accuracy").evaluate("e => e.innerHTML = e.innerHTML.replaceAll(/[\\d.]+ %/g, '100 %')")
    assert page.evaluate(CUT, ".rw-knn .rw-accuracy") == [], "a share of all of them has room, too"
    for width in (932, 1320, 1440):
        page.set_viewport_size({"width": width + look.MARGIN, "height": 900})
        rows = root.locator(".rw-near-rows")
        whole = "e => e.clientHeight % e.querySelector('.rw-near-row').offsetHeight"
        labpage.becomes(page, lambda: rows.evaluate(whole), 0)  # noqa: B023
        labpage.becomes(page, lambda: page.evaluate(CUT, ".rw-knn .rw-near-who"), [])


#: the numbers of the curves' axes that reach beyond their drawer, and whether there are any
AXES = """() => {
    const end = document.querySelector('.rw-gnn .rw-drawer-curves').getBoundingClientRect().bottom;
    const numbers = [...document.querySelectorAll('.rw-gnn .rw-curve .axis text')].filter(e => e.textContent);
    const cut = numbers.filter(e => e.getBoundingClientRect().bottom > end + 0.5);
    return [numbers.length > 8, cut.map(e => e.textContent)];
}"""


@pytest.mark.parametrize("page", NARROW, indirect=True, ids=["932 px"])
def test_what_a_view_takes_away_has_room_in_list_strip_and_flow(opened, page):
    root = opened("rw.GNNPanel(user='42')", ".rw-gnn")
    root.locator(".rw-share input").fill("30")
    root.locator(".rw-flow-lines").get_by_text("Less of all users").wait_for()
    labpage.becomes(page, lambda: page.evaluate(CUT, ".rw-gnn :is(.rw-flow-key, .rw-flow-lines div > span)"), [])
    root.locator(".rw-flow-key").get_by_text("hatched: lowers it").wait_for()
    root.locator(".rw-flow-lines button").first.click()
    root.locator(".rw-opened-rows [data-act=drop]").first.click()
    root.locator(".rw-note").get_by_text("You took out").wait_for()
    below = [".rw-gnn .rw-list-column .rw-note", ".rw-gnn .rw-share"]
    for width in (932, 620, 390, 1320, 1440, 1490, 1920):
        page.set_viewport_size({"width": width + look.MARGIN, "height": 900})
        labpage.becomes(page, lambda: page.evaluate(OVER, below), [])
        above = [".rw-gnn .rw-list-column .rw-note", ".rw-gnn .rw-list .rw-foot"]
        labpage.becomes(page, lambda: page.evaluate(OVER, above), [])  # noqa: B023
        if width >= 1320:
            labpage.becomes(page, lambda: page.evaluate(AXES), [True, []])
    for width in (932, 1490):
        page.set_viewport_size({"width": width + look.MARGIN, "height": 900})
        root.locator(".rw-state .rw-status").evaluate("e => e.innerHTML = '<b>Paused after 488 of 500</b>'")
        assert page.evaluate(CUT, ".rw-gnn .rw-state > .rw-status") == []


@pytest.mark.parametrize("page", NARROW, indirect=True, ids=["932 px"])
def test_a_list_of_another_film_begins_at_its_top_and_of_the_same_stays(opened, page):
    root = opened("rw.GNNPanel(user='42')", ".rw-gnn")

    def scrolled(selector):
        return page.evaluate("s => document.querySelector(s)?.scrollTop", f".rw-gnn {selector}")

    def scroll(selector):
        root.locator(selector).wait_for()
        root.locator(selector).evaluate("e => e.scrollTop = 60")
        assert scrolled(selector) == 60

    film = root.locator(".rw-list [data-row]")
    root.locator("[data-act=tab][data-value=sum]").click()
    scroll(".rw-arithmetic")
    root.locator(".rw-share input").fill("30")
    root.locator(".rw-arithmetic").get_by_text("less of all users").wait_for()
    assert scrolled(".rw-arithmetic") == 60, "the same film's"
    film.nth(1).click()
    labpage.becomes(page, lambda: scrolled(".rw-arithmetic"), 0)
    film.nth(0).click()
    root.locator("[data-act=tab][data-value=go]").click()
    scroll(".rw-go-rows")
    film.nth(1).click()
    labpage.becomes(page, lambda: scrolled(".rw-go-rows") or 0, 0)
    film.nth(0).click()
    root.locator("[data-act=tab][data-value=why]").click()
    root.locator(".rw-flow-lines button").get_by_text("films").first.click()  # "88 other films": more than have room
    scroll(".rw-opened .rw-opened-rows")
    root.locator(".rw-opened-rows button.rw-name").first.click()
    root.locator(".rw-opened").get_by_text("through each viewer").wait_for()
    labpage.becomes(page, lambda: scrolled(".rw-opened .rw-opened-rows"), 0)
    root.locator(".rw-handle-edit").click()
    scroll(".rw-films ol")
    root.get_by_role("button", name="Next user").click()
    labpage.becomes(page, lambda: scrolled(".rw-films ol"), 0)
