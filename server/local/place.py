"""Puts PostgreSQL where its user can reach it.

A checkout below a home directory that is closed to others (root's, say) hides the environment's programs and `.yoyaku`
from the user that runs PostgreSQL for root. Then the data lies in /var/lib/yoyaku-<hash of the wanted path>, with a
copy of the installation, and a symbolic link in the wanted place remembers it.
"""

import hashlib
import shutil
import tempfile
from pathlib import Path

from server.local import LocalError
from server.local.user import User

ELSEWHERE = (Path("/var/lib"), Path("/var/tmp"))  # noqa: S108  # a closed directory is made in it
PARTS = ("bin", "lib", "share")


def data_home(wanted: Path, user: User) -> Path:
    """The directory for data: the wanted one, or a reachable one that it links to. Raises LocalError."""
    wanted = wanted.absolute()
    if not wanted.is_symlink():
        wanted.mkdir(parents=True, exist_ok=True)
        if user.reaches(wanted.parent):
            return user.owns(wanted)
        wanted.rmdir()
    home = _elsewhere(wanted, user)
    if not (wanted.is_symlink() and wanted.readlink() == home and home.is_dir()):
        # What lies there without our link belonged to a `.yoyaku` that is gone, and with it its secrets.
        shutil.rmtree(home, ignore_errors=True)
        wanted.unlink(missing_ok=True)
        home.mkdir()
        wanted.symlink_to(home)
    return user.owns(home)


def remove_home(wanted: Path) -> None:
    """Remove the data, wherever it lies."""
    if wanted.is_symlink():
        if wanted.readlink().name == _name(wanted.absolute()):
            shutil.rmtree(wanted.readlink(), ignore_errors=True)
        wanted.unlink()
    elif wanted.exists():
        shutil.rmtree(wanted)


def temporary_home(user: User) -> Path:
    """A new directory for data that is thrown away. Raises LocalError."""
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
    copy = home / "installation"
    copied = copy / "bin" / server.name
    if not copied.exists() or _version(copied) != _version(server):
        shutil.rmtree(copy, ignore_errors=True)
        for part in PARTS:
            shutil.copytree(programs.parent / part, copy / part, symlinks=True)
        copy.chmod(0o755)
    return copy / "bin"


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
