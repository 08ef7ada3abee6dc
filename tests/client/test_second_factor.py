"""Second factors on the command line."""

import re
from pathlib import Path

from tests.client.shell import Shell
from tests.fixtures.people import PASSWORD
from tests.fixtures.second_factor import EMAIL, Owner


async def test_signing_in_asks_for_a_code_which_is_renewed_and_removed(owner: Owner, tmp_path: Path) -> None:
    shell = Shell(f"http://{owner.people.scene.worker.address}", sign_ins=tmp_path / "sign-ins.json")
    wrong = await shell("login", EMAIL, typed=f"{PASSWORD}\n000000\n")
    assert (wrong.code, "used before" in wrong.err) == (1, True)
    assert (await shell("login", EMAIL, typed=f"{PASSWORD}\n{owner.recovery_codes[0].upper()}\n")).code == 0
    assert "Recovery codes left  9" in (await shell("second-factor", "show")).out
    renewed = await shell("second-factor", "renew-codes", typed=f"{owner.code()[:3]} － {owner.code()[3:]}\n")
    codes = re.findall(r"^  (\S+)$", renewed.out, re.MULTILINE)
    assert len(codes) == 10
    assert (await shell("second-factor", "remove", typed=f"{PASSWORD}\n{codes[0]}\n")).code == 0
    assert "no second factor" in (await shell("second-factor", "show")).out
    begun = await shell("second-factor", "set-up", typed=f"{PASSWORD}\n000000\n")
    assert (begun.code, "otpauth://" in begun.out, "used before" in begun.err) == (1, True, True)
