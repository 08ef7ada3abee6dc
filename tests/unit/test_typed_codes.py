"""Codes as people type them."""

import pytest

from server.domain.errors import DomainError
from server.domain.typed_codes import code_of, six_digits


@pytest.mark.parametrize(
    "typed",
    ["123456", " 123 456 ", "１２３４５６", "123-456", "１２３ー４５６", "123\u3000456", "12–34—56", "_123_456"],
)
def test_six_digits_are_read_however_they_are_typed(typed: str) -> None:
    assert six_digits("code", typed) == "123456"


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "12345a", "١٢٣٤٥٦"])
def test_anything_else_is_refused_before_it_counts_as_an_attempt(typed: str) -> None:
    with pytest.raises(DomainError, match="must be the six digits"):
        six_digits("code", typed)


def test_letters_keep_their_case() -> None:
    assert code_of("ａｂＣ２-７") == "abC27"
