"""What is searched for becomes terms of which all, or any of several, must be there."""

from server.domain.people.search_terms import LONGEST_TERM, MOST_PARTS, by_birth_date, by_name, by_phone


def test_each_part_of_a_name_or_all_of_it_as_one_word_is_searched_for() -> None:
    assert by_name("Sato") == [["sato"]]
    assert by_name("O Brien") == [["brien", "obrien"], ["o", "obrien"]]
    assert by_name("?!") == by_name("") == []


def test_a_search_has_no_more_terms_than_its_bound() -> None:
    parts = ["a" * length for length in range(1, 12)]
    whole = "".join(parts)[:LONGEST_TERM]
    assert by_name(" ".join(parts)) == [[part, whole] for part in parts[: -MOST_PARTS - 1 : -1]]
    assert by_name("x" * 200) == [["x" * LONGEST_TERM]]


def test_a_coarser_birth_date_that_is_all_that_is_known_matches_too() -> None:
    assert by_birth_date("1950") == [["#1950"]]
    assert by_birth_date("1950-05") == [["#195005", "#1950."]]
    assert by_birth_date("1950-05-17") == [["#19500517", "#1950.", "#195005."]]


def test_the_zero_of_a_number_within_its_country_may_be_left_out() -> None:
    assert by_phone("0678") == [["+8760"]]
    assert by_phone("0312345678") == [["+8765432130", "+876543213"]]
