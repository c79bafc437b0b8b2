"""What the browser site is made of: wheels without compiled parts, Pyodide as pinned, a start page with four doors."""

import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from recwidgets.pretrained import away

REPO = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPO / "lite"))
import build  # noqa: E402
import pyodide  # noqa: E402
import site_pages  # noqa: E402
import wheels  # noqa: E402

# -- wheels ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["markupsafe", "psygnal", "bqplot", "bqscales", "anywidget", "ipywidgets", "tqdm"])
def test_a_wheel_made_of_what_is_installed_is_python_alone_and_says_what_is_in_it(name, tmp_path):
    wheel = wheels.pure(name, tmp_path)
    assert wheel.name.endswith("-py3-none-any.whl")
    with zipfile.ZipFile(wheel) as archive:
        contents = {path: archive.read(path) for path in archive.namelist()}
    assert not [path for path in contents if path.endswith(wheels.COMPILED) or "/tests/" in path]
    (record,) = (path for path in contents if path.endswith(".dist-info/RECORD"))
    rows = [row.split(",") for row in contents[record].decode().splitlines()]
    assert {path for path, _, _ in rows} == set(contents)
    for path, digest, size in rows:
        if path != record:
            assert digest == f"sha256={wheels._digest(contents[path])}" and int(size) == len(contents[path])


def test_the_same_content_is_the_same_wheel(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    for folder in (one, other):
        folder.mkdir()
        wheels.pure("comm", folder)
    assert [file.read_bytes() for file in one.iterdir()] == [file.read_bytes() for file in other.iterdir()]


def test_the_wheels_run_where_nothing_compiled_is_there(tmp_path):
    """Imported from the wheels alone; psygnal and markupsafe have compiled parts where they are installed."""
    paths = [str(wheels.pure(name, tmp_path)) for name in ("markupsafe", "psygnal")]
    code = (
        "import psygnal, markupsafe; from psygnal import Signal; "
        "assert str(markupsafe.escape('<')) == '&lt;'; print(psygnal.__file__, markupsafe.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path[:0] = {paths!r}; {code}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.count(".whl") == 2


def test_a_package_without_python_of_its_own_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(wheels, "_files", lambda package: iter(()))
    with pytest.raises(LookupError, match="comm .* without Python files of its own"):
        wheels.pure("comm", tmp_path)


def test_everything_that_the_package_needs_in_a_browser_is_bundled_or_pyodides():
    bundled = build.bundled()
    assert {"recwidgets", "ipywidgets", "bqplot", "anywidget", "psygnal", "markupsafe", "comm"} <= set(bundled)
    assert not [name for name in bundled if "tensorflow" in name or name.startswith("tf-")]
    known = {*bundled, *build.FROM_PYODIDE}
    assert not {need for needs in bundled.values() for need in needs} - known


# -- Pyodide ------------------------------------------------------------------------------------------------


def entry(name, content, depends=()):
    return {"file_name": f"{name}.whl", "sha256": hashlib.sha256(content).hexdigest(), "depends": list(depends)}


@pytest.fixture
def release(monkeypatch, tmp_path):
    """release(**changed): an archive of a Pyodide with two packages, some of its files changed."""
    files = {name: name.encode() for name in pyodide.CORE} | {"numpy.whl": b"numpy", "date_util.whl": b"dates"}
    packages = {"numpy": entry("numpy", b"numpy", ["date_util"]), "date-util": entry("date_util", b"dates")}
    packages["unused"] = entry("unused", b"not in the archive")
    files[pyodide.LOCK] = json.dumps({"info": {"version": "x"}, "packages": packages}).encode()
    monkeypatch.setattr(pyodide, "CORE", {n: hashlib.sha256(n.encode()).hexdigest() for n in pyodide.CORE})

    def write(**changed):
        path = tmp_path / "pyodide.tar.bz2"
        with tarfile.open(path, "w:bz2") as archive:
            for name, content in {**files, **{k.replace("__", "."): v for k, v in changed.items()}}.items():
                if content is not None:
                    member = tarfile.TarInfo(f"pyodide/{name}")
                    member.size = len(content)
                    archive.addfile(member, io.BytesIO(content))
        return path

    return write


def test_pyodide_is_unpacked_with_what_is_needed_and_our_own(release, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    pyodide.fill(folder, release(), ["numpy"], {"ours": entry("ours", b"", ["numpy"])})
    assert {file.name for file in folder.iterdir()} == {*pyodide.CORE, "numpy.whl", "date_util.whl", pyodide.LOCK}
    lock = json.loads((folder / pyodide.LOCK).read_text(encoding="utf-8"))
    assert list(lock["packages"]) == ["date-util", "numpy", "ours"] and lock["info"] == {"version": "x"}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"numpy__whl": b"another"}, "numpy.whl of .* must have the SHA-256"),
        ({"pyodide__js": b"another"}, "pyodide.js of .* must have the SHA-256"),
        ({"date_util__whl": None}, "holds no date_util.whl"),
    ],
    ids=["a package", "the core", "a file that is missing"],
)
def test_another_pyodide_is_refused(release, tmp_path, changed, said):
    with pytest.raises(pyodide.NotAsPinned, match=said):
        pyodide.fill(tmp_path, release(**changed), ["numpy"], {})


def test_of_a_download_the_lock_is_pinned_too(tmp_path, monkeypatch):
    monkeypatch.setattr(pyodide, "from_release", lambda name: b"{}" if name == pyodide.LOCK else name.encode())
    monkeypatch.setattr(pyodide, "CORE", {n: hashlib.sha256(n.encode()).hexdigest() for n in pyodide.CORE})
    with pytest.raises(pyodide.NotAsPinned, match=f"{pyodide.LOCK} of https://"):
        pyodide.fill(tmp_path, None, ["numpy"], {})


# -- the page to start from -----------------------------------------------------------------------------------

OURS = "https://github.com/owner/recwidgets"


@pytest.mark.parametrize("hub", [None, "https://hub.example.org"])
def test_the_start_page_has_four_doors_made_from_the_repositorys_address(hub):
    page = site_pages.start_page(OURS, "main", hub)
    assert re.findall(r"<h2>(.*?)</h2>", page) == ["In this browser tab", "Binder", "A hub", "Your own machine"]
    addresses = set(re.findall(r'href="([^"]+)"', page))
    binder = "https://mybinder.org/v2/gh/owner/recwidgets/main?urlpath=lab/tree/tutorials/00-start-here.ipynb"
    assert {site_pages.TAB, binder, OURS, "docs/index.html"} <= addresses
    others = addresses - {site_pages.TAB, binder, OURS, "docs/index.html"}
    assert all(address.startswith("https://hub.example.org/") for address in others) and bool(others) == bool(hub)
    assert f"git clone {OURS}" in page and "python dev.py lab" in page
    assert not re.search(r"<(script|link|img)\b|src=|url\(|@import", page), "nothing is loaded for it"


def test_a_start_page_for_another_address_is_refused():
    with pytest.raises(ValueError, match="must look like https://github.com/OWNER/NAME"):
        site_pages.start_page("https://example.org")


def test_what_the_start_page_opens_is_what_the_build_makes():
    assert site_pages.TAB.endswith(f"?path={build.START}") and (REPO / "tutorials" / build.START).is_file()


def test_the_workflow_runs_what_there_is_and_publishes_where_it_is_written():
    workflow = yaml.safe_load((REPO / ".github" / "workflows" / "pages.yml").read_text(encoding="utf-8"))
    steps = workflow["jobs"]["pages"]["steps"]
    runs = [step["run"] for step in steps if "run" in step]
    assert runs[0] == "python dev.py lite --out build/site/lite" and site_pages.TAB.startswith("lite/")
    assert "lite/site_pages.py" in runs[1] and (REPO / "lite" / "site_pages.py").is_file()
    (published,) = (step["with"]["path"] for step in steps if "upload-pages-artifact" in step.get("uses", ""))
    assert REPO / published == REPO / "build" / "site"


def test_the_models_are_beside_the_wheel_and_each_is_known_by_its_sum(tmp_path):
    wheel = wheels.own(REPO, tmp_path)
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        sums = json.loads(archive.read(wheels.AWAY))
        record = next(name for name in names if name.endswith("RECORD"))
        assert {line.split(",")[0] for line in archive.read(record).decode().splitlines()} == set(names)
    assert not [name for name in names if name.endswith(".npz")]
    shipped = {path.name: path for path in (REPO / "recwidgets" / "pretrained").glob("*.npz")}
    assert set(sums) == set(shipped) and len(sums) == 3
    for name, path in shipped.items():
        assert (tmp_path / name).read_bytes() == path.read_bytes()
        assert hashlib.sha256(path.read_bytes()).hexdigest() == sums[name]


class Answered:
    """A worker's XMLHttpRequest, answered at once."""

    def __init__(self, status, content=b""):
        self.status, self.asked, self.response = status, [], SimpleNamespace(to_bytes=lambda: content)

    def new(self):
        return self

    def open(self, method, address, later):
        assert method == "GET" and later is False
        self.asked.append(address)

    def send(self):
        pass


@pytest.fixture
def site_with(tmp_path, monkeypatch):
    """A browser site that has one model, whose server answers so."""
    (tmp_path / away.LISTED).write_text(json.dumps({"gnn-1.npz": hashlib.sha256(b"model").hexdigest()}))

    def make(status, content=b""):
        request = Answered(status, content)
        location = SimpleNamespace(href="https://x.example/course/lite/extensions/@jupyterlite/kernel/static/1.js")
        monkeypatch.setitem(sys.modules, "js", SimpleNamespace(XMLHttpRequest=request, location=location))
        return request

    return make


def test_a_model_is_asked_of_the_site_once_it_is_wanted_and_kept(site_with, tmp_path):
    request = site_with(200, b"model")
    assert away.fetched("knn-1.npz", tmp_path) is None and request.asked == []
    path = away.fetched("gnn-1.npz", tmp_path)
    assert path.read_bytes() == b"model"
    assert request.asked == ["https://x.example/course/lite/static/pyodide/gnn-1.npz"]


@pytest.mark.parametrize(
    ("status", "content", "said"), [(404, b"", "HTTP 404"), (200, b"another", "is not the one that it was built with")]
)
def test_a_model_that_the_site_does_not_give_is_a_sentence(site_with, tmp_path, status, content, said):
    site_with(status, content)
    with pytest.raises(FileNotFoundError, match=f"{said}.*reload the page"):
        away.fetched("gnn-1.npz", tmp_path)
    assert not (tmp_path / "gnn-1.npz").exists()


def test_where_the_files_are_in_the_package_nobody_is_asked():
    assert away.listed() == {}
