"""Many patients who book, each once, and what the ledger and the relay say of them afterwards."""

import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.fixtures.clinic import Scene
from tests.fixtures.mail import Relay
from tests.fixtures.waiting import until
from tests.fixtures.worker import Refusal

_PER_DAY = 250
_MINUTES = 5


@dataclass
class Crowd:
    """Books slot after slot, on the real clock."""

    scene: Scene
    doctor_id: str
    booked: list[str] = field(default_factory=list)
    """Ids of the appointments, in the order of their slots."""
    refused: int = 0

    async def book(self) -> float:
        """A new patient books the next slot; the seconds that it took."""
        number = len(self.booked)
        patient_id = await self.scene.book.patient(email=f"patient-{number}@example.org")
        began = time.perf_counter()
        answer = await self._slot(number, patient_id)
        took = time.perf_counter() - began
        self.booked.append(answer.appointment.id)
        return took

    async def collide(self) -> None:
        """A new patient wants the slot that was booked last, and does not get it."""
        patient_id = await self.scene.book.patient(email=f"loser-{self.refused}@example.org")
        try:
            await self._slot(len(self.booked) - 1, patient_id)
        except Refusal:
            self.refused += 1

    async def statuses(self) -> Counter[tuple[str, str]]:
        """How many confirmations are in which (status, outcome)."""
        rows = await self.scene.book.rows(
            "SELECT status, outcome, count(*) FROM notifications WHERE kind = 'confirmation' GROUP BY 1, 2"
        )
        return Counter({(str(status), str(outcome)): int(str(number)) for status, outcome, number in rows})

    async def settled(self, seconds: float) -> Counter[tuple[str, str]]:
        """Wait until nothing is left to do; then as `statuses`."""

        async def nothing_left() -> bool:
            rows = await self.scene.book.rows(
                "SELECT FROM procrastinate_jobs WHERE task_name <> 'tend' UNION ALL"
                " SELECT FROM notifications WHERE status IN ('waiting', 'sending')"
            )
            return not rows

        await until(nothing_left, seconds)
        return await self.statuses()

    async def ids_by_status(self, status: str) -> set[str]:
        """The appointments whose confirmations are so far."""
        rows = await self.scene.book.rows(
            "SELECT appointment_id FROM notifications WHERE kind = 'confirmation' AND status = %s", status
        )
        return {str(row[0]) for row in rows}

    async def _slot(self, number: int, patient_id: str) -> Any:
        day, place = divmod(number, _PER_DAY)
        midnight = datetime.now(UTC).replace(hour=0, minute=0)
        start = midnight + timedelta(days=3 + day, minutes=place * _MINUTES)
        return await self.scene.book_slot(
            f"{start:%H:%M}",
            self.scene.staff,
            patient_id=patient_id,
            doctor_id=self.doctor_id,
            date=f"{start:%Y-%m-%d}",
        )


async def crowd(scene: Scene) -> Crowd:
    """People in front of a doctor who works day and night."""
    scene.book.clock.now = datetime.now(UTC)
    clinic_id = await scene.book.clinic("Etc/UTC")
    scene.staff = await scene.worker.client("staff", clinic_ids=[clinic_id])
    return Crowd(scene, await scene.book.doctor(clinic_id, [("00:00", "21:00")], minutes=_MINUTES))


def delivered(relay: Relay) -> Counter[str]:
    """How many mails arrived for each appointment: its id is the entry's UID."""
    calendars = (attachment.get_content() for mail in relay.mails for attachment in mail.iter_attachments())
    return Counter(calendar.partition("UID:")[2].split()[0] for calendar in calendars)
