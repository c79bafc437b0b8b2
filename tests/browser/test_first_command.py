"""The README's first command, after its installation: JupyterLab opens on the start notebook."""

import labpage
import pytest
import servers
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

# dev.py runs the Python of .venv; here it is the one that runs the tests, whatever made it.
LAB = "import sys; sys.path.insert(0, sys.argv.pop(1)); import dev; dev.PYTHON = sys.executable; dev.lab(sys.argv[1:])"


def test_it_opens_jupyterlab_on_the_start_notebook(page, repo, tmp_path):
    port = servers.free_port()
    command = ["-c", LAB, str(repo), "--no-browser", f"--ServerApp.port={port}", "--IdentityProvider.token="]
    with servers.serve(command, repo, tmp_path, None, f"http://127.0.0.1:{port}/api") as address:
        page.goto(address)  # what the browser is sent to
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        labpage.wait_idle(page)
        expect(page.locator(".lm-TabBar-tab.jp-mod-current", has_text="00-start-here.ipynb")).to_have_count(1)
        expect(page.locator(".jp-Notebook h1").first).to_contain_text("three recommenders")
