"""Texts that are amounts or documents, in every spelling that people use."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.api.search.readings import AskedDocument, cents_of, document_of, is_grouped
from services.texts.formats import euros
from services.texts.language import Language

LILLE_AVENIRS = 226_360_000


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("2263600", LILLE_AVENIRS),
        ("2 263 600", LILLE_AVENIRS),
        ("2 263 600,00", LILLE_AVENIRS),
        ("2\u202f263\u202f600,00\u00a0€", LILLE_AVENIRS),
        ("2\u00a0263\u00a0600 euros", LILLE_AVENIRS),
        ("2,263,600.00", LILLE_AVENIRS),
        ("€2,263,600", LILLE_AVENIRS),
        ("EUR 2.263.600,00", LILLE_AVENIRS),
        ("1,234", 123_400),  # three digits are a group, in one of the languages
        ("1.234", None),  # in none
        ("12,3", 1_230),
        ("0.07", 7),
        ("1.234.56", None),  # the same sign for two things
        ("12,345,6", None),
        ("1,23,456", None),
        ("0", None),
        ("2023/40", None),
        ("12 rue", None),
        ("99999999999999999999", None),
        ("", None),
    ],
)
def test_an_amount_in_any_usual_spelling(text: str, cents: int | None) -> None:
    assert cents == cents_of(text)


@given(cents=st.integers(min_value=1, max_value=2**53 - 1))
def test_an_amount_is_found_as_pages_and_programs_spell_it(cents: int) -> None:
    plain = f"{cents // 100}.{cents % 100:02}"
    for text in (euros(cents, Language.FR), euros(cents, Language.EN), plain):
        assert cents == cents_of(text), text


@pytest.mark.parametrize(
    ("text", "grouped"), [("2263600", False), ("2 263 600", True), ("2263600,00", True)]
)
def test_an_amount_in_groups_is_no_name(text: str, grouped: bool) -> None:
    assert grouped == is_grouped(text)


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ("rapport d'activité 2022", AskedDocument("activity_report", 2022, ())),
        ("Activity Report Lille", AskedDocument("activity_report", None, ("lille",))),
        (
            "comptes certifiés 2022 lille avenirs",
            AskedDocument("certified_accounts", 2022, ("lille", "avenirs")),
        ),
        ("financial_report", AskedDocument("financial_report", None, ())),
        ("rapport", None),
        ("Lille Avenirs", None),
    ],
)
def test_a_document_by_its_name_in_either_language(
    text: str, document: AskedDocument | None
) -> None:
    assert document == document_of(text)
