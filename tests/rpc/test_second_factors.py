"""Second factors: codes of an authenticator app, and recovery codes."""

import base64
from datetime import timedelta

import grpc

from tests.fixtures.book import Clock
from tests.fixtures.callers import refusal
from tests.fixtures.people import PASSWORD, People
from tests.fixtures.second_factor import STEP, Owner, joined, set_up
from tests.fixtures.waiting import until
from yoyaku.v1 import auth_service_pb2 as pb


async def kinds(owner: Owner) -> list[str]:
    found = await owner.people.scene.book.rows(
        "SELECT kind, actor FROM security_events WHERE account_id = %s AND kind LIKE '%%o%%' ORDER BY kind",
        owner.account_id,
    )
    return [f"{kind} by {'owner' if actor == owner.account_id else 'another'}" for kind, actor in found]


async def test_the_right_password_alone_no_longer_signs_in(owner: Owner) -> None:
    asked = await refusal(owner.login())
    assert (asked.code, asked.reason) == (grpc.StatusCode.UNAUTHENTICATED, "SECOND_FACTOR_REQUIRED")
    wrong = await refusal(owner.login(password="not the password", code=owner.code()))
    assert wrong.reason == "SIGN_IN_FAILED"
    answer = await owner.login(owner.code())
    assert (answer.account.second_factor, answer.account.second_factor_missing) == (True, False)
    assert (await owner.ask("GetSecondFactor")).recovery_codes_left == 10


async def test_the_address_of_the_qr_code_gives_an_app_the_same_secret(people: People, clock: Clock) -> None:
    owner = await joined(people, clock)
    made = await owner.ask("EnrolSecondFactor", password=PASSWORD)
    assert made.uri.startswith("otpauth://totp/yoyaku:desk%40example.org?")
    assert f"secret={made.secret}&" in made.uri
    assert not (await owner.ask("GetSecondFactor")).HasField("confirm_time")
    assert await owner.login(), "it counts once it is confirmed"


async def test_a_stolen_token_alone_sets_up_no_second_factor(people: People, clock: Clock) -> None:
    owner = await joined(people, clock)
    wrong = await refusal(owner.ask("EnrolSecondFactor", password="not the password"))
    assert (wrong.code, wrong.reason) == (grpc.StatusCode.PERMISSION_DENIED, "PASSWORD_WRONG")
    assert (await refusal(owner.ask("ConfirmSecondFactor", code="123456"))).reason == "SECOND_FACTOR_NOT_ENROLLED"


async def test_a_code_works_once_and_none_from_before_it_either(owner: Owner) -> None:
    await owner.login(owner.code())
    for used in (owner.code(), owner.code(-1)):
        again = await refusal(owner.login(used))
        assert (again.code, again.reason) == (grpc.StatusCode.PERMISSION_DENIED, "SECOND_FACTOR_WRONG")
    owner.clock.advance(STEP)
    await owner.login(owner.code())


async def test_the_clock_of_the_app_may_be_one_step_ahead_or_behind_and_no_more(owner: Owner) -> None:
    owner.clock.advance(5 * STEP)
    for steps in (-2, 2):
        assert (await refusal(owner.login(owner.code(steps)))).reason == "SECOND_FACTOR_WRONG"
    await owner.login(owner.code(-1))
    await owner.login(owner.code(1))


async def test_codes_are_guessed_five_times_a_minute_and_then_the_right_one_has_to_wait_too(owner: Owner) -> None:
    for number in range(5):
        assert (await refusal(owner.login(f"00000{number}"))).reason == "SECOND_FACTOR_WRONG"
    refused = await refusal(owner.login(owner.code()))
    assert (refused.reason, bool(refused.retry_seconds)) == ("TOO_MANY_ATTEMPTS", True)
    # Neither the password nor a recovery code is locked.
    assert (await refusal(owner.login())).reason == "SECOND_FACTOR_REQUIRED"
    await owner.login(owner.recovery_codes[0])


async def test_right_codes_use_no_attempts_up(owner: Owner) -> None:
    for _ in range(7):
        await owner.login(owner.code())
        owner.clock.advance(STEP)


def by_a_japanese_keyboard(code: str) -> str:
    """A code in full width, with a space in its middle."""
    wide = code.translate({each: each + 0xFEE0 for each in range(0x21, 0x7F)})
    return f" {wide[:3]}\u3000{wide[3:]}"


async def test_a_code_of_the_app_counts_however_it_is_typed(people: People, clock: Clock) -> None:
    owner = await joined(people, clock)
    made = await owner.ask("EnrolSecondFactor", password=PASSWORD)
    owner.secret = base64.b32decode(made.secret)
    assert (await refusal(owner.ask("ConfirmSecondFactor", code="12345-"))).reason == "INVALID_REQUEST"
    owner.tokens = await owner.ask("ConfirmSecondFactor", code=by_a_japanese_keyboard(owner.code()))
    await owner.login(by_a_japanese_keyboard(owner.tokens.recovery_codes[0]))
    clock.advance(STEP)
    await owner.login(f"{owner.code()[:3]}-{owner.code()[3:]}")
    clock.advance(STEP)
    await owner.login(by_a_japanese_keyboard(owner.code()))
    clock.advance(STEP)
    assert (await owner.ask("RenewRecoveryCodes", code=by_a_japanese_keyboard(owner.code()))).recovery_codes


async def test_a_recovery_code_signs_in_once_in_any_spelling(owner: Owner) -> None:
    code = owner.recovery_codes[3]
    await owner.login(code.upper().replace("-", " "))
    assert (await refusal(owner.login(code))).reason == "SECOND_FACTOR_WRONG"
    assert (await owner.ask("GetSecondFactor")).recovery_codes_left == 9
    assert "recovery_code_used by owner" in await kinds(owner)


async def test_new_recovery_codes_end_the_old_ones(owner: Owner) -> None:
    fresh = (await owner.ask("RenewRecoveryCodes", code=owner.code())).recovery_codes
    assert len({*fresh, *owner.recovery_codes}) == 20
    assert (await refusal(owner.login(owner.recovery_codes[0]))).reason == "SECOND_FACTOR_WRONG"
    await owner.login(fresh[0])


async def test_neither_secrets_nor_codes_are_stored_in_the_clear(owner: Owner) -> None:
    rows = owner.people.scene.book.rows
    stored = str(await rows("SELECT encode(secret_encrypted, 'hex'), f::text FROM second_factors f"))
    stored += str(await rows("SELECT encode(code_hash, 'escape') FROM recovery_codes"))
    assert owner.secret.hex() not in stored
    assert base64.b32encode(owner.secret).decode() not in stored
    assert not [each for each in owner.recovery_codes if each in stored or each.replace("-", "") in stored]


async def test_setting_it_up_ends_the_sessions_that_have_not_shown_a_code(people: People, clock: Clock) -> None:
    owner = await joined(people, clock)
    before = owner.tokens
    await set_up(owner)
    assert (await refusal(people.refresh(before.refresh_token))).reason == "SESSION_ENDED"
    assert await people.refresh(owner.tokens.refresh_token)


async def test_a_secret_is_confirmed_within_a_quarter_of_an_hour_with_the_code_of_the_newest(
    people: People, clock: Clock
) -> None:
    owner = await joined(people, clock)
    assert (await refusal(owner.ask("ConfirmSecondFactor", code="123456"))).reason == "SECOND_FACTOR_NOT_ENROLLED"
    owner.secret = base64.b32decode((await owner.ask("EnrolSecondFactor", password=PASSWORD)).secret)
    clock.advance(timedelta(minutes=15))
    owner.tokens = await owner.login()
    late = await refusal(owner.ask("ConfirmSecondFactor", code=owner.code()))
    assert late.reason == "SECOND_FACTOR_NOT_ENROLLED"
    newest = base64.b32decode((await owner.ask("EnrolSecondFactor", password=PASSWORD)).secret)
    assert (await refusal(owner.ask("ConfirmSecondFactor", code=owner.code()))).reason == "SECOND_FACTOR_WRONG"
    owner.tokens, owner.secret = await owner.login(), newest
    clock.advance(timedelta(minutes=14, seconds=59))
    await owner.ask("ConfirmSecondFactor", code=owner.code())


async def test_who_has_one_removes_it_before_setting_up_another(owner: Owner) -> None:
    assert (await refusal(owner.ask("EnrolSecondFactor", password=PASSWORD))).reason == "SECOND_FACTOR_EXISTS"
    assert (await refusal(owner.ask("ConfirmSecondFactor", code=owner.code()))).reason == "SECOND_FACTOR_EXISTS"


async def test_removing_it_takes_the_password_and_a_code(owner: Owner) -> None:
    wrong = await refusal(owner.ask("RemoveSecondFactor", password="not the password", code=owner.code()))
    assert wrong.reason == "PASSWORD_WRONG"
    wrong = await refusal(owner.ask("RemoveSecondFactor", password=PASSWORD, code="000000"))
    assert wrong.reason == "SECOND_FACTOR_WRONG"
    before, owner.tokens = (
        owner.tokens,
        await owner.ask("RemoveSecondFactor", password=PASSWORD, code=owner.recovery_codes[0]),
    )
    assert (await refusal(owner.people.refresh(before.refresh_token))).reason == "SESSION_ENDED"
    assert not (await owner.ask("GetSecondFactor")).HasField("confirm_time")
    await owner.login()
    assert [each for each in await kinds(owner) if "factor" in each] == [
        "second_factor_confirmed by owner",
        "second_factor_removed by owner",
    ]


async def test_an_admin_resets_that_of_somebody_else(owner: Owner) -> None:
    admin = owner.people.admin
    await admin(admin.auth.ResetSecondFactor, pb.ResetSecondFactorRequest(account_id=owner.account_id))
    assert (await refusal(owner.people.refresh(owner.tokens.refresh_token))).reason == "SESSION_ENDED"
    assert not (await owner.login()).account.second_factor
    assert "second_factor_reset by another" in await kinds(owner)
    me = (await admin(admin.auth.GetMe, pb.GetMeRequest())).account
    own = await refusal(admin(admin.auth.ResetSecondFactor, pb.ResetSecondFactorRequest(account_id=me.id)))
    assert own.reason == "NOT_ALLOWED"
    nobody = pb.ResetSecondFactorRequest(account_id="019ab0c2-7d10-7c3e-9a4f-0242ac120001")
    assert (await refusal(admin(admin.auth.ResetSecondFactor, nobody))).reason == "ACCOUNT_NOT_FOUND"


async def test_a_new_password_by_mail_leaves_the_second_factor(owner: Owner) -> None:
    reset = await owner.people.reset(owner.account_id)
    await owner.people.set_password(reset.set_password_token, "quite another one")
    assert (await refusal(owner.login(password="quite another one"))).reason == "SECOND_FACTOR_REQUIRED"
    await owner.login(owner.code(), password="quite another one")


async def test_tokens_from_before_the_set_up_are_refused_within_seconds(people: People, clock: Clock) -> None:
    owner = await joined(people, clock)
    before = people.scene.worker.stranger(owner.tokens.access_token)
    await set_up(owner)

    async def refused() -> bool:
        try:
            await before(before.auth.GetMe, pb.GetMeRequest())
        except Exception as error:
            return getattr(error, "reason", "") == "TOKEN_INVALID"
        return False

    await until(refused)
