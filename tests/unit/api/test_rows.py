"""A row of the read model as the class declares it: columns by name, parts, free text masked."""

import asyncio
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.api.adapters.prepared import ROWS_AT_ONCE
from services.api.queries.rows import (
    Act,
    Beneficiary,
    BudgetLine,
    FreeText,
    MaskedAccount,
    Name,
    Service,
    make_each,
    row_as,
)
from tests.builders import IBAN

MASKED = f"{IBAN[:4]}…{IBAN[-4:]}"


@dataclass(frozen=True)
class Whole:
    name: Name
    title: FreeText | None
    line: BudgetLine
    act: Act | None
    beneficiary: Beneficiary | None
    account: MaskedAccount
    services: tuple[Service, ...] | None
    count: int


def a_row(**more: Any) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "name": IBAN,
        "title": f"Compte {IBAN}",
        "chapter": "65",
        "article": "65748",
        "function": "61",
        "operation": "",
        "act_body": "Conseil municipal",
        "act_number": "23/40",
        "act_on": date(2023, 4, 12),
        "beneficiary": f"Chorale {IBAN}",
        "siret": "21590350100017",
        "representative": None,
        "iban": IBAN,
        "bic": None,
        "holder": "Chorale",
        "services": [{"code": "S1", "amount_cents": 5}],
    }
    return columns | more


def test_a_row_is_read_by_the_fields_of_its_class_with_free_text_masked() -> None:
    assert (
        row_as(Whole, a_row(), count=3)
        == Whole(
            IBAN,  # a name is the key of other rows: it is masked where it is spelled
            f"Compte {MASKED}",
            BudgetLine("65", "65748", "61", None),
            Act("Conseil municipal", "23/40", date(2023, 4, 12)),
            Beneficiary(f"Chorale {MASKED}", "21590350100017", None),
            MaskedAccount(f"{IBAN[:4]}…{IBAN[-3:]}", None, "Chorale"),
            (Service("S1", 5),),
            3,
        )
    )


def test_parts_that_a_row_does_not_have_are_none() -> None:
    row = a_row(title=None, act_body=None, siret=None, services=None)
    found = row_as(Whole, row, count=0)
    assert (None,) * 4 == (found.title, found.act, found.beneficiary, found.services)


def test_what_is_given_stands_before_the_columns() -> None:
    assert "other" == row_as(Whole, a_row(), name="other", count=0).name


def test_others_have_their_turn_between_the_rows_of_a_long_list() -> None:
    async def go() -> tuple[list[int], int]:
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        waiting = asyncio.create_task(others())
        made = await make_each(range(5 * ROWS_AT_ONCE), lambda row: row + 1)
        waiting.cancel()
        return made, turns

    made, turns = asyncio.run(go())
    assert list(range(1, 5 * ROWS_AT_ONCE + 1)) == made
    assert 5 == turns
