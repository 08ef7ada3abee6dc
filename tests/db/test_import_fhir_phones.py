"""Which phone number of a patient is used, of which country it is if it tells none, and which case an address keeps."""

from pathlib import Path

from tests.db.test_import_fhir_patients import JAPAN, kept, phone
from tests.db.test_import_fhir_updates import again, one
from tests.fixtures.book import Book
from tests.fixtures.fhir import export, load, organization, patient


async def test_a_direct_number_comes_before_one_with_an_extension(book: Book, tmp_path: Path) -> None:
    both = [phone("+81312345678 ext. 9", rank=1), phone("+819012345678", rank=2)]
    await load(book, export(tmp_path, a=[patient(telecom=both)]))
    assert await kept(book, "phone") == [("+819012345678",)]


async def test_a_number_without_country_is_that_of_the_address_else_of_the_clinic_else_the_one_given(
    book: Book, tmp_path: Path
) -> None:
    number = [phone("03-1234-5678")]
    clinics = [
        organization("o1", address=JAPAN, identifier=[{"system": "urn:clinics", "value": "7"}]),
        organization("o2", address=[{"country": "US", "state": "KS"}]),
    ]
    lines = [
        patient(
            "p1", telecom=number, address=[{"country": "IT"}], managingOrganization={"reference": "Organization/o1"}
        ),
        patient("p2", telecom=number, managingOrganization={"reference": "Organization/o1"}),
        patient("p3", telecom=number, managingOrganization={"identifier": {"system": "urn:clinics", "value": "7"}}),
        patient("p4", telecom=number),
    ]
    await load(book, export(tmp_path, a=[*clinics, *lines]), zone="Asia/Tokyo", region="DE")
    assert await kept(book, "phone") == [("+390312345678",), ("+81312345678",), ("+81312345678",), ("+49312345678",)]


async def test_of_an_export_from_one_country_all_numbers_are_of_that_country(book: Book, tmp_path: Path) -> None:
    lines = [organization(address=JAPAN), patient(telecom=[phone("03-1234-5678")])]
    await load(book, export(tmp_path, a=lines), zone="Asia/Tokyo", region="DE")
    assert await kept(book, "phone") == [("+81312345678",)]


async def test_an_address_that_an_earlier_release_kept_in_another_case_is_no_news_and_stays(
    book: Book, tmp_path: Path
) -> None:
    email = [{"system": "email", "value": "Ken@example.org"}]
    await load(book, export(tmp_path, a=[patient(telecom=email)]))
    await book.run("UPDATE patients SET email = 'Ken@example.org'")
    await book.run("UPDATE imported_resources SET digests = digests - 'email'")
    assert await again(book, tmp_path, patient(telecom=email)) == (0, 1, [])
    assert await one(book, "email, version") == ("Ken@example.org", 1)
    new = [{"system": "email", "value": "mori@example.org"}]
    assert await again(book, tmp_path, patient(telecom=new)) == (1, 0, [])
    assert await one(book, "email") == ("mori@example.org",)
