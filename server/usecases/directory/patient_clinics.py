"""Which clinics a patient belongs to, and what others need who change the patient."""

from datetime import datetime

from db.postgres.cluster.engines import Connection
from db.postgres.directory import patients
from server.domain.errors import DomainError, Reason
from server.domain.identity import Caller
from server.domain.people.contacts import KNOWN_AFTER
from server.domain.reasons import check_reason
from server.domain.rights import Action, Owner, may
from server.usecases.reach import reach


async def is_strange(pg: Connection, caller: Caller, patient_id: str, now: datetime) -> bool:
    """Whether a patient belongs to none of the caller's clinics.

    A patient belongs to every clinic where an appointment began a day ago or earlier, or was booked by the patient or
    imported. What a clinic has just booked by itself makes nobody its patient, or staff of any could make themselves
    responsible for everybody. Who has no appointments, not even cancelled ones, but at the caller's clinics, and no
    account to sign in with, is no stranger there: staff may correct what they have entered.
    """
    if reach(caller, Action.EDIT_PATIENT).everything:
        return False
    clinics = await patients.clinics_of(pg, patient_id, now - KNOWN_AFTER)
    ours = [each for each in clinics if may(caller, Action.EDIT_PATIENT, Owner(clinic_id=each.clinic_id))]
    if any(each.established for each in ours):
        return False
    return len(ours) < len(clinics) or await patients.signs_in(pg, patient_id)


def check_given(reason: str) -> None:
    """Refuse a change of a stranger without a reason (REASON_REQUIRED), or with one that says nothing."""
    if not reason:
        raise DomainError(
            Reason.REASON_REQUIRED,
            "this patient belongs to other clinics: give a reason; it is kept, and the patient is notified",
        )
    check_reason("reason", reason)
