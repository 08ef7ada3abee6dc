"""Phone numbers as exports write them."""

from server.particulars import Unfit, phone

NORTH_AMERICA = {"US", "USA", "UNITED STATES", "UNITED STATES OF AMERICA", "CA", "CAN", "CANADA"}
_JAPAN = {"JP", "JPN", "JAPAN", "日本", "日本国"}


def e164(number: str, country: str) -> str:
    """A number as written, in E.164 form; empty if it is none, or has no country code and the country tells none."""
    bare = number.removeprefix("tel:").strip()
    try:
        return phone(f"+{bare[2:]}" if bare.startswith("00") else bare, _region(country.strip().upper()))
    except Unfit:
        return ""


def _region(country: str) -> str:
    """The ISO 3166 code of a country; other names than those known here stand for themselves."""
    if country in NORTH_AMERICA:
        return "US"
    return "JP" if country in _JAPAN else country
