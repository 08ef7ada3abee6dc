"""Setting working hours, in one transaction with what becomes of the appointments that they leave outside.

Every day that they touch gets a new revision.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from db.errors import Conflict
from db.postgres.booking import days, hours, time_off
from db.postgres.booking.hours import BookedRow, SessionRow
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from server.domain.booking.doctor import Doctor, DoctorDay
from server.domain.booking.hours import HoursVersion, Session, first_overlap
from server.domain.booking.policies import today
from server.domain.booking.time_off import MOST_APPOINTMENTS, TimeOffAction
from server.domain.errors import DomainError, Reason, invalid, not_found
from server.domain.etags import check_etag
from server.domain.identity import Caller
from server.domain.ids import Clock, IdMaker
from server.domain.rights import Action, Owner, require
from server.usecases.appointments import history
from server.usecases.appointments.day_locks import PractitionerSchedule
from server.usecases.idempotency import Claim, Write
from server.usecases.schedules.doctor_mapping import doctor_of
from server.usecases.schedules.working_hours import HoursChanged, newly_uncovered, offer_now, schedule_of
from server.usecases.time_off.choices import Choices, cancel, days_freed, offer_moves
from server.usecases.unit_of_work import Announce, Changes, perform, read

M = TypeVar("M")

_NOTE = "the doctor's hours have changed"
"""In the history of an appointment that new hours cancel: patients read it."""


@dataclass(frozen=True, slots=True)
class NewHours:
    """The sessions that a doctor works from a day on; an empty `etag` matches every version."""

    doctor_id: str
    version: HoursVersion
    etag: str
    choices: Choices = field(default_factory=Choices)


class HoursSetter:
    """Sets working hours."""

    def __init__(self, engine: Engine, clock: Clock, new_id: IdMaker, announce: Announce) -> None:
        self._engine = engine
        self._clock = clock
        self._new_id = new_id
        self._announce = announce

    async def preview(self, caller: Caller, new: NewHours) -> HoursChanged:
        """The hours as they are, and what the new ones would leave outside; errors are those of SetWorkingHours."""
        now = self._clock()

        async def work(pg: Connection) -> HoursChanged:
            row = await offer_now(pg, new.doctor_id, now)
            _check(caller, new, doctor_of(row), now)
            check_etag(row.hours_version, new.etag)
            return HoursChanged(schedule_of(row, now), Changes(), await _left(pg, new, now))

        return await read(self._engine, work, Freshness.OWN_WRITES)

    async def set(self, caller: Caller, new: NewHours, write: Write[HoursChanged, M]) -> M:
        """Set the sessions of a doctor from a day on; errors are those of SetWorkingHours in the contract."""
        change = _HoursWrite(caller, new, self._clock(), self._new_id)
        return await perform(self._engine, write, change.run, change.now, lambda done: self._announce(done.changes))


@dataclass(slots=True)
class _HoursWrite:
    caller: Caller
    new: NewHours
    now: datetime
    new_id: IdMaker
    learned: set[DoctorDay] = field(default_factory=set)
    """More days that an earlier attempt turned out to need."""

    async def run(self, pg: Connection, claim: Claim) -> HoursChanged:
        await claim.wait_or_answer()
        new, now = self.new, self.now
        doctor = doctor_of(await offer_now(pg, new.doctor_id, now))
        _check(self.caller, new, doctor, now)
        dates = hours.dates(new.version.valid_from, doctor.policy.last_day(doctor.zone, now))
        locked = {(doctor.id, day) for day in dates} | self.learned
        raised = await (await days.raise_revisions(pg, locked, now)).fetchall()
        left = await _left(pg, new, now)
        cancelled = new.choices.cancelled(left)
        await self._cover(pg, locked, cancelled)
        await time_off.lock_patients(pg, [row.patient_id for row in cancelled])
        version = await (await hours.raise_version(pg, doctor.id)).fetchone()
        if version is None:
            raise not_found(Reason.DOCTOR_NOT_FOUND, "doctor", doctor.id)
        check_etag(version[0] - 1, new.etag)
        if await _left(pg, new, now) != left:
            raise Conflict("the hours before have changed: other appointments are left outside")
        await hours.put(pg, doctor.id, new.version.valid_from, _rows(new.version))
        row = await offer_now(pg, doctor.id, now)
        return HoursChanged(schedule_of(row, now), Changes(raised), await self._settle(pg, left, cancelled))

    async def _cover(self, pg: Connection, locked: set[DoctorDay], cancelled: Sequence[BookedRow]) -> None:
        """Check that all days are locked on which cancellations free the practitioner."""
        if cancelled:
            sent = await days.offers_of_practitioner(pg, self.new.doctor_id, days.NOTHING_BUSY)
            self.learned |= days_freed(PractitionerSchedule(await sent.fetchall()), self.new.doctor_id, cancelled)
        if not self.learned <= locked:
            raise Conflict("new hours cancel appointments on more days than are locked")

    async def _settle(
        self, pg: Connection, left: Sequence[BookedRow], cancelled: Sequence[BookedRow]
    ) -> list[BookedRow]:
        """Do what was chosen for the appointments that are left outside; they with what became of them."""
        offered = self.new.choices.offered(left)
        await offer_moves(pg, offered, self.new_id, self.now)
        if cancelled:
            changes = await cancel(pg, cancelled, self.caller.id, _NOTE, self.now)
            # Last: it locks the feed of the clinic.
            await history.record_changes(pg, changes, self.now)
        gone, waiting = {row.id for row in cancelled}, {row.id for row in offered}
        return [
            row._replace(
                outcome="cancelled" if row.id in gone else "kept", offer="waiting" if row.id in waiting else None
            )
            for row in left
        ]


async def _left(pg: Connection, new: NewHours, now: datetime) -> list[BookedRow]:
    """The appointments ahead that the hours cover and the new ones do not (INVALID_REQUEST: too many to choose for)."""
    before = doctor_of(await offer_now(pg, new.doctor_id, now))
    booked = await hours.appointments_ahead(pg, new.doctor_id, new.version.valid_from, now)
    left = newly_uncovered(before, before.with_hours(new.version), booked)
    if len(left) > MOST_APPOINTMENTS and (new.choices.action is not TimeOffAction.KEEP or new.choices.exceptions):
        raise invalid(
            "action", f"more than {MOST_APPOINTMENTS} appointments are left outside: keep them, and make time off first"
        )
    return left


def _check(caller: Caller, new: NewHours, doctor: Doctor, now: datetime) -> None:
    require(caller, Action.SET_WORKING_HOURS, Owner(clinic_id=doctor.clinic_id, doctor_id=doctor.id))
    _check_start(doctor, new.version, now)
    _check_sessions(new.version.sessions)


def _check_start(doctor: Doctor, version: HoursVersion, now: datetime) -> None:
    first = today(doctor.zone, now)
    if version.valid_from < first:
        raise DomainError(
            Reason.VALID_FROM_IN_PAST,
            f"working hours can be set from {first}, today at the clinic, onwards: send that date or a later one",
            metadata={"today": first.isoformat()},
        )


def _check_sessions(sessions: Sequence[Session]) -> None:
    for number, session in enumerate(sessions):
        if not session.holds_a_slot:
            raise invalid(f"sessions[{number}].slot_minutes", "is longer than the session: shorten it")
    if overlap := first_overlap(sessions):
        raise DomainError(
            Reason.SESSIONS_OVERLAP,
            f"the session that starts at {overlap.start:%H:%M} on ISO weekday {overlap.weekday} overlaps the one"
            " before it: send sessions that do not overlap",
            metadata={"weekday": str(overlap.weekday), "start": f"{overlap.start:%H:%M}"},
        )


def _rows(version: HoursVersion) -> list[SessionRow]:
    return [
        SessionRow(version.valid_from, each.weekday, each.start, each.end, each.slot_minutes, each.capacity)
        for each in version.sessions
    ]
