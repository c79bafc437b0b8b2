"""The two commands, for a fresh clone on any system that has Python 3.11, 3.12 or 3.13 with pip.

    python dev.py lab      install what is needed, open JupyterLab on tutorials/00-start-here.ipynb
    python dev.py test     install what is needed, find or install a browser, check style and types, run the tests;
                           --whole runs the long ones too, most of them in browsers, as CI does
    python dev.py lite     install what is needed, build the site that runs in a browser's tab; --serve opens it
    python dev.py links    write the README's links, from `git remote get-url origin` or from an address that follows
    python dev.py lock     bring constraints.txt up to pyproject.toml; --upgrade renews every pin

What follows goes to JupyterLab, pytest or uv: python dev.py test -k pie -x

Everything is installed into .venv, in this folder, and checked against the hashes in constraints.txt; the Python
that runs this file is left as it was. Standard library only, and readable by old Pythons, so that the sentence
about the version can be read there too.
"""

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

REPO = Path(__file__).resolve().parent
VENV = REPO / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
LOCK = REPO / "constraints.txt"
STAMP = VENV / "recwidgets-installed.txt"
START = "tutorials/00-start-here.ipynb"
# What nbgrader brings into JupyterLab and Voilà: not for learners, and the second is an error in Voilà's console.
MENUS = ("@jupyter/nbgrader", "@jupyter-notebook/lab-extension")
# What a source distribution in constraints.txt is built with; installed first, so that it is hash-checked too.
BUILDERS = ("setuptools", "wheel")
UV = "pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --quiet"
NO_ADDRESS = "--no-emit-index-url --no-emit-find-links --no-annotate --no-header"


def run(*command, **options):
    """Run in the repository; ends this program with the command's exit code if it fails."""
    done = subprocess.run([str(part) for part in command], cwd=str(REPO), **options)
    if done.returncode:
        raise SystemExit(done.returncode)


def fingerprint():
    """Changes when the pins, the package's description or the Python change: then the installation is renewed."""
    parts = [LOCK.read_bytes(), (REPO / "pyproject.toml").read_bytes(), sys.version.encode(), str(REPO).encode()]
    return hashlib.sha256(b"\n".join(parts)).hexdigest()


def make_environment():
    """A new .venv. Debian's Python may lack ensurepip: then its own pip installs into .venv from outside."""
    if importlib.util.find_spec("ensurepip"):
        venv.create(str(VENV), clear=not STAMP.is_file(), with_pip=True)
        return [PYTHON, "-m", "pip"]
    if not importlib.util.find_spec("pip"):
        raise SystemExit(f"{sys.executable} has no pip: install it (Debian and Ubuntu: apt-get install python3-pip)")
    venv.create(str(VENV), clear=not STAMP.is_file(), with_pip=False)
    return [sys.executable, "-m", "pip", "--python", PYTHON]


def builders():
    """The blocks of constraints.txt that pin BUILDERS."""
    blocks = LOCK.read_text(encoding="utf-8").replace("\\\n", "").splitlines()
    return "\n".join(block for block in blocks if block.startswith(tuple(f"{name}==" for name in BUILDERS)))


def install():
    """Fill .venv from constraints.txt, unless it is up to date."""
    if STAMP.is_file() and STAMP.read_text(encoding="utf-8") == fingerprint():
        return
    print(f"Installing into {VENV}: a few minutes the first time.", flush=True)
    quiet = [] if sys.stdout.isatty() else ["-qq"]
    pip = [*make_environment(), "install", *quiet, "--disable-pip-version-check", "--no-deps"]
    with tempfile.TemporaryDirectory() as folder:
        first = Path(folder) / "builders.txt"
        first.write_text(builders(), encoding="utf-8")
        run(*pip, "--require-hashes", "-r", first)
    # --no-deps: the file is complete, and tensorflow-recommenders' wish for tensorflow-macos must not be followed.
    run(*pip, "--require-hashes", "--no-build-isolation", "-r", LOCK)
    run(*pip, "--no-build-isolation", "-e", ".")
    settings = VENV / "share" / "jupyter" / "lab" / "settings"
    settings.mkdir(parents=True, exist_ok=True)
    shutil.copy(str(REPO / "binder" / "lab-overrides.json"), str(settings / "overrides.json"))
    hide_graders_tools()
    hide_the_sites_kernel()
    STAMP.write_text(fingerprint(), encoding="utf-8")


def hide_graders_tools():
    """nbgrader is here for the tests; its menus do not belong into a learner's JupyterLab."""
    etc = VENV / "etc" / "jupyter"
    parts = ("formgrader", "validate_assignment", "assignment_list", "course_list")
    off = {"nbgrader.server_extensions." + part: False for part in parts}
    written = {
        "labconfig/page_config.json": {"disabledExtensions": dict.fromkeys(MENUS, True)},
        "jupyter_server_config.d/recwidgets.json": {"ServerApp": {"jpserver_extensions": off}},  # read after nbgrader's
    }
    for name, content in written.items():
        (etc / name).parent.mkdir(parents=True, exist_ok=True)
        (etc / name).write_text(json.dumps(content), encoding="utf-8")


def hide_the_sites_kernel():
    """The browser site's kernel is an extension of JupyterLite alone; in JupyterLab's pages it is an error."""
    share = VENV / "share" / "jupyter"
    if (share / "labextensions" / "@jupyterlite").is_dir():
        shutil.rmtree(str(share / "liteextensions"), ignore_errors=True)
        (share / "liteextensions").mkdir()
        shutil.move(str(share / "labextensions" / "@jupyterlite"), str(share / "liteextensions"))


def lab(arguments):
    """The address that JupyterLab prints leads to the notebook too, for those whose browser does not open by itself."""
    start = [f"--ServerApp.root_dir={REPO}", f"--LabApp.default_url=/lab/tree/{START}"]
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # containers run as root
    command = [str(PYTHON), "-m", "jupyterlab", *start, *root, *arguments]
    if os.name == "nt":
        return run(*command)
    os.chdir(str(REPO))
    os.execv(str(PYTHON), command)  # this program becomes JupyterLab: Ctrl-C is its own to answer


def selection(arguments):
    """pytest's options: what follows on the command line, or all tests but the long ones; with --whole, these too."""
    chosen = [argument for argument in arguments if argument != "--whole"]
    return [*workers(chosen), *(chosen or ([] if "--whole" in arguments else ["-m", "not long"]))]


def workers(arguments):
    """pytest's options for several workers: for all tests, not for chosen ones, which start sooner without.

    One more than there are cores, since a test in a browser waits as long as it computes; three at most, since each
    worker may hold TensorFlow, a browser and a notebook's kernel at the same time. A worker that has no tests left
    takes some of another's, so that a file mostly stays with one, and its fixtures too.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores == 1 or arguments:
        return []
    return ["-n", str(min(cores + 1, 3)), "--dist", "worksteal", "--durations", "15"]


def test(arguments):
    """Style, types, then the tests, in one go; the tests' closing lines come last."""
    found = subprocess.run(
        [str(PYTHON), str(REPO / "tests" / "browser" / "chromium.py")], stdout=subprocess.PIPE, text=True
    )
    if found.returncode:
        raise SystemExit(found.returncode)
    os.environ["RECWIDGETS_CHROMIUM"] = found.stdout.splitlines()[-1]
    also = subprocess.run(
        [str(PYTHON), str(REPO / "tests" / "browser" / "firefox.py")], stdout=subprocess.PIPE, text=True
    )
    if also.returncode == 0:  # without one, its tests are skipped and say why
        os.environ["RECWIDGETS_FIREFOX"] = also.stdout.splitlines()[-1]
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # workers on the same cores: threads would wait for each other
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # tests start hundreds of kernels: each module is compiled once
    checks = (["ruff", "format", "--check"], ["ruff", "check"], ["mypy"], ["pytest", *selection(arguments)])
    failed = [
        " ".join(check[:2])
        for check in checks
        if subprocess.run([str(PYTHON), "-m", *check], cwd=str(REPO), stdin=subprocess.DEVNULL).returncode
    ]
    if failed:
        raise SystemExit(f"failed: {', '.join(failed)}")


def lite(arguments):
    run(PYTHON, REPO / "lite" / "build.py", *arguments)


def links(arguments):
    run(PYTHON, REPO / "lite" / "readme_links.py", *arguments)


def lock(arguments):
    head = "# Every package of every extra, pinned and hashed for all systems. Renew with: python dev.py lock\n"
    with tempfile.TemporaryDirectory() as folder:
        new = Path(folder) / "constraints.txt"
        shutil.copy(str(LOCK), str(new))  # uv keeps the pins it finds there, unless asked to --upgrade
        options = [*UV.split(), *NO_ADDRESS.split(), *arguments, "--output-file", new]
        run(PYTHON, "-m", "uv", *options, stdout=subprocess.DEVNULL)
        pins = new.read_text(encoding="utf-8").removeprefix(head)  # uv keeps the comment of the file it starts from
        LOCK.write_text(head + pins, encoding="utf-8", newline="\n")


def main():
    commands = {"lab": lab, "test": test, "lite": lite, "links": links, "lock": lock}
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        raise SystemExit(
            f"recwidgets needs Python 3.11, 3.12 or 3.13 (TensorFlow's limits), this is {sys.version.split()[0]}"
        )
    if len(sys.argv) < 2 or sys.argv[1] not in commands:
        raise SystemExit(__doc__)
    install()
    commands[sys.argv[1]](sys.argv[2:])


if __name__ == "__main__":
    main()
