"""`ecluse projector` on a real broker and a real PostgreSQL: killed, cut off, made again."""

import random  # noqa: TID251 # it plays the world outside, and prints its seed
from functools import partial
from pathlib import Path
from typing import Final

import pytest

from services.runtime.settings import Settings
from tests.kafka.projecting import (
    Journal,
    Projector,
    a_long_journal,
    assert_same,
    clean_run,
    content,
    count,
    journal_of,
    rows,
    write,
)
from tests.read_model import databases
from tests.read_model.databases import Server
from tests.read_model.filling import GOLDEN, read

postgresql_server = databases.postgresql_server
postgresql_url = databases.postgresql_url
sqlite_url = databases.sqlite_url

RECORDS: Final = 50_000
KILLS: Final = 10


@pytest.fixture(scope="module")
def long_journal() -> Journal:
    return a_long_journal(RECORDS)


def has_retried(projector: Projector, times: int) -> bool:
    """Whether it has noticed that often that the world is down."""
    return len(projector.lines("partition_retried")) >= times


def has(url: str, wanted: int) -> bool:
    """Whether that many records are in the tables."""
    return bool(rows(url) >= wanted)


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


@pytest.mark.fault
@pytest.mark.timeout(600)
def test_postgresql_ends_and_crashes_under_load_and_nothing_is_lost(
    settings: Settings, tmp_path: Path, postgresql_server: Server, long_journal: Journal
) -> None:
    url = postgresql_server.a_read_model()
    write(settings, long_journal)
    with Projector(settings, url, tmp_path) as projector:
        for turn, hurt in enumerate(
            (postgresql_server.crash, postgresql_server.end, postgresql_server.crash), start=1
        ):
            projector.until(partial(has, url, RECORDS * turn // 5), "it gets on", limit_s=120)
            hurt()
            projector.until(partial(has_retried, projector, turn), "it notices")
            postgresql_server.start_again()
        projector.until(lambda: rows(url) == RECORDS, "all records", limit_s=240)
        assert 0 == projector.stop()
        assert [] == projector.lines("record_failed") + projector.lines("partition_failed")
    clean = clean_run(settings, postgresql_server.a_read_model(), tmp_path, RECORDS)
    assert_same(clean, content(url))
