"""What GitHub Pages shows: one page to start from with four doors, the browser site and the documentation beside it.

    python dev.py lite --out build/site/lite
    python lite/site_pages.py https://github.com/OWNER/NAME        writes build/site/index.html and build/site/docs

Every link is made from the repository's own address; a hub's is only there with --hub.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from markupsafe import Markup

REPO = Path(__file__).resolve().parents[1]
sys.path.append(str(REPO / "instructor"))
import make  # noqa: E402  # the course's own links

TAB = f"lite/lab/index.html?path={Path(make.START).name}"

PAGE = Markup("""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>recwidgets: recommenders you can see through</title><style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 0 auto; padding: 2rem 1rem; }}
h1 {{ margin: 0 0 .25rem; }} h2 {{ margin: 0; font-size: 1.1rem; }} p {{ margin: .25rem 0 0; }}
ol {{ list-style: none; padding: 0; display: grid; gap: 1rem; }}
ol {{ grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); }}
li {{ border: 1px solid GrayText; border-radius: .5rem; padding: 1rem; }}
code {{ overflow-wrap: anywhere; }}
</style></head><body><main>
<h1>Recommenders you can see through</h1>
<p>Three recommender systems on real film ratings, in panels that take every recommendation apart. Four ways in:</p>
<ol>
{doors}
</ol>
<p><a href="docs/index.html">Documentation</a> · <a href="{repository}">Source</a></p>
</main></body></html>
""")
DOOR = Markup("<li><h2>{name}</h2><p>{text}</p></li>")
LINK = Markup('<a href="{address}">{words}</a>')


def doors(repository: str, branch: str = "main", hub: str | None = None) -> list[tuple[str, Markup]]:
    """(name, what it says) of the four. Raises ValueError for an address that cannot be linked."""
    links = dict(make.links(repository, branch, hub))
    tab = Markup("{}: nothing to install, no account; training is slow. Python is loaded into the page once.").format(
        LINK.format(address=TAB, words="Open the first notebook")
    )
    binder = Markup("{}: a machine lent for a while, with training.").format(
        LINK.format(address=links["Binder"], words="Open the course on Binder")
    )
    if hub is not None:
        own = LINK.format(address=links["nbgitpuller"], words="Open the course on your hub")
        at_hub = Markup("{}: what you write stays there, new material is pulled in.").format(own)
    else:
        at_hub = Markup("In a clone, {} prints the link for a JupyterHub with nbgitpuller.").format(
            Markup("<code>python instructor/make.py links {} --hub ADDRESS</code>").format(repository)
        )
    machine = Markup("{} and, in that folder, {}. Python 3.11, 3.12 or 3.13, 4 GB of disk.").format(
        Markup("<code>git clone {}</code>").format(repository), Markup("<code>python dev.py lab</code>")
    )
    return [("In this browser tab", tab), ("Binder", binder), ("A hub", at_hub), ("Your own machine", machine)]


def start_page(repository: str, branch: str = "main", hub: str | None = None) -> str:
    """The page with the four doors."""
    rows = Markup("\n").join(DOOR.format(name=name, text=text) for name, text in doors(repository, branch, hub))
    return str(PAGE.format(doors=rows, repository=repository))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", help="https://github.com/OWNER/NAME")
    parser.add_argument("--branch", default="main")
    parser.add_argument("--hub", help="a JupyterHub with nbgitpuller")
    parser.add_argument("--out", type=Path, default=REPO / "build" / "site")
    chosen = parser.parse_args()
    try:
        page = start_page(chosen.repository, chosen.branch, chosen.hub)
    except ValueError as error:
        raise SystemExit(str(error)) from error
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "index.html").write_text(page, encoding="utf-8")
    (chosen.out / ".nojekyll").touch()  # folders that begin with an underscore are served as they are
    subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", str(REPO / "docs"), str(chosen.out / "docs")], check=True
    )
    print(chosen.out)


if __name__ == "__main__":
    main()
