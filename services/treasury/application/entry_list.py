"""Accounting entries as they stand in the tables."""

from dataclasses import dataclass, fields
from datetime import date
from typing import Final

from sqlalchemy import select

from services.treasury.store.database import TreasuryStore
from services.treasury.store.tables import accounting_entries

CODES: Final = ("chapter", "article", "function", "operation")


@dataclass(frozen=True, slots=True)
class AccountingEntry:
    """A debit or a credit; '' stands for a code that its budget line does not have."""

    budget: str
    sequence: int
    item: int
    booked_on: date
    kind: str
    role: str
    account: str
    debit_cents: int
    credit_cents: int
    chapter: str
    article: str
    function: str
    operation: str
    convention: str
    payment_order: str | None
    recovery: str | None

    @property
    def entry_id(self) -> str:
        """`<budget>/<sequence>/<item>`."""
        return f"{self.budget}/{self.sequence}/{self.item}"

    @property
    def codes(self) -> tuple[str, str, str, str]:
        """The codes of its budget line."""
        return (self.chapter, self.article, self.function, self.operation)

    @property
    def line(self) -> dict[str, str | None]:
        """Its budget line by the names of its codes."""
        return dict(zip(CODES, (each or None for each in self.codes), strict=True))


async def list_entries(
    store: TreasuryStore,
    budget: str | None = None,
    from_day: date | None = None,
    until_day: date | None = None,
) -> list[AccountingEntry]:
    """Entries in the order of the journal, of one budget or of all; both days count.

    Raises:
        Unreachable: the database does not answer.
    """
    table = accounting_entries.c
    asked = select(*(table[each.name] for each in fields(AccountingEntry)))
    asked = asked.order_by(table.budget, table.sequence, table.item)
    if budget is not None:
        asked = asked.where(table.budget == budget)
    if from_day is not None:
        asked = asked.where(table.booked_on >= from_day)
    if until_day is not None:
        asked = asked.where(table.booked_on <= until_day)
    async with store.reading() as connection:
        return [AccountingEntry(*row) for row in await connection.execute(asked)]
