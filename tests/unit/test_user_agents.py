"""What a User-Agent header tells of a device."""

import pytest

from server.usecases.identity.user_agents import device_of

_APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
_CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0"


@pytest.mark.parametrize(
    ("header", "device"),
    [
        (f"{_WINDOWS} {_CHROME} Safari/537.36 Edg/141.0.0.0", ("Edge", "Windows")),
        (f"{_WINDOWS} {_CHROME} Safari/537.36", ("Chrome", "Windows")),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0", ("Firefox", "Linux")),
        (
            f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) {_APPLE} CriOS/141.0 Safari/604.1",
            ("Chrome", "iPhone"),
        ),
        (f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_APPLE} Version/26.0 Safari/605.1.15", ("Safari", "macOS")),
        (f"Mozilla/5.0 (Linux; Android 10; K) {_CHROME} Mobile Safari/537.36", ("Chrome", "Android")),
        ("grpc-python-asyncio/1.76.0 grpc-c/50.0.0 (linux; chttp2)", ("gRPC", "Linux")),
        ("", ("", "")),
        ("something else \x00", ("", "")),
    ],
)
def test_a_browser_and_its_system_are_named_by_a_word_each(header: str, device: tuple[str, str]) -> None:
    assert device_of(header) == device
