"""Phone numbers and email addresses of people and places, as FHIR writes them."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence

from server import person_rules
from server.domain.people.contacts import takes_messages
from server.fhir.fields import Json, Origin, current, text
from server.person_rules import Unfit

_PHONES = ("phone", "sms")
_UNRANKED = 1_000
# A mobile gets text messages, which a landline does not.
_USES = ("mobile", "home", "", "temp", "work")
_SEVERAL = re.compile(r"[/;,、\uff0f]|\bor\b")
_EXTENSION = re.compile(r";ext=|内線", re.IGNORECASE)
"""What introduces an extension, beyond what libphonenumber knows in any place, such as `ext.`, `x` and `#`."""
_APART = re.compile(r"\d\s{2,}\d")
_EXAMPLES = {"phone number": "write it as +81312345678", "email address": "write it as name@example.org"}
_COUNTRIES = {
    "USA": "US",
    "UNITED STATES": "US",
    "UNITED STATES OF AMERICA": "US",
    "CAN": "CA",
    "CANADA": "CA",
    "JPN": "JP",
    "JAPAN": "JP",
    "日本": "JP",
    "日本国": "JP",
    "AUS": "AU",
    "GBR": "GB",
    "DEU": "DE",
}
_PREFECTURE = re.compile(r"(東京都|北海道|(大阪|京都)府|\w{2,3}県)")


def phone_of(resource: Json, origin: Origin, notes: list[str]) -> str:
    """The phone number to use, in E.164 form, or empty; a note if there are numbers and none can be read."""
    region = country_of(current(resource.get("address"), origin.now)) or origin.region
    return _first(resource, _PHONES, lambda value: e164(value, region), origin, notes, "phone number")


def email_of(resource: Json, origin: Origin, notes: list[str]) -> str:
    """The email address to use, or empty; a note if there are addresses and mail can be sent to none."""
    return _first(resource, ("email",), _email, origin, notes, "email address")


def _first(
    resource: Json,
    systems: Sequence[str],
    read: Callable[[str], str],
    origin: Origin,
    notes: list[str],
    what: str,
) -> str:
    written = list(_values(resource, systems, origin))
    found = [value for each in written if (value := read(each))]
    if written and not found:
        notes.append(f"its {what} cannot be read and is left off: {_EXAMPLES[what]}")
    # Whoever has a direct number too can get text messages.
    return next(filter(takes_messages, found), found[0] if found else "")


def _values(resource: Json, systems: Sequence[str], origin: Origin) -> Iterator[str]:
    """The values of a resource's current contact points, the preferred one first."""
    points = [point for point in current(resource.get("telecom"), origin.now) if point.get("system") in systems]
    for point in sorted(points, key=_order):
        if isinstance(value := point.get("value"), str) and value.strip():
            yield value.strip()


def _order(point: Json) -> tuple[int, int]:
    rank, use = point.get("rank"), text(point.get("use"))
    place = _USES.index(use) if use in _USES else len(_USES)
    return rank if isinstance(rank, int) else _UNRANKED, 0 if point.get("system") == "sms" else place


def _visible(value: str) -> str:
    """A value without marks that nobody sees, such as those of the direction of text."""
    return "".join(each for each in value if unicodedata.category(each) != "Cf").strip()


def country_of(addresses: Sequence[Json]) -> str:
    """The ISO 3166 code of the country that numbers without one belong to; empty if no address names one."""
    for address in addresses:
        if country := text(address.get("country")).upper():
            return _COUNTRIES.get(country, country)
    lines = " ".join(str(address.get(field) or "") for address in addresses for field in ("state", "text", "city"))
    return "JP" if _PREFECTURE.search(lines) else ""


def e164(number: str, region: str) -> str:
    """A number as written, in E.164 form, with `;ext=` and its extension if it has one (RFC 3966).

    Of several in one text the first that can be read; empty if there is none.
    """
    visible = _EXTENSION.sub(" ext. ", _visible(number).removeprefix("tel:"))
    # What stands apart may be an extension, or another number.
    for written in _SEVERAL.split(visible) if not _APART.search(visible) else ():
        bare = written.strip()
        try:
            return person_rules.phone(f"+{bare[2:]}" if bare.startswith("00") else bare, region)
        except Unfit:
            continue
    return ""


def _email(written: str) -> str:
    """An address that mail can be sent to, as it is written, as a link or after a name; else empty."""
    bare = written.removeprefix("mailto:")
    if match := re.fullmatch(r"[^<>@]*<([^<>]+)>", bare):
        bare = match[1]
    try:
        return person_rules.email(bare)
    except Unfit:
        return ""
