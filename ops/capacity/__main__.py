"""`python -m ops.capacity`: writes the pictures of docs/capacity and the tables of docs/scaling.md."""

import re
from collections.abc import Mapping
from pathlib import Path

from ops.capacity import tables
from ops.capacity.plot import AROUND_SURPRISE, WHOLE_DAY, picture
from ops.capacity.policy import POLICIES
from ops.capacity.simulation import replay

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = "docs/scaling.md"
SCALES = (1, 10)
PICTURES = (
    ("day-1x", 1, WHOLE_DAY, "A weekday at the required load; a point is 5 minutes"),
    ("day-10x", 10, WHOLE_DAY, "A weekday at ten times the required load; a point is 5 minutes"),
    ("crowd-1x", 1, AROUND_SURPRISE, "A crowd of 10,000 that nobody expected; a point is a second"),
)


def files() -> Mapping[str, str]:
    """What is written: texts by their paths in the checkout."""
    replays = {(scale, policy): replay(policy, scale) for scale in SCALES for policy in POLICIES}
    text = (ROOT / DOCUMENT).read_text()
    for name, table in (("days", tables.days(replays)), ("needs", tables.needs()), ("errors", tables.errors())):
        text = re.sub(rf"(<!-- {name}:.*? -->\n)(\|.*\n)*", rf"\g<1>{table}\n", text)
    pictures = {}
    for name, scale, window, title in PICTURES:
        shown = {policy.name: replays[scale, policy] for policy in POLICIES}
        pictures[f"docs/capacity/{name}.svg"] = picture(title, window, shown)
    return {DOCUMENT: text} | pictures


if __name__ == "__main__":
    for path, text in files().items():
        (ROOT / path).write_text(text)
