"""What identifies and reaches people, by the rule that requests and imports share."""

from datetime import UTC, date, datetime

import pytest

from server import person_rules
from server.person_rules import Unfit


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("kei@example.com", "kei@example.com"),
        (" KEI@EXAMPLE.COM ", "kei@example.com"),
        ("user..name@docomo.ne.jp", "user..name@docomo.ne.jp"),
        ("user.@docomo.ne.jp", "user.@docomo.ne.jp"),
        (".user@docomo.ne.jp", ".user@docomo.ne.jp"),
        ("o'brien@example.com", "o'brien@example.com"),
        ("ｋｅｉ＠example.com", "kei@example.com"),
        ("kei@münchen.example", "kei@xn--mnchen-3ya.example"),
        ("kei@例え.jp", "kei@xn--r8jz45g.jp"),
    ],
)
def test_addresses_that_mail_reaches_are_kept_as_smtp_takes_them(written: str, kept: str) -> None:
    assert person_rules.email(written) == kept


def test_mail_goes_to_the_mailbox_as_it_was_kept() -> None:
    assert person_rules.mail_address(" Kei.Mori@münchen.example ") == "Kei.Mori@xn--mnchen-3ya.example"


@pytest.mark.parametrize(
    "written",
    [
        "jörg@example.com",
        "太郎@example.jp",
        "kei\u200b@example.com",
        "kei,mori@example.com",
        "a@example.com;b",
        "<kei@example.com>",
        "kei@example.com,",
        "kei(work)@example.com",
        '"user..x"@docomo.ne.jp',
        "group:a@example.com",
        "kei@exa mple.com",
        "kei@-example.com",
        "kei@ex..ample.com",
        "kei@☃..com",
        "kei",
        "@example.com",
        f"{'k' * 65}@example.com",
        f"kei@{'.'.join(['e' * 60] * 5)}",
        "kei@example.com\r\nRCPT TO:<other@example.com>",
    ],
)
def test_what_is_not_one_address_for_smtp_is_refused(written: str) -> None:
    with pytest.raises(Unfit):
        person_rules.email(written)


@pytest.mark.parametrize("written", ["03-1234-5678", "+12", "+813123456789012345678", "119", "x"])
def test_a_number_that_nobody_can_call_is_refused(written: str) -> None:
    with pytest.raises(Unfit):
        person_rules.phone(written)


def test_a_national_number_is_read_as_in_its_region() -> None:
    assert person_rules.phone("０３－１２３４－５６７８", "jp") == "+81312345678"


@pytest.mark.parametrize("written", ["+81312345678;ext=9", "+81312345678 ext. 9", "+81312345678 x9", "+81312345678#9"])
def test_an_extension_is_kept_behind_the_number(written: str) -> None:
    assert person_rules.phone(written) == "+81312345678;ext=9"


@pytest.mark.parametrize("written", ["1879-12-31", "1980-02-30", "1980-05", "٢٠٢٠-01-01", "20200101"])
def test_a_birth_date_is_a_calendar_date_since_1880(written: str) -> None:
    with pytest.raises(Unfit):
        person_rules.birth_date(written)


def test_nobody_is_born_tomorrow_but_somewhere_it_is_tomorrow_already() -> None:
    now = datetime(2026, 3, 2, 11, tzinfo=UTC)
    assert person_rules.born(date(2026, 3, 3), now) == date(2026, 3, 3)
    with pytest.raises(Unfit):
        person_rules.born(date(2026, 3, 4), now)


@pytest.mark.parametrize("written", ["  ", "\u200b", "Mori\nHana", "x" * 201])
def test_a_name_can_be_seen_and_has_one_line(written: str) -> None:
    with pytest.raises(Unfit):
        person_rules.name(written)


def test_a_name_may_have_one_character() -> None:
    assert person_rules.name(" 林\u3000") == "林"
