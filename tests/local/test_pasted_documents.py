"""What README.md, docs/tour.md and docs/setup.md tell a newcomer to paste, pasted."""

import re

import pytest

from tests.fixtures.stack import ROOT, Copy, paste


@pytest.mark.usefixtures("running")
def test_the_two_minutes_of_the_readme_work_as_pasted(copy: Copy) -> None:
    printed, _ = paste(copy, "README.md", section="## Try it in two minutes")
    for words in ("201 Created", '"reason":"SLOT_TAKEN"', "yoyaku.v1.AlternativeSlots", "APPOINTMENT_STATUS_CANCELLED"):
        assert words in printed
    assert not re.search("INVALID|NOT_FOUND", printed)


def test_the_tour_works_as_pasted(copy: Copy) -> None:
    assert copy.run("down").returncode == 0
    printed, errors = paste(copy, "docs/tour.md")
    for words in (
        "yoyaku is running",
        "signed in at http",
        "201 Created",
        "refused with exit code 1",
        '"reason":"ETAG_MISMATCH"',
        "stopped",
    ):
        assert words in printed
    assert "to take another: yoyaku book Mori" in errors
    # Booked twice with one request_id, moved and cancelled; and moved with the command, then cancelled.
    assert printed.count("APPOINTMENT_STATUS_CANCELLED") == 1
    assert "15:00" in printed.partition("APPOINTMENT_STATUS_CANCELLED")[2]
    assert "NOT_FOUND" not in printed
    week = printed.partition("Ultrasound scan")[2]
    assert re.search(r"Ultrasound +Room 3", week)
    assert len(re.findall(r"14:30 +moved", week)) == 3
    _, _, preview, added = week.split("Outcome")
    assert [len(re.findall(r"14:30 +Sato Ken", each)) for each in (preview, added)] == [1, 1]
    assert "Room 2" in week


@pytest.mark.usefixtures("running")
def test_a_hospital_is_set_up_in_ten_commands_as_pasted(copy: Copy) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "docs" / "setup.md").read_text(), re.DOTALL)
    assert len(re.findall(r"(?:yoyaku|python -m server) [a-z]", "".join(blocks))) == 10
    printed, _ = paste(copy, "docs/setup.md")
    for words in (
        "signed in at http",
        "1-2-3 Ginza",
        "Yamada Hanako",
        "opens the link in the mail",
        "Suzuki Aoi",
        "16:20",
    ):
        assert words in printed
