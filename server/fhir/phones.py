"""Phone numbers in E.164 form."""

import re

NORTH_AMERICA = {"US", "USA", "UNITED STATES", "UNITED STATES OF AMERICA", "CA", "CAN", "CANADA"}

_PUNCTUATION = re.compile(r"\(0\)|[\s().\-/\u2010-\u2015]")
_E164 = re.compile(r"\+[1-9]\d{7,14}", re.ASCII)
_NATIONAL = re.compile(r"1?([2-9]\d\d[2-9]\d{6})", re.ASCII)


def e164(number: str, country: str) -> str:
    """A number as written, in E.164 form; empty if it has no country code and the country does not tell one."""
    bare = _PUNCTUATION.sub("", number.removeprefix("tel:"))
    if bare.startswith("00"):
        bare = f"+{bare[2:]}"
    if not bare.startswith("+") and country.upper() in NORTH_AMERICA and (match := _NATIONAL.fullmatch(bare)):
        bare = f"+1{match[1]}"
    return bare if _E164.fullmatch(bare) else ""
