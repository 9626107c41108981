"""The standing of who sees some entities: what became of their records, and nothing of others."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from services.api.ports import JournalEnd
from services.api.queries.standing import Held, Standing, standing
from services.projector.tables import positions
from tests.api.made import Made
from tests.api.queries.asked import ask
from tests.api.reads.two_towns import LAST_IN_LILLE, LAST_IN_ROUBAIX, both, of_lille, of_roubaix
from tests.api.world import LILLE, ROUBAIX
from tests.builders import IBAN, Json, encoded
from tests.read_model.filling import journal_of_events


def seen_by(url: str, *sirets: str, end: int | None = None) -> Standing:
    ends = None if end is None else {0: JournalEnd(end, end)}
    return ask(url, lambda conn: standing(conn, frozenset(sirets), ends))


@pytest.mark.parametrize(
    ("siret", "events", "last"),
    [(LILLE, of_lille, LAST_IN_LILLE), (ROUBAIX, of_roubaix, LAST_IN_ROUBAIX)],
)
def test_a_town_is_counted_as_if_it_were_alone(
    made: Made, siret: str, events: Any, last: str
) -> None:
    of_both, alone = made(both()), made(journal_of_events(map(encoded, events())))
    expected = ask(alone, lambda conn: standing(conn, None))
    found = seen_by(of_both, siret)
    assert replace(expected.fates, dead_letter=None) == found.fates
    assert expected.fates.parked == 1
    assert datetime.fromisoformat(last) == found.last_event_time
    assert found.adds_up


def test_a_record_that_waited_counts_once_by_what_it_became(made: Made) -> None:
    fates = seen_by(made(both()), ROUBAIX).fates
    assert (8, 5, 1, 1, 1) == (
        fates.read,
        fates.accepted,
        fates.duplicate,
        fates.refused,
        fates.parked,
    )


def test_who_sees_all_entities_by_name_has_all_but_what_names_none(made_in_files: Made) -> None:
    url = made_in_files(both())
    everything = ask(url, lambda conn: standing(conn, None)).fates
    by_name = seen_by(url, LILLE, ROUBAIX).fates
    assert everything.dead_letter == 1
    assert replace(everything, read=everything.read - 1, dead_letter=None) == by_name


@pytest.mark.parametrize("siret", [LILLE, "13001653800014"])
def test_what_no_budget_can_be_told_from_is_unknown_and_never_none_at_all(
    made: Made, siret: str
) -> None:
    journal = both()
    found = seen_by(made(journal), siret, end=len(journal) + 5)
    (only,) = found.partitions
    unknown = (only.in_flight, only.received, only.next_offset, only.last_offset)
    assert (None, None, None, None) == unknown
    assert (None, None, None) == (found.in_flight, found.received, found.fates.dead_letter)


def test_who_has_no_budget_is_counted_nothing(made_in_files: Made) -> None:
    found = seen_by(made_in_files(both()), "13001653800014")
    assert (0, None) == (found.fates.read, found.last_event_time)


def test_a_journal_that_lost_its_end_concerns_everybody(made_in_files: Made) -> None:
    assert not seen_by(made_in_files(both()), LILLE, end=1).adds_up


def a_held_one(url: str, siret: str | None) -> Held | None:
    error = f"invalid input for query argument $5: '{IBAN}'"

    async def hold(conn: Any) -> Standing:
        event_id = f"virement-{IBAN}-8"
        held: Json = {"held_offset": 3, "held_event_id": event_id, "held_error": error}
        await conn.execute(positions.update().values(held))
        # Never committed: the read model is shared.
        return await standing(conn, None if siret is None else frozenset({siret}))

    found = ask(url, hold)
    assert 1 == found.holds
    return found.partitions[0].held


def test_what_holds_a_partition_is_told_without_iban_and_to_who_reads_all_alone(
    made: Made,
) -> None:
    url = made(both())
    assert Held(None, None, None) == a_held_one(url, LILLE)
    held = a_held_one(url, None)
    assert held is not None
    assert (3, "virement-FR76…0110-8") == (held.offset, held.event_id)
    assert "invalid input for query argument $5: 'FR76…0110'" == held.error
