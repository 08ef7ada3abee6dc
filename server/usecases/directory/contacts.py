"""Changed addresses and numbers of patients: a code confirms each new one, and the old ones get a warning."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from db.postgres.cluster.engines import Connection
from db.postgres.directory import contact_changes, patients
from db.postgres.directory.contact_changes import CodeEntry, ContactChangeRow
from db.postgres.directory.patients import FullPatientRow
from db.postgres.notifications import notifications
from db.postgres.notifications.notifications import NotificationRow
from server.domain.errors import DomainError, Reason, invalid
from server.domain.ids import IdMaker
from server.domain.notices import (
    WARNING_LASTS,
    Channel,
    NoticeKind,
    channel_for,
)
from server.domain.people.contacts import (
    CODE_LASTS,
    CODES_BY_STRANGERS,
    CODES_OF_PATIENT,
    CODES_TO_ADDRESS,
    PERIOD,
    TRIES,
    TRIES_OF_OTHERS,
    needs_confirmation,
    takes_messages,
)
from server.telemetry import traces
from server.usecases.directory.patient_checks import known
from server.usecases.notices import new_notice
from server.usecases.represented import acting_for
from server.usecases.sealing import digest

_CHANNELS = {"email": Channel.EMAIL, "phone": Channel.SMS}


async def hold_back(
    pg: Connection,
    new_id: IdMaker,
    row: FullPatientRow,
    wanted: FullPatientRow,
    fields: Collection[str],
    *,
    vouched: bool,
    by_stranger: bool,
    now: datetime,
) -> FullPatientRow:
    """The patient as it may be stored now: what must be confirmed is held back, and is sent a code.

    `row` is the current patient, locked; `fields` are those that the request names. `vouched` says that staff or a
    hospital system of the patient's clinics changes them, `by_stranger` that those of other clinics do. The current
    address or number, or the one that was removed last, is notified of the change. Raises TOO_MANY_ATTEMPTS and
    INVALID_REQUEST.
    """
    for kind, channel in _CHANNELS.items():
        current, new = getattr(row, kind), getattr(wanted, kind)
        old = current or getattr(row, f"former_{kind}")
        if new and new == old.lower():  # entered before addresses were kept in lower case
            wanted, new = wanted._replace(**{kind: old}), old
        if kind not in fields or (new == current and not getattr(row, f"pending_{kind}")):
            continue
        await contact_changes.drop(pg, row.id, kind)
        waiting = ""
        if needs_confirmation(old, new, vouched=vouched):
            waiting = _able_to_get_a_code(kind, new)
            most = CODES_BY_STRANGERS if by_stranger else CODES_OF_PATIENT
            acting = await acting_for(pg, row.id, now)
            await _ask(pg, ContactChangeRow(new_id(), row.id, kind, new, now + CODE_LASTS, acting), channel, most, now)
        wanted = with_contact(wanted, kind, current if waiting else new, former=old, pending=waiting)
        notified = (channel, old) if old and takes_messages(old) else _reached(row)
        if new != current and notified[1]:
            await _warn(pg, new_id(), row.id, notified, now)
    return wanted


def _able_to_get_a_code(kind: str, new: str) -> str:
    if not takes_messages(new):
        raise invalid(f"patient.{kind}", "has an extension, to which no code can be sent: use a direct number")
    return new


def with_contact(row: FullPatientRow, kind: str, value: str, *, former: str, pending: str) -> FullPatientRow:
    """The patient with an address or number; only while there is none, the former one is kept."""
    new: dict[str, Any] = {kind: value, f"former_{kind}": "" if value else former, f"pending_{kind}": pending}
    return row._replace(**new)


def _reached(row: FullPatientRow) -> tuple[Channel, str]:
    """Where a patient is notified of changes: as always or, without an address or number, where it was before."""
    if row.email or row.phone:
        return channel_for(row.email, row.phone)
    return channel_for(row.former_email, row.former_phone)


async def notify_of_change(pg: Connection, new_id: IdMaker, row: FullPatientRow, now: datetime) -> None:
    """Notify a patient that somebody from another clinic changed the data.

    It goes to the address or number so far, and to where the patient signs in.
    """
    sign_ins = [(Channel.EMAIL, email) for email in await _sign_in_emails(pg, row)]
    for reached in dict.fromkeys([_reached(row), *sign_ins]):
        if reached[1]:
            await _warn(pg, new_id(), row.id, reached, now, NoticeKind.DETAILS_CHANGED)


async def tell(pg: Connection, new_id: IdMaker, row: FullPatientRow, kind: NoticeKind, now: datetime) -> None:
    """Tell a patient, at the present address or number and where the patient signs in, what others have changed."""
    channel, _ = channel_for(row.email, row.phone)
    if channel is not Channel.NONE:
        await notifications.add(pg, _notice(new_id(), row.id, kind, channel, "", now), traces.traceparent())
    for email in await _sign_in_emails(pg, row):
        notice = _notice(new_id(), row.id, kind, Channel.EMAIL, email, now)
        await notifications.add(pg, notice, traces.traceparent())


async def warn_where_patient_signs_in(pg: Connection, new_id: IdMaker, row: FullPatientRow, now: datetime) -> None:
    """Tell a patient with an account that a representative changes the address or number, which may be its own."""
    for email in await _sign_in_emails(pg, row):
        await _warn(pg, new_id(), row.id, (Channel.EMAIL, email), now)


async def _sign_in_emails(pg: Connection, row: FullPatientRow) -> list[str]:
    """Where the patient can be reached besides the address in use."""
    return [each for each in await patients.sign_in_emails(pg, row.id) if each != row.email.lower()]


async def drop_pending(pg: Connection, row: FullPatientRow, now: datetime) -> FullPatientRow:
    """Forget the unconfirmed address and number of a patient, so that no code or link confirms them any more."""
    if not row.pending_email and not row.pending_phone:
        return row
    for kind in _CHANNELS:
        await contact_changes.drop(pg, row.id, kind)
    await patients.update(pg, row, now)
    return known(await (await patients.get(pg, row.id)).fetchone(), row.id)


async def ended(pg: Connection, patient_id: str, now: datetime) -> list[ContactChangeRow]:
    """What was not confirmed in time, or was asked for while somebody acted who acts no longer, for whatever reason."""
    changes = await contact_changes.of_patient(pg, patient_id)
    represented = any(each.representative_ids for each in changes)
    acting = set(await acting_for(pg, patient_id, now)) if represented else set()
    return [
        each for each in changes if each.expires_at < now or not acting.issuperset(map(str, each.representative_ids))
    ]


async def drop_ended(pg: Connection, patient_id: str, now: datetime) -> int:
    """Forget what has `ended`; returns how many. The caller holds the patient's lock."""
    found = await ended(pg, patient_id, now)
    for each in found:
        await contact_changes.drop_one(pg, each.id)
    return len(found)


async def confirmed(pg: Connection, row: FullPatientRow, code: str, by: CodeEntry, now: datetime) -> FullPatientRow:
    """The patient with the address or number that a code confirms (CONTACT_CODE_WRONG)."""
    await drop_ended(pg, row.id, now)
    wanted = code_hash(row.id, code)
    change = await contact_changes.by_code(pg, by, wanted, tries=TRIES, all_tries=TRIES_OF_OTHERS, now=now)
    if change is None:
        raise DomainError(
            Reason.CONTACT_CODE_WRONG,
            "this code confirms nothing: check its digits; after five wrong ones or a day, send the new address or"
            " number once more for another code",
        )
    await contact_changes.drop(pg, row.id, change.kind)
    return with_contact(row, change.kind, change.value, former="", pending="")


def code_hash(owner_id: str, code: str) -> bytes:
    """The stored hash of a code of a patient or a registration.

    Who reads it can try all codes, so codes are short-lived and allow few attempts.
    """
    return digest(f"{owner_id} {code}")


async def _ask(pg: Connection, change: ContactChangeRow, channel: Channel, most: int, now: datetime) -> None:
    """Send a code, if the patient has had fewer than `most` (TOO_MANY_ATTEMPTS)."""
    await contact_changes.lock_recipient(pg, change.value)
    sent = await contact_changes.sent(pg, change.value, change.patient_id, NoticeKind.CONTACT_CODE, now - PERIOD)
    if sent.to_recipient >= CODES_TO_ADDRESS or sent.for_patient >= most:
        raise DomainError(
            Reason.TOO_MANY_ATTEMPTS,
            "too many codes were sent to this address or number, or for this patient: try again tomorrow",
            retry_after=PERIOD,
        )
    await contact_changes.add(pg, change)
    notice = _notice(change.id, change.patient_id, NoticeKind.CONTACT_CODE, channel, change.value, now)
    await notifications.add(pg, notice._replace(expires_at=change.expires_at), traces.traceparent())


async def _warn(
    pg: Connection,
    notice_id: str,
    patient_id: str,
    reached: tuple[Channel, str],
    now: datetime,
    kind: NoticeKind = NoticeKind.CONTACT_CHANGED,
) -> None:
    """Warn the current address or number, unless it has had enough warnings today."""
    channel, recipient = reached
    await contact_changes.lock_recipient(pg, recipient)
    sent = await contact_changes.sent(pg, recipient, patient_id, kind, now - PERIOD)
    if sent.to_recipient < CODES_TO_ADDRESS:
        notice = _notice(notice_id, patient_id, kind, channel, recipient, now)
        await notifications.add(pg, notice, traces.traceparent())


def _notice(
    notice_id: str, patient_id: str, kind: NoticeKind, channel: Channel, recipient: str, now: datetime
) -> NotificationRow:
    return new_notice(
        notice_id, kind, now, now + WARNING_LASTS, channel=channel, recipient=recipient, patient_id=patient_id
    )
