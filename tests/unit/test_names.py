"""Names compare as people take them: one name written in two ways is one, two names are two."""

import pytest

from server.domain.people.names import are_same, parts


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kudo Aoi", "Aoi KUDO"),
        ("José Núñez", "jose nunez"),
        ("Jose\u0301", "José"),
        ("Anne-Marie O'Brien", "OBRIEN, Anne Marie"),
        ("O\u2019Brien", "O'Brien"),
        ("Søren Łukasz", "Soren Lukasz"),
        ("Straße", "STRASSE"),
        ("ｻﾄｳ ｹﾝ", "サトウ ケン"),
        ("さとう けん", "サトウ ケン"),
        ("Kealiʻi", "Kealii"),
        ("O\uff07Brien", "OBrien"),
        ("ｶﾞｯｺｳ", "ガッコウ"),
        ("Ｓａｔｏ　Ｋｅｎ", "Sato Ken"),
        ("佐藤 健", "佐藤健"),
        ("İpek", "ipek"),
        ("می\u200cخواهم", "میخواهم"),
        ("葛\U000e0100城 愛", "葛城 愛"),
        ("Sa\u00adto\u200b Ken\u061c", "Sato Ken"),
    ],
)
def test_one_name_in_two_ways_is_one(one: str, other: str) -> None:
    assert are_same(one, other)
    assert are_same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kudo Aoi", "Kudo Ren"),
        ("カナ", "ガナ"),
        ("ハナ", "パナ"),
        ("Sato Ken", "Sato Ken Taro"),
        ("佐藤 健", "佐藤 建"),
        ("???", "???"),
        ("", ""),
    ],
)
def test_two_names_are_two(one: str, other: str) -> None:
    assert not are_same(one, other)


def test_a_name_has_parts_in_plain_letters() -> None:
    assert parts("Núñez-Straße, José") == ("nunez", "strasse", "jose")
    assert parts(" サトウ・けん ") == ("さとう", "けん")
    assert parts("देवी") == ("देवी",)
