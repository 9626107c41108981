"""Recoveries by budget line: on which line a sum is asked back, and on which it comes back.

The ledger moves nothing when money is asked back, and a recovery in one sum names no line (rules,
27). Entries need a line at once: such a sum is asked back on the lines in the order in which they
were paid. Where the ledger then takes the money back on other lines, the recovery moves there, so
that nothing stays open on a line once all has come.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from events.conventions import ConventionSigned
from events.deliberations import DeliberationAdopted
from events.fiscal_years import FiscalYearClosed, FiscalYearOpened
from events.journal import Line, Record, required
from events.payments import PaymentExecuted
from events.recoveries import RecoveryCollected, RecoveryOrdered
from services.treasury.domain.postings import (
    RECOVERY_COLLECTED,
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


class Posted(NamedTuple):
    """An amount posted on a budget line."""

    posting: Posting
    line: Line
    amount_cents: int


Open = dict[tuple[Line, Role], int]
"""What is asked back and has not come: by line, and by the account against which it was posted."""


@dataclass(slots=True)
class _Convention:
    """The money of a convention that can be asked back, and what was."""

    paid: dict[Line, int] = field(default_factory=dict)
    """Paid less what came back, by line, in the order of their first payments."""
    recoveries: dict[str, Open] = field(default_factory=dict)

    def headroom_by_line(self) -> Iterator[tuple[Line, int]]:
        """What may still be asked back on each line."""
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
        self._year = BudgetName.of(budget).year
        self._closed = False
        self._alone: set[str] = set()
        """Grants that stand without convention: one that is signed takes their money (rules, 13).
        """
        self._conventions: dict[str, _Convention] = {}
        self._former: dict[str, str] = {}
        """By grant, the convention signed in its place: recoveries may name either (rules, 13)."""

    def take(self, record: Record) -> list[Posted]:
        """The postings of the record, where it is one about a recovery."""
        assert record.event is not None, "an accepted record has an event"
        data = record.event.data
        match record.event.type:
            case DeliberationAdopted.TYPE if data.requires_convention is False:
                self._alone.add(required(data.grant, "grant"))
            case FiscalYearOpened.TYPE:
                self._open(record)
            case ConventionSigned.TYPE if data.grant in self._alone:
                self._rename(data.grant, required(data.convention, "convention"))
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
        name, data = required(record.convention, "convention"), record.event.data
        if data.stands_alone and name == data.grant:
            self._alone.add(name)
        if record.former_grant is not None:
            self._former[record.former_grant] = name

    def _pay(self, record: Record) -> None:
        for move in record.moves or ():
            if move.target == "paid":
                paid = self._of(required(move.convention, "convention")).paid
                paid[move.line] = paid.get(move.line, 0) + move.amount_cents

    def _order(self, record: Record) -> Iterator[Posted]:
        """Money is asked back: in the budget's year against the expense, later it is revenue.

        A closed year takes no expense back any more.
        """
        assert record.event is not None, "it is of an event"
        data = record.event.data
        later = self._closed or required(data.on, "on").year > self._year
        against = Role.REVENUE if later else Role.EXPENSE
        convention = self._of(required(data.convention, "convention"))
        if data.lines is None:
            amounts = list(_shared(convention, required(data.amount_cents, "amount_cents")))
        else:
            amounts = [(each.line, each.amount_cents) for each in data.lines]
        opened = convention.recoveries.setdefault(required(data.recovery, "recovery"), {})
        for line, cents in amounts:
            opened[line, against] = opened.get((line, against), 0) + cents
            yield Posted(recovery_ordered(against), line, cents)

    def _collect(self, record: Record) -> Iterator[Posted]:
        """Money has come back: where the ledger moved it, else where it was asked back."""
        assert record.event is not None, "it is of an event"
        data = record.event.data
        convention = self._of(required(data.convention, "convention"))
        opened = convention.recoveries[required(data.recovery, "recovery")]
        amounts = [(each.line, each.amount_cents) for each in record.moves or ()]
        if amounts:
            yield from _moved_to(opened, amounts)
        else:
            total_cents = data.amount_cents or sum(each.amount_cents for each in data.lines or ())
            taken = _take(opened, list(opened), total_cents)
            amounts = [(line, cents) for (line, _), cents in taken]
        for line, cents in amounts:
            convention.paid[line] = convention.paid.get(line, 0) - cents
            yield Posted(RECOVERY_COLLECTED, line, cents)

    def _of(self, convention: str) -> _Convention:
        name = self._former.get(convention, convention)
        return self._conventions.setdefault(name, _Convention())


def _shared(convention: _Convention, amount_cents: int) -> Iterator[tuple[Line, int]]:
    """A sum asked back, on the lines in the order in which they were paid."""
    left_cents = amount_cents
    for line, headroom_cents in convention.headroom_by_line():
        cents = min(left_cents, headroom_cents)
        if cents > 0:
            yield line, cents
            left_cents -= cents
    assert left_cents == 0, "what is asked back was paid"


def _moved_to(opened: Open, amounts: Sequence[tuple[Line, int]]) -> Iterator[Posted]:
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
            yield Posted(off, other, part)
            yield Posted(on, line, part)


def _take(
    opened: Open, keys: Iterable[tuple[Line, Role]], amount_cents: int
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
