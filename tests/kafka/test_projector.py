"""`ecluse projector` on a real broker and a real PostgreSQL: killed, cut off, shared, stopped."""

import os
import random  # noqa: TID251 # it plays the environment, and prints its seed
from functools import partial
from typing import Final

import pytest

from events.topics import JOURNAL
from tests.kafka.clean_run import CleanRun
from tests.kafka.commands import UNREACHABLE
from tests.kafka.ledger_transactions import PARTITIONS, Journal, a_long_journal, count, journal_of
from tests.kafka.planted import FROZEN
from tests.kafka.processes import Projector, rows
from tests.kafka.stack import Stack
from tests.read_model.databases import Server
from tests.read_model.filling import GOLDEN, query
from tests.unit.watch.ledger_output import Out

RECORDS: Final = int(os.environ.get("ECLUSE_TEST_RECORDS", "6000"))
"""`make faults` has 50,000: to decide and write so many takes a minute by itself."""

FEW: Final = 1_000
KILLS: Final = 10
LIMIT_S: Final = 240.0
BATCH_RECORDS: Final = 25
TRANSACTIONS: Final = RECORDS // BATCH_RECORDS
SMALL_TRANSACTIONS: Final = f"small_transactions:{BATCH_RECORDS}"

SICK: Final = 2
"""A partition in which something is wrong."""


@pytest.fixture(scope="module")
def year(module_stack: Stack) -> Stack:
    """A long journal, written once."""
    module_stack.write_outs(a_long_journal(RECORDS))
    return module_stack


@pytest.fixture(scope="module")
def clean(year: Stack, postgresql_server: Server) -> CleanRun:
    """What an undisturbed run makes of it: each test has a database of its own."""
    return CleanRun(year, postgresql_server.a_read_model(), year.folder, RECORDS)


@pytest.fixture(scope="module")
def journal() -> Journal:
    """A short one, in many transactions."""
    return a_long_journal(FEW, batch_events=50)


def freezing(*transactions: int) -> str:
    """The fault of a projector of small transactions, which stands still in these."""
    return f"{SMALL_TRANSACTIONS} + freeze_in_transactions:{','.join(map(str, transactions))}"


def has_frozen(projector: Projector, times: int) -> bool:
    """True once it has stood still so many times."""
    return projector.text.count(FROZEN) == times


def of_partition(journal: Journal, number: int) -> list[Out]:
    return [out for batch in journal for out in batch if out.partition == number]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_it_makes_the_tables_of_a_journal_and_goes_on_with_what_comes(
    database: str, stack: Stack, request: pytest.FixtureRequest
) -> None:
    url = request.getfixturevalue(f"{database}_url")
    events = (GOLDEN / "hard-year-2023.events.jsonl").read_bytes().splitlines()
    journal = journal_of(events, batch_events=5)
    stack.write_outs(journal[:3])
    with stack.projector(url) as projector:
        projector.until_rows(count(journal[:3]))
        stack.write_outs(journal[3:], abort=True)
        stack.write_outs(journal[3:])
        projector.until_rows(count(journal))
        projector.until_ready()
        assert count(journal) == projector.projected()
        assert 0 == projector.stop()
    assert count(journal) == rows(url)


# ------------------------------------------------------------ what is done to it, and its database
@pytest.mark.fault
@pytest.mark.timeout(600)
def test_killed_ten_times_it_leaves_row_for_row_what_a_clean_run_gives(
    year: Stack, clean: CleanRun, postgresql_server: Server
) -> None:
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    draw = random.Random(seed)
    url = postgresql_server.a_read_model()

    def a_place() -> str:
        """A transaction within each life's share of all, so that the last life has work left."""
        return freezing(draw.randint(1, TRANSACTIONS // KILLS - 2 * PARTITIONS))

    with year.projector(url, fault=a_place(), ECLUSE_SESSION_TIMEOUT_S="6") as projector:
        for kill in range(1, KILLS + 1):
            projector.until(partial(has_frozen, projector, kill), "at work", LIMIT_S)
            projector.kill()
            assert rows(url) < RECORDS, "it is killed while there is work"
            projector.start_again(a_place() if kill < KILLS else SMALL_TRANSACTIONS)
        projector.until_rows(RECORDS)
        assert 0 == projector.stop()
    clean.assert_same(url)


@pytest.mark.fault
@pytest.mark.timeout(600)
def test_postgresql_ends_and_crashes_under_load_and_nothing_is_lost(
    year: Stack, clean: CleanRun, postgresql_server: Server
) -> None:
    server, url = postgresql_server, postgresql_server.a_read_model()
    fault = freezing(TRANSACTIONS // 5, 2 * TRANSACTIONS // 5, 3 * TRANSACTIONS // 5)

    def has_noticed(times: int) -> bool:
        return len(projector.logged("partition_retried")) >= times

    with year.projector(url, fault=fault) as projector:
        for cycle, hurt in enumerate((server.crash, server.end, server.crash), start=1):
            projector.until(partial(has_frozen, projector, cycle), "at work", LIMIT_S)
            hurt()
            projector.thaw()
            projector.until(partial(has_noticed, cycle), "it notices")
            server.start_again()
        projector.until_rows(RECORDS)
        assert 0 == projector.stop()
        assert [] == projector.logged("record_failed") + projector.logged("partition_failed")
    clean.assert_same(url)


# ------------------------------------------------------------ what stops it, or a partition
def test_a_record_that_does_not_follow_holds_its_partition_alone(
    stack: Stack, postgresql_url: str, journal: Journal
) -> None:
    sick = of_partition(journal, SICK)
    stack.write_outs([[out for out in batch if out is not sick[7]] for batch in journal])
    with stack.projector(postgresql_url) as projector:
        held = projector.wait_for("partition_held", partition=SICK, offset=7)
        assert 2 == len(projector.logged("record_failed"))
        projector.until_rows(FEW - len(sick) + 7, "the others go on")
        asked = f"SELECT held_event_id FROM positions WHERE partition = {SICK}"
        assert held["event_id"] == query(postgresql_url, asked)
        assert "broken" == projector.partitions()[SICK]["state"]
        assert 0 == projector.stop()


def test_a_journal_that_was_created_again_is_not_read_on(
    stack: Stack, sqlite_url: str, journal: Journal
) -> None:
    stack.write_outs(journal)
    with stack.projector(sqlite_url) as projector:
        projector.until_rows(FEW)
        assert 0 == projector.stop()
        stack.recreate(JOURNAL)
        stack.write_outs(reversed(of_partition(journal, each)) for each in range(PARTITIONS))
        projector.start_again()
        assert UNREACHABLE == projector.ended()
        assert "ecluse projector --rebuild --anew" in projector.text
    assert FEW == rows(sqlite_url)


def test_a_second_projector_takes_its_share_and_all_when_the_first_dies(
    stack: Stack, postgresql_url: str, journal: Journal
) -> None:
    half = len(journal) // 2
    stack.write_outs(journal[:half])
    short = {"ECLUSE_SESSION_TIMEOUT_S": "3"}
    with (
        stack.projector(postgresql_url, ECLUSE_INSTANCE="one", **short) as one,
        stack.projector(postgresql_url, ECLUSE_INSTANCE="two", **short) as two,
    ):

        def have_shared() -> bool:
            return len(one.partitions()) == len(two.partitions()) == PARTITIONS // 2

        one.until_rows(count(journal[:half]))
        one.until(have_shared, "each has its share")
        one.kill()
        stack.write_outs(journal[half:])
        two.until_rows(FEW)
        two.until(lambda: len(two.partitions()) == PARTITIONS, "it has all partitions")
        assert 0 == two.stop()


def test_without_a_database_it_stops_and_tells_no_password(
    stack: Stack, postgresql_server: Server
) -> None:
    absent = "postgresql://somebody:secret@127.0.0.1:1/ecluse"
    for url in (absent, postgresql_server.url("no_such_database")):
        with stack.projector(url, ECLUSE_GIVE_UP_S="1") as projector:
            assert UNREACHABLE == projector.ended()
            assert "ECLUSE_DATABASE_URL" in projector.text
            assert (url == absent) == ("database_unavailable" in projector.text), "it has waited"
            assert "secret" not in projector.text
