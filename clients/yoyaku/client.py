"""The async client."""

from types import TracebackType
from typing import Self

from yoyaku.services.accounts import AccountCalls
from yoyaku.services.appointments import AppointmentCalls
from yoyaku.services.clinics import ClinicCalls
from yoyaku.services.directory import DirectoryCalls
from yoyaku.services.notifications import NotificationCalls
from yoyaku.services.queue import QueueCalls
from yoyaku.services.records import RecordCalls
from yoyaku.services.reports import ReportCalls
from yoyaku.services.schedules import ScheduleCalls
from yoyaku.services.second_factors import SecondFactorCalls
from yoyaku.services.time_off import TimeOffCalls


class Client(
    AppointmentCalls,
    ScheduleCalls,
    TimeOffCalls,
    QueueCalls,
    DirectoryCalls,
    ClinicCalls,
    RecordCalls,
    ReportCalls,
    NotificationCalls,
    SecondFactorCalls,
    AccountCalls,
):
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
