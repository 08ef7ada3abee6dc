"""The one set of rules for names, addresses, numbers and birth dates of people, for requests and imports alike."""

import re
import unicodedata
from datetime import date, datetime, timedelta

import idna
import phonenumbers

from server.domain.people.characters import flaw, name_flaw
from server.domain.people.search_terms import LEAST_DIGITS, MOST_DIGITS

MOST_OF_A_NAME = 200
"""The longest name, in characters."""
_FIRST_YEAR = 1880
# The calendar is furthest ahead in the Line Islands.
_FURTHEST_AHEAD = timedelta(hours=14)
_MOST_OF_AN_ADDRESS, _MOST_OF_A_MAILBOX = 254, 64
# A valid email address by the definition of HTML, which the contract uses too. Mailboxes with dots in unusual places
# exist in Japan; quoted mailboxes, and those beyond ASCII, are accepted by hardly any relay.
_MAILBOX = re.compile(r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+")
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_PARTIAL_DATE = re.compile(r"\d{4}(-\d\d(-\d\d)?)?", re.ASCII)
_FIRST = "YYYY-01-01"
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Unfit(ValueError):
    """A value cannot be used; `reason` says what to do about it, in words that follow the name of the field."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def person(written: str) -> str:
    """The name of a person, without surrounding spaces; one letter is enough (Unfit)."""
    return _name(written, of_person=True)


def name(written: str) -> str:
    """The name of anything else, such as a clinic (Unfit)."""
    return _name(written, of_person=False)


def _name(written: str, *, of_person: bool) -> str:
    found = written.strip()
    if not found:
        raise Unfit("has no visible characters: write the name")
    if len(found) > MOST_OF_A_NAME:
        raise Unfit(f"is longer than {MOST_OF_A_NAME} characters: shorten it")
    if problem := flaw(found) or name_flaw(found, of_person=of_person):
        raise Unfit(problem)
    return found


def email(written: str) -> str:
    """An email address as it is kept and looked up: as mail is sent to it, but in lower case (Unfit).

    So all its spellings are one account, and share the limit of what is sent to one address.
    """
    return mail_address(written).lower()


def mail_address(written: str) -> str:
    """An email address as SMTP accepts it, with a domain beyond ASCII in Punycode (Unfit).

    Its case stays, since an address that was kept before `email` may have any, and only the server of the mailbox knows
    whether it matters there (RFC 5321, section 2.4).
    """
    mailbox, at, domain = unicodedata.normalize("NFKC", written).strip().rpartition("@")
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode("ascii")
        except idna.IDNAError:
            raise Unfit("has a domain that cannot exist: check it") from None
    address = f"{mailbox}{at}{domain}"
    if not (_MAILBOX.fullmatch(mailbox) and _DOMAIN.fullmatch(domain)):
        raise Unfit("is not one email address that mail can be sent to: write it as name@example.org, in ASCII letters")
    if len(address) > _MOST_OF_AN_ADDRESS or len(mailbox) > _MOST_OF_A_MAILBOX:
        raise Unfit("is longer than an email address can be: check it")
    return address


def phone(written: str, region: str = "") -> str:
    """A phone number in E.164 form, with `;ext=` and its extension if it has one, as in RFC 3966 (Unfit).

    One without a country code is read as in `region`, an ISO 3166 code.

    Only its length is checked, by country: no table of the numbers in use is always up to date.
    """
    try:
        number = phonenumbers.parse(written, region.upper() or None)
    except phonenumbers.NumberParseException:
        raise Unfit("is not a phone number with its country code: write it as +81312345678") from None
    if not phonenumbers.is_possible_number(number):
        raise Unfit("is not a number of its country that can be called directly: check its digits")
    whole = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return f"{whole};ext={number.extension}" if number.extension else whole


def birth_date(written: str) -> date:
    """A birth date, from YYYY-MM-DD; `born` checks that it is not in the future (Unfit)."""
    try:
        day = date.fromisoformat(written) if _DATE.fullmatch(written) else None
    except ValueError:
        day = None
    if day is None or day.year < _FIRST_YEAR:
        raise Unfit(f"must be a calendar date from {_FIRST_YEAR} on: write YYYY-MM-DD")
    return day


def partial_birth_date(written: str) -> date:
    """The first day of a birth date of which the day, or month and day, may be missing: YYYY-MM or YYYY (Unfit)."""
    if not _PARTIAL_DATE.fullmatch(written):
        raise Unfit(f"must be a calendar date from {_FIRST_YEAR} on: write YYYY-MM-DD, or YYYY-MM or YYYY")
    return birth_date(f"{written}{_FIRST[len(written) :]}")


def partial_date(written: str) -> str:
    """A calendar date of which the day, or month and day, may be missing: YYYY-MM-DD, YYYY-MM or YYYY (Unfit)."""
    partial_birth_date(written)
    return written


def last_digits(written: str) -> str:
    """The digits of a phone number or of its end (Unfit)."""
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", written), flags=re.ASCII)
    if not LEAST_DIGITS <= len(digits) <= MOST_DIGITS:
        raise Unfit(f"must have {LEAST_DIGITS} to {MOST_DIGITS} digits: write at least the last {LEAST_DIGITS} ones")
    return digits


def born(day: date, now: datetime) -> date:
    """A birth date that is not in the future, at least somewhere on earth (Unfit)."""
    if day > (now + _FURTHEST_AHEAD).date():
        raise Unfit("is in the future: write the date of birth, or leave it empty if it is unknown")
    return day
