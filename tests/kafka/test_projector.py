"""`ecluse projector` on a real broker and a real PostgreSQL: killed, cut off, made again."""

import asyncio
import random  # noqa: TID251 # it plays the world outside, and prints its seed
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pytest

from bench.world import opening, stream
from services.runtime.settings import Settings
from tests.kafka.brokers import Broker
from tests.kafka.projecting import Journal, Projector, journal_of, write
from tests.kafka.told import make_topics
from tests.read_model import databases
from tests.read_model.databases import Server
from tests.read_model.filling import GOLDEN, Tables, query, read

postgresql_server = databases.postgresql_server
postgresql_url = databases.postgresql_url
sqlite_url = databases.sqlite_url

RECORDS: Final = 50_000
KILLS: Final = 10


@pytest.fixture
def settings(broker: Broker, prefix: str) -> Settings:
    settings = Settings(bootstrap_servers=broker.bootstrap, topic_prefix=prefix)
    asyncio.run(make_topics(settings))
    return settings


@pytest.fixture(scope="module")
def long_journal() -> Journal:
    """50,000 records of 500 budgets, on four partitions."""
    events = islice([*opening(), *stream()], RECORDS)
    journal = journal_of(events)
    assert RECORDS == count(journal)
    return journal


def count(journal: Journal) -> int:
    return sum(map(len, journal))


def rows(url: str) -> Any:
    """How many records are in the tables."""
    return query(url, "SELECT count(*) FROM journal")


def has(url: str, wanted: int) -> bool:
    """Whether that many records are in the tables."""
    return bool(rows(url) >= wanted)


def content(url: str) -> Tables:
    """All rows; without what differs by the topic's name and the time of writing."""
    found = read(url)
    own = ("topic", "last_timestamp_ms", "next_offset", "last_offset", "generation")
    found["positions"] = [
        {name: value for name, value in row.items() if name not in own}
        for row in found["positions"]
    ]
    return found


def clean_run(settings: Settings, url: str, folder: Path, records: int) -> Tables:
    """What a projector that nobody disturbs makes of the same journal."""
    with Projector(settings, url, folder) as projector:
        projector.until(lambda: rows(url) == records, "all records", limit_s=180)
        assert 0 == projector.stop()
    return content(url)


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_it_makes_the_tables_of_a_journal_and_goes_on_with_what_comes(
    database: str, settings: Settings, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(f"{database}_url")
    events = (GOLDEN / "hard-year-2023.events.jsonl").read_bytes().splitlines()
    journal = journal_of(events, batch_events=5)
    write(settings, journal[:3])
    with Projector(settings, url, tmp_path) as projector:
        projector.until(lambda: rows(url) == count(journal[:3]), "the first records")
        write(settings, journal[3:], abort=True)
        write(settings, journal[3:])
        projector.until(lambda: rows(url) == count(journal), "the others")
        projector.until(lambda: 200 == projector.get("/readyz")[0], "ready")
        assert count(journal) == projector.projected()
        assert 0 == projector.stop()
    assert count(journal) == len(read(url)["journal"])


@pytest.mark.fault
@pytest.mark.timeout(600)
def test_killed_ten_times_during_50000_records_it_leaves_row_for_row_what_a_clean_run_gives(
    settings: Settings, tmp_path: Path, postgresql_server: Server, long_journal: Journal
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    draw = random.Random(seed)
    url = postgresql_server.a_read_model()
    write(settings, long_journal)
    with Projector(settings, url, tmp_path, ECLUSE_SESSION_TIMEOUT_S="6") as projector:
        projector.until(lambda: projector.get("/healthz")[0] == 200, "up")
        for kill in range(1, KILLS + 1):
            # Somewhere in the next twelfth, in the midst of whatever it does then.
            projector.until(
                partial(has, url, RECORDS * kill // (KILLS + 2) - draw.randrange(2_000)),
                "it gets on",
                limit_s=120,
            )
            assert rows(url) < RECORDS, "it is killed while there is work"
            projector.kill()
            projector.start_again()
        projector.until(lambda: rows(url) == RECORDS, "all records", limit_s=240)
        assert 0 == projector.stop()
    clean = clean_run(settings, postgresql_server.a_read_model(), tmp_path, RECORDS)
    assert_same(clean, content(url))


def assert_same(expected: Tables, found: Tables) -> None:
    """Table by table: a difference of a hundred thousand rows is no message."""
    for name, rows_of_table in expected.items():
        assert len(rows_of_table) == len(found[name]), name
        for one, other in zip(rows_of_table, found[name], strict=True):
            assert one == other, name
