"""Reasons say something to those who read them later."""

import pytest

from server.domain.errors import DomainError
from server.domain.reasons import check_reason, says_something


@pytest.mark.parametrize("reason", ["typo", "moved house", "改姓", "転居のため", "ID lost", "결혼", "الاسم"])
def test_words_are_a_reason(reason: str) -> None:
    assert says_something(reason)


@pytest.mark.parametrize(
    "reason", ["", ".", "x", "xx", "aaaa", "ＡＡＡ", "12345", "...!?", "\u3000", "—", "痛", "痛痛", "aáà", "결", "ER 2"]
)
def test_punctuation_digits_and_single_letters_are_none(reason: str) -> None:
    with pytest.raises(DomainError) as refused:
        check_reason("reason", reason)
    assert [each.field for each in refused.value.violations] == ["reason"]
