"""The async client."""

from types import TracebackType
from typing import Self

from yoyaku.services.accounts import Accounts
from yoyaku.services.appointments import Appointments
from yoyaku.services.directory import Directory
from yoyaku.services.notifications import Notifications
from yoyaku.services.records import Records
from yoyaku.services.schedules import Schedules
from yoyaku.services.sessions import Sessions


class Client(Appointments, Schedules, Directory, Records, Notifications, Sessions, Accounts):
    """Calls yoyaku from asyncio; safe to share between tasks of one event loop.

    Each call is retried while that can help and the deadline permits, a write with one `request_id`. It raises a
    YoyakuError when it fails. `client.appointments(...)`, `.clinics`, `.doctors`, `.patients`, `.records`,
    `.record_versions`, `.record_accesses` and `.notifications` iterate over all pages.
    """

    async def close(self) -> None:
        """Cancel running calls and close the connection."""
        await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
