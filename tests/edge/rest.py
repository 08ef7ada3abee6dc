"""Calls over REST as one of the clinic's people."""

from dataclasses import dataclass

import httpx

from tests.edge.clinic import Stack


@dataclass(frozen=True)
class Rest:
    """Calls with the token of one of the clinic's people."""

    http: httpx.Client
    stack: Stack

    def __call__(self, who: str, method: str, path: str, **content: object) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.stack.clinic.tokens[who]}"}
        return self.http.request(method, path, headers=headers, **content)  # type: ignore[arg-type]  # httpx's own

    def book(self, who: str, time_slot: str, **others: str) -> httpx.Response:
        """Book the doctor's slot for the clinic's patient."""
        clinic = self.stack.clinic
        slot = {"doctor_id": clinic.doctor, "date": clinic.day, "time_slot": time_slot}
        return self(who, "POST", "/api/appointments", json={"patient_id": clinic.patient, **slot, **others})
