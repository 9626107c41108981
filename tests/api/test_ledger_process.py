"""The ledger in this process, when a bug of ours stops it: what is kept, and who may go on."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from events.topics import INTERNAL_EVENTS
from services.embedded import ledger_process
from services.embedded.ledger_process import EmbeddedLedger
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.application.ports import Store
from services.ledger.domain.journal import JournalRecord, Source, read_record
from services.runtime.kafka.publishing import Message
from tests.api.embedded_ledger import a_ledger, journal_in
from tests.builders import (
    Json,
    a_closing,
    a_convention,
    a_report,
    a_vote,
    an_award,
    an_instalment,
    encoded,
)
from tests.read_model.filling import read

GUILTY = "guilty"
BUDGET, NEXT = "21590350100017-00-2023", "21590350100017-00-2024"
OPENED = "ecluse.fiscal-year.opened.v1"


@pytest.fixture(autouse=True)
def _a_bug_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever holds the word stops the ledger."""
    handle = Ledger.handle

    def fail(self: Ledger, raw: RawRecord) -> list[Any]:
        handled = handle(self, raw)  # Memory has run ahead when it shows.
        assert raw.value is not None
        assert GUILTY.encode() not in raw.value, "a bug of ours"
        return handled

    monkeypatch.setattr(Ledger, "handle", fail)


@asynccontextmanager
async def a_ledger_that_logs(
    folder: Path,
) -> AsyncGenerator[tuple[EmbeddedLedger, list[dict[str, Any]]]]:
    """A ledger, and what it has logged at worst once it is closed."""
    worst: list[dict[str, Any]] = []
    with capture_logs() as logs:
        async with a_ledger(folder) as ledger:
            yield ledger, worst
    worst += [dict(line) for line in logs if line["log_level"] == "critical"]


def sent(*events: Json) -> list[Message]:
    return [Message(b"", encoded(event)) for event in events]


def records_in(folder: Path) -> list[JournalRecord]:
    return [read_record(raw) for raw in journal_in(folder)]


async def test_an_event_that_stops_it_is_not_kept_and_stops_nobody_else(tmp_path: Path) -> None:
    async with a_ledger_that_logs(tmp_path) as (ledger, worst):
        await ledger.publish(sent(a_vote(_id="vote")))
        with pytest.raises(AssertionError, match="a bug of ours"):
            await ledger.publish(sent(an_award(), an_award(grant=GUILTY, _id=GUILTY)))
        await ledger.publish(sent(an_award()))
    (line,) = worst
    assert ("event_failed", 2) == (line["event"], line["of_the_request"])
    journal = records_in(tmp_path)
    assert [(1, "accepted"), (2, "accepted")] == [(each.sequence, each.outcome) for each in journal]
    assert journal[0].hash == journal[1].previous_hash
    assert 2 == len(read(f"sqlite:///{tmp_path / 'read.db'}")["journal"])


async def test_rule_32_a_request_may_hold_several_years(tmp_path: Path) -> None:
    async with a_ledger_that_logs(tmp_path) as (ledger, worst):
        unpaid = an_instalment(documents=[("activity_report", 2022)])
        year = [a_vote(_id="vote"), an_award(), a_convention(instalments=[unpaid])]
        closing = a_closing("all", _id="closing")
        await ledger.publish(sent(*year, closing, a_report(budget=NEXT), a_vote(budget=NEXT)))
    assert [] == worst
    types = [json.loads(each.event or b"")["type"] for each in records_in(tmp_path)]
    assert [OPENED, "ecluse.report.received.v1"] == types[4:6]
    assert {"accepted"} == {each.outcome for each in records_in(tmp_path)}


async def test_an_internal_event_that_stops_it_waits_and_who_sends_events_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The opening of next year; the program is mended before the last request."""

    def a_bug(store: Store, ledger: Ledger, _lines: int) -> None:
        for number, value in store.internal_events():
            ledger.handle(RawRecord(value, Source(INTERNAL_EVENTS, 0, number)))
            raise AssertionError("a bug of ours")

    async with a_ledger_that_logs(tmp_path) as (ledger, worst):
        unpaid = an_instalment(documents=[("activity_report", 2022)])
        signed = a_convention(instalments=[unpaid])
        await ledger.publish(sent(a_vote(_id="vote"), an_award(), signed))
        with monkeypatch.context() as before_it_was_mended:
            before_it_was_mended.setattr(ledger_process, "read_internal_events", a_bug)
            await ledger.publish(sent(a_closing("all", _id="closing")))
            await ledger.publish(sent(a_vote(budget=NEXT, _id="vote")))
        await ledger.publish(sent(an_award(budget=NEXT, grant="H", _id="next")))
    assert ["internal_event_waits", "internal_event_waits"] == [line["event"] for line in worst]
    journal = records_in(tmp_path)
    assert [(BUDGET, 4), (NEXT, 1), (NEXT, 2), (NEXT, 3)] == [
        (each.budget, each.sequence) for each in journal[3:]
    ]
    assert OPENED == json.loads(journal[-1].event or b"")["type"]
    assert "accepted" == journal[-1].outcome
    assert 7 == len(read(f"sqlite:///{tmp_path / 'read.db'}")["journal"])


async def test_a_ledger_that_cannot_be_restored_behind_an_internal_event_is_not_kept_quiet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its memory ran ahead of the file: what it decided next would be wrong."""

    def a_bug(*_: Any) -> None:
        raise AssertionError("a bug of ours")

    def another(_store: Store) -> Ledger:
        raise AssertionError("cannot be restored")

    async with a_ledger_that_logs(tmp_path) as (ledger, worst):
        with monkeypatch.context() as broken:
            broken.setattr(ledger_process, "read_internal_events", a_bug)
            broken.setattr(ledger_process, "open_ledger", another)
            with pytest.raises(AssertionError, match="cannot be restored"):
                await ledger.publish(sent(a_vote(_id="vote")))
    assert "internal_event_waits" not in [line["event"] for line in worst]
