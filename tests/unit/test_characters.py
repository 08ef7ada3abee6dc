"""Texts that are fit to be kept and shown, and what terminals make of those that are not."""

import pytest

from server.domain.characters import escaped, flaw


@pytest.mark.parametrize("text", ["", "林", "O'Brien", "Mori Hana", "森\u3000花", "می\u200cخواهم", "-", "👩🏽\u200d⚕️"])
def test_names_as_people_have_them_are_fit(text: str) -> None:
    assert flaw(text) == ""


@pytest.mark.parametrize("text", ["   ", "\u3000", "\u200b", "\u2060\u200d", "\u3164", "\u2800 ", "\u0301", "\ufe0f"])
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


def test_line_breaks_are_fit_only_where_there_may_be_lines() -> None:
    assert flaw("cough\r\n\tand fever")
    assert flaw("cough\r\n\tand fever", lines=True) == ""
    assert flaw("\n\n", lines=True)
    assert escaped("cough\nand\x1b", lines=True) == "cough\nand\\x1b"


def test_escapes_are_visible() -> None:
    assert escaped("Mori\n\x1b]0;x\x07\u202e") == "Mori\\n\\x1b]0;x\\x07\\u202e"
    assert escaped("森\u3000花 100%") == "森\u3000花 100%"
