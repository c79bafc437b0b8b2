"""What the repository may hold, and whether its promises to a newcomer (two commands, pinned packages) are kept."""

import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# Written in pieces, so that this file does not hold what it forbids.
HOSTS = "|".join(
    re.escape(host)
    for host in (
        "pypi." + "org",
        "python" + "hosted",
        "npm" + "js.",
        "yarn" + "pkg.",
        "debian." + "org",
        "conda." + "anaconda",
    )
)
MACHINE_PATH = r"(^|[^A-Za-z0-9_.])/" + r"(work|farm|root|Users/\w+|home/(?!jovyan)\w+)/"
ML100K_ROW = r"^\d{1,3}\t\d{1,4}\t[1-5]\t8[789]\d{7}$"
ML100K_SUMS = {
    "06416e597f82b7342361e41163890c81036900f418ad91315590814211dca490",
    "553841ebc7de3a0fd0d6b62a204ea30c1e651aacfb2814c7a6584ac52f2c5701",
    "f120e114da2e8cf314fd28f99417c94ae9ddf1cb6db8ce0e4b5995d40e90e62c",
    "9757e0d3e6b298159a80dd48eaf938114690e911e39af97a76949ef1663610bb",
    "5b0a40b2e47a729ee6203063f6dcf8790c2e63f5a18663e6ee318a72c5f3c27b",
    "cd5fbec9afe345d993a62fc7817df1a4a9079c4feb267b3118763b8fd942137d",
    "50d2a982c66986937beb9ffb3aa76efe955bf3d5c6b761f4e3a7cd717c6a3229",
}


@pytest.fixture(scope="module")
def tracked(repo):
    """{path: bytes} of every file that git has."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=repo, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return {name: (repo / name).read_bytes() for name in listed.stdout.split("\0") if name and (repo / name).is_file()}


@pytest.fixture(scope="module")
def dev(repo):
    spec = importlib.util.spec_from_file_location("dev", repo / "dev.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def lines_that_match(tracked, pattern):
    found = []
    for name, content in tracked.items():
        if b"\0" in content[:8000]:
            continue
        for number, line in enumerate(content.decode("utf-8").splitlines(), 1):
            if re.search(pattern, line):
                found.append(f"{name}:{number}: {line.strip()[:120]}")
    return found


@pytest.mark.parametrize(
    ("pattern", "example"),
    [
        (HOSTS, "https://files.python" + "hosted.org/x"),
        (MACHINE_PATH, "x = '/" + "work/main/x'"),
        (ML100K_ROW, "1\t2\t3\t8" + "81250949"),
    ],
    ids=["addresses of registries", "paths of a machine", "rows of MovieLens 100K"],
)
def test_no_file_holds(tracked, pattern, example):
    assert lines_that_match({"example": example.encode()}, pattern), "the pattern must find what it forbids"
    assert lines_that_match(tracked, pattern) == []


# Words of our own for things that the field has a name for: "all users", "at random", "previous answer".
PRIVATE_WORDS = (
    r"(?i)\b(" + "|".join(("every" + "body", "by " + "lot", "cr" + "owd", "ha" + "unt", "gh" + "ost")) + r")\b"
)
SPOKEN = ("recwidgets/", "tutorials/", "docs/", "instructor/", "benchmarks/", "README.md")


def test_the_words_are_those_of_the_field(tracked):
    assert lines_that_match({"x": ("ranking every" + "body").encode()}, PRIVATE_WORDS)
    assert lines_that_match({n: text for n, text in tracked.items() if n.startswith(SPOKEN)}, PRIVATE_WORDS) == []


def test_no_file_is_one_of_movielens_100k(tracked):
    assert [name for name, content in tracked.items() if hashlib.sha256(content).hexdigest() in ML100K_SUMS] == []
    assert [
        name for name in tracked if re.search(r"(^|/)(u\.(data|item|user)|ml-100k[^/]*\.(zip|csv|npz))$", name)
    ] == []


def pins(repo):
    """{name: [line, …]} of constraints.txt, continuation lines joined."""
    found = {}
    for line in (repo / "constraints.txt").read_text(encoding="utf-8").replace("\\\n", "").splitlines():
        if line and not line.startswith("#"):
            found.setdefault(canonicalize_name(line.split("==")[0]), []).append(line)
    return found


def test_every_pin_has_an_exact_version_and_a_hash_and_no_address(repo):
    for lines in pins(repo).values():
        for line in lines:
            assert re.match(r"[a-z0-9.-]+==[^ ]+ ", line), line
            assert "--hash=sha256:" in line, line
            assert "://" not in line and " @ " not in line, line


def test_the_pins_satisfy_what_the_package_and_its_extras_ask_for(repo):
    project = tomllib.loads((repo / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    pinned = pins(repo)
    for text in [*project["dependencies"], *(need for extra in extras.values() for need in extra)]:
        need = Requirement(text)
        if need.name == "recwidgets":  # an extra of ours that another one brings
            assert need.extras <= set(extras)
            continue
        for line in pinned[canonicalize_name(need.name)]:
            version = line.split("==")[1].split()[0]
            assert need.specifier.contains(version), f"{text}, but constraints.txt pins {version}: python dev.py lock"


def test_the_tools_that_build_from_source_are_pinned_too(dev):
    names = sorted(line.split("==")[0] for line in dev.builders().splitlines())
    assert names == sorted(dev.BUILDERS)
    assert all("--hash=sha256:" in line for line in dev.builders().splitlines())


def test_a_changed_pin_renews_the_installation(dev, tmp_path, monkeypatch):
    before = dev.fingerprint()
    assert dev.fingerprint() == before
    changed = tmp_path / "constraints.txt"
    changed.write_bytes(dev.LOCK.read_bytes() + b"\n# changed\n")
    monkeypatch.setattr(dev, "LOCK", changed)
    assert dev.fingerprint() != before


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="this system does not say how many cores are ours")
@pytest.mark.parametrize(("cores", "expected"), [(1, []), (2, ["-n", "3"]), (3, ["-n", "3"]), (64, ["-n", "3"])])
def test_the_whole_suite_is_shared_by_workers_and_chosen_tests_are_not(dev, monkeypatch, cores, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(cores)))
    assert dev.workers([])[:2] == expected
    assert dev.workers(["-k", "pie", "-x"]) == []


def test_the_long_tests_are_left_to_the_whole_suite_and_a_test_that_is_named_is_run(dev):
    many = dev.workers([])
    assert dev.selection([]) == [*many, "-m", "not long"]
    assert dev.selection(["--whole"]) == many
    assert dev.selection(["tests/browser/test_faults.py"]) == ["tests/browser/test_faults.py"]


@pytest.mark.parametrize("arguments", [[], ["lsb"]], ids=["nothing", "a typing error"])
def test_dev_without_a_known_command_explains_itself(repo, arguments):
    done = subprocess.run([sys.executable, repo / "dev.py", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "python dev.py lab" in done.stderr and "python dev.py test" in done.stderr


def test_an_unsuitable_python_gets_one_sentence(dev, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 1))
    monkeypatch.setattr(sys, "argv", ["dev.py", "lab"])
    with pytest.raises(SystemExit, match=r"needs Python 3\.11, 3\.12 or 3\.13"):
        dev.main()


def test_the_readme_has_the_two_commands_and_ci_runs_the_second(repo):
    readme = (repo / "README.md").read_text(encoding="utf-8").splitlines()
    assert "python dev.py lab" in readme
    assert "python dev.py test" in readme
    ci = (repo / ".ci" / "run").read_text(encoding="utf-8")
    assert "`python dev.py test --whole`" in "\n".join(readme)
    assert re.search(r"^exec .* dev\.py test --whole$", ci, re.MULTILINE)


def test_the_readme_names_the_terms_and_the_citation_of_the_data(repo):
    readme = (repo / "README.md").read_text(encoding="utf-8")
    assert "GroupLens" in readme and "10.1145/2827872" in readme and "commercial" in readme


def test_the_example_in_the_readme_uses_names_that_exist(repo):
    import recwidgets as rw

    readme = (repo / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    compile(example, "README.md", "exec")
    names = re.findall(r"\brw\.(\w+)", readme)
    assert "fit" in names
    assert [name for name in names if not hasattr(rw, name)] == []


def test_pictures_and_files_that_the_readme_links_to_exist(repo):
    for page in ("README.md", "CONTRIBUTING.md"):
        text = (repo / page).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#:]+)\)", text):
            assert (repo / target).exists(), f"{page} links to {target}, which does not exist"
