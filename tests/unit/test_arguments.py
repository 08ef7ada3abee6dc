"""What is said of wrong arguments of commands of the server."""

import subprocess
import sys
from pathlib import Path

import pytest

from server.addresses import host_and_port
from server.local.servers.certificate import is_name


def server(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "server", *words], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("127.0.0.1:50051", "127.0.0.1", 50051),
        ("worker_1.example:1", "worker_1.example", 1),
        ("[::1]:65535", "::1", 65535),
    ],
)
def test_an_address_is_a_host_and_a_port(text: str, host: str, port: int) -> None:
    assert host_and_port(text) == (host, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "50051",
        ":50051",
        "host",
        "host:",
        "host:0",
        "host:65536",
        "host:x",
        "::1:5",
        "[::1]",
        "a b:1",
        "h:１",
        "[:]:9",
        "[1:2]:3",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be HOST:PORT, such as 127\.0\.0\.1:50051"):
        host_and_port(text)


def test_a_port_to_be_chosen_is_one_only_where_it_may_be() -> None:
    assert host_and_port("127.0.0.1:0", lowest=0) == ("127.0.0.1", 0)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["record-retention", "abc"], "'abc' is not an id: copy all 36 characters, such as 019ab0c2-"),
        (["archive", "DIR", "--size", "many"], "'many' is not a whole number: write digits, such as 20"),
    ],
)
def test_wrong_numbers_and_ids_are_told_in_plain_words(words: list[str], text: str) -> None:
    ended = server(*words)
    assert ended.returncode == 2
    assert text in " ".join(ended.stderr.replace("│", " ").split())


def test_a_certificate_is_for_hosts(tmp_path: Path) -> None:
    ended = server("certificate", str(tmp_path), "localhost", "book example")
    assert (ended.returncode, list(tmp_path.iterdir())) == (1, [])
    assert "error: 'book example' is no host name or address: write one or more" in ended.stderr
    assert all(map(is_name, ["localhost", "127.0.0.1", "::1", "*.book.example", "my_service"]))
    assert not any(map(is_name, ["", "a b", "-a", "a..b", "予約.jp", "https://a.example", "a.*", "x" * 64]))
