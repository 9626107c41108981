"""The read model beside a store, in one process: exactly once, whenever it was stopped."""

import asyncio
from pathlib import Path

import pytest

from services.embedded.journal_readers import EmbeddedProjector, Journal
from services.ledger.application.restore import open_ledger
from services.ledger.files.replay import replay
from services.ledger.files.stores import SqliteStore
from services.projector.database import Overtaken
from services.projector.engine import make_engine
from services.runtime.ops.errors import ClusterError
from tests.builders import a_vote, an_award, encoded
from tests.read_model.databases import in_a_file
from tests.read_model.filling import (
    EXAMPLES,
    RECORDED,
    fill,
    golden,
    journal_of,
    journal_of_events,
    query,
    read,
)

YEAR = EXAMPLES / "lille-avenirs-2023.jsonl"


def a_journal(records: list[bytes]) -> Journal:
    """A journal that holds these records, and gives two at a time."""

    async def behind(read: int) -> list[bytes]:
        return records[read : read + 2]

    return behind


def caught_up(url: str, records: list[bytes]) -> int:
    """A process that starts, projects what is new, and ends; how much that was."""

    async def go() -> int:
        engine = make_engine(url)
        try:
            return await EmbeddedProjector(engine, a_journal(records)).follow()
        finally:
            await engine.dispose()

    return asyncio.run(go())


@pytest.mark.parametrize("name", RECORDED)
def test_it_goes_on_where_an_earlier_process_ended(
    name: str, read_model_url: str, tmp_path: Path
) -> None:
    records = golden(name)
    assert 4 == caught_up(read_model_url, records[:4])
    assert 0 == caught_up(read_model_url, records[:4])
    assert len(records) - 4 == caught_up(read_model_url, records)
    other = in_a_file(tmp_path / "other.db")
    assert len(records) == caught_up(other, records)
    assert read(read_model_url) == read(other)


def test_an_event_of_an_earlier_date_does_not_move_the_latest_back(read_model_url: str) -> None:
    later, earlier = "2024-03-20T11:00:00+00:00", "2023-06-30T10:00:00+00:00"
    events = [a_vote(_time=later), an_award(_time=earlier)]
    records = journal_of_events(map(encoded, events))
    for known in (1, 2):
        caught_up(read_model_url, records[:known])
    latest = str(query(read_model_url, "SELECT latest_event_time FROM positions"))
    assert latest.startswith("2024-03-20")


def test_it_makes_the_tables_that_kafka_makes(
    read_model_url: str, sqlite_url: str, tmp_path: Path
) -> None:
    records = golden("turns-2023")
    of_nothing = f"sqlite+aiosqlite:///{tmp_path / 'of-nothing.db'}"
    caught_up(of_nothing, records)
    caught_up(read_model_url, records)
    assert read(of_nothing) == read(read_model_url)
    if sqlite_url != read_model_url:
        fill(sqlite_url, records)
        made, of_kafka = read(read_model_url), read(sqlite_url)
        assert {**made, "positions": []} == {**of_kafka, "positions": []}


async def test_what_a_store_writes_is_projected_as_it_is_written(
    read_model_url: str, tmp_path: Path
) -> None:
    store = SqliteStore(tmp_path / "ledger.db")

    engine = make_engine(read_model_url)
    try:
        known: list[bytes] = []
        projector = EmbeddedProjector(engine, a_journal(known))
        assert 0 == await projector.follow()
        with YEAR.open("rb") as stream:
            replay(store, YEAR.name, stream, open_ledger(store), lambda _: None)
        rows = [row.record for row in store.journal()]
        for new in (rows[:3], rows[3:], []):
            known += new
            assert len(new) == await projector.follow()
            assert len(known) == projector.next_offset
    finally:
        await engine.dispose()
    store.close()
    assert [row["record"] for row in read(read_model_url)["journal"]] == journal_of(YEAR)


def test_the_tables_of_another_journal_are_not_written_on(read_model_url: str) -> None:
    caught_up(read_model_url, golden("turns-2023")[:9])
    for another in (golden("hard-year-2023"), golden("turns-2023")[:8], []):
        with pytest.raises(ClusterError, match="not the journal"):
            caught_up(read_model_url, another)


async def test_a_second_process_takes_the_tables_from_the_first(read_model_url: str) -> None:
    records = golden("lille-avenirs-2023")

    engine = make_engine(read_model_url)
    try:
        known: list[bytes] = []
        first, second = (EmbeddedProjector(engine, a_journal(known)) for _ in range(2))
        await first.follow()
        await second.follow()
        known += records[:2]
        await second.follow()
        with pytest.raises(Overtaken):
            await first.follow()
    finally:
        await engine.dispose()
    assert 2 == len(read(read_model_url)["journal"])
