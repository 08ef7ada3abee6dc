"""Compares the contract with the last release (git tag `v*`): nothing that a client relies on may break.

`python protos/breaking.py` says what breaks, and ends with status 1 if anything does.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUF = Path(sys.executable).with_name("buf")


def last_release(root: Path) -> str | None:
    """The nearest tag `v*` behind the checked-out commit, or None before the first release."""
    tags = _git(root, "tag", "--list", "v*", "--sort=-version:refname", "--merged", "HEAD").split()
    return tags[0].decode() if tags else None


def breaks(root: Path, tag: str) -> bool:
    """Whether `buf breaking` refuses the working tree against that release; buf itself prints what breaks."""
    with tempfile.TemporaryDirectory() as scratch:
        released = Path(scratch)
        # Not tarfile, whose safe way to unpack Python 3.11.2, that of Debian 12, does not have.
        subprocess.run(["tar", "-x", "-C", released], input=_git(root, "archive", tag, "protos"), check=True)
        # What is fetched at set-up is in no commit, and buf's settings are today's.
        shutil.copytree(root / "protos" / "third_party", released / "protos" / "third_party")
        shutil.copy(root / "buf.yaml", released)
        return subprocess.run([BUF, "breaking", "--against", released], cwd=root, check=False).returncode != 0


def main(root: Path) -> str:
    """Compare and say how it went; ends the process with status 1 when something breaks."""
    tag = last_release(root)
    if tag is None:
        return "there is no release (tag v*) to compare the contract with"
    if breaks(root, tag):
        sys.exit(f"the contract breaks clients of {tag}: keep what was there, and add beside it")
    return f"the contract keeps what {tag} promised"


def _git(root: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=root, check=True, capture_output=True).stdout


if __name__ == "__main__":
    sys.stdout.write(f"{main(ROOT)}\n")
