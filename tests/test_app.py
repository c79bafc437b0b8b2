"""The page for a room, as far as it can be seen without a browser."""

import json

import pytest

from recwidgets import app, cli


def test_the_notebook_has_one_cell_a_panel():
    sources = [cell["source"] for cell in app.notebook(["knn", "compare"])["cells"]]
    assert sources == ["import recwidgets as rw", "rw.KNNPanel()", "rw.ComparePanel()"]


def test_the_template_is_voilas_without_other_servers(tmp_path):
    app.template(tmp_path / "t")
    page = (tmp_path / "t" / "index.html.j2").read_text(encoding="utf-8")
    assert "voila_process" in page and "cdn." not in page and 'href="http' not in page


@pytest.mark.parametrize(
    "tag",
    [
        '<link rel="stylesheet" href="https://cdn.example/x.css" type="text/css" />',
        "<script src='//cdn.example/x.js'></script>",
    ],
)
def test_a_tag_of_another_server_goes_and_one_of_this_stays(tag):
    assert app.FOREIGN.sub("", f"a{tag}b") == "ab"
    assert app.FOREIGN.sub("", '<link href="data:;base64,=">') == '<link href="data:;base64,=">'


def test_the_settings_strip_sources_cull_kernels_and_serve_no_file(tmp_path):
    app.prepare(tmp_path, ["gnn"], 8866, "127.0.0.1", 600)
    settings = json.loads((tmp_path / "room" / "voila.json").read_text(encoding="utf-8"))
    assert settings["VoilaConfiguration"]["strip_sources"] is True
    assert settings["VoilaConfiguration"]["allow_template_override"] == "NO"
    assert settings["MappingKernelManager"]["cull_idle_timeout"] == 600
    assert settings["Voila"]["ip"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--panels", "gmm"], "one of gnn, knn, session, compare, got 'gmm'"),
        (["--port", "0"], "1 to 65535, got 0"),
        (["--idle", "0"], "at least 1 s, got 0"),
    ],
)
def test_what_cannot_be_served_is_one_sentence(arguments, told, capsys):
    assert cli.main(["app", *arguments]) == 2
    assert told in capsys.readouterr().err


def test_without_voila_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(app.importlib.util, "find_spec", lambda name: None)
    assert cli.main(["app"]) == 2
    assert 'pip install "recwidgets[lab]"' in capsys.readouterr().err
