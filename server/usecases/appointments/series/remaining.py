"""An appointment of a series and what follows it, for those who may change all of them."""

from db.postgres.booking import appointments, days, series
from db.postgres.cluster.engines import Connection
from server.domain.booking.appointment import AppointmentStatus, check_still
from server.domain.identity import Caller
from server.domain.rights import Action, require
from server.usecases.appointments.changeable import Changeable, owner_of, visible
from server.usecases.appointments.day_locks import PractitionerSchedule
from server.usecases.idempotency import Claim


async def remaining(pg: Connection, claim: Claim, caller: Caller, from_id: str) -> list[Changeable]:
    """The scheduled appointments from one on, by start (APPOINTMENT_NOT_FOUND, NOT_ALLOWED, STATUS_FORBIDS)."""
    sent, sent_rest = await appointments.get(pg, from_id), await series.following(pg, from_id)
    await claim.wait_or_answer()
    first = visible(caller, await sent.fetchone(), from_id, Action.CHANGE_APPOINTMENT)
    rows = [first, *await sent_rest.fetchall()]
    for row in rows:  # some may have moved to another clinic
        require(caller, Action.CHANGE_APPOINTMENT, owner_of(row))
    check_still(AppointmentStatus(first.status), AppointmentStatus.SCHEDULED)
    doctors = {row.doctor_id for row in rows}
    reading = {each: await days.offers_of_practitioner(pg, each, days.NOTHING_BUSY) for each in sorted(doctors)}
    schedules = {each: PractitionerSchedule(await sent.fetchall()) for each, sent in reading.items()}
    return [Changeable(row, schedules[row.doctor_id]) for row in rows]
