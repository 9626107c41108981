"""Seconds to prove a year's journal, and to decide it again: 100,000 events behind an opening."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from bench import world
from events.topics import INTERNAL_EVENTS
from services.ledger.application.handle import Ledger
from services.ledger.files.replay import replay
from services.ledger.files.stores import SqliteStore
from services.verifier.files import Database, read_export
from services.verifier.findings import Findings
from services.verifier.journal_alone import JournalAlone
from tests import silence
from tests.journal_records import redecided

AIM_S: Final = 60
"""A year's journal is proved in less."""


class Year(NamedTuple):
    """The same journal in a database and in a file."""

    db: Path
    file: Path
    records: int


def _untold(_done: int, _total: int) -> None:
    """Nobody waits here."""


no_logs = silence.no_logs


@pytest.fixture(scope="module", params=[500, 1], ids=["500 budgets", "one budget"])
def year(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Year]:
    """5,000 conventions with their payments and reports: of many budgets, or of one."""
    folder = tmp_path_factory.mktemp("year")
    events, db, file = (folder / name for name in ("events.jsonl", "year.db", "journal.jsonl"))
    conventions = world.CONVENTIONS // request.param
    with pytest.MonkeyPatch.context() as size:
        size.setattr(world, "BUDGETS", request.param)
        with events.open("wb") as stream:
            made = (*world.opening(conventions=conventions), *world.stream(conventions))
            stream.writelines(event + b"\n" for event in made)
    store = SqliteStore(db)
    with events.open("rb") as stream:
        replay(store, events.name, stream, Ledger(), lambda _bytes: None)
    with file.open("wb") as stream:
        stream.writelines(row.record + b"\n" for row in store.journal())
    records = sum(1 for _ in store.journal())
    store.close()
    yield Year(db, file, records)
    for each in (events, db, file):
        each.unlink()


def _timed(what: str, year: Year, run: Callable[[], None]) -> float:
    """Run it, and print how long it took; the seconds."""
    began_s, began_cpu_s = time.perf_counter(), time.process_time()
    run()
    taken_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    print(f"\n{what}: {year.records:,} records in {taken_s:.1f} s ({cpu_s:.1f} s of one core)")
    assert year.records > world.STREAM
    return taken_s


def _held_to_the_aim(taken_s: float) -> None:
    print(f"in less than {AIM_S} s: {'met' if taken_s < AIM_S else 'MISSED'}")
    assert taken_s < AIM_S


def test_a_file_is_proved(year: Year) -> None:
    def run() -> None:
        proof = JournalAlone(Findings(), in_a_row=False)
        for row in read_export(year.file, None, _untold):
            proof.take(row)
        assert proof.end().proved

    _held_to_the_aim(_timed("a file proved", year, run))


def test_a_database_is_proved(year: Year) -> None:
    def run() -> None:
        proof = JournalAlone(Findings(), in_a_row=True)
        with Database(year.db, None) as database:
            behind = database.next_offset(INTERNAL_EVENTS)
            proof.compare(database.dead_letters(), database.internal_events, behind)
            for row in database.records(_untold):
                proof.take(row)
            assert proof.end().proved

    _held_to_the_aim(_timed("a database proved", year, run))


def test_it_is_decided_again(year: Year) -> None:
    def run() -> None:
        store = SqliteStore(year.db, create=False)
        found = redecided(store.journal()).differences
        store.close()
        assert not found

    _timed("decided again", year, run)
