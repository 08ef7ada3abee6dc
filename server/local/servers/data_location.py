"""Chooses a place for PostgreSQL's data and programs that its user can reach.

A checkout below a home directory that is closed to others (root's, say) hides the environment's programs and `.yoyaku`
from the user that runs PostgreSQL for root. Then the data lies in /var/lib/yoyaku-<hash of the wanted path>, with a
copy of the installation, and a symbolic link in the wanted place remembers it.
"""

import hashlib
import shutil
import tempfile
from pathlib import Path

from server.local import LocalError
from server.local.processes.user import User

ELSEWHERE = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108  # a private directory is made in it
DATA = "postgres"
PARTS = ("bin", "lib", "share")


def data_home(home: Path, user: User) -> Path:
    """The data directory inside the stack's directory, or a reachable one that it links to. Raises LocalError."""
    wanted = home.absolute() / DATA
    if not wanted.is_symlink():
        wanted.mkdir(parents=True, exist_ok=True)
        if user.reaches(wanted.parent):
            return user.owns(wanted)
        wanted.rmdir()
    target = _elsewhere(wanted, user)
    if not (wanted.is_symlink() and wanted.readlink() == target and target.is_dir()):
        # Data there without our link belonged to a `.yoyaku` that has been deleted, together with its secrets.
        shutil.rmtree(target, ignore_errors=True)
        wanted.unlink(missing_ok=True)
        target.mkdir()
        wanted.symlink_to(target)
    return user.owns(target)


def remove(home: Path) -> None:
    """Delete a stack's directory, and the data that it links to. Raises LocalError."""
    link = home.absolute() / DATA
    try:
        if link.is_symlink() and link.readlink().name == _name(link):
            shutil.rmtree(link.readlink(), ignore_errors=True)
        shutil.rmtree(home)
    except PermissionError as error:
        raise LocalError(
            f"{error.filename} belongs to another user: run this as the user who started the stack"
        ) from None


def temporary_home(user: User) -> Path:
    """A new directory for temporary data. Raises LocalError."""
    for parent in (Path(tempfile.gettempdir()), *ELSEWHERE):
        home = Path(tempfile.mkdtemp(prefix="yoyaku-", dir=parent))
        if user.reaches(parent):
            return user.owns(home)
        home.rmdir()
    raise _unreachable()


def programs_for(user: User, programs: Path, home: Path) -> Path:
    """The directory of PostgreSQL's programs: the given one, or a copy in `home` if the user cannot reach it."""
    server = programs / "postgres"
    if user.reaches(server):
        return programs
    package = programs.parents[1]
    copy = home / "installation" / package.name / programs.parent.name
    copied = copy / programs.name / server.name
    if not copied.exists() or _version(copied) != _version(server):
        shutil.rmtree(home / "installation", ignore_errors=True)
        for part in PARTS:
            shutil.copytree(programs.parent / part, copy / part, symlinks=True)
        # A wheel keeps its bundled libraries next to its package.
        if (libraries := package.with_name(f"{package.name}.libs")).is_dir():
            shutil.copytree(libraries, home / "installation" / libraries.name, symlinks=True)
        _open(home / "installation")
    return copied.parent


def _open(directory: Path) -> None:
    """Let every user read all of it, whatever permissions were copied; the parent directory is closed."""
    for path in (directory, *directory.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | (0o555 if mode & 0o100 else 0o444))


def _elsewhere(wanted: Path, user: User) -> Path:
    for parent in ELSEWHERE:
        if parent.is_dir() and user.reaches(parent):
            return parent / _name(wanted)
    raise _unreachable()


def _unreachable() -> LocalError:
    places = " and ".join(map(str, ELSEWHERE))
    return LocalError(f"PostgreSQL's user can enter neither the checkout nor {places}: run this as an ordinary user")


def _name(wanted: Path) -> str:
    return f"yoyaku-{hashlib.sha256(str(wanted).encode()).hexdigest()[:12]}"


def _version(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns
