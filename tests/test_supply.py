"""What recwidgets brings with it: a pinned list of packages, their licences, and where to report a weakness."""

import importlib.util
import re
import tomllib

import pytest

#: Whoever adds one says here that it is meant: it is installed by everybody who installs recwidgets.
NEEDED = {
    "numpy", "tqdm", "ipywidgets", "bqplot", "markupsafe", "platformdirs", "narwhals", "threadpoolctl", "anywidget"
}  # fmt: skip


@pytest.fixture(scope="module")
def licences(repo):
    spec = importlib.util.spec_from_file_location("licences", repo / "docs" / "licences.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_list_of_what_is_needed_at_run_time_is_this_one(repo):
    project = tomllib.loads((repo / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert {re.match(r"[\w.-]+", line)[0] for line in project["dependencies"]} == NEEDED


def test_the_page_lists_the_licence_of_each_package(licences):
    text = licences.PAGE.read_text(encoding="utf-8")
    listed = text.split(licences.MARKS[0])[1].split(licences.MARKS[1])[0].splitlines()
    rows = [line for line in licences.table().splitlines() if line not in listed]
    assert rows == [], "python docs/licences.py writes the table anew"
    assert set(licences.installed()) >= NEEDED


def test_a_licence_that_the_metadata_do_not_name_is_an_error(licences):
    class Nameless:
        metadata = __import__("email.message").message.Message()

    Nameless.metadata["Name"] = "nameless"
    with pytest.raises(ValueError, match="nameless name no licence"):
        licences.licence(Nameless)


def test_who_finds_a_weakness_is_told_where_to_report_it(repo):
    text = (repo / "SECURITY.md").read_text(encoding="utf-8")
    assert "Report" in text and "docs/explanation/security.md" in text
    assert (repo / "docs" / "explanation" / "security.md").is_file() and (repo / "CITATION.cff").is_file()
