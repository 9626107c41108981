"""What stops the projector, or one of its partitions, and what it says of it."""

from pathlib import Path
from typing import Final

import pytest

from events.topics import JOURNAL
from services.runtime.ops.settings import Settings
from tests.kafka.cluster import Cluster
from tests.kafka.ledger_transactions import PARTITIONS
from tests.kafka.projecting import Journal, Projector, a_long_journal, count, rows, write
from tests.read_model.databases import Server
from tests.read_model.filling import query
from tests.unit.watch.ledger_output import Out

RECORDS: Final = 1_000
SICK: Final = 2
"""A partition in which something is wrong."""


@pytest.fixture(scope="module")
def journal() -> Journal:
    return a_long_journal(RECORDS, batch_events=50)


def of_partition(journal: Journal, number: int) -> list[Out]:
    return [out for batch in journal for out in batch if out.partition == number]


def without(journal: Journal, missing: Out) -> Journal:
    return [[out for out in batch if out is not missing] for batch in journal]


def test_a_record_that_does_not_follow_holds_its_partition_alone(
    settings: Settings, tmp_path: Path, postgresql_url: str, journal: Journal
) -> None:
    missing = of_partition(journal, SICK)[7]
    write(settings, without(journal, missing))
    sound = count(journal) - len(of_partition(journal, SICK))
    with Projector(settings, postgresql_url, tmp_path) as projector:
        projector.until(lambda: projector.logged("partition_held"), "it is held")
        (held,) = projector.logged("partition_held")
        assert (SICK, 7) == (held["partition"], held["offset"])
        assert "follows record" in held["error"]
        assert "ecluse projector --rebuild" in held["do"]
        assert 2 == len(projector.logged("record_failed"))
        projector.until(lambda: rows(postgresql_url) == sound + 7, "the others go on")
        asked = f"SELECT held_event_id FROM positions WHERE partition = {SICK}"
        assert held["event_id"] == query(postgresql_url, asked)
        assert f'"partition": {SICK}, "state": "broken"' in projector.get("/partitions")[1]
        assert 0 == projector.stop()


def test_a_journal_that_was_created_again_is_not_read_on(
    settings: Settings, tmp_path: Path, sqlite_url: str, journal: Journal
) -> None:
    write(settings, journal)
    with Projector(settings, sqlite_url, tmp_path) as projector:
        projector.until(lambda: rows(sqlite_url) == RECORDS, "all records")
        assert 0 == projector.stop()
        cluster = Cluster(settings.bootstrap_servers, settings.topic_prefix, PARTITIONS)
        cluster.recreate(JOURNAL)
        write(settings, [list(reversed(of_partition(journal, each))) for each in range(PARTITIONS)])
        projector.start_again()
        assert 3 == projector.ended()
        assert "ecluse projector --rebuild --anew" in projector.text
    assert RECORDS == rows(sqlite_url)


def test_a_second_projector_takes_its_share_and_all_when_the_first_dies(
    settings: Settings, tmp_path: Path, postgresql_url: str, journal: Journal
) -> None:
    half = len(journal) // 2
    write(settings, journal[:half])
    short = {"ECLUSE_SESSION_TIMEOUT_S": "3"}
    with (
        Projector(settings, postgresql_url, tmp_path, ECLUSE_INSTANCE="one", **short) as one,
        Projector(settings, postgresql_url, tmp_path, ECLUSE_INSTANCE="two", **short) as two,
    ):
        one.until(lambda: rows(postgresql_url) == count(journal[:half]), "the first half")
        one.until(lambda: owned(one) == owned(two) == PARTITIONS // 2, "each has its share")
        one.kill()
        write(settings, journal[half:])
        two.until(lambda: rows(postgresql_url) == RECORDS, "the second half")
        two.until(lambda: owned(two) == PARTITIONS, "it has all partitions")
        assert 0 == two.stop()


def owned(projector: Projector) -> int:
    """How many partitions it has."""
    return projector.get("/partitions")[1].count('"partition"')


def test_without_a_database_it_says_what_is_missing_and_stops(
    settings: Settings, tmp_path: Path, postgresql_server: Server
) -> None:
    nowhere = "postgresql://somebody:secret@127.0.0.1:1/ecluse"
    with Projector(settings, nowhere, tmp_path) as projector:
        assert 3 == projector.ended()
        assert "postgresql+asyncpg://somebody:***@127.0.0.1:1/ecluse" in projector.text
        assert "Check ECLUSE_DATABASE_URL" in projector.text
        assert "secret" not in projector.text
    missing = postgresql_server.url("no_such_database")
    with Projector(settings, missing, tmp_path, ECLUSE_LANG="fr") as projector:
        assert 3 == projector.ended()
        assert "Vérifiez ECLUSE_DATABASE_URL" in projector.text


def test_the_url_may_stand_in_a_file(
    settings: Settings, tmp_path: Path, sqlite_url: str, journal: Journal
) -> None:
    secret = tmp_path / "database-url"
    secret.write_text(f"{sqlite_url}\n")
    write(settings, journal[:1])
    elsewhere = "postgresql://127.0.0.1:1/ecluse"
    with Projector(
        settings, elsewhere, tmp_path, ECLUSE_DATABASE_URL_FILE=str(secret)
    ) as projector:
        projector.until(lambda: rows(sqlite_url) == len(journal[0]), "the records")
        assert 0 == projector.stop()
    secret.unlink()
    with Projector(
        settings, elsewhere, tmp_path, ECLUSE_DATABASE_URL_FILE=str(secret)
    ) as projector:
        assert 2 == projector.ended()
        assert "ECLUSE_DATABASE_URL_FILE" in projector.text
