"""Writes the letter of a notice."""

from datetime import datetime

from db.postgres.notifications import ContentRow
from server.domain.notices import Channel, NoticeKind
from server.notifications import texts
from server.notifications.calendars import CalendarEntry, invitation
from server.notifications.letters import Letter
from server.notifications.texts import Visit


def letter(notification_id: str, content: ContentRow, mail_from: str, now: datetime) -> Letter:
    """The letter of a notice about things as they are now."""
    visit = _visit(content)
    kind = NoticeKind(content.kind)
    text = texts.about(kind, visit, content.language) if visit else texts.warning(content.language)
    if content.channel == Channel.SMS:
        return Letter(notification_id, content.phone, text.subject, text.sms)
    entry = _entry(content, mail_from)
    return Letter(notification_id, content.email, text.subject, text.body, invitation(entry, now) if entry else None)


def _visit(content: ContentRow) -> Visit | None:
    if content.start_at is None or content.time_zone is None or content.clinic_name is None:
        return None
    return Visit(content.start_at, content.time_zone, content.clinic_name)


def _entry(content: ContentRow, mail_from: str) -> CalendarEntry | None:
    if (
        content.appointment_id is None
        or content.appointment_version is None
        or content.start_at is None
        or content.end_at is None
        or content.kind == NoticeKind.REMINDER
    ):
        return None
    return CalendarEntry(
        appointment_id=content.appointment_id,
        version=content.appointment_version,
        start_at=content.start_at,
        end_at=content.end_at,
        title=content.clinic_name or "",
        organizer=mail_from,
        attendee=content.email,
        cancelled=content.kind == NoticeKind.CANCELLATION,
    )
