"""Days that pass in a town without Kafka.

The deadline events that its watch would write, each once.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from events.journal import try_read_record
from services.due.deadline_events import WATCH, own_id
from services.due.deadlines import Deadlines
from services.embedded import journal_readers, ledger_process
from services.embedded.ledger_process import EmbeddedLedger
from services.ledger.files.stores import SqliteStore
from services.runtime.kafka.publishing import Message
from tests.api.embedded_ledger import a_ledger, journal_in
from tests.api.environment import HandClock
from tests.builders import (
    Json,
    a_convention,
    a_payment,
    a_report,
    a_vote,
    an_award,
    an_instalment,
    encoded,
)
from tests.read_model.filling import read

What = Callable[[EmbeddedLedger, HandClock], Awaitable[None]]

SIGNED = a_convention(
    instalments=[
        an_instalment(40_000, "advance"),
        an_instalment(60_000, "balance", documents=[("activity_report", 2022)]),
    ],
    obligations=[{"kind": "financial_report", "year": 2022, "due_on": "2023-06-30"}],
)
YEAR = (a_vote(), an_award(), SIGNED)
"""An order of 400 due on 14 July, a report due on 30 June."""

WAITS = a_report(convention="NOWHERE", _time="2023-06-01T12:00:00+02:00", _id="early")
"""Its patience ends on 1 July at noon."""

JUNE, AFTER_ALL = datetime(2023, 6, 1, 12, tzinfo=UTC), datetime(2023, 8, 1, tzinfo=UTC)


@asynccontextmanager
async def a_day(
    folder: Path, now: datetime = JUNE
) -> AsyncGenerator[tuple[EmbeddedLedger, HandClock]]:
    """A ledger that is opened on this day, and closed again."""
    async with a_ledger(folder) as ledger:
        yield ledger, HandClock(now)


async def on_a_day(folder: Path, what: What, now: datetime = JUNE) -> None:
    async with a_day(folder, now) as day:
        await what(*day)


def sent(*events: Json) -> list[Message]:
    return [Message(b"", encoded(event)) for event in events]


def deadline_events_in(folder: Path) -> list[str]:
    """The ids of the deadline events, as often as they stand in the file."""
    store = SqliteStore(folder / "ledger.db", create=False)
    try:
        return [name for _, value in store.internal_events() if (name := own_id(value))]
    finally:
        store.close()


def shown(records: Iterable[bytes]) -> list[Json]:
    """The records of the deadline events."""
    found = [msgspec.json.decode(raw) for raw in records]
    return [each for each in found if each["event_source"] == WATCH]


def as_the_watch_says(records: Iterable[bytes], now: datetime) -> list[str]:
    """The ids of the deadline events that a watch would write, which knows this journal."""
    deadlines = Deadlines()
    for offset, raw in enumerate(records):
        deadlines.add(0, offset, try_read_record(raw))
    return [each.id for each in deadlines.deadline_events(0, now)]


async def the_year(ledger: EmbeddedLedger, _clock: HandClock) -> None:
    await ledger.publish(sent(*YEAR, WAITS))


async def poll(ledger: EmbeddedLedger, clock: HandClock) -> None:
    await ledger.write_deadline_events(clock)


@pytest.fixture(autouse=True, params=[2, 5_000])
def _read_in_slices(request: pytest.FixtureRequest) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal_readers, "SLICE_RECORDS", request.param)
        yield


async def test_what_waits_is_refused_after_thirty_days_and_not_before(tmp_path: Path) -> None:
    async with a_day(tmp_path) as (ledger, clock):
        await ledger.publish(sent(a_vote(), WAITS))
        clock.now = datetime(2023, 7, 1, 9, 59, 59, tzinfo=UTC)
        await ledger.write_deadline_events(clock)
        assert [] == deadline_events_in(tmp_path)
        clock.advance(timedelta(seconds=1))
        await ledger.write_deadline_events(clock)
        await ledger.write_deadline_events(clock)
    *_, deadline_event, refused = (msgspec.json.decode(raw) for raw in journal_in(tmp_path))
    assert (WATCH, "accepted") == (deadline_event["event_source"], deadline_event["outcome"])
    assert "2023-07-01T10:00:00+00:00" == deadline_event["event"]["time"]
    assert ("early", "dependency_missing") == (refused["event_id"], refused["refusal"]["code"])
    assert 1 == len(deadline_events_in(tmp_path))
    (row,) = read(f"sqlite:///{tmp_path / 'read.db'}")["parked"]
    assert "refused" == row["ended_outcome"], "the tables have it at once"


async def test_each_deadline_is_shown_once_whoever_starts_again(tmp_path: Path) -> None:
    await on_a_day(tmp_path, the_year)
    expected = as_the_watch_says(journal_in(tmp_path), AFTER_ALL)
    for now in (JUNE, datetime(2023, 7, 3, tzinfo=UTC), AFTER_ALL, AFTER_ALL):
        await on_a_day(tmp_path, poll, now)
    records = shown(journal_in(tmp_path))
    assert expected == deadline_events_in(tmp_path) == [each["event_id"] for each in records]
    assert ["report_due", "parked", "payment_due"] == [
        each["event"]["data"]["kind"] for each in records
    ]
    flags = [flag["code"] for each in records for flag in each["review_flags"] or ()]
    assert ["report_late", "payment_late"] == flags


async def test_a_ledger_that_moves_to_kafka_gets_no_second_deadline_event(tmp_path: Path) -> None:
    await on_a_day(tmp_path, the_year)
    await on_a_day(tmp_path, poll, AFTER_ALL)
    assert 3 == len(shown(journal_in(tmp_path)))
    assert [] == as_the_watch_says(journal_in(tmp_path), AFTER_ALL)


async def test_a_deadline_event_that_was_kept_and_not_decided_is_decided_and_not_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a kill between the two commits leaves it."""
    await on_a_day(tmp_path, the_year)
    async with a_day(tmp_path, AFTER_ALL) as (ledger, clock):
        with monkeypatch.context() as before_the_kill:
            before_the_kill.setattr(ledger_process, "read_internal_events", lambda *_: None)
            await ledger.write_deadline_events(clock)
        assert 3 == len(deadline_events_in(tmp_path))
    assert [] == shown(journal_in(tmp_path))
    await on_a_day(tmp_path, poll, AFTER_ALL)
    assert 3 == len(deadline_events_in(tmp_path))
    async with a_day(tmp_path) as (ledger, _):
        await ledger.publish(sent(a_payment(1, "C/advance", _id="one cent")))
    once = Counter(each["event_id"] for each in shown(journal_in(tmp_path)))
    assert dict.fromkeys(deadline_events_in(tmp_path), 1) == once


async def test_what_could_not_be_written_is_written_by_a_later_poll(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_day(tmp_path) as (ledger, clock):
        await the_year(ledger, clock)
        clock.now = AFTER_ALL
        with monkeypatch.context() as full:
            full.setattr(SqliteStore, "commit", _fail)
            with pytest.raises(OSError, match="no space left"):
                await ledger.write_deadline_events(clock)
        await ledger.write_deadline_events(clock)
    assert 3 == len(deadline_events_in(tmp_path)) == len(shown(journal_in(tmp_path)))


def _fail(*_: object) -> None:
    raise OSError("no space left")


async def test_whoever_came_before_is_received_first(tmp_path: Path) -> None:
    async with a_day(tmp_path) as (ledger, clock):
        await the_year(ledger, clock)
        clock.now = AFTER_ALL
        paid = a_payment(40_000, "C/advance")
        await asyncio.gather(ledger.publish(sent(paid)), ledger.write_deadline_events(clock))
    kinds = [each["event"]["data"]["kind"] for each in shown(journal_in(tmp_path))]
    assert ["report_due", "parked"] == kinds


async def test_deadlines_are_checked_at_once_and_then_every_minute_whatever_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_process, "CHECK_S", 0.01)
    failures = iter([RuntimeError("a clock that stands still")])

    async def until(deadline_events: int) -> None:
        while len(deadline_events_in(tmp_path)) < deadline_events:  # noqa: ASYNC110 # only the file tells
            await asyncio.sleep(0.01)

    async with a_day(tmp_path) as (ledger, clock):

        def tell() -> datetime:
            for failure in failures:
                raise failure
            return clock()

        await the_year(ledger, clock)
        watching = asyncio.create_task(ledger.watch(tell))
        clock.now = datetime(2023, 7, 3, tzinfo=UTC)
        await until(2)
        clock.now = AFTER_ALL
        await until(3)
        watching.cancel()
        await asyncio.wait([watching])
    assert 3 == len(deadline_events_in(tmp_path))
