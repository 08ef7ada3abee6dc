"""Finding patients by identifier, or by any part of a name, a birth date and a phone number."""

import base64
from typing import Any

import pytest

from server.domain.people.characters import without_ignorable
from tests.fixtures.callers import all_pages, refusal
from tests.fixtures.clinic import Scene
from tests.rpc.patients import CARD, FILE, names, register, search, update
from tests.rpc.test_listing import statements
from yoyaku.v1.patient_pb2 import Identifier, Patient


async def test_a_patient_is_found_by_each_identifier(scene: Scene) -> None:
    patient = await register(scene, identifiers=[CARD, FILE])
    for identifier in (CARD, FILE):
        response = await search(scene, identifier=identifier)
        assert (list(response.patients), response.next_page_token) == ([patient], "")
    assert await names(scene, identifier=Identifier(system=CARD.system, value=FILE.value)) == []


async def test_names_are_found_by_any_part_in_any_order(scene: Scene) -> None:
    for name in ("SATO Aoi", "Ärzt Änne", "Maria José Núñez-Straße", "Sean O'Brien", "佐藤 健", "小林 太郎", "김민준"):
        await register(scene, name=name)
    for found, searches in {
        "SATO Aoi": ("sato a", "aoi sato", "A SATO", "satoaoi", "aoi"),
        "Ärzt Änne": ("anne", "arzt", "än ärz"),
        "Maria José Núñez-Straße": ("jose", "strasse", "NUNEZ maria", "núñez straße", "nunezstrasse", "j m n s"),
        "Sean O'Brien": ("obrien", "O Brien", "o\u2019brien sean", "o'b"),
        "佐藤 健": ("佐藤", "藤", "健", "佐藤健", "健 佐藤", "佐藤\u3000健"),
        "小林 太郎": ("林", "太郎", "小林太", "郎"),
        "김민준": ("민준", "김", "준"),
    }.items():
        for search_for in searches:
            assert await names(scene, name=search_for) == [found], search_for
    for nobody in ("to", "brien", "sato aoi ken", "健佐", "ünez"):
        assert await names(scene, name=nobody) == [], nobody


@pytest.mark.parametrize(
    ("name", "search_for"),
    [
        ("می\u200cخواهم رضا", "میخوا"),
        ("葛\U000e0100城 愛", "葛城"),
        ("葛城 愛", "葛\U000e0101城"),
        ("ｻﾄｳ\u3000ｹﾝ", "サトウ ケ"),
        ("Jose\u0301 Núñez", "jos\u00e9 "),
        ("Kato  Mei", "kato mei"),
        ("हिन्दी देवी", "देवी हिन्दी"),
    ],
)
async def test_names_are_found_in_every_width_and_without_what_nobody_sees(
    scene: Scene, name: str, search_for: str
) -> None:
    await register(scene, name=name)
    assert await names(scene, name=search_for) == [name]


async def test_names_are_found_by_their_reading_in_any_kana(scene: Scene) -> None:
    await register(scene, name="佐倉 緑", name_kana="サクラ ミドリ")
    for search_for in ("サクラ", "さくら", "ｻｸﾗ ﾐﾄﾞ", "ミドリ さくら", "くら", "緑 さくら"):
        assert await names(scene, name=search_for) == ["佐倉 緑"], search_for
    assert await names(scene, name="みとり") == []


async def test_patients_are_found_by_birth_date_or_its_month_or_year(scene: Scene) -> None:
    for name, birth_date in (("A", "1950-05-17"), ("B", "1950-05-18"), ("C", "1950-12-01"), ("D", "1951-05-17")):
        await register(scene, name=name, birth_date=birth_date)
    await scene.book.run("UPDATE patients SET birth_date = '1950-05-01', birth_precision = 'month' WHERE name = 'B'")
    await scene.book.run("UPDATE patients SET birth_date = '1950-01-01', birth_precision = 'year' WHERE name = 'C'")
    assert await names(scene, birth_date="1950-05-17") == ["A", "B", "C"]
    assert await names(scene, birth_date="1950-05") == ["A", "B", "C"]
    assert await names(scene, birth_date="1950-06") == ["C"]
    assert await names(scene, birth_date="1950") == ["A", "B", "C"]
    assert await names(scene, birth_date="1951") == ["D"]


async def test_patients_are_found_by_the_last_digits_of_their_phone(scene: Scene) -> None:
    await register(scene, name="A", phone="+81312345678")
    await register(scene, name="B", phone="+81398765678")
    assert await names(scene, phone="5678") == ["A", "B"]
    for written in ("345678", "03-1234-5678", "+81 3 1234 5678", "(03) 1234 5678", "\uff11\uff12\uff13\uff14-5678"):
        assert await names(scene, phone=written) == ["A"], written
    assert await names(scene, phone="1234") == []
    assert await names(scene, phone="5678", name="b") == ["B"]


async def test_a_change_of_the_patient_changes_what_finds_it(scene: Scene) -> None:
    patient = await register(scene, name="Sato Aoi", phone="+81312345678")
    await update(scene, Patient(name="Kato Mei", phone=""), "name", "phone", patient_id=patient.id)
    assert await names(scene, name="aoi") == await names(scene, phone="345678") == []
    assert await names(scene, name="mei") == ["Kato Mei"]


async def test_patients_are_sorted_as_their_reader_expects(scene: Scene) -> None:
    for name, reading in (
        ("林 一", "ハヤシ ハジメ"), ("青木 一", "アオキ ハジメ"), ("Zoe 一", ""), ("ärzt 一", ""), ("Bach 一", ""),
        ("外山 一", "がいやま はじめ"), ("加藤 一", "カトウ ハジメ"), ("津田 一", "ツダ"), ("津軽 一", "つがる"),
    ):  # fmt: skip
        await register(scene, name=name, name_kana=reading)
    by_reading = [
        "ärzt 一",
        "Bach 一",
        "Zoe 一",
        "青木 一",
        "外山 一",
        "加藤 一",
        "津軽 一",
        "津田 一",
        "林 一",
    ]
    assert await names(scene, name="一", language="ja") == by_reading
    assert (await names(scene, name="一"))[:3] == by_reading[:3]
    token, paged = "", []
    for _ in by_reading:
        page = await search(scene, name="一", language="ja", size=1, page_token=token)
        paged += [patient.name for patient in page.patients]
        token = page.next_page_token
    assert (paged, token) == (by_reading, "")


async def test_a_search_that_too_many_match_says_how_to_narrow_it(scene: Scene) -> None:
    await scene.book.run(
        "INSERT INTO patients (id, name, birth_date, phone, email, version, created_at, updated_at)"
        " SELECT gen_random_uuid(), 'Mori Ren', date '1950-01-01' + n, '', '', 1, now(), now()"
        " FROM generate_series(1, 20001) n"
    )
    refused = await refusal(search(scene, name="mori"))
    assert (refused.reason, refused.metadata) == ("SEARCH_TOO_BROAD", {"limit": "20000"})
    assert await names(scene, name="mori", birth_date="1950-01-02") == ["Mori Ren"]


async def test_names_from_before_the_rule_are_found_too(scene: Scene) -> None:
    marks = sorted({chr(code) for code in range(0x110000) if without_ignorable(chr(code)) == ""} - {"\0"})
    await scene.book.patient("Ka" + "to".join(marks[:60]) + " Mei")
    for number in range(0, len(marks), 150):
        await scene.book.patient(f"Ueda{''.join(marks[number : number + 150])} Aoi")
    assert len(await names(scene, name="Kato")) == 1
    assert len(await names(scene, name="Ueda Aoi", size=100)) == -(-len(marks) // 150)


async def test_a_birth_date_narrows_a_search(scene: Scene) -> None:
    await register(scene, name="Sato Ken", birth_date="1991-01-02")
    [found] = (await search(scene, name="sato", birth_date="1991-01-02")).patients
    assert found.birth_date == "1991-01-02"
    assert await names(scene, name="sato", birth_date="1991-01-03") == []


async def test_pages_cover_every_patient_once_in_order(scene: Scene) -> None:
    for number in range(44):
        await scene.book.patient(("Sato Ken", "SATO KEN", "Sato Aoi")[number % 3], ("urn:x", str(number)))
    found = await all_pages(lambda token: search(scene, name="sato", page_token=token), lambda page: page.patients)
    keys = [(patient.name.lower(), patient.id) for patient in found]
    assert len(set(keys)) == len(keys) == 45
    assert keys == sorted(keys)
    assert sum(len(patient.identifiers) for patient in found) == 44


async def test_page_tokens_hold_no_name_and_fit_one_search_only(scene: Scene) -> None:
    await register(scene, name="Sato Aoi")
    token = (await search(scene, name="sato", size=1)).next_page_token
    plain = base64.urlsafe_b64decode(token + "==").decode()
    assert "sato" not in plain.lower()
    forged = base64.urlsafe_b64encode(plain.replace(plain[-10:], "x").encode()).decode()
    for fields in (
        {"name": "Sa", "page_token": token},
        {"name": "sato", "language": "ja", "page_token": token},
        {"name": "sato", "phone": "5678", "page_token": token},
        {"name": "sato", "birth_date": "1980-05-17", "page_token": token},
        {"identifier": CARD, "page_token": token},
        {"name": "sato", "page_token": forged},
    ):
        assert (await refusal(search(scene, **fields))).reason == "PAGE_TOKEN_INVALID"


async def test_a_search_is_one_statement_identifiers_and_all(scene: Scene) -> None:
    await scene.book.run("CREATE EXTENSION pg_stat_statements")
    for number in range(5):
        await scene.book.patient("Sato Aoi", ("urn:x", str(number)), ("urn:y", str(number)))
    await search(scene, name="sato")
    before = await statements(scene)
    found = (await search(scene, name="sato")).patients
    assert [len(patient.identifiers) for patient in found] == [2] * 5 + [0]
    assert await statements(scene) == before + 1


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"name": " "},
        {"name": "?!"},
        {"birth_date": "1980-5"},
        {"birth_date": "1980-13"},
        {"phone": "567"},
        {"phone": "1234567890123456"},
        {"name": "sato", "language": "fr"},
        {"identifier": CARD, "name": "sato"},
        {"identifier": CARD, "phone": "5678"},
        {"identifier": Identifier(system="urn:x")},
        {"name": "sato", "birth_date": "1980-02-30"},
        {"name": "sato", "size": 101},
    ],
)
async def test_searches_that_make_no_sense_are_refused(scene: Scene, fields: dict[str, Any]) -> None:
    refused = await refusal(search(scene, **fields))
    assert refused.reason == "INVALID_REQUEST"
    assert "1980-02-30" not in refused.message
