"""Rows and conditions that several queries share, in SQL of both databases."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import PlainSerializer
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    RowMapping,
    cast,
    false,
    func,
    select,
    true,
    tuple_,
)

from events.masking import masked, masked_name
from services.projector.tables import budgets

Entities = frozenset[str] | None
"""The SIRETs of the entities that a caller may see; None stands for all."""

Name = Annotated[str, PlainSerializer(masked_name, return_type=str)]
"""A name that a sender chose. The row keeps it as it is, for keys and links; an answer
spells it with the IBANs in it shortened (senders call events by them)."""

LINE = ("chapter", "article", "function", "operation")

SHOWN_FIRST, SHOWN_LAST = 4, 3
"""Characters of an IBAN that are shown: country and key, and the end that its owner knows."""


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """A budget line (imputation)."""

    chapter: Name
    article: Name
    function: Name | None
    operation: Name | None


@dataclass(frozen=True, slots=True)
class Act:
    """The act on which something rests."""

    body: str
    number: Name | None
    date: dt.date


@dataclass(frozen=True, slots=True)
class Beneficiary:
    """The beneficiary."""

    name: str
    siret: str
    representative: str | None


@dataclass(frozen=True, slots=True)
class MaskedAccount:
    """A bank account of which only the ends are shown."""

    iban: str
    bic: str | None
    holder: str


def visible(budget: ColumnElement[Any], entities: Entities) -> ColumnElement[bool]:
    """True if a row's budget belongs to one of the caller's entities."""
    if entities is None:
        return true()
    if not entities:
        return false()
    return budget.in_(select(budgets.c.budget).where(budgets.c.entity.in_(sorted(entities))))


def line_of(row: RowMapping) -> BudgetLine:
    """The line of a row; '' stands for a code that it does not have."""
    return BudgetLine(
        row["chapter"], row["article"], row["function"] or None, row["operation"] or None
    )


def act_of(row: RowMapping) -> Act | None:
    """The act of a row, where it names one."""
    if row["act_body"] is None:
        return None
    return Act(shown(row["act_body"]) or "", row["act_number"], row["act_on"])


def beneficiary_of(row: RowMapping) -> Beneficiary | None:
    """The beneficiary of a row, where it names one."""
    if row["siret"] is None:
        return None
    name = shown(row["beneficiary"]) or ""
    return Beneficiary(name, row["siret"], shown(row["representative"]))


def masked_account(row: RowMapping) -> MaskedAccount:
    """The bank account of a row, shortened."""
    return MaskedAccount(shortened(row["iban"]), row["bic"], shown(row["holder"]) or "")


def shown(text: str | None) -> str | None:
    """Free text as people may see it: somebody may have written an IBAN into it."""
    return None if text is None else str(masked(text))


def shown_name(name: str | None) -> str | None:
    """A name as people may see it, where no answer spells it: in a file."""
    return None if name is None else masked_name(name)


def shortened(iban: str) -> str:
    """`FR76…110`: enough for its owner to know it, too little to pay to."""
    return f"{iban[:SHOWN_FIRST]}…{iban[-SHOWN_LAST:]}"


def total(amounts: ColumnElement[Any]) -> ColumnElement[int]:
    """A sum of cents, 0 of none: PostgreSQL would make a decimal number of it."""
    return cast(func.coalesce(func.sum(amounts), 0), BigInteger)


def line_columns(table: FromClause) -> list[ColumnElement[Any]]:
    """The four codes of a line, in their order."""
    return [table.c[name] for name in LINE]


def behind(
    key: Iterable[ColumnElement[Any]], after: tuple[Any, ...] | None, *, descending: bool = False
) -> ColumnElement[bool]:
    """The rows that stand behind the last one of the page before, in the order of their key."""
    if after is None:
        return true()
    place = tuple_(*key)
    return place < tuple_(*after) if descending else place > tuple_(*after)
