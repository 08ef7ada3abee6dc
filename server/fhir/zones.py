"""The time zones of the states of the USA; for a state with several, the one in which most people live."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from server.fhir.fields import Json, Unusable, text

_USA = {"US", "USA", "UNITED STATES", "UNITED STATES OF AMERICA"}
# By state, under its two letters and its full name.
_ZONES = {
    "America/New_York": (
        "CT Connecticut, DE Delaware, DC District of Columbia, FL Florida, GA Georgia, ME Maine, MD Maryland,"
        " MA Massachusetts, NH New Hampshire, NJ New Jersey, NY New York, NC North Carolina, OH Ohio, PA Pennsylvania,"
        " RI Rhode Island, SC South Carolina, VT Vermont, VA Virginia, WV West Virginia"
    ),
    # These use New York's time today, but did not always, which matters for past encounters.
    "America/Indiana/Indianapolis": "IN Indiana",
    "America/Kentucky/Louisville": "KY Kentucky",
    "America/Detroit": "MI Michigan",
    "America/Chicago": (
        "AL Alabama, AR Arkansas, IL Illinois, IA Iowa, KS Kansas, LA Louisiana, MN Minnesota, MS Mississippi,"
        " MO Missouri, NE Nebraska, ND North Dakota, OK Oklahoma, SD South Dakota, TN Tennessee, TX Texas, WI Wisconsin"
    ),
    "America/Boise": "ID Idaho",
    "America/Denver": "CO Colorado, MT Montana, NM New Mexico, UT Utah, WY Wyoming",
    "America/Phoenix": "AZ Arizona",
    "America/Los_Angeles": "CA California, NV Nevada, OR Oregon, WA Washington",
    "America/Anchorage": "AK Alaska",
    "Pacific/Honolulu": "HI Hawaii",
    "America/Puerto_Rico": "PR Puerto Rico, VI Virgin Islands",
    "Pacific/Guam": "GU Guam, MP Northern Mariana Islands",
    "Pacific/Pago_Pago": "AS American Samoa",
}


def _by_state() -> dict[str, str]:
    zones = {}
    for zone, states in _ZONES.items():
        for state in states.split(", "):
            code, full = state.split(" ", 1)
            zones[code] = zones[full.upper()] = zone
    return zones


ZONE_OF_STATE = _by_state()


def zone_of(addresses: Sequence[Json], given: ZoneInfo | None, notes: list[str]) -> ZoneInfo:
    """The zone that was given, else that of the first address that names one (Unusable if there is neither).

    A note if an address is in another zone than the one that was given.
    """
    found = next(filter(None, map(_zone_of, addresses)), None)
    if given is not None:
        if found not in {None, given.key}:
            notes.append(f"its address gives the time zone {found}, but {given.key} was given with --time-zone")
        return given
    if found is None:
        raise Unusable(
            "the address names no state of the country US, so the time zone is unknown: give one with --time-zone"
        )
    return ZoneInfo(found)


def _zone_of(address: Json) -> str | None:
    if text(address.get("country")).upper() not in _USA:
        return None
    return ZONE_OF_STATE.get(text(address.get("state")).upper())
