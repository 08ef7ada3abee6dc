"""What every change of an appointment causes, within the transaction of the change."""

from collections.abc import Sequence
from datetime import datetime

from db.postgres.booking import feed
from db.postgres.booking.feed import AppointmentChange
from db.postgres.cluster.engines import Connection
from server.domain.identity import Caller
from server.domain.notices import KIND_OF_EVENT, NoticeKind
from server.telemetry import traces


def change_by(
    caller: Caller, patient_id: str, appointment_id: str, event: str, note: str = "", left_clinic_id: str | None = None
) -> AppointmentChange:
    """A change of a patient's appointment that the caller makes, perhaps as the patient's representative."""
    relation = caller.relation_to(patient_id)
    return AppointmentChange(appointment_id, event, caller.id, note, left_clinic_id, relation)


async def record_changes(
    pg: Connection,
    changes: Sequence[AppointmentChange],
    now: datetime,
    notices: Sequence[NoticeKind | None] | None = None,
) -> None:
    """Record changes of appointments in their histories and the feeds of their clinics, and queue the notices.

    The rows must be changed already. `notices` are those that the changes cause, if not the usual ones. Call it
    once per transaction, after all other locks: a second call might lock the feeds of two clinics in the wrong order.
    """
    kinds = [KIND_OF_EVENT.get(each.event) for each in changes] if notices is None else notices
    await feed.add(pg, changes, kinds, now, traces.traceparent())
