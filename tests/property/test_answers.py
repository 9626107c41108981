"""What holds for the scenarios of any history, and for what is awaited behind it."""

from collections.abc import Iterable
from operator import itemgetter

from hypothesis import given

from services.ledger.domain.awaited import AwaitedItem, list_awaited, list_awaited_of_grant
from services.ledger.domain.journal import JournalRecord, Outcome
from services.ledger.domain.model.book import Book
from services.ledger.domain.model.moves import Move
from tests.builders import Scenario
from tests.property.histories import histories
from tests.property.years import Inputs, decided, years
from tests.unit.ledger import tracing


def cents(found: list[AwaitedItem], subject: str) -> int:
    return sum(each.amount_cents or 0 for each in found if each.subject == subject)


def check_awaited(book: Book) -> None:
    """What is awaited is what is ordered and unpaid, and what a schedule still plans."""
    for convention in book.conventions.values():
        found = list(list_awaited(book, convention))
        assert convention.ordered_cents == cents(found, "payment_order")
        assert sum(money.remaining for money in convention.lines) >= cents(found, "instalment")
        assert all(each.waits_for for each in found)
        outstanding = sum(each.outstanding_cents for each in convention.recoveries.values())
        assert outstanding == cents(found, "recovery")
    for grant in book.grants:
        assert cents(list(list_awaited_of_grant(book, grant)), "grant") <= sum(
            book.grants[grant].reserved_cents.values()
        )


@given(histories())
def test_what_is_awaited_is_the_money_that_is_not_there_yet(history: list[bytes]) -> None:
    scenario = Scenario()
    for event in history:
        scenario.tell(event)
        for state in scenario.ledger.budgets.values():
            check_awaited(state.book)


@given(years())
def test_over_the_end_of_a_year_too(inputs: Inputs) -> None:
    for state in decided(inputs).ledger.budgets.values():
        if not state.book.closed_out:
            check_awaited(state.book)


Moved = list[tuple[str, int, Move]]


def moves_of(convention: str, of: Iterable[tuple[JournalRecord, Iterable[Move]]]) -> Moved:
    """The moves of a convention, chain by chain, each in its order."""
    found = [
        (record.budget, record.sequence, move)
        for record, moves in of
        for move in moves
        if move.convention == convention
    ]
    return sorted(found, key=itemgetter(0, 1))


@given(years())
def test_the_scenario_of_a_convention_has_every_move_of_it_in_order(inputs: Inputs) -> None:
    history = decided(inputs)
    names = {move.convention for record in history.records for move in record.moves}
    for name in sorted(name for name in names if name is not None):
        scenario = tracing.trace_of(history, name)
        places = [(each.record.budget, each.record.sequence) for each in scenario.records]
        assert sorted(set(places)) == places
        every = [(record, record.moves) for record in history.records]
        given = [(each.record, each.moves) for each in scenario.records]
        assert moves_of(name, every) == moves_of(name, given)
        tracing.awaited(history, scenario)


@given(histories())
def test_each_event_has_a_scenario_with_all_that_it_woke(history: list[bytes]) -> None:
    given = Scenario(*history)
    resumed = [each for each in given.records if each.resumes is not None]
    for record in resumed[:5]:
        scenario = tracing.trace_of(given, str(record.event_id), record.budget)
        own = [each for each in scenario.records if each.record.event_id == record.event_id]
        assert Outcome.PARKED in {each.record.outcome for each in own}
        (again,) = [each for each in own if each.record is record]
        assert again.woken_by is not None
        waker = next(
            each
            for each in given.records
            if (each.budget, each.sequence) == (record.budget, again.woken_by)
        )
        behind = tracing.trace_of(given, str(waker.event_id), record.budget)
        assert record in [each.record for each in behind.records]
