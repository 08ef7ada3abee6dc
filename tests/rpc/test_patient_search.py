"""Finding patients by identifier, or by the beginning of a name."""

import base64
from typing import Any

import pytest

from server.domain.characters import without_ignorable
from tests.fixtures.callers import all_pages, refusal
from tests.fixtures.clinic import Scene
from tests.rpc.test_listing import statements
from tests.rpc.test_patients import CARD, FILE, names, register, search
from yoyaku.v1.patient_pb2 import Identifier


async def test_a_patient_is_found_by_each_identifier(scene: Scene) -> None:
    patient = await register(scene, identifiers=[CARD, FILE])
    for identifier in (CARD, FILE):
        response = await search(scene, identifier=identifier)
        assert (list(response.patients), response.next_page_token) == ([patient], "")
    assert await names(scene, identifier=Identifier(system=CARD.system, value=FILE.value)) == []


async def test_names_are_found_by_their_beginning_in_any_case(scene: Scene) -> None:
    for name in ("SATO Aoi", "Ärzt Änne", "100% Ken", "1000 Kens", "Sa_to", "佐藤 健", "林 太郎"):
        await register(scene, name=name)
    assert await names(scene, name_prefix="sato") == ["SATO Aoi", "Sato Ken"]
    assert await names(scene, name_prefix="SATO K") == ["Sato Ken"]
    assert await names(scene, name_prefix="ärzt ä") == ["Ärzt Änne"]
    assert await names(scene, name_prefix="佐藤") == ["佐藤 健"]
    assert await names(scene, name_prefix="林") == ["林 太郎"]
    assert await names(scene, name_prefix="100%") == ["100% Ken"]
    assert await names(scene, name_prefix="sa_") == ["Sa_to"]
    assert await names(scene, name_prefix="%ken") == []


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("می\u200cخواهم رضا", "میخوا"),
        ("葛\U000e0100城 愛", "葛城"),
        ("葛城 愛", "葛\U000e0101城"),
        ("ｻﾄｳ\u3000ｹﾝ", "サトウ ケ"),
        ("Jose\u0301 Núñez", "jos\u00e9 "),
        ("Kato  Mei", "kato mei"),
    ],
)
async def test_names_are_found_in_every_width_and_without_what_nobody_sees(
    scene: Scene, name: str, prefix: str
) -> None:
    await register(scene, name=name)
    assert await names(scene, name_prefix=prefix) == [name]


async def test_names_from_before_the_rule_are_found_too(scene: Scene) -> None:
    marks = sorted({chr(code) for code in range(0x110000) if without_ignorable(chr(code)) == ""} - {"\0"})
    await scene.book.patient("Ka" + "to".join(marks[:60]) + " Mei")
    for number in range(0, len(marks), 150):
        await scene.book.patient(f"Ueda{''.join(marks[number : number + 150])} Aoi")
    assert len(await names(scene, name_prefix="Kato")) == 1
    assert len(await names(scene, name_prefix="Ueda Aoi", size=100)) == -(-len(marks) // 150)


async def test_a_birth_date_narrows_a_search(scene: Scene) -> None:
    await register(scene, name="Sato Ken", birth_date="1991-01-02")
    [found] = (await search(scene, name_prefix="sato", birth_date="1991-01-02")).patients
    assert found.birth_date == "1991-01-02"
    assert await names(scene, name_prefix="sato", birth_date="1991-01-03") == []


async def test_pages_cover_every_patient_once_in_order(scene: Scene) -> None:
    for number in range(44):
        await scene.book.patient(("Sato Ken", "SATO KEN", "Sato Aoi")[number % 3], ("urn:x", str(number)))
    found = await all_pages(
        lambda token: search(scene, name_prefix="sato", page_token=token), lambda page: page.patients
    )
    keys = [(patient.name.lower(), patient.id) for patient in found]
    assert len(set(keys)) == len(keys) == 45
    assert keys == sorted(keys)
    assert sum(len(patient.identifiers) for patient in found) == 44


async def test_page_tokens_hold_no_name_and_fit_one_search_only(scene: Scene) -> None:
    await register(scene, name="Sato Aoi")
    token = (await search(scene, name_prefix="sato", size=1)).next_page_token
    plain = base64.urlsafe_b64decode(token + "==").decode()
    assert "sato" not in plain.lower()
    forged = base64.urlsafe_b64encode(plain.replace(plain[-10:], 'x"]').encode()).decode()
    for fields in (
        {"name_prefix": "Sa", "page_token": token},
        {"name_prefix": "sato", "birth_date": "1980-05-17", "page_token": token},
        {"identifier": CARD, "page_token": token},
        {"name_prefix": "sato", "page_token": forged},
    ):
        assert (await refusal(search(scene, **fields))).reason == "PAGE_TOKEN_INVALID"


async def test_a_search_is_one_statement_identifiers_and_all(scene: Scene) -> None:
    await scene.book.run("CREATE EXTENSION pg_stat_statements")
    for number in range(5):
        await scene.book.patient("Sato Aoi", ("urn:x", str(number)), ("urn:y", str(number)))
    await search(scene, name_prefix="sato")
    before = await statements(scene)
    found = (await search(scene, name_prefix="sato")).patients
    assert [len(patient.identifiers) for patient in found] == [2] * 5 + [0]
    assert await statements(scene) == before + 1


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"name_prefix": " "},
        {"birth_date": "1980-05-17"},
        {"identifier": CARD, "name_prefix": "sato"},
        {"identifier": Identifier(system="urn:x")},
        {"name_prefix": "sato", "birth_date": "1980-02-30"},
        {"name_prefix": "sato", "size": 101},
    ],
)
async def test_searches_that_make_no_sense_are_refused(scene: Scene, fields: dict[str, Any]) -> None:
    refused = await refusal(search(scene, **fields))
    assert refused.reason == "INVALID_REQUEST"
    assert "1980-02-30" not in refused.message
