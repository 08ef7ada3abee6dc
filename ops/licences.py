"""`python -m ops.licences`: the licences of the packages in the image, from what the packages say of themselves."""

import re
from collections import defaultdict
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

LOCK = Path(__file__).resolve().parents[1] / "requirements.lock"


def licences() -> Mapping[str, list[str]]:
    """Packages by licence, without those of other platforms, which are not installed."""
    found = defaultdict(list)
    for name in re.findall(r"^([a-z0-9-]+)==", LOCK.read_text(), re.MULTILINE):
        try:
            said = metadata(name).json
        except PackageNotFoundError:
            continue
        classified = [each for each in said.get("classifier", []) if each.startswith("License :: OSI Approved :: ")]
        named = "; ".join(sorted(each.rpartition(" :: ")[2] for each in classified))
        found[str(said.get("license_expression") or named or said.get("license"))].append(name)
    return found


if __name__ == "__main__":
    for licence, packages in sorted(licences().items()):
        print(f"{licence}: {', '.join(packages)}")  # noqa: T201  # this is what it is for
