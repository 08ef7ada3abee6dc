"""Until when somebody acts for another patient, and until when with a view of the records."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from db.postgres.identity.representatives import GrantRow
from server.domain.errors import DomainError
from server.domain.identity import Relation
from server.domain.representatives import (
    MOST_OF_ACCOUNT,
    MOST_OF_PATIENT,
    Acting,
    BirthDate,
    RepresentativePolicy,
    Terms,
    check_number_of_account,
    check_number_of_patient,
    consequences,
    granted,
    meanings,
)
from server.usecases.represented import terms_of

TOKYO = ZoneInfo("Asia/Tokyo")
NOW = datetime(2026, 3, 2, 0, 0, tzinfo=UTC)
"""9 in the morning in Tokyo."""
TODAY = date(2026, 3, 2)
CHILD = BirthDate(date(2014, 5, 4), "day")
ADULT = BirthDate(date(1950, 5, 4), "day")
POLICY = RepresentativePolicy()


def midnight(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=TOKYO)


def grant(relation: Relation, patient: BirthDate, last_day: date | None = None) -> Terms:
    return granted(relation, last_day, patient, POLICY, TOKYO, NOW)


def refusal(relation: Relation, patient: BirthDate, last_day: date | None = None) -> str:
    with pytest.raises(DomainError) as refused:
        grant(relation, patient, last_day)
    [violation] = refused.value.violations
    return f"{violation.field}: {violation.description}"


@pytest.mark.parametrize("relation", Relation)
def test_for_a_minor_it_ends_with_the_day_before_the_birthday_at_the_clinic(relation: Relation) -> None:
    assert grant(relation, CHILD).ends_at == midnight(2032, 5, 4)
    assert grant(relation, CHILD, date(2032, 5, 3)).ends_at == midnight(2032, 5, 4)
    assert grant(relation, CHILD, TODAY).ends_at == midnight(2026, 3, 3)
    assert "2032-05-03" in refusal(relation, CHILD, date(2032, 5, 4))


@pytest.mark.parametrize("relation", Relation)
def test_no_end_is_in_the_past(relation: Relation) -> None:
    assert refusal(relation, CHILD, date(2026, 3, 1)).startswith("end_date: is in the past")


@pytest.mark.parametrize("relation", [Relation.GUARDIAN, Relation.CARER])
def test_for_an_adult_an_end_is_needed_within_five_years(relation: Relation) -> None:
    assert refusal(relation, ADULT).startswith("end_date: ")
    assert "2031-03-02" in refusal(relation, ADULT, date(2031, 3, 3))
    terms = grant(relation, ADULT, date(2031, 3, 2))
    assert terms.ends_at == midnight(2031, 3, 3)
    assert terms.at(NOW) == Acting(sees_records=True, changes_at=terms.ends_at)


def test_a_parent_acts_for_minors_only() -> None:
    assert refusal(Relation.PARENT, ADULT, date(2027, 1, 1)).startswith("relation: ")
    eve = BirthDate(date(2008, 3, 3), "day")
    assert grant(Relation.PARENT, eve).ends_at == midnight(2026, 3, 3)
    assert refusal(Relation.PARENT, BirthDate(date(2008, 3, 2), "day")).startswith("relation: ")


@pytest.mark.parametrize(
    ("born", "precision"),
    [(None, "day"), (date(2014, 1, 1), "year"), (date(2014, 5, 1), "month"), (date(2008, 1, 1), "year")],
)
def test_who_may_be_a_minor_needs_a_whole_birth_date(born: date | None, precision: str) -> None:
    for relation in Relation:
        assert refusal(relation, BirthDate(born, precision), date(2027, 1, 1)).startswith("patient_id: ")


def test_who_is_certainly_an_adult_needs_no_whole_birth_date() -> None:
    for born, precision in ((date(2007, 1, 1), "year"), (date(2008, 2, 1), "month")):
        assert not grant(Relation.CARER, BirthDate(born, precision), date(2027, 1, 1)).of_minor


def test_records_are_seen_until_the_age_of_the_policy() -> None:
    terms = grant(Relation.PARENT, CHILD)
    sixteen, eighteen = midnight(2030, 5, 4), midnight(2032, 5, 4)
    moment = timedelta(microseconds=1)
    assert terms.at(sixteen - moment) == Acting(sees_records=True, changes_at=sixteen)
    assert terms.at(sixteen) == Acting(sees_records=False, changes_at=eighteen)
    assert terms.at(eighteen - moment) == Acting(sees_records=False, changes_at=eighteen)
    assert terms.at(eighteen) is None


def test_a_corrected_birth_date_and_a_stricter_policy_count_at_once() -> None:
    terms = grant(Relation.PARENT, CHILD)
    older = Terms(terms.ends_at, True, date(2009, 1, 1), POLICY, TOKYO)
    assert older.at(NOW) == Acting(sees_records=False, changes_at=midnight(2027, 1, 1))
    strict = Terms(terms.ends_at, True, CHILD.day, RepresentativePolicy(10, 5), TOKYO)
    assert strict.at(NOW) is None
    unknown = Terms(terms.ends_at, True, None, POLICY, TOKYO)
    assert unknown.at(NOW) is None


def test_who_turns_out_to_have_been_a_minor_is_one_from_then_on() -> None:
    added = datetime(2026, 3, 2, tzinfo=UTC)
    row = GrantRow("", "", "carer", added, midnight(2031, 3, 3), False, ADULT.day, "day", 18, 16, "Asia/Tokyo")
    assert terms_of(row).at(NOW) == Acting(sees_records=True, changes_at=row.ends_at)
    corrected = terms_of(row._replace(birth_date=date(2011, 1, 1)))
    assert corrected.at(NOW) == Acting(sees_records=True, changes_at=midnight(2027, 1, 1))
    assert corrected.last_moment == midnight(2029, 1, 1)
    assert terms_of(row._replace(birth_date=date(2011, 1, 1), birth_precision="year")).at(NOW) is None
    assert terms_of(row._replace(birth_date=date(2008, 3, 2))).last_moment == row.ends_at


def test_a_milder_policy_or_a_younger_patient_lengthens_nothing() -> None:
    terms = grant(Relation.PARENT, CHILD, date(2027, 1, 1))
    younger = Terms(terms.ends_at, True, date(2020, 1, 1), RepresentativePolicy(30, 30), TOKYO)
    assert younger.last_moment == midnight(2027, 1, 2)


def test_born_on_29_february_means_a_birthday_on_1_march() -> None:
    assert grant(Relation.PARENT, BirthDate(date(2012, 2, 29), "day")).ends_at == midnight(2030, 3, 1)
    assert grant(Relation.PARENT, BirthDate(date(2010, 2, 28), "day")).ends_at == midnight(2028, 2, 28)


def test_where_nobody_counts_as_a_minor_there_are_no_parents() -> None:
    with pytest.raises(DomainError):
        granted(Relation.PARENT, None, CHILD, RepresentativePolicy(0, 0), TOKYO, NOW)


def test_numbers_are_limited_on_both_sides() -> None:
    for check, most in ((check_number_of_patient, MOST_OF_PATIENT), (check_number_of_account, MOST_OF_ACCOUNT)):
        check(most - 1)
        with pytest.raises(DomainError, match="10"):
            check(most)


def test_the_policy_is_explained_in_both_languages() -> None:
    for language in ("en", "ja"):
        found = meanings(RepresentativePolicy(17, 15), language)
        assert [(name, number, str(number) in text) for name, number, text in found] == [
            ("representative_policy.until_age", 17, True),
            ("representative_policy.see_records_until_age", 15, True),
        ]
    assert consequences(POLICY, POLICY, "en") == []
    assert len(consequences(POLICY, RepresentativePolicy(20, 14), "en")) == 2
