"""docs/threats.md names tests that there are, and no boundary leaves out a kind of threat."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "threats.md").read_text()
BOUNDARIES = {part.partition("\n")[0]: part for part in re.split(r"^## (?=\d)", TEXT, flags=re.MULTILINE)[1:]}
ROW = re.compile(r"\| ([STRIDE]) \| .+ \| .+ \| `(test_\w+)` \|")


def rows(boundary: str) -> list[tuple[str, str]]:
    """Kind and test of each row of a boundary's table."""
    lines = [line for line in BOUNDARIES[boundary].splitlines() if line.startswith("| ")]
    matches = [ROW.fullmatch(line) for line in lines if not line.startswith(("| |", "| ---"))]
    assert all(matches)
    return [(match[1], match[2]) for match in matches if match]


def test_every_row_names_a_test_that_there_is() -> None:
    source = "\n".join(path.read_text() for path in ROOT.glob("tests/*/test_*.py"))
    there = set(re.findall(r"^(?:async )?def (test_\w+)", source, re.MULTILINE))
    named = {test for boundary in BOUNDARIES for _, test in rows(boundary)}
    assert named - there == set()


def test_every_kind_of_threat_is_thought_of_at_every_boundary() -> None:
    assert len(BOUNDARIES) == 9
    for boundary in BOUNDARIES:
        assert {kind for kind, _ in rows(boundary)} == set("STRIDE"), boundary
