"""Rows of conventions: valid by an independent check, each with the facts of its convention."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.open_data.config import OpenDataConfig
from services.open_data.conventions import Convention
from services.open_data.publication import publish_by, row_of
from tests.open_data.published import CONFIG, ENTITY, conventions_of, exported
from tests.open_data.schema_check import faults, rows_of
from tests.property.years import Inputs, decided, years
from tests.read_model.filling import empty, fill, lasting
from tests.read_model.filling import rows_of as journal_rows


def a_published(**more: Any) -> Convention:
    facts: dict[str, Any] = {
        "budget": f"{ENTITY}-00-2023",
        "convention": "CONV-1",
        "stands_alone": False,
        "entity": ENTITY,
        "fiscal_year": 2023,
        "signed_on": date(2023, 5, 15),
        "beneficiary": "Lille Avenirs",
        "siret": "37887770800040",
        "title": "Subvention 2023",
        "act_number": "2023/40",
        "amount_cents": 226_360_000,
        "highest_cents": 226_360_000,
        "is_at_once": False,
        "begins_on": date(2023, 5, 30),
        "ends_on": date(2023, 12, 31),
    }
    return Convention(**facts | more)


def check_file(conventions: list[Convention]) -> None:
    """An export is valid; each row names its convention's entity, beneficiary, day and amount."""
    content = exported(conventions)
    assert [] == faults(content)
    assert [
        (each.entity, each.siret, str(each.signed_on), each.amount_cents) for each in conventions
    ] == [
        (
            row["idAttribuant"],
            row["idBeneficiaire"],
            row["dateConvention"],
            round(Decimal(row["montant"]) * 100),
        )
        for row in rows_of(content)
    ]


@lasting
@given(inputs=years())
def test_whatever_happened_in_two_years_an_export_is_valid(
    shared_sqlite: str, inputs: Inputs
) -> None:
    empty(shared_sqlite)
    fill(shared_sqlite, journal_rows(decided(inputs)))
    found = conventions_of(shared_sqlite)
    check_file(found)
    signed = [(each.budget, each.convention) for each in found]
    assert sorted(set(signed)) == sorted(signed)
    assert all(each.amount_cents <= each.highest_cents for each in found)


WORDS = st.text("aébcÉœ’'\"«»,;: \n\t-–0123456789=@", min_size=1, max_size=400)
SIRETS = st.sampled_from(["37887770800040", "21590350100017", "35600000000048"])
DAYS = st.dates(date(2016, 1, 1), date(2030, 12, 31))
CONVENTIONS = st.builds(
    a_published,
    convention=WORDS.map(str.strip).filter(bool),
    signed_on=DAYS,
    beneficiary=WORDS,
    siret=SIRETS,
    title=st.none() | WORDS,
    act_number=st.none() | st.sampled_from(["2023/40", "23-7, bis"]),
    amount_cents=st.integers(0, 2**53),
    highest_cents=st.just(2**53),
    is_at_once=st.booleans(),
    begins_on=DAYS,
    ends_on=st.just(date(2031, 1, 1)),
)


@given(conventions=st.lists(CONVENTIONS, max_size=8))
def test_whatever_is_said_of_conventions_their_rows_are_valid(
    conventions: list[Convention],
) -> None:
    check_file(conventions)


def test_a_row_holds_what_was_signed_and_the_settings() -> None:
    assert {
        "nomAttribuant": "Ville de Lille",
        "idAttribuant": ENTITY,
        "dateConvention": "2023-05-15",
        "referenceDecision": "2023/40",
        "nomBeneficiaire": "Lille Avenirs",
        "idBeneficiaire": "37887770800040",
        "rnaBeneficiaire": "",
        "objet": "Subvention 2023",
        "montant": "2263600.00",
        "nature": "aide en numéraire",
        "conditionsVersement": "échelonné",
        "datesPeriodeVersement": "2023-05-30/2023-12-31",
        "idRAE": "",
        "notificationUE": "non",
        "pourcentageSubvention": "1.00",
        "dispositifAide": "",
    } == row_of(a_published(), CONFIG)


def test_a_single_payment_has_its_day() -> None:
    row = row_of(a_published(is_at_once=True, ends_on=date(2023, 5, 30)), CONFIG)
    assert row is not None
    assert ("unique", "2023-05-30") == (row["conditionsVersement"], row["datesPeriodeVersement"])


def test_an_object_is_cut_at_a_word() -> None:
    row = row_of(a_published(title="mot " * 100), CONFIG)
    assert row is not None
    assert row["objet"].endswith("mot…")
    assert 253 < len(row["objet"]) <= 256


def test_a_convention_may_have_settings_of_its_own() -> None:
    config = OpenDataConfig.model_validate(
        {
            "entities": {
                ENTITY: {
                    "nomAttribuant": "Ville de Lille",
                    "notificationUE": "non",
                    "dispositifAide": "a",
                    "conventions": {"CONV-1": {"notificationUE": "oui", "idRAE": "12345"}},
                }
            },
            "beneficiaries": {"37887770800040": {"rnaBeneficiaire": "W595012345"}},
        }
    )
    row, other = (row_of(a_published(convention=each), config) for each in ("CONV-1", "CONV-2"))
    assert row is not None
    assert other is not None
    assert ("oui", "12345", "a") == (row["notificationUE"], row["idRAE"], row["dispositifAide"])
    assert ("non", "", "a") == (other["notificationUE"], other["idRAE"], other["dispositifAide"])
    assert "W595012345" == row["rnaBeneficiaire"]


def test_an_entity_without_settings_has_no_row() -> None:
    assert row_of(a_published(entity="37887770800040"), CONFIG) is None


@pytest.mark.parametrize(
    ("signed_on", "by"),
    [
        (date(2023, 5, 15), date(2023, 8, 15)),
        (date(2023, 11, 30), date(2024, 2, 29)),
        (date(2022, 12, 1), date(2023, 3, 1)),
        (date(2017, 8, 1), date(2017, 11, 1)),
        # The decree begins with conventions of August 2017.
        (date(2017, 7, 31), None),
    ],
)
def test_a_convention_is_public_within_three_months(signed_on: date, by: date | None) -> None:
    assert by == publish_by(a_published(signed_on=signed_on))


def test_a_grant_without_convention_has_no_day_of_publication() -> None:
    assert publish_by(a_published(stands_alone=True)) is None


OTHER = a_published(convention="CONV-2", siret="35600000000048", amount_cents=3_000_000)
