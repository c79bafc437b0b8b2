"""The instructor's slides as they look without a network: one a screen, nothing cut, the keys turn them."""

import re

import labpage
import pytest
from course import make

pytestmark = [pytest.mark.browser, pytest.mark.long]

CUT = """n => [
    ...document.querySelectorAll('.slides > section')[n].querySelectorAll('h1, h2, p, li, img')
].filter(e => {
    const at = e.getBoundingClientRect();
    return at.top < 0 || at.left < 0 || at.bottom > innerHeight || at.right > innerWidth;
}).map(e => e.alt || e.innerText)"""


@pytest.fixture(scope="module")
def slides(tmp_path_factory):
    return make.slides(tmp_path_factory.mktemp("slides")).as_uri()


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (1024, 768)])
def test_without_a_network_each_slide_fills_the_screen_and_none_is_cut(chromium_browser, slides, size):
    # a page of its own: the fixture's would count reveal.js, which is missing here, as an error
    page = chromium_browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.route("https://**", lambda route: route.abort())
    page.goto(slides)
    count = page.locator(".slides > section").count()
    assert count == 13
    for n in range(count):
        page.wait_for_function(
            "n => Math.abs(document.querySelectorAll('.slides > section')[n].getBoundingClientRect().top) < 2", arg=n
        )
        labpage.becomes(page, lambda n=n: page.evaluate(CUT, n), [])
        page.keyboard.press("PageDown" if n % 2 else "ArrowRight")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("""() => {
        const slides = document.querySelectorAll('.slides > section');
        return Math.abs(slides[slides.length - 2].getBoundingClientRect().top) < 2;
    }""")


def test_the_handout_prints_on_one_sheet(chromium_browser, tmp_path):
    page = chromium_browser.new_page()
    page.goto(make.handout(tmp_path / "handout.html").as_uri())
    printed = page.pdf(prefer_css_page_size=True)
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1
    page.set_viewport_size({"width": 688, "height": 900})  # 182 mm, as printed
    assert page.evaluate("[...document.querySelectorAll('pre, table')].every(e => e.scrollWidth <= innerWidth)")
    assert "graph neural network" in page.locator("table").inner_text()
