"""The ledger in this process, when a bug of ours stops it: what is kept, and who may go on."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from events.topics import INTERNAL_EVENTS
from services.embedded import ledger_process
from services.embedded.ledger_process import EmbeddedLedger
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.application.ports import Store
from services.ledger.domain.journal import Source, read_record
from services.ledger.files.sqlite import SqliteStore
from services.runtime.kafka.publishing import Message
from tests.api.embedded_ledger import in_a_ledger
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


def critical_in(
    folder: Path, what: Callable[[EmbeddedLedger], Awaitable[None]]
) -> list[dict[str, Any]]:
    """What a ledger logs at worst while it does this."""
    with capture_logs() as logs:
        in_a_ledger(folder, what)
    return [dict(line) for line in logs if line["log_level"] == "critical"]


def sent(*events: Json) -> list[Message]:
    return [Message(b"", encoded(event)) for event in events]


def journal_in(folder: Path) -> list[Any]:
    store = SqliteStore(folder / "ledger.db", create=False)
    try:
        return [read_record(row.record) for row in store.journal()]
    finally:
        store.close()


def test_an_event_that_stops_it_is_not_kept_and_stops_nobody_else(tmp_path: Path) -> None:
    async def what(ledger: EmbeddedLedger) -> None:
        await ledger.publish(sent(a_vote(_id="vote")))
        with pytest.raises(AssertionError, match="a bug of ours"):
            await ledger.publish(sent(an_award(), an_award(grant=GUILTY, _id=GUILTY)))
        await ledger.publish(sent(an_award()))

    (line,) = critical_in(tmp_path, what)
    assert ("event_failed", 2) == (line["event"], line["of_the_request"])
    journal = journal_in(tmp_path)
    assert [(1, "accepted"), (2, "accepted")] == [(each.sequence, each.outcome) for each in journal]
    assert journal[0].hash == journal[1].previous_hash
    assert 2 == len(read(f"sqlite:///{tmp_path / 'read.db'}")["journal"])


def test_rule_32_a_request_may_hold_several_years(tmp_path: Path) -> None:
    async def what(ledger: EmbeddedLedger) -> None:
        unpaid = an_instalment(documents=[("activity_report", 2022)])
        year = [a_vote(_id="vote"), an_award(), a_convention(instalments=[unpaid])]
        closing = a_closing("all", _id="closing")
        await ledger.publish(sent(*year, closing, a_report(budget=NEXT), a_vote(budget=NEXT)))

    assert [] == critical_in(tmp_path, what)
    types = [json.loads(each.event)["type"] for each in journal_in(tmp_path)]
    assert [OPENED, "ecluse.report.received.v1"] == types[4:6]
    assert {"accepted"} == {each.outcome for each in journal_in(tmp_path)}


def test_an_internal_event_that_stops_it_waits_and_who_sends_events_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The opening of next year; the program is mended before the last request."""

    def a_bug(store: Store, ledger: Ledger, _lines: int) -> None:
        for number, value in store.internal_events():
            ledger.handle(RawRecord(value, Source(INTERNAL_EVENTS, 0, number)))
            raise AssertionError("a bug of ours")

    async def what(ledger: EmbeddedLedger) -> None:
        unpaid = an_instalment(documents=[("activity_report", 2022)])
        signed = a_convention(instalments=[unpaid])
        await ledger.publish(sent(a_vote(_id="vote"), an_award(), signed))
        with monkeypatch.context() as before_it_was_mended:
            before_it_was_mended.setattr(ledger_process, "read_internal_events", a_bug)
            await ledger.publish(sent(a_closing("all", _id="closing")))
            await ledger.publish(sent(a_vote(budget=NEXT, _id="vote")))
        await ledger.publish(sent(an_award(budget=NEXT, grant="H", _id="next")))

    lines = critical_in(tmp_path, what)
    assert ["internal_event_waits", "internal_event_waits"] == [line["event"] for line in lines]
    journal = journal_in(tmp_path)
    assert [(BUDGET, 4), (NEXT, 1), (NEXT, 2), (NEXT, 3)] == [
        (each.budget, each.sequence) for each in journal[3:]
    ]
    assert OPENED == json.loads(journal[-1].event)["type"]
    assert "accepted" == journal[-1].outcome
    assert 7 == len(read(f"sqlite:///{tmp_path / 'read.db'}")["journal"])


def test_a_ledger_that_cannot_be_restored_behind_an_internal_event_is_not_kept_quiet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its memory ran ahead of the file: what it decided next would be wrong."""

    def a_bug(*_: Any) -> None:
        raise AssertionError("a bug of ours")

    def another(_store: Store) -> Ledger:
        raise AssertionError("cannot be restored")

    async def what(ledger: EmbeddedLedger) -> None:
        with monkeypatch.context() as broken:
            broken.setattr(ledger_process, "read_internal_events", a_bug)
            broken.setattr(ledger_process, "open_ledger", another)
            with pytest.raises(AssertionError, match="cannot be restored"):
                await ledger.publish(sent(a_vote(_id="vote")))

    assert "internal_event_waits" not in [line["event"] for line in critical_in(tmp_path, what)]
