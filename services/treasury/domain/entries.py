"""Accounting entries (écritures comptables): debits and credits made of the ledger's records."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple, Protocol

from events.journal import Line, Move, PaymentOrder, Record, required
from services.treasury.domain.postings import POSTED, Kind, Posting, Role
from services.treasury.domain.recoveries import Recoveries
from services.treasury.domain.slips import BudgetName


class Accounts(Protocol):
    """The codes of the accounts."""

    def code(self, role: Role, article: str, year: int) -> str:
        """The account in this role for an article, in the books of a fiscal year."""
        ...


class EntrySubject(NamedTuple):
    """The things that an entry is about."""

    convention: str
    payment_order: str | None
    recovery: str | None


@dataclass(frozen=True, slots=True)
class EntryLine:
    """A debit or a credit on an account, for one budget line; the other one of the two is 0."""

    budget: str
    sequence: int
    """The record of the budget's journal that it is made of."""
    item: int
    """Its place among the lines of that record, from 1."""
    booked_on: date
    """An order's day of issue; of all else the day that the event names."""
    kind: Kind
    role: Role
    account: str
    debit_cents: int
    credit_cents: int
    line: Line
    about: EntrySubject

    @property
    def entry_id(self) -> str:
        """`<budget>/<sequence>/<item>`."""
        return f"{self.budget}/{self.sequence}/{self.item}"


def entries_of(
    record: Record, day: date, accounts: Accounts, recoveries: Recoveries
) -> list[EntryLine]:
    """The lines of a record's entries: none of a record that posts nothing.

    `day` is the one that the event names, else that of its time. `recoveries` has taken all
    earlier records that it is made of, and takes this one.
    """
    if record.outcome != "accepted":
        return []
    year = BudgetName.of(record.budget).year
    lines: list[EntryLine] = []
    for posting, line, cents, about, issued_on in _posted(record, recoveries):
        for role, debit_cents, credit_cents in (
            (posting.debit, cents, 0),
            (posting.credit, 0, cents),
        ):
            lines.append(
                EntryLine(
                    budget=record.budget,
                    sequence=record.sequence,
                    item=len(lines) + 1,
                    booked_on=issued_on or day,
                    kind=posting.kind,
                    role=role,
                    account=accounts.code(role, line.article, year),
                    debit_cents=debit_cents,
                    credit_cents=credit_cents,
                    line=line,
                    about=about,
                )
            )
    return lines


def as_booked(
    lines: list[EntryLine], former_day: date, there: Mapping[int, date]
) -> list[EntryLine]:
    """The lines of a record on the day of those that are there already (days by item).

    Version 0.1.0 booked all lines of a record on the day on which its moves took effect
    (`former_day`), an order on the day of its act. Entries never change: what it booked stays so,
    and what it has left of such a record is booked beside it.
    """
    days = {each.item: each.booked_on for each in lines}
    if {former_day} != {*there.values()} or all(days.get(item) == former_day for item in there):
        return lines
    return [replace(each, booked_on=former_day) for each in lines]


def _posted(
    record: Record, recoveries: Recoveries
) -> Iterator[tuple[Posting, Line, int, EntrySubject, date | None]]:
    """The postings of a record: those of its moves, then that of a recovery.

    The day is that of an order which the record issued: its event may name another one, even a
    day of the year before, such as that of the act.
    """
    for move in record.moves or ():
        posting = POSTED.get((move.origin, move.target))
        if posting is not None:
            convention = required(move.convention, "convention")
            order = _order_of(record, move)
            about = EntrySubject(convention, order.payment_order, None)
            yield posting, move.line, move.amount_cents, about, order.issued_on
    recovered = recoveries.take(record)
    if recovered:
        assert record.event is not None, "a recovery is an event"
        data = record.event.data
        about = EntrySubject(required(data.convention, "convention"), None, data.recovery)
        for posting, line, cents in recovered:
            yield posting, line, cents, about, None


def _order_of(record: Record, move: Move) -> PaymentOrder:
    """The payment order whose money moved: the one of its instalment that the record changed.

    An order of a grant for which a convention was signed since keeps the grant's name; its
    instalment in the convention is called as it is (rules, 13).
    """
    issued = move.target == "ordered"
    found = [
        order
        for order in record.payment_orders or ()
        if (order.issued_on is not None) == issued
        and (
            (order.convention, order.instalment) == (move.convention, move.instalment)
            or f"{order.convention}/{order.instalment}" == move.instalment
        )
    ]
    assert len(found) == 1, f"one order of {record.budget}/{record.sequence} moved this: {move}"
    return found[0]
