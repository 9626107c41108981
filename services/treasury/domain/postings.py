"""The posting table: which role is debited and which credited by what happens to an order.

Roles become account codes by the configuration (`services.treasury.pes.accountant`). The table is
that of an authorising officer's own books, so an order is posted at its issue; the public
accountant's books have it once it is taken in charge. The table stands alone because the settings
of accounts and the rules of entries both read it.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple


class Role(StrEnum):
    """The part that an account plays in an entry."""

    EXPENSE = "expense"
    """The account by nature: the article of the budget line (65748)."""

    CREDITOR = "creditor"
    """The creditor to be paid (4671)."""

    TREASURY = "treasury"
    """The account at the Treasury (515)."""

    DEBTOR = "debtor"
    """Whoever owes money back (46721)."""

    REVENUE = "revenue"
    """Orders of earlier years cancelled (773)."""


class Kind(StrEnum):
    """The kinds of accounting entries, by what happened."""

    ORDER_ISSUED = "order_issued"
    ORDER_GIVEN_BACK = "order_given_back"  # rejected or cancelled: its unpaid part
    PAYMENT_EXECUTED = "payment_executed"
    RECOVERY_ORDERED = "recovery_ordered"
    RECOVERY_COLLECTED = "recovery_collected"
    RECOVERY_MOVED = "recovery_moved"  # to the line on which the ledger took the money back


class Posting(NamedTuple):
    """A row of the table: the same amount is debited on one account and credited on another."""

    kind: Kind
    debit: Role
    credit: Role


ORDER_ISSUED: Final = Posting(Kind.ORDER_ISSUED, Role.EXPENSE, Role.CREDITOR)
ORDER_GIVEN_BACK: Final = Posting(Kind.ORDER_GIVEN_BACK, Role.CREDITOR, Role.EXPENSE)
PAYMENT_EXECUTED: Final = Posting(Kind.PAYMENT_EXECUTED, Role.CREDITOR, Role.TREASURY)
RECOVERY_COLLECTED: Final = Posting(Kind.RECOVERY_COLLECTED, Role.TREASURY, Role.DEBTOR)


def recovery_ordered(against: Role) -> Posting:
    """The posting of money asked back, against the expense or, of an earlier year, the revenue."""
    return Posting(Kind.RECOVERY_ORDERED, Role.DEBTOR, against)


def recovery_moved(against: Role) -> tuple[Posting, Posting]:
    """The postings that take a recovery from one line, and put it on another."""
    kind = Kind.RECOVERY_MOVED
    return Posting(kind, against, Role.DEBTOR), Posting(kind, Role.DEBTOR, against)


POSTED: Final[Mapping[tuple[str | None, str | None], Posting]] = MappingProxyType(
    {
        ("committed", "ordered"): ORDER_ISSUED,
        ("ordered", "committed"): ORDER_GIVEN_BACK,
        ("ordered", "paid"): PAYMENT_EXECUTED,
    }
)
"""Postings of the ledger's moves, by their stages. Votes and commitments are off these accounts, a
carry-over is a statement, and recoveries are posted when they are ordered (`recoveries`)."""
