"""The application: `DATABASE_URL=... uvicorn tests.bench.alternative.app:app`."""

import hashlib
import os
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import Depends, FastAPI, Header, HTTPException, Query
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import joinedload

from tests.bench.alternative import answers
from tests.bench.alternative.days import ACTIVE, doctor_of, free_slots
from tests.bench.alternative.models import Answer, Appointment, Day, Doctor, Event, Patient, SigningKey

_URL = os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+asyncpg://", 1)
_sessions = async_sessionmaker(create_async_engine(_URL, pool_size=8, max_overflow=0), expire_on_commit=False)
_keys: dict[str, Ed25519PublicKey] = {}


async def _session() -> AsyncIterator[AsyncSession]:
    async with _sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(_session)]


async def _claims(authorization: Annotated[str, Header()]) -> dict[str, Any]:
    token = authorization.removeprefix("Bearer ")
    try:
        kid = jwt.get_unverified_header(token)["kid"]
        if kid not in _keys:
            # Not in the call's own session: it would begin a transaction there before the call does.
            async with _sessions() as keys:
                for row in await keys.scalars(select(SigningKey)):
                    _keys[row.kid] = Ed25519PublicKey.from_public_bytes(row.public_key)
        claims: dict[str, Any] = jwt.decode(
            token, _keys[kid], algorithms=["EdDSA"], audience="yoyaku", issuer="yoyaku", options={"require": ["exp"]}
        )
    except (jwt.PyJWTError, KeyError):
        raise HTTPException(401, "sign in again") from None
    return claims


Claims = Annotated[dict[str, Any], Depends(_claims)]


async def list_slots(doctor_id: UUID, date: date, claims: Claims, session: Session) -> answers.Slots:
    doctor = await doctor_of(session, str(doctor_id))
    if doctor is None:
        raise HTTPException(404, "no such doctor")
    day = await session.get(Day, (doctor.id, date))
    return answers.Slots(
        doctor_id=doctor.id,
        date=date,
        time_zone=doctor.clinic.time_zone,
        revision=day.revision if day else 0,
        slots=await free_slots(session, doctor, date, datetime.now(UTC)),
    )


async def list_appointments(
    patient_id: UUID,
    claims: Claims,
    session: Session,
    page: Annotated[int, Query(ge=0, le=50)] = 0,
    size: Annotated[int, Query(ge=1, le=100)] = 20,
    sort: str = "appointment_date,desc",
) -> answers.Appointments:
    order = [Appointment.date, Appointment.start_at, Appointment.id]
    query = (
        select(Appointment)
        .where(Appointment.patient_id == str(patient_id), Appointment.clinic_id.in_(claims["clinic_ids"]))
        .options(
            joinedload(Appointment.patient, innerjoin=True),
            joinedload(Appointment.doctor, innerjoin=True).options(
                joinedload(Doctor.practitioner, innerjoin=True), joinedload(Doctor.clinic, innerjoin=True)
            ),
        )
        .order_by(*(column.desc() if sort.endswith("desc") else column for column in order))
        .offset(page * size)
        .limit(size + 1)
    )
    rows = (await session.scalars(query)).all()
    return answers.Appointments(
        appointments=[_shown(row) for row in rows[:size]], next_page=page + 1 if len(rows) > size else None
    )


async def create_appointment(booking: answers.NewBooking, claims: Claims, session: Session) -> answers.Booked:
    now = datetime.now(UTC)
    digest = hashlib.sha256(booking.model_dump_json().encode()).digest()
    async with session.begin():
        if booking.request_id:
            first = await session.get(Answer, (claims["sub"], str(booking.request_id)))
            if first and first.digest == digest:
                return answers.Booked.model_validate_json(first.response)
            if first:
                raise HTTPException(409, "this request_id was used for another write")
        booked = await _book(session, booking, claims, now)
        if booking.request_id:
            response = booked.model_dump_json().encode()
            session.add(
                Answer(
                    caller_id=claims["sub"],
                    request_id=str(booking.request_id),
                    digest=digest,
                    response=response,
                    created_at=now,
                )
            )
    return booked


async def _book(
    session: AsyncSession, booking: answers.NewBooking, claims: dict[str, Any], now: datetime
) -> answers.Booked:
    doctor = await doctor_of(session, str(booking.doctor_id))
    if doctor is None or doctor.clinic_id not in claims["clinic_ids"]:
        raise HTTPException(404, "no such doctor")
    day = await session.get(Day, (doctor.id, booking.date), with_for_update=True)
    if day is None:
        day = Day(doctor_id=doctor.id, date=booking.date, revision=0)
        session.add(day)
    patient = await session.get(Patient, str(booking.patient_id), with_for_update=True)
    if patient is None:
        raise HTTPException(404, "no such patient")
    slot = await _slot(session, doctor, patient, booking, now)
    day.revision, day.changed_at = day.revision + 1, now
    appointment = Appointment(
        id=str(uuid.uuid4()), doctor=doctor, patient=patient, date=booking.date,
        start_at=slot.start_time, end_at=slot.end_time, during=Range(slot.start_time, slot.end_time), seat=1,
        status="scheduled", reason=booking.reason, version=1, created_at=now, updated_at=now,
    )  # fmt: skip
    session.add(appointment)
    await session.flush()
    session.add(Event(appointment_id=appointment.id, happened_at=now, actor=claims["sub"], event="booked", note=""))
    return answers.Booked(appointment=_shown(appointment), revision=day.revision)


async def _slot(
    session: AsyncSession, doctor: Doctor, patient: Patient, booking: answers.NewBooking, now: datetime
) -> answers.Slot:
    slots = await free_slots(session, doctor, booking.date, now)
    free = [slot for slot in slots if slot.time_slot == booking.time_slot]
    if not free:
        raise HTTPException(409, "the slot is taken")
    theirs = await session.scalars(
        select(Appointment).where(
            Appointment.patient_id == patient.id, Appointment.date == booking.date, Appointment.status.in_(ACTIVE)
        )
    )
    others = theirs.all()
    if any(other.start_at < free[0].end_time and free[0].start_time < other.end_at for other in others):
        raise HTTPException(409, "the patient is busy")
    if len(others) >= doctor.clinic.max_per_patient_day:
        raise HTTPException(400, "the patient has enough for the day")
    return free[0]


def _shown(row: Appointment) -> answers.Appointment:
    doctor, clinic = row.doctor, row.doctor.clinic
    return answers.Appointment(
        id=row.id,
        patient=answers.Person(id=row.patient.id, name=row.patient.name),
        doctor=answers.DoctorRef(id=doctor.id, name=doctor.practitioner.name, specialty=doctor.specialty),
        clinic=answers.ClinicRef(id=clinic.id, name=clinic.name, time_zone=clinic.time_zone),
        date=row.date,
        time_slot=f"{row.start_at.astimezone(ZoneInfo(clinic.time_zone)):%H:%M}",
        start_time=row.start_at,
        end_time=row.end_at,
        status=row.status,
        reason=row.reason,
        etag=str(row.version),
        create_time=row.created_at,
        update_time=row.updated_at,
    )


app = FastAPI(title="yoyaku, the ordinary way")
app.add_api_route("/api/schedules/available-slots", list_slots)
app.add_api_route("/api/appointments", list_appointments)
app.add_api_route("/api/appointments", create_appointment, methods=["POST"], status_code=201)
