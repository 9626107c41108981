"""An event's outcome, what did not go through, traces: against the journal read as a whole."""

from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from events.codec import reread
from services.api.adapters.ports import JournalEnd
from services.api.journal import records, traces
from services.api.queries import rejections as unsettled
from services.api.today.read_model_status import read_model_status
from services.ledger.application.restore import Folding
from services.ledger.domain.journal import JournalRecord, read_record
from services.trace.entries import entry_of
from services.trace.index import Index
from services.trace.trace import Trace
from tests.api.made import Made
from tests.api.queries.asked import CARRIED, HARD, HISTORIES, ask, connected
from tests.builders import (
    Json,
    a_closing,
    a_convention,
    a_payment,
    a_vote,
    an_acknowledgement,
    an_award,
    encoded,
)
from tests.read_model.filling import journal_of, journal_of_events


async def test_every_event_is_found_with_its_latest_outcome(made: Made) -> None:
    journal = [read_record(raw) for raw in journal_of(HARD)]
    url = made(journal_of(HARD))
    readable = [each for each in journal if each.event_id is not None]
    async with connected(url) as conn:
        ids = {each.event_id for each in readable}
        found = {name: await records.outcomes(conn, None, name) for name in ids if name is not None}
    for name, identities in found.items():
        expected = [each for each in readable if each.event_id == name]
        shown = sorted(each.sequence for one in identities for each in one.records)
        assert [each.sequence for each in expected] == shown
        for one in identities:
            own = [
                each.outcome.value
                for each in expected
                if each.event_source == one.event_source
                and each.outcome != "duplicate"
                and (each.refusal or {}).get("code") != "event_id_reused"
            ]
            assert own[-1] == one.outcome, name


def test_a_parked_event_has_both_its_records_and_the_outcome_of_the_second(
    made_in_files: Made,
) -> None:
    journal = journal_of_events(map(encoded, [a_vote(), a_convention(), an_award()]))
    url = made_in_files(journal)
    name = a_convention()["id"]
    (one,) = ask(url, lambda conn: records.outcomes(conn, None, name))
    assert "accepted" == one.outcome
    assert ["parked", "accepted"] == [each.outcome for each in one.records]
    assert one.records[0].waits_for is not None
    assert {"kind": "grant", "id": "G"} == one.records[0].waits_for.facts
    assert 2 == one.records[1].resumes


@pytest.mark.parametrize("again", [a_payment(), a_payment(1, _id=a_payment()["id"]), a_closing()])
def test_rule_31_what_was_accepted_stays_so_when_its_closed_year_refuses_it_again(
    made_in_files: Made, again: Json
) -> None:
    paid = [a_vote(), an_award(), a_convention(), an_acknowledgement(), a_payment()]
    url = made_in_files(journal_of_events(map(encoded, [*paid, a_closing(), again])))
    (one,) = ask(url, lambda conn: records.outcomes(conn, None, again["id"]))
    assert ["accepted", "refused"] == [each.outcome for each in one.records]
    assert "accepted" == one.outcome
    refused = one.records[-1].refusal
    assert refused is not None
    assert "fiscal_year_closed" == refused.code


def test_rule_31_what_waited_when_its_year_was_closed_is_refused(made_in_files: Made) -> None:
    events_ = [a_vote(), a_convention(), a_closing(), a_convention()]
    url = made_in_files(journal_of_events(map(encoded, events_)))
    (one,) = ask(url, lambda conn: records.outcomes(conn, None, events_[1]["id"]))
    assert ["parked", "refused", "refused"] == [each.outcome for each in one.records]
    assert "refused" == one.outcome


def test_refusals_have_code_facts_and_what_to_do_in_both_languages(made: Made) -> None:
    events_ = [a_vote(), an_award(), a_convention(), a_payment(100_001)]
    url = made(journal_of_events(map(encoded, events_)))
    (refused,) = ask(url, lambda conn: unsettled.list_refused(conn, None))
    facts = ("payment_order", "amount_cents", "paid_cents", "asked_cents")
    assert ("overpayment", facts) == (refused.refusal.code, tuple(refused.refusal.facts))
    assert "1\u202f000,01\u00a0€" in refused.refusal.sentence.fr
    assert "€1,000.01" in refused.refusal.sentence.en
    assert refused.refusal.do.fr
    assert refused.refusal.do.en


async def test_dead_letters_are_for_who_sees_all_entities(made_in_files: Made) -> None:
    url = made_in_files(journal_of(HARD))
    lille = frozenset({"21590350100017"})
    async with connected(url) as conn:
        everything = await unsettled.list_unreadable(conn, None)
        assert (3, 0) == (len(everything), len(await unsettled.list_unreadable(conn, lille)))


def whole_trace(journal: list[JournalRecord], ref: str) -> tuple[Trace, list[Any]]:
    """The trace by the whole journal, nothing left out beforehand, and what it awaits."""
    readable = [entry_of(each, each.seal()) for each in journal if each.event is not None]
    index = Index(ref)
    for entry in readable:
        index.add(entry)
    trace, folding = index.trace(), Folding(forgets=False)
    for entry in sorted(readable, key=attrgetter("place")):
        if entry.record.budget in trace.budgets:
            folding.apply(entry.record)
            trace.add(entry)
    trace.records.sort(key=attrgetter("place"))
    return trace, trace.list_awaited(folding.budgets)


def in_short(budget: str, each: Any) -> tuple[Any, ...]:
    """Something awaited, by all that it says."""
    wants = [(want.kind, want.id) for want in each.waits_for]
    return (budget, each.subject, each.id, each.convention, each.amount_cents, each.due_on, wants)


@pytest.mark.parametrize(
    "files",
    [(HARD,), pytest.param((HISTORIES[3],), marks=pytest.mark.rest), CARRIED],
    ids=lambda files: files[0].name,
)
def test_a_trace_is_the_trace_of_the_whole_journal(
    made_in_files: Made, files: tuple[Path, ...]
) -> None:
    raw = journal_of(*files)
    journal = [read_record(each) for each in raw]
    url = made_in_files(raw)
    refs = {each.event_id for each in journal if each.event_id is not None}
    for record in journal:
        refs |= {move.convention for move in record.moves if move.convention is not None}
        refs |= {change.order.payment_order for change in record.payment_orders}
        if record.event is not None:
            data = reread(record.event).envelope.data
            refs |= {getattr(data, name) for name in ("grant", "convention") if hasattr(data, name)}
    names = sorted(ref for ref in refs if ref)

    async def all_of(conn: Any) -> list[Any]:
        return [await traces.find_trace(conn, None, ref) for ref in names]

    for ref, found in zip(names, ask(url, all_of), strict=True):
        trace, awaited = whole_trace(journal, ref)
        assert found is not None, ref
        assert [kind.value for kind in trace.kinds] == list(found.kinds), ref
        assert [each.place for each in trace.records] == [
            (each.budget, each.sequence) for each in found.records
        ], ref
        assert [(each.woken_by, trace.woke.get(each.place, [])) for each in trace.records] == [
            (each.woken_by, list(each.woke)) for each in found.records
        ], ref
        assert [in_short(*each) for each in awaited] == [
            in_short(each.budget, each) for each in found.awaited
        ], ref


def test_a_trace_that_is_too_long_says_so(
    made_in_files: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = made_in_files(journal_of(HARD))
    monkeypatch.setattr(traces, "RECORDS_MAX", 10)
    with pytest.raises(traces.TooLong):
        ask(url, lambda conn: traces.find_trace(conn, None, "AVENIRS"))


async def test_the_status_counts_each_record_once_and_says_unknown_where_nobody_knows(
    made: Made,
) -> None:
    journal = [read_record(raw) for raw in journal_of(HARD)]
    url = made(journal_of(HARD))
    async with connected(url) as conn:
        unknown, known, another = (
            await read_model_status(conn, None),
            await read_model_status(
                conn, None, {0: JournalEnd(len(journal) + 5, len(journal) + 6)}
            ),
            await read_model_status(
                conn, None, {0: JournalEnd(len(journal) - 2, len(journal) - 1)}
            ),
        )
    outcomes = unknown.outcomes
    resumed = sum(each.resumes is not None for each in journal)
    assert len(journal) - resumed == outcomes.read
    assert (None, None, True) == (unknown.unread, unknown.decided, unknown.adds_up)
    assert (5, outcomes.read + 5, True) == (known.unread, known.decided, known.adds_up)
    assert not another.adds_up


async def test_what_stands_behind_the_last_record_is_not_unread_and_an_unread_partition_is(
    made: Made,
) -> None:
    journal = journal_of(HARD)
    url = made(journal)
    markers = JournalEnd(len(journal), len(journal) + 1)
    async with connected(url) as conn:
        read, other = (
            await read_model_status(conn, None, {0: markers}),
            await read_model_status(conn, None, {0: markers, 1: markers}),
        )
    assert (0, True) == (read.unread, read.adds_up)
    assert [0, len(journal)] == [each.unread for each in other.partitions]
    assert len(journal) == other.unread
