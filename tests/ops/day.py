"""A day of a clinic through the edge, in which every text about a person is marked: a mark that is found has leaked."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import httpx
import psycopg

from tests.fixtures.fhir import condition, export, patient, whole
from tests.fixtures.stack import Copy
from tests.fixtures.waiting import eventually
from tests.ops.mails import token_in
from tests.ops.second_factor import second_factor
from tests.ops.trouble import family, frozen
from yoyaku.v1.appointment_service_pb2_grpc import AppointmentServiceStub
from yoyaku.v1.appointment_watch_messages_pb2 import WatchAppointmentsRequest

MARK = "qzxmark"
KANJI = "鵺"
PHONE = "+819055117731"
BIRTH_DATE = "1931-07-13"
PASSWORD = f"{MARK} horse battery"


def texts(about: str) -> str:
    """A text about a person, in both scripts."""
    return f"{about} {MARK} {KANJI}"


@dataclass
class Day:
    """What happens, who it was about, and what was answered."""

    copy: Copy
    mails: Sequence[bytes]
    """What the relay has taken."""
    statuses: Counter[int] = field(default_factory=Counter)
    refusals: list[str] = field(default_factory=list)
    """The answers to what failed: a person's data has no place in them either."""
    patients: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    """What only mails contain."""

    def __post_init__(self) -> None:
        self.stack = self.copy.stack()
        self.roles = {role: self.copy.client(role) for role in ("patient", "doctor", "staff", "admin")}
        self.anybody = httpx.Client(base_url=self.stack["edge"])
        self.doctor = self.stack["accounts"]["doctor"]["doctor_id"]

    def close(self) -> None:
        """Hang up."""
        for client in (*self.roles.values(), self.anybody):
            client.close()

    def do(self, client: httpx.Client, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Call, and note what came of it; the answer's JSON."""
        if body is not None:
            options["json"] = body
        answer = client.request(method, path, timeout=20, **options)
        self.statuses[answer.status_code] += 1
        if answer.status_code >= 400:
            self.refusals.append(answer.text)
        with suppress(ValueError):
            return answer.json()
        return {}

    def slot(self, ahead: int, time_slot: str = "09:00") -> dict[str, str]:
        day = datetime.now(UTC).date() + timedelta(days=ahead)
        while day.weekday() >= 5:  # a Saturday
            day += timedelta(days=1)
        return {"doctor_id": self.doctor, "date": str(day), "time_slot": time_slot}

    def play(self, scratch: Path) -> None:
        self.register()
        with self.signed_in() as patient:
            self.visit(patient)
            self.malformed(patient)
            self.watch(patient)
        self.records()
        self.outages()
        self.imports(scratch)
        account = self.stack["accounts"]["staff"]
        self.secrets += second_factor(self.do, self.anybody, self.roles["staff"], account, MARK)

    def register(self) -> None:
        """Patients sign up; two of them cannot be reached."""
        staff = self.roles["staff"]
        for name in ("a", "refused", "later"):
            person = {
                "name": texts("Ken"), "birth_date": BIRTH_DATE, "phone": PHONE, "language": "ja",
                "email": f"{MARK}-{name}@example.org",
                "identifiers": [{"system": "urn:oid:1.2.3.4", "value": f"{MARK}-{name}"}],
            }  # fmt: skip
            made = self.do(staff, "POST", "/api/patients", person)
            self.patients.append(made["patient"]["id"])
            self.do(staff, "POST", "/api/patients", person)  # IDENTIFIER_TAKEN
        first = self.patients[0]
        for search in (
            {"name": texts("Ken")},
            {"identifier": {"system": "urn:oid:1.2.3.4", "value": f"{MARK}-a"}},
        ):
            self.do(staff, "POST", "/api/patients:search", search)
        for change in ({"email": f"{MARK}-new@example.org"}, {"phone": "+819055117732"}, {"name": texts("Ken")}):
            self.do(staff, "PATCH", f"/api/patients/{first}", {"patient": change, "reason": texts("moved")})
        self.do(staff, "POST", f"/api/patients/{first}:confirmContact", {"code": "000000"})

    @contextmanager
    def signed_in(self) -> Iterator[httpx.Client]:
        """The first patient is invited, signs in, changes the password, and signs out at the end."""
        email = f"{MARK}-a@example.org"
        invitation = {"email": email, "role": "ACCOUNT_ROLE_PATIENT", "patient_id": self.patients[0]}
        for _ in range(2):  # the second time EMAIL_TAKEN
            self.do(self.roles["admin"], "POST", "/api/auth/accounts:invite", invitation)
        setting = {"set_password_token": self.token("invitation"), "password": PASSWORD}
        for _ in range(2):
            self.do(self.anybody, "POST", "/api/auth/password:set", setting)
        for each in (email, f"nobody-{email}"):
            self.do(self.anybody, "POST", "/api/auth/password:requestReset", {"email": each})
        self.token("reset")
        self.do(self.anybody, "POST", "/api/auth/login", {"email": email, "password": texts("wrong")})
        found = self.do(self.anybody, "POST", "/api/auth/login", {"email": email, "password": PASSWORD})
        self.do(self.anybody, "POST", "/api/auth/refresh", {"refresh_token": texts("wrong")})
        headers = {"Authorization": f"Bearer {found['access_token']}", "X-Request-Id": f"{MARK} 0001"}
        with httpx.Client(base_url=self.stack["edge"], headers=headers) as client:
            yield client
            self.do(self.anybody, "POST", "/api/auth/logout", {"refresh_token": found["refresh_token"]})

    def token(self, purpose: str) -> str:
        """The token in the link of a mail, once it is there."""
        token = eventually(lambda: token_in(self.mails, purpose))
        self.secrets.append(token.rpartition(".")[2])
        return token

    def visit(self, patient: httpx.Client) -> None:
        """Booked, refused, moved, cancelled; those who cannot be reached book too."""
        body = {"patient_id": self.patients[0], "reason": texts("cough"), **self.slot(8)}
        booked = self.do(patient, "POST", "/api/appointments", body)["appointment"]
        self.do(patient, "POST", "/api/appointments", body)  # SLOT_TAKEN
        moved, tag = self.slot(9, "10:00"), {"if-match": f'W/"{booked["etag"]}"'}
        for _ in range(2):  # the second time with an old tag
            self.do(patient, "POST", f"/api/appointments/{booked['id']}:reschedule", moved, headers=tag)
        self.do(patient, "GET", "/api/appointments", params={"patient_id": self.patients[0]})
        self.do(patient, "GET", "/api/appointments", params={"patient_id": self.patients[1]})  # NOT_ALLOWED
        self.do(patient, "POST", f"/api/appointments/{booked['id']}:cancel", {"reason": texts("better")})
        for number, each in enumerate(self.patients[1:]):
            body = {"patient_id": each, "reason": texts("cough"), **self.slot(8, f"1{number}:30")}
            self.do(self.roles["staff"], "POST", "/api/appointments", body)

    def malformed(self, patient: httpx.Client) -> None:
        """What no client should send."""
        book = "/api/appointments"
        whole_body = {"patient_id": self.patients[0], "reason": texts("x"), **self.slot(8)}
        self.do(patient, "POST", book, content=f'{{"reason": "{texts("x")}", ')
        self.do(patient, "POST", book, content=texts("no JSON").encode("shift_jis", "replace"))
        self.do(patient, "POST", book, {**whole_body, "field": texts("x")})
        self.do(patient, "POST", book, {**whole_body, "date": texts("x"), "patient_id": texts("x"), "time_slot": MARK})
        self.do(patient, "POST", book, {**whole_body, "reason": texts("\u202e") + "\x00"})
        self.do(patient, "POST", book, {**whole_body, "reason": texts("x") * 200_000})  # 413
        for path in (
            f"/api/patients/{texts('x')}",
            f"/api/{MARK}",
            f"{book}?name={texts('x')}",
            f"{book}/{MARK}:cancel",
        ):
            for method in ("GET", "POST", "DELETE"):
                self.do(patient, method, path)
        for token in (MARK, "e30.e30." + MARK, "x" * 3_000 + MARK):
            self.do(self.anybody, "GET", book, headers={"Authorization": f"Bearer {token}"})
        self.do(
            patient,
            "GET",
            book,
            headers={"x-yoyaku-read-mark": MARK, "if-match": MARK, "user-agent": texts("x").encode()},
        )
        with grpc.insecure_channel(self.stack["grpc"]) as channel:
            metadata = (("authorization", patient.headers["authorization"]), ("x-name", MARK))
            for method in ("AppointmentService/CreateAppointment", f"AppointmentService/{MARK}", f"{MARK}/{MARK}"):
                with suppress(grpc.RpcError):
                    send: Any = channel.unary_unary(f"/yoyaku.v1.{method}")
                    send(texts("bytes").encode(), metadata=metadata, timeout=10)
        for _ in range(40):  # of ten tokens each, of which fifty a second come back: more than a person may
            self.do(patient, "GET", "/api/schedules/available-slots:search")

    def watch(self, patient: httpx.Client) -> None:
        """Streams that tell, that are refused, and that end."""
        for params in ({"doctor_ids": self.doctor}, {"doctor_ids": MARK}, {"clinic_id": texts("x")}):
            with patient.stream("GET", "/api/schedules/slots:watch", params=params) as stream:
                next(stream.iter_lines(), "")
        service = {"name": texts("system"), "all_clinics": True}
        made = self.do(self.roles["admin"], "POST", "/api/auth/service-accounts", service)
        tokens = self.do(self.anybody, "POST", "/api/auth/token", {"device_token": made["device_token"]})
        metadata = (("authorization", f"Bearer {tokens['access_token']}"),)
        with grpc.insecure_channel(self.stack["grpc"]) as channel:
            request = WatchAppointmentsRequest(clinic_id=self.stack["clinics"][0])
            changes = AppointmentServiceStub(channel).WatchAppointments(request, metadata=metadata, timeout=20)
            next(changes)
            changes.cancel()

    def records(self) -> None:
        """What doctors write, read and look up in an emergency."""
        doctor, first = self.roles["doctor"], self.patients[0]
        record = {"patient_id": first, "text": texts("pneumonia")}
        self.do(doctor, "POST", "/api/medical-records", record)  # not treating
        self.do(doctor, "POST", "/api/medical-records:breakGlass", {"patient_id": first, "reason": texts("collapsed")})
        written = self.do(doctor, "POST", "/api/medical-records", record)["record"]
        for etag in (written["etag"], MARK):
            self.do(doctor, "POST", f"/api/medical-records/{written['id']}:amend", {"text": texts("no"), "etag": etag})
        self.do(doctor, "GET", "/api/medical-records", params={"patient_id": first})
        self.do(doctor, "GET", f"/api/medical-records/{MARK}")
        self.do(self.roles["patient"], "GET", "/api/medical-records:accessLog", params={"patient_id": first})

    def outages(self) -> None:
        """An error that nobody foresaw, in the database; and a token store that does not answer."""
        staff, body = self.roles["staff"], {"patient_id": self.patients[0], "reason": texts("cough"), **self.slot(10)}
        with psycopg.connect(self.stack["database_url"], autocommit=True) as database:
            database.execute("ALTER TABLE appointments RENAME COLUMN reason TO renamed")
            try:
                self.do(staff, "POST", "/api/appointments", body)
            finally:
                database.execute("ALTER TABLE appointments RENAME COLUMN renamed TO reason")
            database.execute(
                "ALTER TABLE appointments ADD CONSTRAINT nobody CHECK (reason NOT LIKE '%' || 'cough' || '%') NOT VALID"
            )
            try:
                self.do(staff, "POST", "/api/appointments", body)
            finally:
                database.execute("ALTER TABLE appointments DROP CONSTRAINT nobody")
        with frozen(family(self.stack["pids"]["valkey"])):
            self.do(self.anybody, "POST", "/api/auth/login", {"email": f"{MARK}-a@example.org", "password": PASSWORD})
            self.do(staff, "POST", "/api/appointments", body)

    def imports(self, scratch: Path) -> None:
        """A hospital system's data, some of it of no use; what is reported names files and lines."""
        fields = {"name": [{"text": texts("Ken")}], "telecom": [{"system": "phone", "value": PHONE}]}
        lines: list[Any] = [*whole(), patient("p2", **fields), condition(code={"text": texts("asthma")})]
        useless: list[Any] = [
            json.dumps(patient("p3", **fields))[:-9],
            texts("no JSON"),
            patient("p4", **fields, birthDate=MARK),
        ]
        done = self.copy.run("import-fhir", str(export(scratch, a=[*lines, *useless])))
        assert "new" in done.stdout, done.stderr
        self.refusals.append(done.stdout + done.stderr)
