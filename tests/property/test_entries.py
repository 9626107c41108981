"""What holds between accounting entries and the ledger after each record of any history."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from events.journal import Record, read_record, require
from events.payments import RecoveryOrdered
from services.ledger.application.ports import JournalRow
from services.projector.rows.column_values import day_of
from services.treasury.domain.postings import Kind, Role
from services.treasury.entries.rules import AccountingEntry, Recoveries, entries_of
from services.treasury.pes.accountant import Accounts
from tests.builders import Json, Scenario, a_closing, a_collection, a_recovery, an_amount, encoded
from tests.property.histories import histories
from tests.property.test_recoveries import OPERATIONS, paid_conventions
from tests.property.years import Inputs, decided, years

Codes = tuple[str, str, str, str]


def by_line() -> dict[Codes, int]:
    return defaultdict(int)


@dataclass(slots=True)
class Books:
    """A budget's figures: the ledger's, by its moves, events and flags, and those of entries."""

    ordered: dict[Codes, int] = field(default_factory=by_line)
    paid: dict[Codes, int] = field(default_factory=by_line)
    entries: dict[Role, dict[Codes, int]] = field(default_factory=lambda: defaultdict(by_line))
    """Net debits."""
    asked_cents: int = 0
    """Recoveries ordered in the year."""
    back_cents: int = 0
    """Those that came in the year."""
    back_later_cents: int = 0
    is_closed: bool = False

    def take(self, record: Record, lines: Iterable[AccountingEntry]) -> None:
        """A record, and the entries that are made of it."""
        assert record.event is not None
        for move in record.moves or ():
            for stage, cents in (
                (move.origin, -move.amount_cents),
                (move.target, move.amount_cents),
            ):
                if stage in {"ordered", "paid"}:
                    (self.ordered if stage == "ordered" else self.paid)[move.line.codes] += cents
            if move.origin == "paid":
                self.back_cents += move.amount_cents
        for flag in record.review_flags or ():
            if flag.code == "recovery_is_revenue":
                self.back_later_cents += sum_of(record)
        if record.outcome == "accepted" and record.event.type == RecoveryOrdered.TYPE:
            day = record.event.data.on
            assert day is not None
            if not self.is_closed and day.year <= int(record.budget[-4:]):
                self.asked_cents += sum_of(record)
        if record.outcome == "accepted" and record.event.type == "ecluse.fiscal-year.closed.v1":
            self.is_closed = True
        for each in lines:
            self.entries[each.role][each.codes] += each.debit_cents - each.credit_cents

    def check(self) -> None:
        """The three identities: line by line wherever the ledger says on which line."""
        owed, out = self.entries[Role.CREDITOR], self.entries[Role.TREASURY]
        spent = self.entries[Role.EXPENSE]
        assert not_zero(self.ordered) == not_zero(owed, -1)
        assert total(self.paid) - self.back_later_cents == -total(out)
        open_cents = self.asked_cents - self.back_cents
        assert total(self.ordered) + total(self.paid) - open_cents == total(spent)
        if not self.back_later_cents:
            assert not_zero(self.paid) == not_zero(out, -1)
            if not open_cents:
                lines = {*self.ordered, *self.paid}
                both = {line: self.ordered[line] + self.paid[line] for line in lines}
                assert not_zero(both) == not_zero(spent)


def not_zero(sums: dict[Codes, int], sign: int = 1) -> dict[Codes, int]:
    return {line: sign * cents for line, cents in sums.items() if cents}


def total(sums: dict[Codes, int]) -> int:
    return sum(sums.values())


def sum_of(record: Record) -> int:
    """The whole sum of a recovery."""
    assert record.event is not None
    data = record.event.data
    return data.amount_cents or sum(each.amount_cents for each in data.lines or ())


def check_days(record: Record, day: date, lines: Sequence[AccountingEntry]) -> None:
    """An order is booked on its own day, all else on that of the event; each day balances."""
    issued = {order.payment_order: order.issued_on for order in record.payment_orders or ()}
    net_cents = dict.fromkeys((each.booked_on for each in lines), 0)
    for each in lines:
        is_issue = each.kind is Kind.ORDER_ISSUED
        expected = issued[require(each.payment_order, "order")] if is_issue else day
        assert expected == each.booked_on
        net_cents[each.booked_on] += each.debit_cents - each.credit_cents
    assert not any(net_cents.values())


def check(rows: Iterable[JournalRow]) -> int:
    """Check after each record; the number of lines that were made."""
    books: dict[str, Books] = defaultdict(Books)
    folded: dict[str, Recoveries] = {}
    count = 0
    for row in rows:
        record = read_record(row.record)
        if record.event is None:
            continue
        day = day_of(record.event)
        recoveries = folded.setdefault(record.budget, Recoveries(record.budget))
        lines = entries_of(record, day, Accounts(), recoveries)
        assert sum(each.debit_cents for each in lines) == sum(each.credit_cents for each in lines)
        assert all((each.debit_cents > 0) != (each.credit_cents > 0) for each in lines)
        check_days(record, day, lines)
        books[record.budget].take(record, lines)
        books[record.budget].check()
        count += len(lines)
    return count


@given(histories())
def test_the_identities_hold_after_each_record_of_any_history(history: list[bytes]) -> None:
    check(Scenario(*history).store.journal())


@given(years())
def test_the_identities_hold_over_the_end_of_a_year(inputs: Inputs) -> None:
    check(decided(inputs).store.journal())


@st.composite
def recovered(draw: st.DrawFn) -> list[Json]:
    """Conventions that were paid, and recoveries of them in every form, some behind a closing."""
    _, events = draw(paid_conventions())
    closed_after = draw(st.one_of(st.none(), st.integers(0, 9)))
    for number in range(draw(st.integers(1, 10))):
        if number == closed_after:
            events.append(a_closing())
        cents = draw(st.integers(1, 400))
        lines = [an_amount(cents, each) for each in draw(st.permutations(OPERATIONS))]
        by_lines = {"lines": lines[: draw(st.integers(1, 2))]} if draw(st.booleans()) else {}
        more: Json = {
            "recovery": draw(st.sampled_from("RS")),
            "on": draw(st.sampled_from(("2023-10-01", "2023-12-31", "2024-01-01"))),
            "_id": f"recovery/{number}",
            **by_lines,
        }
        events.append(draw(st.sampled_from((a_recovery, a_collection)))(cents, **more))
    return events


@given(recovered())
def test_rule_27_the_identities_hold_whatever_is_asked_back_and_comes(events: list[Json]) -> None:
    check(Scenario(*map(encoded, events)).store.journal())
