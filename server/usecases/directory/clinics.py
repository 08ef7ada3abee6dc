"""Clinics: adding and changing them, and what a change does to bookings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from db.errors import Conflict
from db.postgres.booking import feed, hours
from db.postgres.booking.days import DayRow
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from db.postgres.directory import clinics, doctors
from db.postgres.directory.clinics import AffectedRow, ClinicRow, ShiftedRow
from db.postgres.directory.doctors import DoctorRow
from server.domain import representatives
from server.domain.booking.policies import Policy, today
from server.domain.booking.policy_words import (
    browsing_consequences,
    consequences,
    holiday_consequences,
    zone_consequences,
)
from server.domain.errors import Reason, invalid, not_found
from server.domain.etags import check_etag
from server.domain.identity import Caller
from server.domain.ids import Clock, IdMaker
from server.domain.representatives import RepresentativePolicy
from server.domain.rights import Action, Owner, require
from server.usecases.directory.profile_cache import ProfileCache, Replace
from server.usecases.idempotency import Claim, Write
from server.usecases.unit_of_work import Announce, Changes, perform, read

M = TypeVar("M")

MOST_SHIFTED = 100
"""How many of the appointments that a change affects an answer names, of each kind."""
MOST_HOLIDAYS_LOCKED = 20_000
"""How many days of doctors a change of holidays locks: less than a second of the five that a statement may take."""
_SHOWN_IN_DAYS = ("time_zone", "horizon_days", "min_notice_minutes", "buffer_minutes")
_SHOWN_IN_PROFILES = ("name", "time_zone", "horizon_days")


@dataclass(frozen=True, slots=True)
class ClinicChange:
    """New values of a clinic, by column; an empty `etag` matches every version."""

    clinic_id: str
    values: Mapping[str, Any]
    etag: str
    language: str
    """In which its consequences are told, `en` or `ja`."""


@dataclass(frozen=True, slots=True)
class ClinicChanged:
    """A clinic before and after a change, what that does to bookings, and the days that it changed."""

    before: ClinicRow
    clinic: ClinicRow
    consequences: Sequence[str]
    shifted: Sequence[ShiftedRow]
    on_holidays: Sequence[AffectedRow] = ()
    """The first appointments that are on days which become holidays."""
    changes: Changes = field(default_factory=Changes)


def policy_of(row: ClinicRow) -> Policy:
    """The booking policy of a clinic."""
    return Policy(
        row.horizon_days,
        row.min_notice_minutes,
        row.cancel_by_minutes,
        row.max_per_patient_day,
        row.buffer_minutes,
        row.max_open_appointments,
    )


def representative_policy_of(row: ClinicRow) -> RepresentativePolicy:
    """The clinic's rules for those who act for minors."""
    return RepresentativePolicy(row.representatives_until_age, row.representatives_see_records_until_age)


class Clinics:
    """Adds, changes and explains clinics."""

    def __init__(
        self, engine: Engine, clock: Clock, new_id: IdMaker, announce: Announce, profiles: ProfileCache[DoctorRow]
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._new_id = new_id
        self._announce = announce
        self._profiles = profiles

    async def get(self, caller: Caller, clinic_id: str) -> ClinicRow:
        """One clinic (CLINIC_NOT_FOUND, NOT_ALLOWED)."""
        require(caller, Action.SEE_CLINICS, Owner(clinic_id=clinic_id))
        return _found(await read(self._engine, lambda pg: clinics.get(pg, clinic_id), Freshness.OWN_WRITES), clinic_id)

    async def create(self, caller: Caller, new: ClinicRow, write: Write[ClinicRow, M]) -> M:
        """Add a clinic, which gets an id (NOT_ALLOWED)."""
        require(caller, Action.MANAGE_CLINICS)
        row, now = new._replace(id=self._new_id()), self._clock()

        async def work(pg: Connection, claim: Claim) -> ClinicRow:
            await claim.wait_or_answer()
            await clinics.add(pg, row, now)
            await clinics.add_event(pg, self._new_id(), row.id, caller.id, now)
            return row

        return await perform(self._engine, write, work, now)

    async def preview(self, caller: Caller, change: ClinicChange) -> ClinicChanged:
        """What a change would do; errors are those of UpdateClinic in the contract."""
        require(caller, Action.MANAGE_CLINICS)
        now = self._clock()

        async def work(pg: Connection) -> ClinicChanged:
            return await _changed(pg, _found(await clinics.get(pg, change.clinic_id), change.clinic_id), change, now)

        return await read(self._engine, work)

    async def update(self, caller: Caller, change: ClinicChange, write: Write[ClinicChanged, M]) -> M:
        """Change a clinic; errors are those of UpdateClinic in the contract."""
        require(caller, Action.MANAGE_CLINICS)
        now = self._clock()
        async with self._profiles.change() as replace_profile:

            async def work(pg: Connection, claim: Claim) -> ClinicChanged:
                await claim.wait_or_answer()
                return await self._update(pg, caller, change, replace_profile, now)

            return await perform(self._engine, write, work, now, lambda done: self._announce(done.changes))

    async def _update(
        self, pg: Connection, caller: Caller, change: ClinicChange, replace_profile: Replace[DoctorRow], now: datetime
    ) -> ClinicChanged:
        seen = _found(await clinics.get(pg, change.clinic_id), change.clinic_id)
        staff = await doctors.ids_of_clinics(pg, [seen.id])
        # In the order in which bookings take these locks: days, the doctor if it is beyond the horizon, the clinic.
        after = _after(seen, change)
        days = await _lock_days(pg, staff, seen, after, now)
        shows_in_doctors = staff and _differ(seen, after, _SHOWN_IN_PROFILES)
        if shows_in_doctors:
            await doctors.raise_versions(pg, seen.id, now)
        row = _found(await clinics.lock(pg, seen.id), seen.id)
        check_etag(row.version, change.etag)
        if row != seen or await doctors.ids_of_clinics(pg, [seen.id]) != staff:
            raise Conflict("the clinic was changed between two statements")
        done = await _changed(pg, row, change, now)
        if done.clinic == row:
            return done
        if row.time_zone != done.clinic.time_zone:
            await _check_locked(pg, row.id, days, now)
            await clinics.redate(pg, row, done.clinic.time_zone, now)
        await clinics.update(pg, done.clinic, now)
        await clinics.add_event(pg, self._new_id(), row.id, caller.id, now)
        if shows_in_doctors:
            first = await (await doctors.get(pg, staff[0])).fetchone()
            if first:
                await replace_profile(first, staff[1:])
        if row.time_zone != done.clinic.time_zone:
            # Last: it locks the feed. Whoever follows it has the appointments at their old times of day.
            await feed.skip(pg, row.id)
        stored = done.clinic._replace(version=row.version + 1)
        return replace(done, clinic=stored, changes=Changes(days))


def _found(row: ClinicRow | None, clinic_id: str) -> ClinicRow:
    if row is None:
        raise not_found(Reason.CLINIC_NOT_FOUND, "clinic", clinic_id)
    return row


def _after(row: ClinicRow, change: ClinicChange) -> ClinicRow:
    return row._replace(**change.values)


def _differ(one: ClinicRow, other: ClinicRow, fields: Sequence[str]) -> bool:
    return any(getattr(one, name) != getattr(other, name) for name in fields)


async def _changed(pg: Connection, row: ClinicRow, change: ClinicChange, now: datetime) -> ClinicChanged:
    check_etag(row.version, change.etag)
    wanted = _after(row, change)
    shifted: Sequence[ShiftedRow] = ()
    if wanted.time_zone != row.time_zone:
        shifted = await clinics.shifted(pg, row, wanted.time_zone, now, MOST_SHIFTED)
    language = change.language
    sentences = consequences(policy_of(row), policy_of(wanted), language)
    sentences += zone_consequences(row.time_zone, wanted.time_zone, shifted[0].number if shifted else 0, language)
    ages = (representative_policy_of(row), representative_policy_of(wanted))
    sentences += representatives.consequences(*ages, language)
    sentences += browsing_consequences(row.public_browsing, wanted.public_browsing, language)
    closed, opened = {*wanted.holidays} - {*row.holidays}, {*row.holidays} - {*wanted.holidays}
    hit = await clinics.on_days(pg, row.id, sorted(closed), now, MOST_SHIFTED) if closed else ()
    sentences += holiday_consequences(len(closed), len(opened), hit[0].number if hit else 0, language)
    return ClinicChanged(row, wanted, sentences, shifted, hit)


async def _lock_days(
    pg: Connection, staff: Sequence[str], before: ClinicRow, after: ClinicRow, now: datetime
) -> Sequence[DayRow]:
    """Raise the revisions of all days of a clinic that a change shows in."""
    dates = {*before.holidays} ^ {*after.holidays}
    if len(staff) * len(dates) > MOST_HOLIDAYS_LOCKED:
        most = MOST_HOLIDAYS_LOCKED // len(staff)
        raise invalid("clinic.holidays", f"differ on {len(dates)} days from those of before: change {most} at a time")
    if _differ(before, after, _SHOWN_IN_DAYS):
        dates |= _all_days(before, after, now)
    if staff and before.time_zone != after.time_zone:
        dates |= await clinics.dates_ahead(pg, before.id, now)  # also those beyond the horizon get other dates
    if not staff or not dates:
        return ()
    return await hours.raise_revisions(pg, staff, dates, now)


async def _check_locked(pg: Connection, clinic_id: str, days: Sequence[DayRow], now: datetime) -> None:
    if not await clinics.dates_ahead(pg, clinic_id, now) <= {each.date for each in days}:
        raise Conflict("an appointment was booked beyond the horizon between two statements")


def _all_days(before: ClinicRow, after: ClinicRow, now: datetime) -> set[date]:
    zones = [(policy_of(row), ZoneInfo(row.time_zone)) for row in (before, after)]
    # The rest of a session that began yesterday evening changes too.
    first = min(today(zone, now) for _, zone in zones) - timedelta(days=1)
    return set(hours.dates(first, max(policy.last_day(zone, now) for policy, zone in zones)))
