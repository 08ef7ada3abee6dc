"""People register as patients by themselves: nothing exists before the code from the mail comes back."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from server.domain.people.contacts import REGISTRATION_LASTS, TRIES
from server.usecases.identity.password_offers import REQUESTS_FOR_EMAIL
from tests.fixtures.book import Book, Clock
from tests.fixtures.callers import refusal
from tests.fixtures.mail import Relay, notifying
from tests.fixtures.notices import ledger_is
from tests.fixtures.worker import Client, Worker, settings_for
from yoyaku.v1 import appointment_service_pb2 as appointments
from yoyaku.v1 import auth_service_pb2 as auth
from yoyaku.v1 import directory_service_pb2 as directory

EMAIL = "Ken@Example.org"
PASSWORD = "seven otters knit a blanket"  # of nobody
NAME, BORN = "Sato Ken", "1980-05-17"


@pytest.fixture
async def sending(
    worker: Worker, relay: Relay, database_url: str, valkey_urls: dict[str, str], clock: Clock
) -> AsyncIterator[Relay]:
    """A clinic that is open to everybody, a relay, and a notification worker that hands mail to it."""
    await worker.book.clinic(public_browsing=True)
    async with notifying(settings_for(database_url, **valkey_urls, smtp_url=relay.url), clock):
        yield relay


async def begin(worker: Worker, **fields: str) -> Any:
    person = {"email": EMAIL, "password": PASSWORD, "name": NAME, "birth_date": BORN} | fields
    stranger = worker.stranger()
    return await stranger(stranger.auth.RequestRegistration, auth.RequestRegistrationRequest(**person))


async def confirm(worker: Worker, registration_id: str, code: str) -> Any:
    stranger = worker.stranger()
    request = auth.ConfirmRegistrationRequest(registration_id=registration_id, code=code)
    return await stranger(stranger.auth.ConfirmRegistration, request)


async def code_in(relay: Relay, number: int = 1, language: str = "en") -> str:
    mails = await relay.arrived(number)
    subject = {"en": r"Your code is (\d{6})", "ja": r"確認コード:(\d{6})"}[language]
    found = re.fullmatch(subject, mails[-1]["Subject"])
    assert found, mails[-1]["Subject"]
    return found[1]


async def count(book: Book) -> tuple[object, ...]:
    """How many patients, accounts and registrations there are."""
    statement = """
    SELECT (SELECT count(*) FROM patients), (SELECT count(*) FROM accounts), (SELECT count(*) FROM registrations)
    """
    (row,) = await book.rows(statement)
    return row


async def test_a_person_registers_and_is_signed_in_as_a_new_patient(worker: Worker, sending: Relay) -> None:
    namesake = await worker.book.patient(NAME)
    begun = await begin(worker)
    assert begun.expires_in == REGISTRATION_LASTS.total_seconds()
    code = await code_in(sending)
    assert sending.mails[0]["To"] == EMAIL.lower()
    assert await count(worker.book) == (1, 0, 1)
    signed_in = await confirm(worker, begun.registration_id, f"{code[:3]} {code[3:]}")
    patient_id = signed_in.account.patient_id
    assert patient_id != namesake  # of the same name and birth date
    me = Client(worker.channel, signed_in.access_token)
    patient = (await me(me.directory.GetPatient, directory.GetPatientRequest(patient_id=patient_id))).patient
    assert (patient.name, patient.birth_date, patient.email) == (NAME, BORN, EMAIL.lower())
    others = appointments.ListAppointmentsRequest(patient_id=namesake)
    assert list((await me(me.appointments.ListAppointments, others)).appointments) == []
    login = auth.LoginRequest(email=EMAIL, password=PASSWORD)
    assert (await me(me.auth.Login, login)).account.id == signed_in.account.id
    assert (await refusal(confirm(worker, begun.registration_id, code))).reason == "REGISTRATION_CODE_WRONG"
    assert await count(worker.book) == (2, 1, 0)


async def test_an_email_that_has_an_account_gets_the_same_answer_and_a_mail_that_says_so(
    worker: Worker, sending: Relay
) -> None:
    await worker.book.account("staff")
    await worker.book.run("UPDATE accounts SET email = %s", EMAIL.lower())
    unknown, known = await begin(worker, email="yui@example.org"), await begin(worker)
    assert {field.name for field, _ in known.ListFields()} == {field.name for field, _ in unknown.ListFields()}
    assert known.expires_in == unknown.expires_in
    mails = {mail["To"]: mail["Subject"] for mail in await sending.arrived(2)}
    assert mails[EMAIL.lower()] == "You have an account already"
    assert re.fullmatch(r"Your code is \d{6}", mails["yui@example.org"])
    for code in ("000000", "123456"):
        assert (await refusal(confirm(worker, known.registration_id, code))).reason == "REGISTRATION_CODE_WRONG"
    assert await count(worker.book) == (0, 1, 2)


async def test_whoever_gets_an_account_first_keeps_the_email(worker: Worker, sending: Relay) -> None:
    first, second = await begin(worker), await begin(worker, name="Ito Yui")
    codes = [re.sub(r"\D", "", mail["Subject"]) for mail in await sending.arrived(2)]

    async def confirmed(registration_id: str) -> list[str]:
        outcomes = []
        for code in codes:  # mails may arrive in either order
            try:
                await confirm(worker, registration_id, code)
                outcomes.append("OK")
            except Exception as failure:  # counted below
                outcomes.append(getattr(failure, "reason", ""))
        return outcomes

    assert sorted(await confirmed(first.registration_id)) == ["OK", "REGISTRATION_CODE_WRONG"]
    assert set(await confirmed(second.registration_id)) == {"REGISTRATION_CODE_WRONG"}
    assert (await count(worker.book))[:2] == (1, 1)


async def test_after_five_wrong_codes_or_an_hour_the_right_one_ends_nothing(
    worker: Worker, sending: Relay, clock: Clock
) -> None:
    guessed = await begin(worker)
    code = await code_in(sending)
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(TRIES):
        assert (await refusal(confirm(worker, guessed.registration_id, wrong))).reason == "REGISTRATION_CODE_WRONG"
    assert (await refusal(confirm(worker, guessed.registration_id, code))).reason == "REGISTRATION_CODE_WRONG"
    late = await begin(worker)
    code = await code_in(sending, 2)
    clock.advance(REGISTRATION_LASTS + timedelta(seconds=1))
    assert (await refusal(confirm(worker, late.registration_id, code))).reason == "REGISTRATION_CODE_WRONG"
    await worker.parts.housekeeping.forget_registrations()
    assert await count(worker.book) == (0, 0, 0)
    await ledger_is(worker.book)  # nor is the address kept there


async def test_registrations_are_refused_where_no_clinic_is_open_and_limited_for_an_email(worker: Worker) -> None:
    assert (await refusal(begin(worker))).reason == "REGISTRATION_NOT_OFFERED"
    await worker.book.clinic(public_browsing=True)
    for _ in range(REQUESTS_FOR_EMAIL):
        assert (await refusal(begin(worker, password="password1234"))).reason == "INVALID_REQUEST"
    for _ in range(REQUESTS_FOR_EMAIL):
        await begin(worker)
    assert (await refusal(begin(worker, email=EMAIL.upper()))).reason == "TOO_MANY_ATTEMPTS"
    weak = await refusal(begin(worker, email="yui@example.org", password="password1234"))
    assert (weak.reason, list(weak.violations)) == ("INVALID_REQUEST", ["password"])
    future = await refusal(begin(worker, email="yui@example.org", birth_date="2999-01-01"))
    assert (future.reason, list(future.violations)) == ("INVALID_REQUEST", ["birth_date"])
