"""Representatives: who may act for another patient, until when, and until when with a view of the records."""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from server.domain.errors import DomainError, Reason, invalid
from server.domain.identity import Relation
from server.domain.people.birth_dates import last_possible

MOST_OF_PATIENT = 10
"""How many representatives a patient may have at once."""
MOST_OF_ACCOUNT = 10
"""For how many patients an account may act at once: all of them are in its access tokens."""
MOST_YEARS = 5
"""How far ahead the end may be for an adult; then staff look again."""


@dataclass(frozen=True, slots=True)
class RepresentativePolicy:
    """A clinic's rules for who acts for minors: patients younger than `until_age`. All others count as adults."""

    until_age: int = 18
    """From this birthday on nobody acts who was added for a minor."""
    see_records_until_age: int = 16
    """From this birthday on who was added for a minor does not see records."""


USUAL_REPRESENTATIVE_POLICY = RepresentativePolicy()
"""Of a clinic that gives no rules of its own."""


_MEANINGS = {
    "en": {
        "until_age": "Parents, guardians and carers act for a patient who is a minor until the age of {0}.",
        "see_records_until_age": "They see the records of a patient who is a minor until the age of {0}.",
    },
    "ja": {
        "until_age": "未成年の患者様の代理(親・後見人・介護者)ができるのは、{0}歳の誕生日の前日までです。",
        "see_records_until_age": "代理の方が未成年の患者様の診療記録を見られるのは、{0}歳の誕生日の前日までです。",
    },
}
_CHANGES = {
    "en": {
        "until_age": (
            "Parents, guardians and carers act for minors until the age of {1} instead of {0}. Those who act already do"
            " so until {1} if that is earlier, and otherwise end as they were to."
        ),
        "see_records_until_age": "They see the records of minors until the age of {1} instead of {0}.",
    },
    "ja": {
        "until_age": (
            "未成年の患者様の代理ができる年齢が、{0}歳までから{1}歳までに変わります。すでに代理の方は、"
            "{1}歳のほうが早ければその時に終わり、そうでなければ元の期限のままです。"
        ),
        "see_records_until_age": "代理の方が診療記録を見られる年齢が、{0}歳までから{1}歳までに変わります。",
    },
}


def meanings(policy: RepresentativePolicy, language: str) -> list[tuple[str, int, str]]:
    """Each rule: its name, its value, and what it means, in English (`en`) or Japanese (`ja`)."""
    return [
        (f"representative_policy.{name}", value, _MEANINGS[language][name].format(value))
        for name, value in asdict(policy).items()
    ]


def consequences(before: RepresentativePolicy, after: RepresentativePolicy, language: str) -> list[str]:
    """What a change of the policy does, a sentence or two for each rule that changes, in `en` or `ja`."""
    values = asdict(after)
    return [
        _CHANGES[language][name].format(value, values[name])
        for name, value in asdict(before).items()
        if value != values[name]
    ]


@dataclass(frozen=True, slots=True)
class Acting:
    """How a representative acts now, and the next instant at which that changes."""

    sees_records: bool
    changes_at: datetime


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides how long a representative acts: what staff granted, the patient's birth date, and the policy now."""

    ends_at: datetime
    of_minor: bool
    """Whether the patient counted as a minor when it was granted, as far as is known now."""
    born: date | None
    """None if the day is not known."""
    policy: RepresentativePolicy
    zone: ZoneInfo
    """Of the clinic whose policy it is."""

    @property
    def last_moment(self) -> datetime:
        """When it ends, by the birth date and the policy as they are now."""
        return min(self.ends_at, self._reaches(self.policy.until_age))

    def at(self, now: datetime) -> Acting | None:
        """How it acts at an instant; None if it does not, as for a minor whose birth date is no longer known."""
        ends_at = self.last_moment
        if now >= ends_at or (self.of_minor and self.born is None):
            return None
        records_until = min(ends_at, self._reaches(self.policy.see_records_until_age))
        sees_records = now < records_until
        return Acting(sees_records, records_until if sees_records else ends_at)

    def _reaches(self, age: int) -> datetime:
        """When a minor reaches an age."""
        if not self.of_minor or self.born is None:
            return self.ends_at
        return _midnight(_birthday(self.born, age), self.zone)


@dataclass(frozen=True, slots=True)
class BirthDate:
    """As much as is known of a birth date."""

    day: date | None
    precision: str


def is_minor(born: date, policy: RepresentativePolicy, zone: ZoneInfo, at: datetime) -> bool:
    """Whether a patient who was born that day counted as a minor at an instant."""
    return at.astimezone(zone).date() < _birthday(born, policy.until_age)


def granted(
    relation: Relation,
    last_day: date | None,
    birth: BirthDate,
    policy: RepresentativePolicy,
    zone: ZoneInfo,
    now: datetime,
) -> Terms:
    """The terms on which somebody may act, until the end of `last_day` at the clinic (INVALID_REQUEST).

    Without a last day, who acts for a minor does so until the age limit.
    """
    today, latest_birth = now.astimezone(zone).date(), last_possible(birth.day, birth.precision)
    if latest_birth is None:
        raise _birth_date_needed()
    if not is_minor(latest_birth, policy, zone, now):
        if relation is Relation.PARENT:
            raise invalid("relation", f"{_adult(policy)}: choose guardian or carer, and an end")
        latest = _birthday(today, MOST_YEARS)
        if last_day is None:
            raise invalid("end_date", f"{_adult(policy)}: give the last day, {latest} at the latest")
        return Terms(_end(last_day, today, latest, zone), False, None, policy, zone)
    if birth.precision != "day":
        raise _birth_date_needed()
    latest = _birthday(latest_birth, policy.until_age) - timedelta(days=1)
    return Terms(_end(last_day or latest, today, latest, zone), True, latest_birth, policy, zone)


def check_number_of_patient(count: int) -> None:
    """Refuse one more representative of a patient who has so many (TOO_MANY_REPRESENTATIVES)."""
    _check(count, MOST_OF_PATIENT, f"{MOST_OF_PATIENT} people can act for a patient")


def check_number_of_account(count: int) -> None:
    """Refuse one more patient for an account that acts for so many (TOO_MANY_REPRESENTATIVES)."""
    _check(count, MOST_OF_ACCOUNT, f"an account can act for {MOST_OF_ACCOUNT} patients")


def _check(count: int, most: int, what: str) -> None:
    if count >= most:
        raise DomainError(
            Reason.TOO_MANY_REPRESENTATIVES, f"{what} at once: end one of them first", metadata={"most": str(most)}
        )


def _end(last_day: date, today: date, latest: date, zone: ZoneInfo) -> datetime:
    if last_day < today:
        raise invalid("end_date", "is in the past: choose a later day")
    if last_day > latest:
        raise invalid("end_date", f"is too late: choose {latest} or an earlier day")
    return _midnight(last_day + timedelta(days=1), zone)


def _birthday(born: date, age: int) -> date:
    """The day on which somebody reaches an age; who was born on 29 February does so on 1 March in common years."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)


def _adult(policy: RepresentativePolicy) -> str:
    return f"the patient counts as an adult here, from {policy.until_age} on"


def _birth_date_needed() -> DomainError:
    return invalid(
        "patient_id", "the patient's age decides who may act: enter the whole birth date of the patient first"
    )
