"""People who register as patients: nothing exists before the code from the mail confirms the email."""

from dataclasses import dataclass
from datetime import date, datetime

from db.errors import ConstraintViolated
from db.postgres.cluster.engines import Connection, Engine
from db.postgres.cluster.routing import Freshness
from db.postgres.cluster.transaction import transact
from db.postgres.directory import clinics, patients
from db.postgres.directory.patients import PatientRow
from db.postgres.identity import passwords, registrations
from db.postgres.identity.accounts import AccountRow
from db.postgres.identity.registrations import RegistrationRow
from db.postgres.notifications import notifications
from db.postgres.notifications.notifications import NotificationRow
from db.valkey.client import Valkey
from server.domain.errors import DomainError, Reason
from server.domain.identity import Role
from server.domain.ids import Clock, IdMaker
from server.domain.notices import NoticeKind
from server.domain.people.contacts import REGISTRATION_LASTS, TRIES
from server.telemetry import traces
from server.usecases.directory.contacts import code_hash
from server.usecases.directory.patient_checks import check_birth_date
from server.usecases.identity import security_events
from server.usecases.identity.attempts import Attempts
from server.usecases.identity.password_offers import HOUR, REQUESTS_FOR_EMAIL, REQUESTS_FROM_ADDRESS
from server.usecases.identity.passwords import Passwords
from server.usecases.identity.sessions import Grant, Sessions
from server.usecases.identity.user_agents import Device
from server.usecases.notices import new_notice
from server.usecases.unit_of_work import database_failures_as_domain_errors, read


@dataclass(frozen=True, slots=True)
class NewPerson:
    """Somebody who registers; the email in lower case."""

    email: str
    password: str
    name: str
    birth_date: date
    language: str


class Registrations:
    """Registers people, and tells nobody whether an email has an account."""

    def __init__(
        self,
        engine: Engine,
        store: Valkey,
        clock: Clock,
        new_id: IdMaker,
        passwords: Passwords,
        sessions: Sessions,
    ) -> None:
        self._engine = engine
        self._attempts = Attempts(store)
        self._clock = clock
        self._new_id = new_id
        self._passwords = passwords
        self._sessions = sessions

    async def request(self, person: NewPerson, address: str) -> str:
        """Send a code, or to the owner of an account a warning; the id of the registration.

        The work is the same in both cases. Errors are those of RequestRegistration in the contract.
        """
        await self._attempts.admit("registrations from an address", address, REQUESTS_FROM_ADDRESS, HOUR)
        if not await read(self._engine, clinics.open_to_visitors, Freshness.PRIMARY_FIRST):
            message = "nobody can register by themselves here: call the clinic, which sends an invitation"
            raise DomainError(Reason.REGISTRATION_NOT_OFFERED, message)
        now = self._clock()
        check_birth_date("birth_date", person.birth_date, now)
        await self._passwords.check("password", person.password, [person.email, person.name])
        # Only now: what was refused above sent nothing, and its sender tries again with another password.
        await self._attempts.admit("registrations for an email", person.email, REQUESTS_FOR_EMAIL, HOUR)
        hashed = await self._passwords.hash(person.password)
        row = RegistrationRow(
            self._new_id(),
            person.email,
            hashed,
            person.name,
            person.birth_date,
            person.language,
            now + REGISTRATION_LASTS,
        )

        async def work(pg: Connection) -> None:
            is_known = await passwords.id_by_email(pg, row.email) is not None
            await registrations.add(pg, row)
            await notifications.add(pg, _notice(row, now, is_known=is_known), traces.traceparent())

        with database_failures_as_domain_errors():
            await transact(self._engine, work)
        return row.id

    async def confirm(self, registration_id: str, code: str, device: Device) -> Grant:
        """Make the patient and the account, and begin a session; errors are those of ConfirmRegistration."""
        now, patient_id, account_id = self._clock(), self._new_id(), self._new_id()

        async def work(pg: Connection) -> AccountRow:
            row = await registrations.take(pg, registration_id, code_hash(registration_id, code), tries=TRIES, now=now)
            if row is None:
                raise _code_wrong()
            person = PatientRow(patient_id, row.name, row.birth_date, "", row.email, row.language)
            await patients.add(pg, person, (), now)
            account = AccountRow(account_id, row.email, [Role.PATIENT], [], patient_id)
            await passwords.add(pg, account, now)
            await passwords.set_first(pg, account_id, row.password_hash)
            await security_events.record(pg, self._new_id, account_id, "account_registered", actor=account_id, now=now)
            return account

        with database_failures_as_domain_errors():
            # By itself, so that a wrong code is counted although the rest is rolled back.
            await transact(self._engine, lambda pg: registrations.count_try(pg, registration_id))
            try:
                account = await transact(self._engine, work)
            except ConstraintViolated as violated:
                if violated.constraint != "accounts_email_unique":
                    raise
                raise _code_wrong() from None  # somebody else has got an account with it meanwhile
        return await self._sessions.begin(account, device)


def _notice(row: RegistrationRow, now: datetime, *, is_known: bool) -> NotificationRow:
    kind = NoticeKind.REGISTRATION_KNOWN if is_known else NoticeKind.REGISTRATION_CODE
    return new_notice(row.id, kind, now, row.expires_at, recipient=row.email)


def _code_wrong() -> DomainError:
    return DomainError(
        Reason.REGISTRATION_CODE_WRONG,
        "this code completes no registration: check its digits, sign in if you have used it, or register once more",
    )
