"""The harness sees what a person would see, and notices what is wrong, on a notebook without recwidgets."""

import json
from pathlib import Path

import chromium
import labpage
import look
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.long]

STAND_IN = """
import bqplot, ipywidgets
x, y = bqplot.OrdinalScale(), bqplot.LinearScale(min=0, max=10)
bars = bqplot.Bars(x=["a", "b"], y=[2, 4], scales={"x": x, "y": y})
figure = bqplot.Figure(marks=[bars], axes=[bqplot.Axis(scale=x)], animation_duration=200)
slider = ipywidgets.IntSlider(value=2, min=0, max=10)
slider.observe(lambda change: setattr(bars, "y", [change.new, 4]), "value")
ipywidgets.VBox([slider, figure])
"""
HEIGHTS = "bars => bars.map(bar => bar.getBoundingClientRect().height)"


@pytest.fixture
def stand_in(tmp_path):
    look.write_notebook(STAND_IN, tmp_path / "stand-in.ipynb")
    return tmp_path / "stand-in.ipynb"


def bar_heights(page):
    page.wait_for_selector("rect.bar")
    labpage.still(page, ".bqplot")
    return page.eval_on_selector_all("rect.bar", HEIGHTS)


def check_bars(page):
    """The first is half as high as the second, once both have grown."""
    first, second = bar_heights(page)
    assert first == pytest.approx(second / 2, rel=0.02)


def raise_slider(page):
    """Five steps to the right with the keyboard, as a person would."""
    page.focus(".noUi-handle")
    for _ in range(5):
        page.keyboard.press("ArrowRight")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_slider_moves_a_bar_in_jupyterlab(page, open_in_lab, stand_in, theme):
    open_in_lab(stand_in, theme)
    labpage.run_all(page)
    labpage.eventually(page, lambda: check_bars(page))
    second = bar_heights(page)[1]
    raise_slider(page)
    page.wait_for_function(f"() => ({HEIGHTS})([...document.querySelectorAll('rect.bar')])[0] > {second}")
    assert page.get_attribute("body", "data-jp-theme-light") == ("true" if theme == "light" else "false")
    assert labpage.screenshot(page, f"harness-{theme}").stat().st_size > 5_000


@pytest.mark.needs_index
def test_a_slider_moves_a_bar_with_the_kernel_before_7(page, open_in_lab, old_kernel, tmp_path):
    look.write_notebook("import ipykernel; assert ipykernel.version_info[0] == 6" + STAND_IN, tmp_path / "old.ipynb")
    open_in_lab(tmp_path / "old.ipynb", packages=old_kernel)
    labpage.run_all(page)
    second = bar_heights(page)[1]
    raise_slider(page)
    page.wait_for_function(f"() => ({HEIGHTS})([...document.querySelectorAll('rect.bar')])[0] > {second}")


def test_a_slider_moves_a_bar_under_voila(page, start_voila, stand_in):
    page.goto(start_voila(stand_in))
    first, second = bar_heights(page)
    raise_slider(page)
    page.wait_for_function(f"() => ({HEIGHTS})([...document.querySelectorAll('rect.bar')])[0] > {second}")
    assert first < second


def test_a_failing_cell_fails_run_all(page, open_in_lab, tmp_path):
    look.write_notebook("raise LookupError('no such film')", tmp_path / "bad.ipynb")
    open_in_lab(tmp_path / "bad.ipynb")
    with pytest.raises(AssertionError, match="LookupError: no such film"):
        labpage.run_all(page)


def test_console_errors_are_noticed(chromium_browser):
    page = labpage.new_page(chromium_browser)
    with page.expect_event("pageerror"):
        page.set_content("<script>console.error('first'); setTimeout(() => { throw new Error('second') })</script>")
    assert [text.split()[0] for text in page.console.errors] == ["first", "uncaught:"]
    page.context.close()


@pytest.mark.parametrize(
    ("file", "text", "counts"),
    [
        ("static/lab/1.js", "Canceled future for comm_info_request message before replies were done", False),
        # asked for by the widgets' plugin: a view of ours may be in the call's stack
        ("other.js", "Canceled future for create_subshell_request message before replies were done", False),
        ("static/lab/1.js", "Kernel connection is disposed", False),
        ("lab/extensions/@jupyter-widgets/jupyterlab-manager/static/1.js", "Canceled", False),
        ("static/lab/1.js", "Cannot read properties of undefined", True),
        ("static/lab/1.js", "Canceled my subscription", True),
        ("static/lab/1.js", "Cannot read properties of null (reading 'kernel')", False),
        ("lab/extensions/bqplot/static/1.js", "Cannot read properties of null (reading 'kernel')", True),
        ("lab/extensions/bqplot/static/1.js", "Kernel connection is disposed", True),
        ("lab/extensions/anywidget/static/1.js", "Canceled future for comm_msg message before replies were done", True),
    ],
)
def test_only_jupyterlabs_own_words_about_what_went_away_are_harmless(chromium_browser, file, text, counts):
    page = labpage.new_page(chromium_browser)
    said = json.dumps(text)
    script = f"console.error({said}); setTimeout(() => {{ window.done = true; throw new Error({said}); }})"
    page.route("**/*.js", lambda route: route.fulfill(content_type="text/javascript", body=script))
    page.route("**/lab.html", lambda r: r.fulfill(content_type="text/html", body=f"<script src='/{file}'></script>"))
    with page.expect_event("pageerror"):
        page.goto("http://lab.test/lab.html")
    page.wait_for_function("window.done")
    assert len(page.console.errors) == (2 if counts else 0), page.console.errors
    page.context.close()


def test_an_error_that_came_through_a_view_of_ours_counts(chromium_browser):
    """JupyterLab raises it, since the kernel is gone; our script asked."""
    page = labpage.new_page(chromium_browser)
    lab = "window.ask = () => { throw new Error('Kernel connection is disposed'); };"
    ours = "const at = URL.createObjectURL(new Blob(['window.ask()'], {type: 'text/javascript'})); import(at)"
    page.route("**/*.js", lambda route: route.fulfill(content_type="text/javascript", body=lab))
    html = f"<script src='/static/lab/1.js'></script><script>{ours}</script>"
    page.route("**/lab.html", lambda route: route.fulfill(content_type="text/html", body=html))
    with page.expect_event("pageerror"):
        page.goto("http://lab.test/lab.html")
    assert ["Kernel connection is disposed" in error for error in page.console.errors] == [True]
    page.context.close()


def test_a_wrong_browser_path_is_an_error_that_names_it(monkeypatch):
    monkeypatch.setenv("RECWIDGETS_CHROMIUM", "no/such/browser")
    with pytest.raises(FileNotFoundError, match="no/such/browser"):
        chromium.find()


def test_the_browser_is_found_by_name_on_the_path(monkeypatch, tmp_path):
    program = tmp_path / "google-chrome"
    program.write_text("#!/bin/sh\nexit 0\n")
    program.chmod(0o755)
    monkeypatch.delenv("RECWIDGETS_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert chromium.find() == Path(program)


def test_a_browser_that_does_not_start_is_passed_over(monkeypatch, tmp_path):
    broken, works = tmp_path / "chromium-browser", tmp_path / "google-chrome"
    broken.write_text("#!/bin/sh\necho 'install the snap instead'; exit 1\n")
    works.write_text("#!/bin/sh\nexit 0\n")
    broken.chmod(0o755)
    works.chmod(0o755)
    monkeypatch.delenv("RECWIDGETS_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert chromium.find() == works
