"""`yoyaku sign-up`: from nobody to a patient who is signed in."""

from collections import Counter
from pathlib import Path

from tests.client.shell import Shell
from tests.fixtures.book import Clock
from tests.fixtures.mail import Relay, notifying
from tests.fixtures.worker import Worker, settings_for
from tests.rpc.test_registrations import EMAIL, NAME, PASSWORD, code_in
from yoyaku.__main__ import app

WORDS = ("sign-up", EMAIL, "--name", NAME, "--birth-date", "1980-05-17", "--language", "ja")


async def test_the_command_registers_a_person_with_the_code_from_the_mail_and_signs_in(
    worker: Worker, relay: Relay, database_url: str, valkey_urls: dict[str, str], clock: Clock, tmp_path: Path
) -> None:
    await worker.book.clinic(public_browsing=True)
    shell = Shell(f"http://{worker.address}", sign_ins=tmp_path / "sign-ins.json")

    async def wrong_code() -> str:
        code = await code_in(relay, 1, "ja")
        return f"{int(code) ^ 1:06}\n"

    async def code() -> str:
        return f"{await code_in(relay, 2, 'ja')}\n"

    async with notifying(settings_for(database_url, **valkey_urls, smtp_url=relay.url), clock):
        refused = await shell(*WORDS, typed=f"{PASSWORD}\n", later=wrong_code)
        assert (refused.code, "code" in refused.err) == (1, True), refused.err
        assert (await shell("whoami")).code != 0
        done = await shell(*WORDS, typed=f"{PASSWORD}\n", later=code)
    assert done.code == 0, done.err
    assert "signed in at" in done.out
    assert PASSWORD not in done.out + done.err
    who = (await shell("whoami", "--json")).json
    assert (who["account"]["email"], bool(who["account"]["patient_id"])) == (EMAIL.lower(), True)
    assert await worker.book.rows("SELECT name, language FROM patients") == [(NAME, "ja")]


def test_no_command_hides_another_of_the_same_name() -> None:
    names = Counter(each.name or each.callback.__name__ for each in app.registered_commands if each.callback)
    assert names["sign_up"] == 1
    assert [name for name, number in names.items() if number > 1] == []
