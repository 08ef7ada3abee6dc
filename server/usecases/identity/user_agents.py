"""With what somebody signed in, as far as its header shows: enough to recognise one's own devices, and no more."""

from typing import NamedTuple


class Device(NamedTuple):
    """A program and an operating system, each one of a few words; empty if it is not known."""

    program: str = ""
    system: str = ""


# The first that the header contains: browsers also name those that they descend from.
_PROGRAMS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrome": "Chrome",
    "Safari": "Safari",
    "grpc-": "gRPC",
    "curl": "curl",
}
_SYSTEMS = {
    "Windows": "Windows",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Macintosh": "macOS",
    "Linux": "Linux",
    "linux": "Linux",  # of gRPC
}


def device_of(user_agent: str) -> Device:
    """What a User-Agent header names."""
    return Device(_first(_PROGRAMS, user_agent), _first(_SYSTEMS, user_agent))


def _first(words: dict[str, str], text: str) -> str:
    return next((name for word, name in words.items() if word in text), "")
