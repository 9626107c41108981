"""`ecluse projector` on a real broker and a real PostgreSQL: killed, cut off, made again."""

import asyncio
import os
import random  # noqa: TID251 # it plays the environment, and prints its seed
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from services.runtime.ops.settings import Settings
from tests.kafka.brokers import Broker
from tests.kafka.ledger_transactions import make_topics
from tests.kafka.projecting import (
    Clean,
    Projector,
    a_long_journal,
    count,
    journal_of,
    rows,
    write,
)
from tests.read_model.databases import Server
from tests.read_model.filling import GOLDEN, read

RECORDS: Final = int(os.environ.get("ECLUSE_TEST_RECORDS", "12000"))
"""`make faults` has 50,000: to decide and write so many takes a minute by itself."""

KILLS: Final = 10
LIMIT_S: Final = 240.0


class Year(NamedTuple):
    """A long journal as it stands on the broker, and what an undisturbed run makes of it."""

    settings: Settings
    clean: Clean


@pytest.fixture(scope="module")
def year(
    broker: Broker, postgresql_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Year:
    """CheckpointHead once, and projected once: each test has a database of its own."""
    settings = Settings(bootstrap_servers=broker.bootstrap, topic_prefix=f"year-{os.getpid()}.")
    asyncio.run(make_topics(settings))
    write(settings, a_long_journal(RECORDS))
    url, folder = postgresql_server.a_read_model(), tmp_path_factory.mktemp("clean")
    return Year(settings, Clean(settings, url, folder, RECORDS))


def has_more(url: str, records: int) -> bool:
    """Whether more than that many records are in the tables."""
    return bool(rows(url) > records)


def is_at_work(projector: Projector, opened: int, url: str, records: int) -> bool:
    """Whether it has opened more partitions than those, and more than so many records are there."""
    return len(projector.logged("partition_opened")) > opened and has_more(url, records)


def has_retried(projector: Projector, times: int) -> bool:
    """Whether it has noticed that often that the database is down."""
    return len(projector.logged("partition_retried")) >= times


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
        projector.until_ready()
        assert count(journal) == projector.projected()
        assert 0 == projector.stop()
    assert count(journal) == len(read(url)["journal"])


@pytest.mark.fault
@pytest.mark.timeout(600)
def test_killed_ten_times_it_leaves_row_for_row_what_a_clean_run_gives(
    year: Year, tmp_path: Path, postgresql_server: Server
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    draw = random.Random(seed)
    url = postgresql_server.a_read_model()
    with Projector(year.settings, url, tmp_path, ECLUSE_SESSION_TIMEOUT_S="6") as projector:
        for kill in range(1, KILLS + 1):
            # Each has opened a partition, and is in the midst of whatever it does then.
            opened = len(projector.logged("partition_opened"))
            wanted = RECORDS * kill // (KILLS + 4) - draw.randrange(RECORDS // 25)
            projector.until(
                partial(is_at_work, projector, opened, url, wanted), "it gets on", LIMIT_S
            )
            projector.kill()
            assert rows(url) < RECORDS, "it is killed while there is work"
            projector.start_again()
        projector.until_rows(url, RECORDS, "all records", LIMIT_S)
        assert 0 == projector.stop()
    year.clean.assert_same(url)


@pytest.mark.fault
@pytest.mark.timeout(600)
def test_postgresql_ends_and_crashes_under_load_and_nothing_is_lost(
    year: Year, tmp_path: Path, postgresql_server: Server
) -> None:
    url = postgresql_server.a_read_model()
    with Projector(year.settings, url, tmp_path) as projector:
        for cycle, hurt in enumerate(
            (postgresql_server.crash, postgresql_server.end, postgresql_server.crash), start=1
        ):
            projector.until(partial(has_more, url, RECORDS * cycle // 5), "it gets on", LIMIT_S)
            hurt()
            projector.until(partial(has_retried, projector, cycle), "it notices")
            postgresql_server.start_again()
        projector.until_rows(url, RECORDS, "all records", LIMIT_S)
        assert 0 == projector.stop()
        assert [] == projector.logged("record_failed") + projector.logged("partition_failed")
    year.clean.assert_same(url)
