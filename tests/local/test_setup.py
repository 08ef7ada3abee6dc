"""`make` on a machine that cannot install: it says why in a sentence, and does not try for minutes."""

import os
import shutil
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import HTTPServer, SimpleHTTPRequestHandler
from pathlib import Path

import pytest

from server.local.servers import certificate

ROOT = Path(__file__).resolve().parents[2]
REACH, TRUST = "the Python package index cannot be reached", "a certificate that is not trusted here: set PIP_CERT"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which nothing is installed yet."""
    copy = tmp_path_factory.mktemp("setup") / "a checkout"
    copy.mkdir()
    for name in ("Makefile", "requirements-dev.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, copy)
    shutil.copytree(ROOT / "protos", copy / "protos")
    return copy


@contextmanager
def index_of_a_private_authority(directory: Path) -> Iterator[str]:
    """The address of an index over TLS whose authority this machine does not know."""
    certificate.keep(directory)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "tls.crt", directory / "tls.key")
    with HTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"https://localhost:{server.server_port}/simple"
        server.shutdown()
        thread.join()


def install(checkout: Path, index: str) -> str:
    """What `make` writes on standard error; it must fail within the time of one more try."""
    foreign = ("PIP_", "UV_", "SSL_", "REQUESTS_", "MAKE")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": index, "PYTHON3": sys.executable}
    ended = subprocess.run(
        ["make", ".venv/installed"],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode
    return ended.stderr


def test_an_index_that_cannot_be_reached_is_told_at_once(checkout: Path) -> None:
    told = install(checkout, "https://127.0.0.1:1/simple").splitlines()
    assert told[0].startswith(f"error: {REACH}")
    assert len(told) == 2  # with make's own line


def test_an_authority_that_is_not_trusted_is_told_with_the_setting_for_it(checkout: Path, tmp_path: Path) -> None:
    with index_of_a_private_authority(tmp_path) as index:
        told = install(checkout, index).splitlines()
    assert told[0].startswith("error: ")
    assert TRUST in told[0]
    assert len(told) == 2
