"""A reference looked up in what a ledger has journalled, as `ecluse trace` does."""

from events.codec import reread
from events.envelope import Envelope, Event
from events.fiscal_years import FiscalYearClosed
from events.follow_up import RecordReviewed
from services.ledger.application.restore import Folding
from services.ledger.domain.awaited import AwaitedItem
from services.ledger.domain.journal import JournalRecord, Outcome
from services.trace.entries import Entry, Place, entry_of
from services.trace.index import Index
from services.trace.search import Search, with_causes
from services.trace.trace import Trace
from tests import builders


def envelope(record: JournalRecord) -> Envelope[Event]:
    return reread(record.event or b"").envelope


def chain(history: builders.Scenario, budget: str) -> list[JournalRecord]:
    return [each for each in history.records if each.budget == budget]


def trace_of(history: builders.Scenario, ref: str, budget: str | None = None) -> Trace:
    """The trace of a reference; from one budget on, through its other years."""
    index = Index(ref, budget)
    budgets = {each.budget for each in history.records if each.outcome is not Outcome.DEAD_LETTER}
    wanted = sorted(budgets) if budget is None else [budget]
    asked: set[str] = set()
    while wanted:
        for name in wanted:
            for record in chain(history, name):
                index.add(entry_of(record, record.seal()))
        asked.update(wanted)
        wanted = [each for each in index.missing() if each not in asked]
    trace = index.trace()
    for name in trace.budgets:
        for record in chain(history, name):
            trace.add(entry_of(record, record.seal()))
    _check_by_index(history, trace, budget)
    return trace


def _reviews_one_of(entry: Entry, places: set[Place]) -> bool:
    """True where the read model would find it among the reviews of these records."""
    event, record = entry.event, entry.record
    if not isinstance(event, RecordReviewed) or record.outcome is not Outcome.ACCEPTED:
        return False
    return event.chain is None and (record.budget, event.sequence) in places


def _check_by_index(history: builders.Scenario, trace: Trace, budget: str | None) -> None:
    """A trace by the index of mentions is that of the whole journal."""
    readable = [each for each in history.records if each.outcome is not Outcome.DEAD_LETTER]
    entries = {each.place: each for each in (entry_of(each, each.seal()) for each in readable)}
    first_of = {(e.budget, e.sequence): e.resumes for e in readable if e.resumes is not None}
    search = Search(trace.ref, budget)
    named = {place[0] for place, entry in entries.items() if _is_named(entry, search.ids)}
    search.budgets |= named if budget is None else named & {budget}
    more = True
    while more:
        found = {
            place
            for place, each in entries.items()
            if place[0] in search.budgets
            and (_is_named(each, search.ids) or isinstance(each.event, FiscalYearClosed))
        }
        places = with_causes(found, first_of)
        reviews = {each.place for each in entries.values() if _reviews_one_of(each, places)}
        more = search.add(entries[place] for place in places | reviews)
    by_index = search.trace
    assert trace.kinds == by_index.kinds
    assert sorted(each.place for each in trace.records) == [e.place for e in by_index.records]
    expected = {each.place: (each.woken_by, trace.woke.get(each.place)) for each in trace.records}
    for each in by_index.records:
        assert expected[each.place] == (each.woken_by, by_index.woke.get(each.place))
    folding = Folding(forgets=False)
    for record in readable:
        folding.apply(record)
    assert sorted(trace.list_awaited(folding.budgets), key=repr) == sorted(
        search.list_awaited(), key=repr
    )


def _is_named(entry: Entry, ids: set[str]) -> bool:
    return entry.record.event_id in ids or any(each.id in ids for each in entry.mentions)


def awaited(history: builders.Scenario, trace: Trace) -> list[tuple[str, AwaitedItem]]:
    """What is awaited of it in the state that the journal leaves."""
    folding = Folding(forgets=False)
    for record in history.records:
        folding.apply(record)
    return trace.list_awaited(folding.budgets)
