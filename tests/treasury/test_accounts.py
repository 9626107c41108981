"""The section `accounts` of ECLUSE_TREASURY_FILE: which account has which role, from which year."""

import pytest

from events.texts import Translatable
from services.texts.language import Language
from services.texts.translation import translate
from services.treasury.domain.postings import Role
from services.treasury.pes.accountant import Accounts, judge


@pytest.mark.parametrize(
    ("role", "article", "code"),
    [
        (Role.EXPENSE, "65748", "65748"),
        (Role.CREDITOR, "65748", "4671"),
        (Role.CREDITOR, "65741", "4671"),
        (Role.CREDITOR, "65742", "4671"),
        (Role.CREDITOR, "657341", "44381"),
        (Role.CREDITOR, "204172", "4671"),
        (Role.TREASURY, "65748", "515"),
        (Role.DEBTOR, "65748", "46721"),
        (Role.REVENUE, "65748", "773"),
    ],
)
def test_without_settings_accounts_are_those_of_the_posting_table(
    role: Role, article: str, code: str
) -> None:
    assert code == Accounts().code(role, article, 2023)


SETTINGS = """
accounts:
  - treasury: "5151"
    creditors: {"6574": "4672", "65748": "4673"}
  - from_year: 2024
    creditor: "4679"
"""


@pytest.mark.parametrize(
    ("role", "article", "year", "code"),
    [
        (Role.TREASURY, "65748", 2023, "5151"),
        (Role.TREASURY, "65748", 2024, "515"),
        (Role.CREDITOR, "65748", 2023, "4673"),
        (Role.CREDITOR, "65741", 2023, "4672"),
        (Role.CREDITOR, "65731", 2023, "4671"),
        (Role.CREDITOR, "65748", 2024, "4679"),
        (Role.CREDITOR, "65748", 2199, "4679"),
    ],
)
def test_accounts_are_valid_from_a_year_until_the_next_ones(
    role: Role, article: str, year: int, code: str
) -> None:
    config, faults = judge(SETTINGS)
    assert config is not None
    assert [] == faults
    assert code == config.accounts.code(role, article, year)


def test_of_years_before_the_first_the_first_are_valid() -> None:
    accounts = Accounts.model_validate([{"from_year": 2024, "treasury": "5151"}])
    assert "5151" == accounts.code(Role.TREASURY, "65748", 2023)


@pytest.mark.parametrize(
    ("section", "line", "sentence"),
    [
        ("- from_year: 2024\n  - from_year: 2024", 1, "the years must follow one another"),
        ("- treasury: 515", 2, "a code or a name is text: put it in quotes"),
        ("- treasurer: '515'", 2, "there is no such setting"),
    ],
)
def test_a_fault_is_said_with_its_line(section: str, line: int, sentence: str) -> None:
    config, faults = judge(f"accounts:\n  {section}\n")
    assert config is None
    assert (line, sentence) == (faults[0].line, sentence_of(faults[0].text))


def sentence_of(text: Translatable) -> str:
    return translate(text, Language.EN)
