"""From one source, the tutorials and their solutions, every form that a course needs.

    python instructor/make.py                      all forms, into build/course
    python instructor/make.py links REPOSITORY     links that open the course on Binder, and on a hub (--hub)

student/    the notebooks with their blanks
solution/   the same with every blank filled from tutorials/solutions.py
nbgrader/   a course folder: `nbgrader generate_assignment 02-gnn` there gives the student's form again,
            `nbgrader autograde 02-gnn` grades what came back
slides/     slides.ipynb as one page to show (nbconvert's reveal)
handout.html  one A4 page to print
"""

from __future__ import annotations

import argparse
import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import nbformat
from nbconvert.filters import markdown2html
from PIL import Image

HERE = Path(__file__).resolve().parent
TUTORIALS = HERE.parent / "tutorials"
PICTURES = HERE.parent / "docs" / "images"
# a slide's picture: left, top, right and bottom of the part to show, as fractions
PICTURE = re.compile(r"\.\./docs/images/(?P<name>[\w-]+\.png)#crop=(?P<edges>[\d.,]+)")
START = "tutorials/00-start-here.ipynb"


SHEET = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>recwidgets: the one-page handout</title><style>
@page {{ size: A4; margin: 14mm; }}
body {{ font: 10pt/1.4 system-ui, sans-serif; max-width: 182mm; margin: 0 auto; }}
h1 {{ font-size: 16pt; margin: 0 0 2mm; }}
pre {{ font-size: 8pt; background: #f3f3f3; padding: 2mm; }}
table {{ border-collapse: collapse; }}
td, th {{ border: 1px solid #999; padding: 1mm 2mm; text-align: left; }}
.anchor-link {{ display: none; }}
</style></head><body>
{text}
</body></html>
"""


def solutions(path: Path = TUTORIALS / "solutions.py") -> dict[str, str]:
    """The solved cell of each exercise, by its id. Raises ValueError where an exercise is solved twice."""
    parts = re.split(r"^# %% (\S+)\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    twice = sorted({name for name in parts[::2] if parts[::2].count(name) > 1})
    if twice:
        raise ValueError(f"{path.name} solves {', '.join(twice)} more than once; keep one")
    return {name: source.strip("\n") for name, source in zip(parts[::2], parts[1::2], strict=True)}


def exercise(cell: nbformat.NotebookNode) -> str | None:
    """The id of the exercise that a cell poses, or None."""
    name = cell.metadata.get("recwidgets", {}).get("exercise")
    return None if name is None else str(name)


def solved(notebook: nbformat.NotebookNode, answers: dict[str, str]) -> nbformat.NotebookNode:
    """A copy with every blank filled. Raises ValueError for an exercise that has no solution."""
    out = nbformat.from_dict(notebook)
    for cell in out.cells:
        name = exercise(cell)
        if name is not None:
            if name not in answers:
                raise ValueError(f"exercise {name!r} has no solution; add it to tutorials/solutions.py")
            cell.source = answers[name]
    return out


def checked(source: str) -> str:
    """The call that says whether an answer is right: the last rw.check(…) of an exercise's cell."""
    calls = [ast.unparse(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    checks = [call for call in calls if call.startswith("rw.check(")]
    if not checks:
        raise ValueError(f"an exercise's cell must have a rw.check(…), got {source!r}")
    return checks[-1]


def graded(notebook: nbformat.NotebookNode, answers: dict[str, str]) -> nbformat.NotebookNode:
    """nbgrader's source form: solved cells that remember their blank, each followed by a locked cell worth a point."""
    out, blanks = solved(notebook, answers), {cell.id: cell.source for cell in notebook.cells}
    cells = []
    for cell in out.cells:
        cells.append(cell)
        name = exercise(cell)
        if name is None:
            continue
        cell.metadata["recwidgets"]["blank"] = blanks[cell.id]
        cell.metadata["nbgrader"] = about(name, solution=True)
        # the verdict is the assertion's message, so that feedback says what is wrong
        asked = f"verdict = {checked(cell.source)}\nassert verdict, verdict"
        test = nbformat.v4.new_code_cell(asked, id=f"grade-{name}")
        test.metadata["nbgrader"] = about(f"grade-{name}", grade=True, locked=True, points=1)
        cells.append(test)
    out.cells = cells
    return out


def about(name: str, **kind: object) -> dict[str, object]:
    """What nbgrader keeps of a cell."""
    cell = {"grade": False, "locked": False, "solution": False, "task": False}
    return cell | {"grade_id": name, "schema_version": 3, "cell_type": "code"} | kind


def make(folder: Path) -> list[Path]:
    """Write every form, and say which files were written."""
    answers, written = solutions(), []
    for path in sorted(TUTORIALS.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        forms = {
            f"student/{path.name}": notebook,
            f"solution/{path.name}": solved(notebook, answers),
            f"nbgrader/source/{path.stem}/{path.name}": graded(notebook, answers),
        }
        for place, form in forms.items():
            target = folder / place
            target.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(form, target)
            written.append(target)
    shutil.copy(HERE / "nbgrader_config.py", folder / "nbgrader" / "nbgrader_config.py")
    written += [slides(folder / "slides"), handout(folder / "handout.html")]
    return written


def slides(folder: Path) -> Path:
    """slides.ipynb as a page; its pictures are in it. Reveal.js comes from the network; without it, see slides.html."""
    folder.mkdir(parents=True, exist_ok=True)
    notebook = nbformat.read(HERE / "slides.ipynb", as_version=4)
    for cell in notebook.cells:
        cell.source = PICTURE.sub(lambda found: cropped(found, folder), cell.source)
    nbformat.write(notebook, folder / "slides.ipynb")
    options = ["--to", "slides", "--embed-images", "--output-dir", str(folder)]
    subprocess.run([sys.executable, "-m", "nbconvert", *options, str(folder / "slides.ipynb")], check=True)
    page = folder / "slides.slides.html"
    whole, own = page.read_text(encoding="utf-8"), (HERE / "slides.html").read_text(encoding="utf-8")
    before, end, after = whole.rpartition("</body>")
    page.write_text(before + own + end + after, encoding="utf-8")
    return page


def handout(page: Path) -> Path:
    """handout.md as a page that prints on one sheet of A4."""
    page.parent.mkdir(parents=True, exist_ok=True)
    text = markdown2html((HERE / "handout.md").read_text(encoding="utf-8"))
    page.write_text(SHEET.format(text=text), encoding="utf-8")
    return page


def cropped(found: re.Match[str], folder: Path) -> str:
    """Cut a picture to the part that its slide is about, beside the notebook, where nbconvert takes it in."""
    name, edges = found["name"], [float(edge) for edge in found["edges"].split(",")]
    with Image.open(PICTURES / name) as picture:
        size = (picture.width, picture.height) * 2
        box = tuple(round(edge * length) for edge, length in zip(edges, size, strict=True))
        picture.crop(box).save(folder / name)  # type: ignore[arg-type]
    return name


def links(repository: str, branch: str = "main", hub: str | None = None) -> Iterator[tuple[str, str]]:
    """(what, address) of every link. Raises ValueError for an address that cannot be opened so.

    repository: https://github.com/OWNER/NAME. hub: the address of a JupyterHub with nbgitpuller, whose
    links bring new material and never overwrite what a learner changed.
    """
    parts = urlsplit(repository)
    path = parts.path.strip("/").removesuffix(".git")
    if parts.scheme != "https" or parts.netloc != "github.com" or path.count("/") != 1:
        raise ValueError(f"the repository must look like https://github.com/OWNER/NAME, got {repository!r}")
    if hub is not None and (urlsplit(hub).scheme != "https" or not urlsplit(hub).netloc):
        raise ValueError(f"the hub must look like https://hub.example.org, got {hub!r}")
    yield "Binder", f"https://mybinder.org/v2/gh/{path}/{quote(branch, safe='')}?urlpath={quote(f'lab/tree/{START}')}"
    if hub is not None:
        name = path.partition("/")[2]
        query = f"repo={quote(f'https://github.com/{path}', safe='')}&branch={quote(branch, safe='')}"
        opened = quote(f"lab/tree/{name}/{START}", safe="")
        yield "nbgitpuller", f"{hub.rstrip('/')}/hub/user-redirect/git-pull?{query}&urlpath={opened}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command")
    link = commands.add_parser("links", help="Binder and nbgitpuller")
    link.add_argument("repository", help="https://github.com/OWNER/NAME")
    link.add_argument("--branch", default="main")
    link.add_argument("--hub", help="a JupyterHub with nbgitpuller")
    parser.add_argument("--out", type=Path, default=HERE.parent / "build" / "course")
    chosen = parser.parse_args()
    try:
        if chosen.command == "links":
            for what, address in links(chosen.repository, chosen.branch, chosen.hub):
                print(f"{what}: {address}")
        else:
            for path in make(chosen.out):
                print(path.relative_to(chosen.out))
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
