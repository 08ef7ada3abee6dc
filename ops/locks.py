"""Part of `make lint`: migrations since the last release must not lock a large table for long while the clinic works.

squawk reads their SQL. What a statement does on purpose says so in a comment before it: `-- squawk-ignore RULE`.
"""

import io
import re
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from protos.breaking import ROOT, last_release

VERSIONS = Path("db") / "migrations" / "versions"
_SQUAWK = Path(sys.executable).with_name("squawk")
_NOT_ABOUT_LOCKS = (
    "ban-drop-column",  # what takes something away is a post_ migration
    "ban-drop-constraint",
    "ban-drop-function",
    "ban-drop-not-null",
    "ban-drop-table",
    "prefer-bigint-over-int",
    "prefer-bigint-over-smallint",
    "prefer-identity",
    "prefer-robust-stmts",  # each migration is a transaction
    "prefer-text-field",
    "renaming-column",
    "renaming-table",
    "require-lock-timeout",  # db/postgres/schema.py sets it for all
    "require-statement-timeout",  # a long statement that locks nothing may be long
)


_ALTER = re.compile(r"\bALTER TABLE (\w+)", re.IGNORECASE)
_UPDATE = re.compile(r"\bUPDATE (\w+)", re.IGNORECASE)
UPDATE_AFTER_ALTER = "update-after-alter"


def complaints(scripts: Path, released: Collection[str]) -> list[str]:
    """What squawk says of the migrations in a directory of Alembic's, except those that are released, by name."""
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    found: list[str] = []
    for each in ScriptDirectory.from_config(config).walk_revisions():
        if each.revision not in released:
            config.output_buffer = io.StringIO()
            command.upgrade(config, f"{each.down_revision or 'base'}:{each.revision}", sql=True)
            script = config.output_buffer.getvalue()
            found += [*_said(each.revision, script), *_updates(each.revision, script)]
    return found


def _updates(name: str, script: str) -> list[str]:
    """What squawk overlooks: rows are written while a table is locked, in the same transaction, for a new column."""
    if f"squawk-ignore {UPDATE_AFTER_ALTER}" in script:
        return []
    altered = {found[1]: found.end() for found in reversed([*_ALTER.finditer(script)])}
    return [
        f"{name}: warning: {UPDATE_AFTER_ALTER} {found[1]} stays locked until its rows are written: do it in the next"
        for found in _UPDATE.finditer(script)
        if found.start() > altered.get(found[1], len(script))
    ]


def _said(name: str, script: str) -> list[str]:
    options = [
        "--reporter",
        "gcc",
        "--pg-version",
        "18",
        "--stdin-filepath",
        name,
        "--exclude",
        ",".join(_NOT_ABOUT_LOCKS),
    ]
    done = subprocess.run([_SQUAWK, *options], input=script, capture_output=True, text=True, check=False)
    if done.returncode and not done.stdout:
        raise RuntimeError(done.stderr)
    return done.stdout.splitlines() if done.returncode else []


def main() -> None:
    """Exit code 1 if squawk complains. Before the first release every migration runs on an empty database."""
    tag = last_release(ROOT)
    if tag is None:
        return
    listed = subprocess.run(
        ["git", "ls-tree", "--name-only", tag, f"{VERSIONS}/"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    found = complaints(ROOT / VERSIONS.parent, {Path(name).stem for name in listed.stdout.split()})
    for each in found:
        sys.stderr.write(f"{each}\n")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
