"""What only a message contains: codes, and links whose token follows the `#`, so that browsers send it to no server."""

from dataclasses import dataclass

from db.postgres.cluster.engines import Connection
from db.postgres.directory import contact_changes
from db.postgres.identity import passwords, registrations
from db.postgres.notifications.content import ContentRow
from server.domain.notices import ANSWERED, OF_PASSWORDS, Channel, NoticeKind
from server.domain.people.contacts import CodeMaker
from server.usecases.directory.contacts import code_hash
from server.usecases.links import AppointmentLinks
from server.usecases.sealing import digest, new_token

_PAGES = {
    NoticeKind.INVITATION: "/account/#invitation=",
    NoticeKind.PASSWORD_RESET: "/account/#reset=",
    NoticeKind.CONTACT_CODE: "/account/#address=",
    **dict.fromkeys(ANSWERED, "/visit/#"),
}


@dataclass(frozen=True, slots=True)
class Enclosed:
    """The code and the link of a message; empty if it has none."""

    code: str = ""
    link: str = ""


class Links:
    """Makes codes and tokens when a message is sent, so that no job and no log ever has them."""

    def __init__(self, public_url: str, new_code: CodeMaker, appointments: AppointmentLinks) -> None:
        """Without a `public_url` there are no links."""
        self._public_url = public_url
        self._new_code = new_code
        self._appointments = appointments

    def can_write(self, kind: NoticeKind) -> bool:
        """Whether a notice can be written: not one that is nothing without its link."""
        return bool(self._public_url) or kind not in OF_PASSWORDS

    async def enclose(
        self, pg: Connection, notification_id: str, content: ContentRow, channel: Channel, recipient: str
    ) -> Enclosed:
        """Make and store what a message about to be sent contains; it replaces what an earlier attempt has sent."""
        kind = NoticeKind(content.kind)
        if kind in ANSWERED and self._public_url and content.appointment_id and content.start_at:
            token = self._appointments.token(content.appointment_id, content.start_at, recipient)
            return Enclosed(link=self._link(kind, token))
        if kind in OF_PASSWORDS and content.account_id:
            token = new_token(content.account_id)
            await passwords.put_token(pg, content.account_id, digest(token), content.expires_at)
            return Enclosed(link=self._link(kind, token))
        if kind is NoticeKind.CONTACT_CODE and content.patient_id:
            code = self._new_code()
            token = new_token(notification_id) if self._public_url and channel is Channel.EMAIL else ""
            hashed = code_hash(content.patient_id, code)
            await contact_changes.set_code(pg, notification_id, hashed, digest(token) if token else None)
            return Enclosed(code, self._link(kind, token) if token else "")
        if kind is NoticeKind.REGISTRATION_CODE:
            code = self._new_code()
            await registrations.set_code(pg, notification_id, code_hash(notification_id, code))
            return Enclosed(code)
        return Enclosed()

    def _link(self, kind: NoticeKind, token: str) -> str:
        return f"{self._public_url}{_PAGES[kind]}{token}"
