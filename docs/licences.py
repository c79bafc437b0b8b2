"""The licences of everything that `pip install recwidgets` installs, from the packages' own metadata.

python docs/licences.py      writes the table between the marks of docs/explanation/security.md
"""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

from packaging.requirements import Requirement

PAGE = Path(__file__).parent / "explanation" / "security.md"
MARKS = ("<!-- licences (python docs/licences.py) -->\n", "<!-- end of licences -->")
#: where the metadata hold a licence's whole text, or say the same in words of their own
SHORT = (
    (r"apache", "Apache-2.0"), (r"BSD[ -]3|copyright \(c\) 2015 project jupyter", "BSD-3-Clause"), (r"^BSD", "BSD"),
    (r"^MIT", "MIT"), (r"ISC", "ISC"),
)  # fmt: skip


def key(name: str) -> str:
    """A distribution's name as PyPI compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def installed(name: str = "recwidgets") -> dict[str, importlib.metadata.Distribution]:
    """What `name` needs here without an extra, and what that needs, by name; without itself."""
    found: dict[str, importlib.metadata.Distribution] = {}
    wanted = [name]
    while wanted:
        distribution = importlib.metadata.distribution(wanted.pop())
        for text in distribution.requires or ():
            requirement = Requirement(text)
            there = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
            if there and key(requirement.name) not in found:
                found[key(requirement.name)] = importlib.metadata.distribution(requirement.name)
                wanted.append(requirement.name)
    return dict(sorted(found.items()))


def licence(distribution: importlib.metadata.Distribution) -> str:
    """Its SPDX expression where the metadata have one, else what they say, in short."""
    about = distribution.metadata
    classes = [text.split("::")[-1].strip() for text in about.get_all("Classifier") or [] if text.startswith("License")]
    said = about.get("License-Expression")
    for text in (about.get("License") or "", *classes):
        for pattern, short in SHORT:
            if said is None and re.search(pattern, text.strip(), re.IGNORECASE):
                said = short
        if said is None and " " in text.strip() and len(text) < 30:
            said = text.strip()
    if said is None:
        raise ValueError(f"the metadata of {about['Name']} name no licence: look it up, and add it to SHORT")
    return str(said)


def table() -> str:
    rows = [f"| {name} | {licence(distribution)} |" for name, distribution in installed().items()]
    return "\n".join(["| package | licence |", "|---|---|", *rows]) + "\n"


def main() -> None:
    before, rest = PAGE.read_text(encoding="utf-8").split(MARKS[0])
    after = rest.split(MARKS[1])[1]
    PAGE.write_text(before + MARKS[0] + table() + MARKS[1] + after, encoding="utf-8")


if __name__ == "__main__":
    main()
