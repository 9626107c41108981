"""The standing of who sees some entities: what became of their records, and nothing of others."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.api.adapters.ports import JournalEnd
from services.api.today.read_model_status import HeldRecord, ReadModelStatus, read_model_status
from services.projector.tables import positions
from tests.api.environment import LILLE, ROUBAIX
from tests.api.made import Made
from tests.api.queries.asked import ask, connected
from tests.api.reads.two_entities import LAST_IN_LILLE, LAST_IN_ROUBAIX, both, of_lille, of_roubaix
from tests.builders import IBAN, Json, a_vote, an_award, encoded
from tests.read_model.filling import journal_of_events


def seen_by(url: str, *sirets: str, end: int | None = None) -> ReadModelStatus:
    ends = None if end is None else {0: JournalEnd(end, end)}
    return ask(url, lambda conn: read_model_status(conn, frozenset(sirets), ends))


@pytest.mark.parametrize(
    ("siret", "events", "last"),
    [(LILLE, of_lille, LAST_IN_LILLE), (ROUBAIX, of_roubaix, LAST_IN_ROUBAIX)],
)
def test_an_entity_is_counted_as_if_it_were_alone(
    made: Made, siret: str, events: Any, last: str
) -> None:
    of_both, alone = made(both()), made(journal_of_events(map(encoded, events())))
    expected = ask(alone, lambda conn: read_model_status(conn, None))
    found = seen_by(of_both, siret)
    assert replace(expected.outcomes, dead_letter=None) == found.outcomes
    assert expected.outcomes.parked == 1
    assert datetime.fromisoformat(last) == found.latest_event_time
    assert found.adds_up


def test_a_record_that_waited_counts_once_by_what_it_became(made: Made) -> None:
    outcomes = seen_by(made(both()), ROUBAIX).outcomes
    assert (9, 6, 1, 1, 1) == (
        outcomes.read,
        outcomes.accepted,
        outcomes.duplicate,
        outcomes.refused,
        outcomes.parked,
    )


def test_who_sees_all_entities_by_name_has_all_but_what_names_none(made_in_files: Made) -> None:
    url = made_in_files(both())
    everything = ask(url, lambda conn: read_model_status(conn, None)).outcomes
    by_name = seen_by(url, LILLE, ROUBAIX).outcomes
    assert everything.dead_letter == 1
    assert replace(everything, read=everything.read - 1, dead_letter=None) == by_name


@pytest.mark.parametrize("siret", [LILLE, "13001653800014"])
def test_what_no_budget_can_be_shown_from_is_unknown_and_never_none_at_all(
    made: Made, siret: str
) -> None:
    journal = both()
    found = seen_by(made(journal), siret, end=len(journal) + 5)
    (only,) = found.partitions
    unknown = (only.unread, only.decided, only.next_offset, only.last_offset)
    assert (None, None, None, None) == unknown
    assert (None, None, None) == (found.unread, found.decided, found.outcomes.dead_letter)


def test_who_has_no_budget_is_counted_nothing(made_in_files: Made) -> None:
    found = seen_by(made_in_files(both()), "13001653800014")
    assert (0, None) == (found.outcomes.read, found.latest_event_time)


def test_a_journal_that_lost_its_end_concerns_everybody(made_in_files: Made) -> None:
    assert not seen_by(made_in_files(both()), LILLE, end=1).adds_up


A, B, C = (datetime(2023, 6, day, 12, tzinfo=UTC) for day in (1, 2, 3))
READ, TO_READ = JournalEnd(20, 20), JournalEnd(25, 25)


@pytest.mark.parametrize(
    ("latest", "ends", "has_all", "last"),
    [
        ([A, B, C], [READ, READ, READ], True, C),
        ([C, B, A], [READ, READ, READ], True, C),
        ([C, B, A], [TO_READ, READ, READ], False, C),
        # Nobody knows where they end: each may have more.
        ([B, A, C], None, None, C),
        ([C, A, B], [READ, READ, None], None, C),
        # Another journal than the one that was read.
        ([B, A, C], [READ, JournalEnd(5, 5), READ], False, C),
        ([A, None, B], [READ, TO_READ, READ], False, B),
        ([None, None, None], [READ, READ, READ], True, None),
    ],
)
async def test_whether_all_is_read_and_of_when_the_latest_event_is_are_two_facts(
    made_in_files: Made,
    latest: list[datetime | None],
    ends: list[JournalEnd | None] | None,
    has_all: bool | None,
    last: datetime | None,
) -> None:
    known = None if ends is None else {at: end for at, end in enumerate(ends) if end is not None}
    async with connected(made_in_files(both())) as conn:
        await conn.execute(positions.delete())
        rows: list[Json] = [
            {"topic": "t", "partition": at, "next_offset": 20, "latest_event_time": time}
            for at, time in enumerate(latest)
        ]
        await conn.execute(positions.insert(), rows)
        # Never committed: the read model is shared.
        found = await read_model_status(conn, None, known)
    assert (has_all, last) == (found.has_all_decided, found.latest_event_time)


@pytest.mark.parametrize(("end", "has_all"), [(None, None), (0, True), (5, False)])
def test_an_entity_is_shown_whether_all_is_read_and_its_own_latest_event(
    made: Made, end: int | None, has_all: bool | None
) -> None:
    journal = both()
    found = seen_by(made(journal), LILLE, end=None if end is None else len(journal) + end)
    assert datetime.fromisoformat(LAST_IN_LILLE) == found.latest_event_time
    assert has_all is found.has_all_decided


def test_an_event_of_an_earlier_date_does_not_move_a_entities_latest_back(made: Made) -> None:
    """A late deliberation: what comes last is dated before what came first."""
    later, earlier = "2024-03-20T12:00:00+01:00", "2023-06-30T12:00:00+02:00"
    events = [a_vote(_time=later), an_award(_time=earlier)]
    found = seen_by(made(journal_of_events(map(encoded, events))), LILLE)
    assert datetime.fromisoformat(later) == found.latest_event_time


def a_held_one(url: str, siret: str | None) -> HeldRecord | None:
    error = f"invalid input for query argument $5: '{IBAN}'"

    async def hold(conn: Any) -> ReadModelStatus:
        event_id = f"virement-{IBAN}-8"
        held: Json = {"held_offset": 3, "held_event_id": event_id, "held_error": error}
        await conn.execute(positions.update().values(held))
        # Never committed: the read model is shared.
        return await read_model_status(conn, None if siret is None else frozenset({siret}))

    found = ask(url, hold)
    assert 1 == found.holds
    return found.partitions[0].held


def test_what_holds_a_partition_is_shown_without_iban_and_to_who_reads_all_alone(
    made: Made,
) -> None:
    url = made(both())
    assert HeldRecord(None, None, None) == a_held_one(url, LILLE)
    held = a_held_one(url, None)
    assert held is not None
    assert (3, "virement-FR76…0110-8") == (held.offset, held.event_id)
    assert "invalid input for query argument $5: 'FR76…0110'" == held.error
