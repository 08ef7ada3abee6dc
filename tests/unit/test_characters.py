"""Texts that are fit to be kept and shown, and what terminals make of those that are not."""

import pytest

from server.domain.people.characters import escaped, flaw, name_flaw


@pytest.mark.parametrize("text", ["", "林", "O'Brien", "Mori Hana", "森\u3000花", "می\u200cخواهم", "-", "👩🏽\u200d⚕️"])
def test_names_as_people_have_them_are_fit(text: str) -> None:
    assert flaw(text) == ""


@pytest.mark.parametrize(
    "text", ["   ", "\u3000", "\u200b", "\u2060\u200d", "\u3164", "\u2800 ", "\u0301", "\ufe0f", "\U0001d159"]
)
def test_a_text_in_which_nothing_can_be_seen_is_unfit(text: str) -> None:
    assert flaw(text).startswith("has no visible characters")
    assert flaw(text, lines=True)


@pytest.mark.parametrize(
    "text",
    ["a\0", "a\x1b[2J", "a\x7f", "a\x85", "a\x9b", "a\u2028b", "a\u202eb", "a\u2066b\u2069", "a\U000e0041", "a\ud800"],
)
def test_what_a_terminal_obeys_and_what_turns_text_around_is_unfit(text: str) -> None:
    assert "remove it" in flaw(text)
    assert "remove it" in flaw(text, lines=True)
    assert not flaw(escaped(text))


@pytest.mark.parametrize(
    "name",
    [
        "林",
        "O\u2019Brien-Smith, Jr.",
        "D`Souza",
        "ʻAkahi",
        "Nguyễn Văn Ánh",
        "森\u3000花",
        "葛\U000e0100城",
        "می\u200cخواهم",
        "ක්\u200dෂ",
        "র\u200d্য",
        "ᠠ\u180b",
        "Sato Ken III (née 2)",
    ],
)
def test_names_of_people_hold_letters_of_every_script_and_what_shapes_them(name: str) -> None:
    assert name_flaw(name, of_person=True) == ""


@pytest.mark.parametrize(
    "mark",
    ["\u00ad", "\u034f", "\u061c", "\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u2060", "\u206a", "\ufeff",
     "\ufe0f", "\u115f", "\u3164", "\uffa0", "\u180e", "\U000e0100", "\U000e0fff", "\U0001d173"],
)  # fmt: skip
def test_a_name_with_something_invisible_is_refused_and_told_where(mark: str) -> None:
    for name in (f"Sato{mark}Ken", f"Sato{mark}", f"{mark}Sato", f"佐{mark}藤" if mark < "\ufe00" else f"カ{mark}"):
        assert f"(U+{ord(mark):04X}): remove it" in name_flaw(name, of_person=True)
        assert f"(U+{ord(mark):04X}): remove it" in name_flaw(name, of_person=False)


@pytest.mark.parametrize(
    "name", ["Sato \U0001d159", "Ken ☃", "Ken 🦊", "a\ue000", "Ken = Sato", "\u2800Sato", "a\U000f0000"]
)
def test_symbols_are_in_no_name_of_a_person(name: str) -> None:
    assert "names of people do not have" in name_flaw(name, of_person=True)


@pytest.mark.parametrize("name", ["-", "42", "???", "\u0301", "..."])
def test_a_person_has_a_letter(name: str) -> None:
    assert name_flaw(name, of_person=True).startswith("has no letters")
    assert name_flaw("Clinic 42 + 7 ☃", of_person=False) == ""


def test_line_breaks_are_fit_only_where_there_may_be_lines() -> None:
    assert flaw("cough\r\n\tand fever")
    assert flaw("cough\r\n\tand fever", lines=True) == ""
    assert flaw("\n\n", lines=True)
    assert escaped("cough\nand\x1b", lines=True) == "cough\nand\\x1b"


def test_escapes_are_visible() -> None:
    assert escaped("Mori\n\x1b]0;x\x07\u202e") == "Mori\\n\\x1b]0;x\\x07\\u202e"
    assert escaped("森\u3000花 100%") == "森\u3000花 100%"
