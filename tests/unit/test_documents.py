"""What documents say of files: whoever follows a path finds something."""

import re
import subprocess
from itertools import accumulate
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATH = re.compile(
    r"`([\w./-]*[\w-]\.(?:js|json|lua|md|proto|py|sql|toml|yaml|yml))`|\b((?:clients|db|envoy|ops|protos|server|tests)/[\w./-]*\w)"
)
MADE = re.compile(r"openapi\.json|manifest\.json|protos/third_party|validate\.proto|\.yoyaku/|\.cdx\.json")
"""What a build or a run makes."""


def committed() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.splitlines()


def ends(path: str) -> set[str]:
    """All ways to name a file or its folders: from any folder on, up to any other."""
    parts = path.split("/")
    starts = ["/".join(parts[first:]) for first in range(len(parts))]
    return {name for start in starts for name in accumulate(start.split("/"), lambda one, other: f"{one}/{other}")}


@pytest.mark.parametrize("document", [name for name in committed() if name.endswith(".md")])
def test_every_path_in_a_document_leads_somewhere(document: str) -> None:
    names = {name for path in committed() for name in ends(path)}
    found = [quoted or bare for quoted, bare in PATH.findall((ROOT / document).read_text())]
    named = [path.removeprefix("./") for path in found if not MADE.search(path)]
    assert not [path for path in named if path not in names]
