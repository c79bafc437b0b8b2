"""The README's four doors and its place for questions, made from the repository's own address.

    python dev.py links                              reads `git remote get-url origin`
    python dev.py links https://github.com/OWNER/NAME
    python dev.py links --check [ADDRESS]            writes nothing; fails where the README says something else

What stands between the two markers in README.md is written; the rest is left as it is. --hub makes a hub's link.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
sys.path.append(str(REPO / "instructor"))
import make  # noqa: E402  # the course's own links
import site_pages  # noqa: E402

README = REPO / "README.md"
BEGIN, END = "<!-- links", "<!-- end of links -->"
BLOCK = re.compile(
    r"<!-- links(?: to (?P<address>\S+))?(?: hub (?P<hub>\S+))? \(python dev\.py links\) -->.*?" + END, re.S
)
# https://github.com/OWNER/NAME, git@github.com:OWNER/NAME.git, ssh://git@github.com/OWNER/NAME.git
ORIGIN = re.compile(r"(?:https://(?:[^@/]+@)?|ssh://git@|git@)github\.com[:/](?P<path>[^/\s]+/[^/\s]+?)(?:\.git)?/?")
NO_ADDRESS = """\
This copy does not know where it is published, so its links are not made yet: `python dev.py links` writes them here,
from `git remote get-url origin` or from an address that follows it (`https://github.com/OWNER/NAME`).

| door | what it is | how |
|---|---|---|
| **A browser tab** | nothing to install, no account; training is slower there | `python dev.py lite --serve` |
| **Binder** | a machine lent for a while, with training | repo2docker, from the folder `binder` |
| **A hub** | [for a class](docs/howto/hub.md) | `python instructor/make.py links ADDRESS --hub HUB` |
| **Your own machine** | everything | `python dev.py lab` in this folder |

Questions and faults: the issues of the repository that you cloned."""
WITH_ADDRESS = """\
| door | what it is | how |
|---|---|---|
| **A browser tab** | nothing to install, no account; training is slower there | [open the first notebook]({tab}) |
| **Binder** | a machine lent for a while, with training | [open the course]({binder}) |
| **A hub** | [for a class](docs/howto/hub.md) | {hub} |
| **Your own machine** | everything | `git clone {address}` and, in that folder, `python dev.py lab` |

Questions and faults: [the issues]({address}/issues)."""


def address_of(remote: str) -> str | None:
    """https://github.com/OWNER/NAME of what `git remote get-url` says; None for any other address."""
    found = ORIGIN.fullmatch(remote.strip())
    return f"https://github.com/{found['path']}" if found else None


def origin() -> str | None:
    """The address of this clone's origin; None where there is none, or where it is not on GitHub."""
    try:
        asked = subprocess.run(
            ["git", "remote", "get-url", "origin"], cwd=REPO, capture_output=True, text=True, check=False
        )
    except OSError:  # no git
        return None
    return address_of(asked.stdout) if asked.returncode == 0 else None


def block(address: str | None, hub: str | None = None) -> str:
    """What stands between the markers, markers included. Raises ValueError for an address that cannot be linked."""
    if address is None:
        return f"{BEGIN} (python dev.py links) -->\n{NO_ADDRESS}\n{END}"
    links = dict(make.links(address, "main", hub))
    owner, name = address.removeprefix("https://github.com/").strip("/").removesuffix(".git").split("/")
    address = f"https://github.com/{owner}/{name}"
    pages = f"https://{owner.lower()}.github.io/{name}"
    if name.lower() == f"{owner.lower()}.github.io":
        pages = f"https://{owner.lower()}.github.io"  # the owner's own site has no folder
    text = WITH_ADDRESS.format(
        address=address,
        tab=f"{pages}/{site_pages.TAB}",
        binder=links["Binder"],
        hub=f"[open the course]({links['nbgitpuller']})"
        if hub
        else f"`python instructor/make.py links {address} --hub HUB`",
    )
    return f"{BEGIN} to {address}{f' hub {hub}' if hub else ''} (python dev.py links) -->\n{text}\n{END}"


def renewed(readme: str, address: str | None, hub: str | None = None) -> str:
    """The README with that block in place of its own. Raises ValueError where it has not exactly one."""
    if len(BLOCK.findall(readme)) != 1:
        raise ValueError(f"README.md must have the markers '{BEGIN} (python dev.py links) -->' and '{END}' once")
    return BLOCK.sub(lambda found: block(address, hub), readme)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address", nargs="?", help="https://github.com/OWNER/NAME; else that of origin")
    parser.add_argument("--hub", help="the address of a JupyterHub with nbgitpuller")
    parser.add_argument("--check", action="store_true", help="write nothing, fail where README.md differs")
    chosen = parser.parse_args()
    before = README.read_text(encoding="utf-8")
    address = chosen.address or origin()
    try:
        after = renewed(before, address, chosen.hub)
    except ValueError as error:
        raise SystemExit(str(error)) from error
    if chosen.check:
        if after != before:
            raise SystemExit(
                f"README.md does not have the links of {address or 'a copy without an address'}: "
                f"run python dev.py links {chosen.address or ''}".rstrip()
                + ", and commit README.md"
            )
        return
    README.write_text(after, encoding="utf-8", newline="\n")
    if address is None:
        print(
            "origin is not on GitHub, so README.md says what to run; or: python dev.py links https://github.com/OWNER/NAME"
        )
    else:
        print(f"README.md: links to {address}")


if __name__ == "__main__":
    main()
