"""Accounting entries (écritures comptables): debits and credits made of the ledger's records.

The ledger moves nothing when money is asked back, and a recovery in one sum names no line (rules,
27). Entries need a line at once: such a sum is asked back on the lines in the order in which they
were paid. Where the ledger then takes the money back on other lines, the recovery moves there, so
that nothing stays open on a line once all has come.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final, NamedTuple, Protocol

from events.conventions import ConventionSigned
from events.deliberations import DeliberationAdopted
from events.fiscal_years import FiscalYearClosed, FiscalYearOpened
from events.journal import Line, Move, PaymentOrder, Record, require
from events.payments import PaymentExecuted, RecoveryCollected, RecoveryOrdered
from services.treasury.domain.postings import (
    POSTED,
    RECOVERY_COLLECTED,
    Kind,
    Posting,
    Role,
    recovery_moved,
    recovery_ordered,
)
from services.treasury.domain.slips import BudgetName

FOLDED: Final = (
    DeliberationAdopted.TYPE,
    ConventionSigned.TYPE,
    PaymentExecuted.TYPE,
    RecoveryOrdered.TYPE,
    RecoveryCollected.TYPE,
    FiscalYearClosed.TYPE,
    FiscalYearOpened.TYPE,
)
"""The types of the records that `Recoveries` is made of: it passes over all others."""


class PostedAmount(NamedTuple):
    """An amount posted on a budget line."""

    posting: Posting
    line: Line
    amount_cents: int


OpenRecoveries = dict[tuple[Line, Role], int]
"""What is asked back and has not come: by line, and by the account against which it was posted."""


@dataclass(slots=True)
class _Convention:
    """The money of a convention that can be asked back, and what was."""

    paid: dict[Line, int] = field(default_factory=dict)
    """Paid less what came back, by line, in the order of their first payments."""
    recoveries: dict[str, OpenRecoveries] = field(default_factory=dict)

    def headroom_by_line(self) -> Iterator[tuple[Line, int]]:
        """Amounts that may still be asked back on each line."""
        for line, paid_cents in self.paid.items():
            asked_cents = sum(
                cents
                for recovery in self.recoveries.values()
                for (on, _), cents in recovery.items()
                if on == line
            )
            yield line, paid_cents - asked_cents


class Recoveries:
    """The recoveries of one budget, folded from its accepted records in their order."""

    def __init__(self, budget: str) -> None:
        self._year = BudgetName.parse(budget).year
        self._closed = False
        self._alone: set[str] = set()
        """Grants that stand without convention: one that is signed takes their money (rules, 13).
        """
        self._conventions: dict[str, _Convention] = {}
        self._former: dict[str, str] = {}
        """By grant, the convention signed in its place: recoveries may name either (rules, 13)."""

    def take(self, record: Record) -> list[PostedAmount]:
        """The postings of the record, where it is one about a recovery."""
        assert record.event is not None, "an accepted record has an event"
        data = record.event.data
        match record.event.type:
            case DeliberationAdopted.TYPE if data.requires_convention is False:
                self._alone.add(require(data.grant, "grant"))
            case FiscalYearOpened.TYPE:
                self._open(record)
            case ConventionSigned.TYPE if data.grant in self._alone:
                self._rename(data.grant, require(data.convention, "convention"))
            case PaymentExecuted.TYPE:
                self._pay(record)
            case FiscalYearClosed.TYPE:
                self._closed = True
            case RecoveryOrdered.TYPE:
                return list(self._order(record))
            case RecoveryCollected.TYPE:
                return list(self._collect(record))
            case _:
                pass
        return []

    def _rename(self, grant: str, convention: str) -> None:
        self._alone.discard(grant)
        self._former[grant] = convention
        if grant in self._conventions:
            self._conventions[convention] = self._conventions.pop(grant)

    def _open(self, record: Record) -> None:
        assert record.event is not None, "it is of an event"
        name, data = require(record.convention, "convention"), record.event.data
        if data.stands_alone and name == data.grant:
            self._alone.add(name)
        if record.former_grant is not None:
            self._former[record.former_grant] = name

    def _pay(self, record: Record) -> None:
        for move in record.moves or ():
            if move.target == "paid":
                paid = self._convention(require(move.convention, "convention")).paid
                paid[move.line] = paid.get(move.line, 0) + move.amount_cents

    def _order(self, record: Record) -> Iterator[PostedAmount]:
        """Money is asked back: in the budget's year against the expense, later it is revenue.

        A closed year takes no expense back any more.
        """
        assert record.event is not None, "it is of an event"
        data = record.event.data
        later = self._closed or require(data.on, "on").year > self._year
        against = Role.REVENUE if later else Role.EXPENSE
        convention = self._convention(require(data.convention, "convention"))
        if data.lines is None:
            amounts = list(_share(convention, require(data.amount_cents, "amount_cents")))
        else:
            amounts = [(each.line, each.amount_cents) for each in data.lines]
        opened = convention.recoveries.setdefault(require(data.recovery, "recovery"), {})
        for line, cents in amounts:
            opened[line, against] = opened.get((line, against), 0) + cents
            yield PostedAmount(recovery_ordered(against), line, cents)

    def _collect(self, record: Record) -> Iterator[PostedAmount]:
        """Money has come back: where the ledger moved it, else where it was asked back."""
        assert record.event is not None, "it is of an event"
        data = record.event.data
        convention = self._convention(require(data.convention, "convention"))
        opened = convention.recoveries[require(data.recovery, "recovery")]
        amounts = [(each.line, each.amount_cents) for each in record.moves or ()]
        if amounts:
            yield from _move_back(opened, amounts)
        else:
            total_cents = data.amount_cents or sum(each.amount_cents for each in data.lines or ())
            taken = _take(opened, list(opened), total_cents)
            amounts = [(line, cents) for (line, _), cents in taken]
        for line, cents in amounts:
            convention.paid[line] = convention.paid.get(line, 0) - cents
            yield PostedAmount(RECOVERY_COLLECTED, line, cents)

    def _convention(self, convention: str) -> _Convention:
        name = self._former.get(convention, convention)
        return self._conventions.setdefault(name, _Convention())


def _share(convention: _Convention, amount_cents: int) -> Iterator[tuple[Line, int]]:
    """A sum asked back, on the lines in the order in which they were paid."""
    left_cents = amount_cents
    for line, headroom_cents in convention.headroom_by_line():
        cents = min(left_cents, headroom_cents)
        if cents > 0:
            yield line, cents
            left_cents -= cents
    assert left_cents == 0, "what is asked back was paid"


def _move_back(
    opened: OpenRecoveries, amounts: Sequence[tuple[Line, int]]
) -> Iterator[PostedAmount]:
    """Take what came back on these lines from what is asked back, first on the same line.

    What was asked back on another line moves first.
    """
    elsewhere = []
    for line, cents in amounts:
        own = [key for key in opened if key[0] == line]
        elsewhere.append((line, cents - sum(part for _, part in _take(opened, own, cents))))
    for line, cents in elsewhere:
        for (other, against), part in _take(opened, list(opened), cents):
            off, on = recovery_moved(against)
            yield PostedAmount(off, other, part)
            yield PostedAmount(on, line, part)


def _take(
    opened: OpenRecoveries, keys: Iterable[tuple[Line, Role]], amount_cents: int
) -> list[tuple[tuple[Line, Role], int]]:
    """Take an amount from these in their order; the parts that were there."""
    taken = []
    for key in keys:
        part = min(amount_cents, opened[key])
        if part:
            taken.append((key, part))
            opened[key] -= part
            amount_cents -= part
        if not opened[key]:
            del opened[key]
    return taken


class Accounts(Protocol):
    """The codes of the accounts."""

    def code(self, role: Role, article: str, year: int) -> str:
        """The account in this role for an article, in the books of a fiscal year."""
        ...


CODES: Final = ("chapter", "article", "function", "operation")


@dataclass(frozen=True, slots=True)
class AccountingEntry:
    """A debit or a credit on an account, for one budget line; the other one of the two is 0.

    '' stands for a code that its budget line does not have.
    """

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
        """The entry's budget line by the names of its codes."""
        return dict(zip(CODES, (each or None for each in self.codes), strict=True))

    @property
    def row(self) -> dict[str, Any]:
        """The entry's members by their names, as the tables have them."""
        return {name: getattr(self, name) for name in self.__slots__}


class _Subject(NamedTuple):
    """The things that an entry is about."""

    convention: str
    payment_order: str | None
    recovery: str | None


def entries_of(
    record: Record, day: date, accounts: Accounts, recoveries: Recoveries
) -> list[AccountingEntry]:
    """The lines of a record's entries: none of a record that posts nothing.

    `day` is the one that the event names, else that of its time. `recoveries` has taken all
    earlier records that it is made of, and takes this one.
    """
    if record.outcome != "accepted":
        return []
    year = BudgetName.parse(record.budget).year
    lines: list[AccountingEntry] = []
    for posting, line, cents, about, issued_on in _list_postings(record, recoveries):
        for role, debit_cents, credit_cents in (
            (posting.debit, cents, 0),
            (posting.credit, 0, cents),
        ):
            lines.append(
                AccountingEntry(
                    budget=record.budget,
                    sequence=record.sequence,
                    item=len(lines) + 1,
                    booked_on=issued_on or day,
                    kind=posting.kind,
                    role=role,
                    account=accounts.code(role, line.article, year),
                    debit_cents=debit_cents,
                    credit_cents=credit_cents,
                    **dict(zip(CODES, line.codes, strict=True)),
                    **about._asdict(),
                )
            )
    return lines


def as_booked(
    lines: list[AccountingEntry], former_day: date, there: Mapping[int, date]
) -> list[AccountingEntry]:
    """The lines of a record on the day of those that are there already (days by item).

    Version 0.1.0 booked all lines of a record on the day on which its moves took effect
    (`former_day`), an order on the day of its act. Entries never change: what it booked stays so,
    and what it has left of such a record is booked beside it.
    """
    days = {each.item: each.booked_on for each in lines}
    if {former_day} != {*there.values()} or all(days.get(item) == former_day for item in there):
        return lines
    return [replace(each, booked_on=former_day) for each in lines]


def _list_postings(
    record: Record, recoveries: Recoveries
) -> Iterator[tuple[Posting, Line, int, _Subject, date | None]]:
    """The postings of a record: those of its moves, then that of a recovery.

    The day is that of an order which the record issued: its event may name another one, even a
    day of the year before, such as that of the act.
    """
    for move in record.moves or ():
        posting = POSTED.get((move.origin, move.target))
        if posting is not None:
            convention = require(move.convention, "convention")
            order = _order_of(record, move)
            about = _Subject(convention, order.payment_order, None)
            yield posting, move.line, move.amount_cents, about, order.issued_on
    recovered = recoveries.take(record)
    if recovered:
        assert record.event is not None, "a recovery is an event"
        data = record.event.data
        about = _Subject(require(data.convention, "convention"), None, data.recovery)
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
