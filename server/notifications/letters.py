"""Letters: the mail or text message that a notice becomes, and how it is written."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from db.postgres.notifications.content import ContentRow, SiblingRow
from server.domain.notices import Channel, NoticeKind
from server.notifications import texts
from server.notifications.calendars import CalendarEntry, Invitation, invitation
from server.notifications.links import Enclosed
from server.notifications.texts import WhenAndWhere


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one recipient: an email address, or a number in E.164 form."""

    notification_id: str
    recipient: str
    subject: str
    text: str
    invitation: Invitation | None = None
    sender: str = "yoyaku"
    """The sender's name in email."""


@dataclass(frozen=True, slots=True)
class Way:
    """The channel of a notice, its recipient, and the address that mail is from."""

    channel: Channel
    recipient: str
    mail_from: str


def letter(notification_id: str, content: ContentRow, way: Way, enclosed: Enclosed, now: datetime) -> Letter:
    """The letter of a notice, with the present data."""
    visit = _visit(content)
    kind = NoticeKind(content.kind)
    text = (
        texts.about(kind, visit, content.language, enclosed.link)
        if visit
        else texts.to_person(kind, content.language, enclosed, of_account=content.account_id is not None)
    )
    if way.channel is Channel.SMS:
        return Letter(notification_id, way.recipient, text.subject, text.sms)
    entries = _entries(content, way)
    attached = invitation(entries, now) if entries else None
    return Letter(notification_id, way.recipient, text.subject, text.body, attached, content.clinic_name or "yoyaku")


def _visit(content: ContentRow) -> WhenAndWhere | None:
    if content.start_at is None or content.time_zone is None or content.clinic_name is None:
        return None
    return WhenAndWhere(
        content.start_at,
        content.time_zone,
        content.clinic_name,
        content.clinic_address or "",
        content.clinic_phone or "",
        [datetime.fromtimestamp(each.start, UTC) for each in content.series],
        [datetime.fromtimestamp(start, UTC) for start in content.offered or ()],
        content.offered_until,
    )


def _entries(content: ContentRow, way: Way) -> list[CalendarEntry]:
    """The calendar entries, of a series one for each appointment; a cancellation only goes to whoever holds them."""
    if (entry := _entry(content, way.recipient, way.mail_from)) is None:
        return []
    siblings = [(each.holder, _of_sibling(entry, each)) for each in content.series]
    is_for_all = content.kind != NoticeKind.CANCELLATION
    return [each for holder, each in [(content.holder, entry), *siblings] if is_for_all or holder == way.recipient]


def _of_sibling(entry: CalendarEntry, sibling: SiblingRow) -> CalendarEntry:
    start_at, end_at = (datetime.fromtimestamp(each, UTC) for each in (sibling.start, sibling.end))
    return replace(entry, appointment_id=sibling.id, version=sibling.version, start_at=start_at, end_at=end_at)


def _entry(content: ContentRow, recipient: str, mail_from: str) -> CalendarEntry | None:
    """The calendar entry of its own appointment; a reminder changes nothing."""
    start_at = content.start_at
    if (
        content.appointment_id is None
        or content.appointment_version is None
        or content.end_at is None
        or start_at is None
        or content.kind in {NoticeKind.REMINDER, NoticeKind.TURN, NoticeKind.MOVE_OFFER}
    ):
        return None
    duration = content.end_at - start_at
    if content.kind == NoticeKind.WITHDRAWAL:
        # The entry as this address last got it: its owner has no right to learn a later time.
        start_at = content.expires_at
    return CalendarEntry(
        appointment_id=content.appointment_id,
        version=content.version if content.kind == NoticeKind.WITHDRAWAL else content.appointment_version,
        start_at=start_at,
        end_at=start_at + duration,
        clinic=content.clinic_name or "",
        clinic_address=content.clinic_address or "",
        clinic_phone=content.clinic_phone or "",
        organizer=mail_from,
        attendee=recipient,
        cancelled=content.kind in {NoticeKind.CANCELLATION, NoticeKind.WITHDRAWAL},
    )
