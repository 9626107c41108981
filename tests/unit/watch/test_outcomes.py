"""Outcomes counted from the journal: each source record once, by what became of it."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import pytest

from events.journal import try_read_record
from events.lag import Outcomes
from events.topics import EVENTS, INTERNAL_EVENTS, JOURNAL
from services.watch.tables.outcomes import OutcomeCounts
from tests.builders import Json, a_convention, a_review, a_vote, an_award
from tests.unit.watch.ledger_output import transactions
from tests.unit.watch.reader import of_topic

NOON_S = 1_685_613_600.0
TOO_MUCH = an_award(200_000, grant="too much")
YEAR: tuple[Json, ...] = (a_vote(), an_award(), a_convention())


def records(*events: Json | bytes) -> list[bytes]:
    """The journal that the ledger makes of some events, one a transaction."""
    lines = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in events]
    outs = of_topic(list(transactions([[line] for line in lines])), JOURNAL)
    return [out.value or b"" for out in outs]


def counted(journal: Sequence[bytes], number: int = 0, **more: Any) -> OutcomeCounts:
    outcomes = OutcomeCounts()
    for offset, raw in enumerate(journal):
        assert outcomes.add(number, offset, try_read_record(raw), **more)
    return outcomes


def nonzero(counts: Outcomes) -> Json:
    """What is not 0 of it."""
    return {name: count for name, count in asdict(counts).items() if count}


def test_each_record_counts_by_what_became_of_it() -> None:
    counts = counted(records(*YEAR, YEAR[0], TOO_MUCH, b"no event")).counts()
    expected = {"received": 6, "accepted": 3, "duplicate": 1, "refused": 1, "dead_letter": 1}
    assert expected == nonzero(counts)


def test_what_waited_and_goes_on_counts_once_by_what_it_became() -> None:
    vote, award, convention = YEAR
    waiting = records(vote, convention)
    assert {"received": 2, "accepted": 1, "parked": 1} == nonzero(counted(waiting).counts())
    journal = records(vote, convention, award)
    assert len(journal) == 4, "the parked convention has a second record"
    assert {"received": 3, "accepted": 3, "resumed": 1} == nonzero(counted(journal).counts())


def test_dead_letters_that_were_sent_again_are_counted_by_their_notes() -> None:
    reference = {"source": "urn:lille:erp", "id": "7"}
    note, seen = a_review(3, chain="_dead.0", event=reference), a_review(4, chain="_dead.0")
    assert 1 == counted(records(*YEAR, note, seen, note)).redriven()


def test_a_record_that_comes_again_at_its_place_changes_nothing() -> None:
    journal = records(*YEAR)
    outcomes = counted(journal)
    before = outcomes.counts()
    assert not outcomes.add(0, 2, try_read_record(journal[2]))
    assert before == outcomes.counts()


def test_a_source_record_of_which_the_journal_tells_twice_is_repeated() -> None:
    journal = records(*YEAR)
    counts = counted([*journal, journal[1]]).counts()
    assert {"received": 4, "accepted": 4, "repeated": 1} == nonzero(counts)


def test_imported_records_of_several_budgets_come_in_any_order_and_repeat_nothing() -> None:
    first, second, third = records(*YEAR)
    another = third.replace(b'"budget":"2159', b'"budget":"2160')
    assert {"received": 3, "accepted": 3} == nonzero(
        counted(
            [second, another, first.replace(b'"budget":"2159', b'"budget":"2161')], imported=True
        ).counts()
    )
    counts = counted([first, second, second], imported=True).counts()
    assert 1 == counts.repeated, "within a budget their order stays"


def test_places_of_an_imported_journal_are_another_clusters() -> None:
    journal = records(*YEAR)
    outcomes = counted(journal, imported=True)
    assert outcomes.add(0, 3, try_read_record(journal[0]))
    assert 0 == outcomes.counts().repeated


@pytest.mark.parametrize("raw", [None, b"", b"{}", b"\xff", b'{"budget":"B","outcome":"lost"}'])
def test_a_record_that_tells_no_outcome_is_counted_apart(raw: bytes | None) -> None:
    assert {"gap": 1} == nonzero(counted([raw or b""]).counts())
    assert try_read_record(raw) is None


def test_partitions_are_counted_apart_and_dropped_when_others_read_them() -> None:
    journal = records(*YEAR)
    outcomes = counted(journal)
    for offset, raw in enumerate(journal):
        outcomes.add(1, offset, try_read_record(raw))
    assert 6 == outcomes.counts().received
    outcomes.keep_only([1])
    assert 3 == outcomes.counts().received
    assert outcomes.add(0, 0, try_read_record(journal[0])), "it is read anew"


def test_the_time_of_the_last_event_is_known_and_a_dead_letter_has_none() -> None:
    outcomes = counted(records(*YEAR, b"no event"))
    assert outcomes.latest_event_s(0) == NOON_S
    assert outcomes.latest_event_s(1) is None


def test_the_latest_time_stays_the_latest_when_an_event_is_dated_earlier() -> None:
    first, second, third = records(*YEAR)
    earlier = third.replace(b"2023-06-01T12:00:00+02:00", b"2023-06-01T11:30:00+01:00")
    assert NOON_S + 1_800 == counted([first, earlier]).latest_event_s(0), "in another zone"
    older = second.replace(b"2023-06-01T12:00:00+02:00", b"2022-06-01T12:00:00+02:00")
    assert NOON_S == counted([first, older]).latest_event_s(0)


def test_the_last_event_of_each_input_topic_is_known_by_itself() -> None:
    first, second, third = records(*YEAR)
    later = b"2023-06-01T13:00:00+02:00"
    deadline_event = third.replace(b"ecluse.events.v1", b"ecluse.internal-events.v1")
    outcomes = counted([first, second, deadline_event.replace(b"2023-06-01T12:00:00+02:00", later)])
    latest = [
        outcomes.latest_event_s(0, topic) for topic in (None, EVENTS, INTERNAL_EVENTS, JOURNAL)
    ]
    assert [NOON_S + 3_600, NOON_S, NOON_S + 3_600, None] == latest
