"""Is this tag a release? Its version must be the package's, and the CHANGELOG must have its heading, with a date.

    python .github/workflows/release.py v0.1.0

Standard library only. The heading "## 0.1.0 (not yet released)" becomes
"## 0.1.0 (2026-12-01)" in the commit that is tagged.
"""

import re
import sys
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]


def faults(tag, repo=REPO):
    """What stands in the way, as sentences; none where the tag may be published."""
    if not re.fullmatch(r"v\d+\.\d+\.\d+", tag):
        return [f"a tag must look like v0.1.0, this is {tag!r}"]
    said = []
    source = (repo / "recwidgets" / "__init__.py").read_text(encoding="utf-8")
    version = re.search(r'^__version__ = "([^"]+)"', source, re.MULTILINE)[1]
    if tag != f"v{version}":
        said.append(f"the tag is {tag}, but recwidgets/__init__.py has {version}: change one of them")
    changes = (repo / "CHANGELOG.md").read_text(encoding="utf-8")
    heading = re.search(r"^## (\S+) \((.+)\)$", changes, re.MULTILINE)
    if not heading or heading[1] != tag[1:]:
        said.append(f"the newest heading of CHANGELOG.md must be '## {tag[1:]} (year-month-day)'")
    elif not re.fullmatch(r"\d{4}-\d{2}-\d{2}", heading[2]):
        said.append(f"CHANGELOG.md has '{heading[0]}': the day of the release belongs there, as year-month-day")
    return said


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    if found := faults(sys.argv[1]):
        raise SystemExit("\n".join(found))
