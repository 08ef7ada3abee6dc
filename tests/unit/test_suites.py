"""The lists of test suites that people read."""

from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
SUITES = sorted({path.parent.name for path in TESTS.glob("*/test_*.py")})


@pytest.mark.parametrize("suite", SUITES)
def test_every_suite_is_in_the_readme_and_has_its_purpose_and_cost_in_contributing(suite: str) -> None:
    [named] = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| `tests/` |")]
    assert suite in named.partition(":")[0].replace(",", " ").split()
    [row] = [line for line in (ROOT / "CONTRIBUTING.md").read_text().splitlines() if line.startswith(f"| `{suite}` |")]
    assert all(cell.strip() for cell in row.split("|")[2:4])
