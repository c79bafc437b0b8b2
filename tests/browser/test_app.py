"""`recwidgets app`, the real thing: panels for a visitor, nobody else asked, and no code of theirs run."""

import json
import urllib.error
import urllib.request

import labpage
import litepage
import pytest
import servers
from panelpage import KINDS, PanelPage

pytestmark = pytest.mark.browser
# Ask the visitor's own kernel, over the road that the page itself uses, to run code; then ask what is answered.
ASK = """([kernel, code]) => new Promise((done, failed) => {
  const socket = new WebSocket(`ws://${location.host}/api/kernels/${kernel}/channels?session_id=visitor`);
  const heard = [];
  const send = (type, content) => socket.send(JSON.stringify({channel: 'shell', content, metadata: {}, buffers: [],
    parent_header: {},
    header: {msg_id: type, msg_type: type, session: 'visitor', username: '', version: '5.3', date: ''}}));
  socket.onerror = () => failed(new Error('no websocket'));
  socket.onopen = () => {
    send('execute_request', {code, silent: false, store_history: true, user_expressions: {}, allow_stdin: false});
    send('kernel_info_request', {});
  };
  socket.onmessage = event => {
    const message = JSON.parse(event.data);
    if (message.parent_header.session === 'visitor') heard.push(message.header.msg_type);
    if (message.header.msg_type === 'kernel_info_reply') { socket.close(); done(heard); }
  };
})"""


@pytest.fixture
def address(tmp_path):
    port = servers.free_port()
    command = ["-m", "recwidgets", "app", "--port", str(port)]
    ready = f"http://127.0.0.1:{port}/voila/static/voila.js"
    with servers.serve(command, tmp_path, tmp_path / "home", None, ready):
        yield f"http://127.0.0.1:{port}"


def test_a_visitor_uses_the_panels_runs_no_code_and_the_page_asks_nobody_outside(page, address, tmp_path):
    asked = litepage.Asked(page, address)
    answer = page.goto(f"{address}/")
    for kind in KINDS:
        panel = PanelPage(page, kind)
        panel.wait("panel => panel.querySelectorAll('.rw-list [data-row]').length === 10")
    before = panel.root.locator(".rw-list").inner_text()
    panel.choose("414")
    panel.becomes(lambda: panel.root.locator(".rw-list").inner_text() != before, True)
    labpage.screenshot(page, "app")
    assert len(asked.urls) > 5 and asked.outside() == []
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "import recwidgets as rw" not in answer.text()  # strip_sources

    kernel = json.loads(page.locator("#jupyter-config-data").text_content())["kernelId"]
    marker = tmp_path / "visitor-was-here"
    heard = page.evaluate(ASK, [kernel, f"open({str(marker)!r}, 'w').close()"])
    assert "kernel_info_reply" in heard and "execute_reply" not in heard and not marker.exists()
    for path in ("api/kernels", "api/contents", "voila/files/panels.ipynb", "voila/files/voila.json", "voila/tree"):
        try:
            text = urllib.request.urlopen(f"{address}/{path}", timeout=60).read().decode()
        except urllib.error.HTTPError as error:
            assert error.code in (403, 404), path
        else:
            assert "cull_idle_timeout" not in text and "import recwidgets" not in text, path
