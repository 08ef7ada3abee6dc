"""What documents say of files and names: whoever looks for one finds something."""

import re
import subprocess
from itertools import accumulate
from pathlib import Path

import pytest

from yoyaku.v1.notification_pb2 import NotificationOutcome

ROOT = Path(__file__).parents[2]
PATH = re.compile(
    r"`([\w./-]*[\w-]\.(?:js|json|lua|md|proto|py|sql|toml|yaml|yml))`|\b((?:clients|db|envoy|ops|protos|server|tests)/[\w./-]*\w)"
)
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)")
MADE = re.compile(r"openapi\.json|manifest\.json|protos/third_party|validate\.proto|\.yoyaku/|\.cdx\.json")
"""What a build or a run makes."""
NAME = re.compile(r"\b(?!YOYAKU_|PATRONI_)[A-Z]{2,}(?:_[A-Z]+)+\b")
"""A value of the contract, such as a reason; settings have a prefix."""
OF_OTHERS = {"ARN_OF_THE_DEAD_LETTER_QUEUE", "CAPABILITY_AUTO_EXPAND", "CAPABILITY_IAM", "OLD_DIR", "REDISCLI_AUTH"}
OUTCOME = re.compile(r"(?:dead letter|outcome|counts as|recorded as) ([A-Z_]{4,})\b")


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


def test_every_constant_in_a_document_is_one_of_the_code() -> None:
    texts = {name: (ROOT / name).read_bytes().decode(errors="ignore") for name in committed()}
    code = [text for name, text in texts.items() if not name.endswith((".md", Path(__file__).name))]
    known = {found for text in code for found in NAME.findall(text)}
    named = {found for name, text in texts.items() if name.endswith(".md") for found in NAME.findall(text)}
    assert named - known == OF_OTHERS


def test_outcomes_of_notices_have_their_names_of_the_contract() -> None:
    known = {name.removeprefix("NOTIFICATION_OUTCOME_") for name in NotificationOutcome.keys()}  # noqa: SIM118  # no mapping
    named = {found for path in (ROOT / "docs").rglob("*.md") for found in OUTCOME.findall(path.read_text())}
    assert named <= known
    assert len(named) >= 4


def headings(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    found = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", each).lower() for each in found)
    return {re.sub(r"[^\w\- ]", "", each).strip().replace(" ", "-") for each in plain}


@pytest.mark.parametrize("document", [name for name in committed() if name.endswith(".md")])
def test_every_link_to_a_heading_leads_to_one(document: str) -> None:
    page = ROOT / document
    targets = [
        ((page.parent / other).resolve() if other else page, anchor) for other, anchor in LINK.findall(page.read_text())
    ]
    assert not [anchor for target, anchor in targets if anchor not in headings(target)]
