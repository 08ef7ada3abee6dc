"""`make drills`: runs all drills, or those that are named; what they found goes to docs/drills.md and docs/dr.md."""

import argparse
import asyncio
import sys

from ops.drills.frame import Findings, drills
from ops.drills.page import PAGE, PLAN, measured, row, updated

LONGEST_SECONDS = 600


def main() -> None:
    """Exit code 1 if a drill missed its goals."""
    known = drills()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="DRILL", help=f"of {', '.join(known)}")
    names = parser.parse_args().names or [*known]
    if unknown := set(names) - known.keys():
        parser.error(f"no drill is called {', '.join(sorted(unknown))}: there are {', '.join(known)}")
    rows: dict[str, str] = {}
    findings: dict[str, Findings] = {}
    failed = False
    for name in names:
        found = findings[name] = asyncio.run(asyncio.wait_for(known[name].run(), LONGEST_SECONDS))
        rows[name] = row(known[name], found)
        print(rows[name], flush=True)
        for wrong in known[name].failures(found):
            failed = True
            print(f"{name}: {wrong}", file=sys.stderr)
    PAGE.write_text(updated(PAGE.read_text(), known, rows))
    PLAN.write_text(measured(PLAN.read_text(), findings))
    sys.exit(failed)


if __name__ == "__main__":
    main()
