"""The life of an account: invited, given a password, reset, changed, disabled."""

import asyncio
from datetime import timedelta
from typing import Any

import grpc
import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

import server.commands.access.invite_admin  # noqa: F401  # the command
from server.commands import app
from server.domain.errors import DomainError
from tests.fixtures.book import Clock
from tests.fixtures.callers import everyone, refusal
from tests.fixtures.people import EMAIL, PASSWORD, People
from tests.fixtures.waiting import until
from tests.fixtures.worker import Refusal
from yoyaku.v1 import auth_service_pb2 as pb
from yoyaku.v1.account_role_pb2 import AccountRole

NOBODY = "019ab0c2-7d10-7c3e-9a4f-0242ac120001"
REQUEST = "019ab0c2-7d10-7c3e-9a4f-0242ac12000a"


async def kinds(people: People, account_id: str) -> list[str]:
    rows = await people.scene.book.rows(
        "SELECT kind FROM security_events WHERE account_id = %s ORDER BY kind", account_id
    )
    return [str(kind) for (kind,) in rows]


async def test_an_invited_person_sets_the_password_once(people: People) -> None:
    invited = await people.invite("Ken@Example.org")
    await people.set_password(invited.set_password_token)
    again = await refusal(people.set_password(invited.set_password_token, "somebody else's"))
    assert (again.code, again.reason) == (grpc.StatusCode.UNAUTHENTICATED, "SET_PASSWORD_TOKEN_INVALID")
    assert await people.login()
    assert await kinds(people, invited.account_id) == ["account_invited", "password_set"]


async def test_an_invitation_ends_after_seven_days_and_a_reset_after_one(people: People, clock: Clock) -> None:
    invited = await people.invite()
    clock.advance(timedelta(days=7))
    assert (await refusal(people.set_password(invited.set_password_token))).reason == "SET_PASSWORD_TOKEN_INVALID"
    admin = People(people.scene, await people.scene.worker.client("admin"))
    reset = await admin.reset(invited.account_id)
    clock.advance(timedelta(hours=24))
    assert (await refusal(people.set_password(reset.set_password_token))).reason == "SET_PASSWORD_TOKEN_INVALID"


@pytest.mark.parametrize("token", ["made-up", f"{NOBODY}.x", "x.y", "' OR true --"])
async def test_a_made_up_token_sets_no_password_and_causes_no_work(people: People, token: str) -> None:
    assert (await refusal(people.set_password(token))).reason == "SET_PASSWORD_TOKEN_INVALID"


async def test_a_reset_ends_the_password_at_once_and_the_newest_token_sets_a_new_one(people: People) -> None:
    account_id = await people.join()
    first, second = await people.reset(account_id), await people.reset(account_id)
    assert (await refusal(people.login())).reason == "SIGN_IN_FAILED"
    assert (await refusal(people.set_password(first.set_password_token))).reason == "SET_PASSWORD_TOKEN_INVALID"
    await people.set_password(second.set_password_token, "quite another one")
    assert await people.login(password="quite another one")


async def test_who_changes_the_password_must_know_it(people: People) -> None:
    account_id = await people.join()
    tokens = await people.login()
    wrong = await refusal(people.change_password(tokens, current="not the password"))
    assert (wrong.code, wrong.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PASSWORD_WRONG")
    await people.change_password(tokens)
    assert (await refusal(people.login())).reason == "SIGN_IN_FAILED"
    assert await people.login(password="another long one")
    assert "password_changed" in await kinds(people, account_id)


async def test_the_current_password_cannot_be_guessed_by_a_thief_of_a_token(people: People) -> None:
    await people.join()
    tokens = await people.login()
    for _ in range(5):
        await refusal(people.change_password(tokens, current="not the password"))
    assert (await refusal(people.change_password(tokens))).reason == "TOO_MANY_ATTEMPTS"


async def test_names_of_the_account_and_its_clinics_are_no_passwords(people: People) -> None:
    clinic_id = people.scene.clinic_id
    await people.scene.book.run("UPDATE clinics SET name = 'Sakuragaoka Byoin' WHERE id = %s", clinic_id)
    await people.scene.book.run("UPDATE patients SET name = 'Tanizaki Junichiro'")
    patient = await people.invite()
    staff = await people.invite("desk@example.org", role=AccountRole.ACCOUNT_ROLE_STAFF, clinic_ids=[clinic_id])
    for invited, password in ((patient, "Tanizaki.Junichiro-1886"), (staff, "Sakuragaoka!2026")):
        refused = await refusal(people.set_password(invited.set_password_token, password))
        assert (refused.reason, list(refused.violations)) == ("INVALID_REQUEST", ["password"])
        await people.set_password(invited.set_password_token)


async def test_common_passwords_are_neither_set_nor_changed_to(people: People) -> None:
    invited = await people.invite()
    refused = await refusal(people.set_password(invited.set_password_token, "password1234"))
    assert (refused.reason, list(refused.violations)) == ("INVALID_REQUEST", ["password"])
    await people.set_password(invited.set_password_token)
    refused = await refusal(people.change_password(await people.login(), new=EMAIL))
    assert (refused.reason, list(refused.violations)) == ("INVALID_REQUEST", ["new_password"])


@pytest.mark.parametrize("password", ["short", "x" * 201, "long enough\0"])
async def test_a_password_has_twelve_to_two_hundred_characters(people: People, password: str) -> None:
    invited = await people.invite()
    refused = await refusal(people.set_password(invited.set_password_token, password))
    assert (refused.reason, list(refused.violations)) == ("INVALID_REQUEST", ["password"])
    assert password not in refused.message


async def test_an_invitation_sent_twice_makes_one_account_and_its_secret_is_not_kept_in_the_clear(
    people: People,
) -> None:
    first = await people.invite(request_id=REQUEST)
    assert await people.invite(request_id=REQUEST) == first
    reset = await people.reset(first.account_id, request_id=REQUEST.replace("0a", "0b"))
    assert await people.reset(first.account_id, request_id=REQUEST.replace("0a", "0b")) == reset
    kept = str(await people.scene.book.rows("SELECT encode(response, 'escape') FROM idempotency_keys"))
    kept += str(await people.scene.book.rows("SELECT a::text FROM accounts a"))
    for secret in (first.set_password_token, reset.set_password_token):
        assert secret.partition(".")[2] not in kept


async def test_an_email_belongs_to_one_account(people: People) -> None:
    account_id = await people.join()
    taken = await refusal(people.invite("KEN@example.org"))
    assert (taken.code, taken.reason) == (grpc.StatusCode.ALREADY_EXISTS, "EMAIL_TAKEN")
    assert taken.metadata == {"account_id": account_id}
    assert EMAIL not in taken.message.lower()


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"role": AccountRole.ACCOUNT_ROLE_STAFF, "clinic_ids": [NOBODY]}, "CLINIC_NOT_FOUND"),
        ({"role": AccountRole.ACCOUNT_ROLE_PATIENT, "patient_id": NOBODY}, "PATIENT_NOT_FOUND"),
        ({"role": AccountRole.ACCOUNT_ROLE_DOCTOR, "doctor_id": NOBODY}, "DOCTOR_NOT_FOUND"),
        ({"role": AccountRole.ACCOUNT_ROLE_STAFF}, "INVALID_REQUEST"),
        ({"role": AccountRole.ACCOUNT_ROLE_STAFF, "clinic_ids": [NOBODY, NOBODY.upper()]}, "INVALID_REQUEST"),
        ({"role": AccountRole.ACCOUNT_ROLE_PATIENT}, "INVALID_REQUEST"),
        ({"role": AccountRole.ACCOUNT_ROLE_PATIENT, "doctor_id": NOBODY}, "INVALID_REQUEST"),
        ({"role": AccountRole.ACCOUNT_ROLE_ADMIN, "patient_id": NOBODY}, "INVALID_REQUEST"),
        ({"role": AccountRole.ACCOUNT_ROLE_UNSPECIFIED}, "INVALID_REQUEST"),
        ({"role": AccountRole.ACCOUNT_ROLE_DISPLAY}, "INVALID_REQUEST"),
        ({"role": AccountRole.ACCOUNT_ROLE_SYSTEM}, "INVALID_REQUEST"),
        ({"email": "nobody", "role": AccountRole.ACCOUNT_ROLE_ADMIN}, "INVALID_REQUEST"),
    ],
)
async def test_an_account_has_what_its_role_needs(people: People, fields: dict[str, Any], reason: str) -> None:
    assert (await refusal(people.invite(**fields))).reason == reason


async def test_a_worker_goes_on_learning_whose_sessions_ended_after_a_failure(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.usecases.identity.access_tokens._LEARN_SECONDS", 0.01)
    account_id = await people.join()
    session = await people.login()
    await people.scene.book.run("ALTER TABLE accounts RENAME COLUMN sessions_ended_at TO away")
    with capture_logs() as lines:
        learning = asyncio.create_task(people.scene.worker.parts.tokens.run())

        async def has_failed() -> bool:
            return any(line["event"] == "ended sessions are not known" for line in lines)

        await until(has_failed)
    await people.scene.book.run("ALTER TABLE accounts RENAME COLUMN away TO sessions_ended_at")
    await people.disable(account_id)

    async def is_refused() -> bool:
        try:
            await people.works(session)
        except Refusal as refused:
            return refused.reason == "TOKEN_INVALID"
        return False

    assert await until(is_refused)
    learning.cancel()


async def test_a_disabled_account_stays_disabled_and_an_unknown_one_is_not_found(people: People) -> None:
    account_id = await people.join()
    for _ in range(2):
        await people.disable(account_id)
    assert (await refusal(people.reset(account_id))).reason == "ACCOUNT_NOT_FOUND"
    assert (await refusal(people.disable(NOBODY))).reason == "ACCOUNT_NOT_FOUND"
    assert (await refusal(people.reset(NOBODY))).reason == "ACCOUNT_NOT_FOUND"
    assert (await kinds(people, account_id)).count("account_disabled") == 1


async def test_an_admin_cannot_disable_the_own_account(people: People) -> None:
    invited = await people.invite(role=AccountRole.ACCOUNT_ROLE_ADMIN)
    await people.set_password(invited.set_password_token)
    tokens = await people.login(password=PASSWORD)
    himself = People(people.scene, people.scene.worker.stranger(tokens.access_token))
    assert (await refusal(himself.disable(invited.account_id))).reason == "NOT_ALLOWED"


async def test_who_runs_the_server_invites_the_first_admin(people: People, database_url: str) -> None:
    key = people.scene.worker.key_encryption_key
    environment = {"YOYAKU_DATABASE_URL": database_url, "YOYAKU_KEY_ENCRYPTION_KEY": key}

    def run(email: str) -> Result:
        return CliRunner().invoke(app, ["invite-admin", email], env=environment)

    done = await asyncio.to_thread(run, EMAIL)
    assert (done.exit_code, done.stderr) == (0, "")
    replaced = await asyncio.to_thread(run, EMAIL.upper())
    assert (replaced.exit_code, replaced.stderr) == (0, "")
    assert (await refusal(people.set_password(done.stdout.strip()))).reason == "SET_PASSWORD_TOKEN_INVALID"
    await people.set_password(replaced.stdout.strip())
    admin = people.scene.worker.stranger((await people.login()).access_token)
    assert await People(people.scene, admin).invite("other@example.org")
    again = await asyncio.to_thread(run, EMAIL)
    assert (again.exit_code, again.stdout) == (1, "")
    assert "with this email already exists" in again.stderr


async def test_an_operator_gets_no_token_for_an_account_that_is_disabled_or_no_admins(people: People) -> None:
    patient = await people.invite("patient@example.org")
    admin = await people.invite(role=AccountRole.ACCOUNT_ROLE_ADMIN)
    await people.disable(admin.account_id)
    for email in ("patient@example.org", EMAIL):
        with pytest.raises(DomainError, match="already exists"):
            await people.scene.worker.parts.accounts.invite_admin(email)
    await people.set_password(patient.set_password_token)


async def test_only_admins_care_for_accounts(people: People) -> None:
    for name, client in (await everyone(people.scene)).items():
        if name == "admin":
            continue
        other = People(people.scene, client)
        for call in (other.invite(), other.reset(NOBODY), other.disable(NOBODY), other.enable(NOBODY)):
            assert (await refusal(call)).reason == "NOT_ALLOWED", name
        request = pb.ChangePasswordRequest(current_password="x", new_password="x" * 12)
        expected = "NOT_ALLOWED" if name in {"display", "system"} else "PASSWORD_WRONG"
        # Accounts of tests have no password that could be right.
        assert (await refusal(client(client.auth.ChangePassword, request))).reason == expected, name


async def test_where_no_links_are_sent_nobody_can_request_one(people: People) -> None:
    stranger = people.scene.worker.stranger()
    request = pb.RequestPasswordResetRequest(email=EMAIL)
    refused = await refusal(stranger(stranger.auth.RequestPasswordReset, request))
    assert refused.reason == "PASSWORD_RESET_NOT_OFFERED"
