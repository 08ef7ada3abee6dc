"""The table of docs/drills.md: a row for each drill, replaced when the drill has run."""

import re
from collections.abc import Mapping
from pathlib import Path

from ops.drills.frame import Drill, Findings

PAGE = Path(__file__).resolve().parents[2] / "docs" / "drills.md"
PLAN = PAGE.with_name("dr.md")
"""Its table names the drill of each loss, and then what the last one measured."""
_TABLE = re.compile(r"(?<=<!-- table -->\n).*?(?=<!-- end of the table -->)", re.DOTALL)
_ROW = re.compile(r"^\| `([\w-]+)` \|.*$", re.MULTILINE)
_HEAD = """\
| drill | lost | RPO, seconds | RTO, seconds | acknowledged writes missing | remark |
| --- | --- | ---: | ---: | ---: | --- |
"""


def row(drill: Drill, found: Findings) -> str:
    """A drill's line."""
    remark = "; ".join(filter(None, [found.remark, drill.why_missing if found.missing else ""]))
    return (
        f"| `{drill.name}` | {drill.loss} | {found.rpo_seconds:.1f} | {found.rto_seconds:.1f}"
        f" | {found.missing} of {found.acknowledged} | {remark} |"
    )


def updated(page: str, known: Mapping[str, Drill], rows: Mapping[str, str]) -> str:
    """The page with new rows; drills that did not run keep theirs, and those that no longer exist lose theirs."""
    kept = {**{match[1]: match[0] for match in _ROW.finditer(page)}, **rows}
    lines = "".join(f"{kept[name]}\n" for name in known if name in kept)
    return _TABLE.sub(lambda _: _HEAD + lines, page)


def measured(plan: str, found: Mapping[str, Findings]) -> str:
    """The plan for each loss with the figures of these drills."""
    for name, each in found.items():
        figures = f"{each.rpo_seconds:.1f} / {each.rto_seconds:.1f}"
        plan = re.sub(rf"(?<=\| `{name}` \| ).*(?= \|$)", figures, plan, flags=re.MULTILINE)
    return plan
