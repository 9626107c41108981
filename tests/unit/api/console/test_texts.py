"""Texts of the pages: each table has a text for every code, and no text is unused."""

import re
from pathlib import Path
from typing import get_args

import pytest

from events.deliberations import DeliberationWithdrawn
from events.texts import Translatable
from services.api import console
from services.api.console import texts
from services.api.rejections.view import KINDS
from services.ledger.domain.model.conventions import ConventionState
from services.ledger.domain.model.moves import EntryKind
from services.ledger.domain.model.orders import OrderState
from services.ledger.explain import sentences
from services.texts.language import Language
from services.texts.translation import translate

API = Path(console.__file__).parents[1]
TABLES = {"TROUBLES": texts.TROUBLES}
PUT_TOGETHER = {f"{kind}_lead" for kind in KINDS} | {f"no_{kind}" for kind in KINDS}
"""Names of texts that no view spells out."""


def named_in_packages_that_take(table: str) -> set[str]:
    """Strings that may name a text in the packages that take texts from this table."""
    packages = {
        each.parent
        for each in API.rglob("*.py")
        if f"texts.{table}" in each.read_text(encoding="utf-8")
    }
    text = "".join(
        each.read_text(encoding="utf-8") for package in packages for each in package.glob("*.py")
    )
    return PUT_TOGETHER | set(re.findall(r"""["']([a-z0-9_]+)["']""", text))


@pytest.mark.parametrize("table", TABLES)
def test_no_text_stands_unused(table: str) -> None:
    named = named_in_packages_that_take(table)
    assert [] == sorted(TABLES[table].keys() - named)


def test_french_keeps_its_marks_on_the_line() -> None:
    french = [translate(text, Language.FR) for table in TABLES.values() for text in table.values()]
    assert [] == [text for text in french if re.search(r"\w [:;!?]", text)]


def test_codes_of_the_ledger_have_their_texts() -> None:
    assert set(sentences.ORDER_STATES) == {each.value for each in OrderState}
    assert set(sentences.ENTRY_KINDS) == {each.value for each in EntryKind}
    assert {each.value for each in ConventionState} <= set(texts.CONVENTION_STATES)
    assert all(isinstance(each, Translatable) for each in texts.STAGES.values())


def test_every_cause_of_a_withdrawal_has_its_texts() -> None:
    phrase = DeliberationWithdrawn.__annotations__["cause"]
    assert set(get_args(phrase)) == texts.WITHDRAWAL_CAUSES.keys()
