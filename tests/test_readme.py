"""The README: its links are those of the repository's address, its numbers those of the benchmarks."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

REPO = Path(__file__).resolve().parents[1]
sys.path.append(str(REPO / "lite"))
import readme_links  # noqa: E402

OURS = "https://github.com/OWNER/NAME"
README = (REPO / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "remote",
    [OURS, f"{OURS}.git", f"{OURS}/", "git@github.com:OWNER/NAME.git", "ssh://git@github.com/OWNER/NAME.git\n"],
)
def test_every_form_of_a_remote_gives_the_address(remote):
    assert readme_links.address_of(remote) == OURS


@pytest.mark.parametrize("remote", ["", "../main", "https://example.org/OWNER/NAME", "https://github.com/OWNER"])
def test_another_remote_gives_none(remote):
    assert readme_links.address_of(remote) is None


def test_the_links_in_the_readme_are_in_step_with_the_address_that_they_name():
    found = readme_links.BLOCK.search(README)
    assert found, "README.md has lost its markers"
    again = readme_links.renewed(README, found["address"], found["hub"])
    assert again == README, f"run python dev.py links {found['address'] or ''}"


@pytest.mark.parametrize("hub", [None, "https://hub.example.org"])
def test_with_an_address_all_four_doors_have_its_links_and_a_second_time_changes_nothing(hub):
    once = readme_links.renewed(README, OURS, hub)
    found = readme_links.BLOCK.search(once)
    assert found["address"] == OURS and found["hub"] == hub
    for link in (
        "https://owner.github.io/NAME/lite/lab/index.html?path=00-start-here.ipynb",
        "https://mybinder.org/v2/gh/OWNER/NAME/main?urlpath=lab/tree/tutorials/00-start-here.ipynb",
        f"git clone {OURS}",
        f"{OURS}/issues",
        "https://hub.example.org/hub/user-redirect/git-pull" if hub else f"make.py links {OURS} --hub",
    ):
        assert link in found[0], link
    assert once.count("**") == README.count("**") and readme_links.renewed(once, OURS, hub) == once
    assert readme_links.renewed(once, None) == readme_links.renewed(README, None)


def test_an_owners_own_site_has_no_folder():
    assert "(https://owner.github.io/lite/" in readme_links.block("https://github.com/Owner/owner.github.io")


def test_without_an_address_it_says_what_to_run():
    assert "`python dev.py links`" in readme_links.block(None) and "](http" not in readme_links.block(None)


def test_a_readme_without_markers_and_an_address_elsewhere_are_refused():
    with pytest.raises(ValueError, match="markers"):
        readme_links.renewed("# recwidgets", OURS)
    with pytest.raises(ValueError, match=r"https://github\.com/OWNER/NAME, got 'https://example\.org'"):
        readme_links.renewed(README, "https://example.org")


def test_check_fails_with_the_command_to_run_and_writes_nothing():
    command = [sys.executable, str(REPO / "lite" / "readme_links.py"), "--check", "https://github.com/NOT/OURS"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "python dev.py links https://github.com/NOT/OURS" in done.stderr
    assert (REPO / "README.md").read_text(encoding="utf-8") == README


def test_the_table_of_models_says_what_was_measured():
    parts = json.loads((REPO / "benchmarks" / "results.json").read_text(encoding="utf-8"))["accuracy"]["parts"]
    rows = {
        "(p1)": ("p1", "nDCG@10"),
        "(p3)": ("p3", "top100_removed"),
        "the same with": ("p3", "top100"),
        "(p2)": ("p2", "HR@10"),
        "latest-small": ("small", "ndcg"),
    }
    names = ("gnn", "knn", "session", "ease", "user_knn", "popularity")
    for mark, (part, key) in rows.items():
        (line,) = [line for line in README.splitlines() if line.startswith("|") and mark in line]
        scores = parts[part]["scores"]
        cells = [cell.strip() for cell in line.strip("|").split("|")][1:]
        for name, cell in zip(names, cells, strict=True):
            if name not in scores:  # the rivals on latest-small, or a model that the protocol is not for
                if part == "small" and name == "popularity":
                    assert float(cell) == pytest.approx(scores["gnn"][0]["popularity"], abs=5.1e-4)
                continue
            measured = np.mean([run[key] for run in scores[name]])
            assert float(cell.strip("*")) == pytest.approx(measured, abs=5.1e-4), (mark, name)
        best = max((float(cell.strip("*")) for cell in cells if cell), default=0)
        assert re.findall(r"\*\*([\d.]+)\*\*", line) == [f"{best:.3f}"], mark


@pytest.fixture(scope="module")
def release():
    spec = importlib.util.spec_from_file_location("release", REPO / ".github" / "workflows" / "release.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def a_release(folder, version, heading):
    (folder / "recwidgets").mkdir()
    (folder / "recwidgets" / "__init__.py").write_text(f'__version__ = "{version}"\n', encoding="utf-8")
    (folder / "CHANGELOG.md").write_text(f"# Changes\n\n{heading}\n", encoding="utf-8")
    return folder


def test_a_tag_in_the_changelogs_form_is_a_release(release, tmp_path):
    assert release.faults("v0.1.0", a_release(tmp_path, "0.1.0", "## 0.1.0 (2026-12-01)")) == []


@pytest.mark.parametrize(
    ("tag", "version", "heading", "told"),
    [
        ("0.1.0", "0.1.0", "## 0.1.0 (2026-12-01)", "must look like v0.1.0"),
        ("v0.2.0", "0.1.0", "## 0.2.0 (2026-12-01)", "has 0.1.0"),
        ("v0.1.0", "0.1.0", "## 0.0.9 (2026-12-01)", "newest heading"),
        ("v0.1.0", "0.1.0", "## 0.1.0 (not yet released)", "the day of the release"),
    ],
)
def test_another_tag_is_refused_with_the_reason(release, tmp_path, tag, version, heading, told):
    (said,) = release.faults(tag, a_release(tmp_path, version, heading))
    assert told in said


def test_the_release_workflow_checks_the_tag_before_it_builds_and_keeps_no_secret():
    text = (REPO / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8")
    steps = [text.index(step) for step in ("release.py", "python -m build", "twine check", "gh-action-pypi-publish")]
    assert steps == sorted(steps) and "id-token: write" in text and "secrets." not in text
