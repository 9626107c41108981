"""A ledger that receives events, and deadlines that follow its journal: due items of a day."""

import json
from collections import ChainMap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from events.journal import try_read_record
from services.due.deadline_events import DeadlineEvent
from services.due.deadlines import Deadlines
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.domain.journal import Source
from tests.builders import Json, encoded, topic_of
from tests.unit.tables.rows import read_table

PARIS: Final = ZoneInfo("Europe/Paris")
HOME: Final = 3
"""The partition that the watch reads."""


def on(day: str, at: str = "12:00") -> datetime:
    """A moment in Europe/Paris: noon by default."""
    return datetime.combine(datetime.fromisoformat(day), time.fromisoformat(at), PARIS)


def in_short(deadline_event: DeadlineEvent) -> str:
    """A deadline event in a line: its kind, its subject, and the day that passed."""
    data = whole(deadline_event)["data"]
    subject = data.get("payment_order") or data.get("convention") or data["event"]["id"]
    return f"{deadline_event.kind} {subject} {deadline_event.due_on}"


def whole(deadline_event: DeadlineEvent) -> Json:
    """A deadline event as its reader parses it."""
    event: Json = json.loads(deadline_event.value)
    return event


class Scenario:
    """Events sent to a ledger, whose journal is read record by record."""

    def __init__(self, *events: Json) -> None:
        self.ledger = Ledger()
        self.journal: list[bytes] = []
        self.deadlines = Deadlines()
        self._deadline_events: list[bytes] = []
        self._sent = 0
        self.send(*events)

    def send(self, *events: Json | bytes) -> None:
        """More events; the watch reads what was journalled of each."""
        for event in events:
            self._sent += 1
            self.ledger.handle(RawRecord(encoded(event), Source(topic_of(event), 0, self._sent)))
            batch = self.ledger.commit_batch([])
            self._deadline_events += batch.internal_events
            for row in batch.records:
                self.journal.append(row.record)
                self.deadlines.add(HOME, len(self.journal) - 1, try_read_record(row.record))

    def deliver(self) -> None:
        """The deadline events that opened the next year are read."""
        deadline_events, self._deadline_events = self._deadline_events, []
        self.send(*deadline_events)

    def post(self, moment: datetime) -> list[str]:
        """The watch writes what is due, and the ledger reads it: the deadline events in short."""
        deadline_events = self.deadlines.deadline_events(HOME, moment)
        for each in deadline_events:
            self.deadlines.wrote(HOME, each.id)
        self.send(*(each.value for each in deadline_events))
        return [in_short(each) for each in deadline_events]

    def restart(self) -> None:
        """The watch is started again: it reads the journal from the beginning."""
        self.deadlines = Deadlines()
        for offset, raw in enumerate(self.journal):
            self.deadlines.add(HOME, offset, try_read_record(raw))

    def flags(self) -> set[str]:
        """The review flags that the ledger raised, by code."""
        records = filter(None, map(try_read_record, self.journal))
        return {flag.code for record in records for flag in record.review_flags or ()}

    # ------------------------------------------------------------ what is due and shown

    def deadline_events(self, moment: datetime) -> list[str]:
        """The deadline events to be written, in short."""
        return [in_short(each) for each in self.deadlines.deadline_events(HOME, moment)]

    def orders(self, moment: datetime) -> list[str]:
        """The orders that wait: state, what is left to pay, whether due and unanswered."""
        return [
            " ".join(
                [
                    each.payment_order,
                    each.state,
                    str(each.amount_cents - each.paid_cents),
                    *["due"] * each.due,
                    *["unanswered"] * each.unacknowledged,
                ]
            )
            for each in self.deadlines.orders(moment)
        ]

    def reports(self, moment: datetime) -> list[str]:
        """The documents that are overdue."""
        return [
            " ".join(
                [
                    each.convention,
                    each.document_kind,
                    str(each.year),
                    str(each.due_on),
                    *["closed"] * each.closed,
                ]
            )
            for each in self.deadlines.reports_overdue(moment)
        ]

    def parked(self, moment: datetime) -> list[str]:
        """The events that wait, and what for."""
        return [
            " ".join([each.event_id, each.waits_for.kind, each.waits_for.id, *["past"] * each.past])
            for each in self.deadlines.list_parked(moment)
        ]


@dataclass(frozen=True)
class Row:
    """Events of a budget, and its due items on a day."""

    says: str
    events: Sequence[Json]
    day: str
    deadline_events: list[str] = field(default_factory=list)
    orders: list[str] | None = None
    reports: list[str] | None = None


def read_row(says: str, events: Sequence[Json], expected: str) -> Row:
    """Read a row whose last line is `2024-07-01: report_due C 2024-06-30; late …; order …`.

    `no order` and `none late` are said where the row is about them; `nothing` is due.
    """
    day, _, text = expected.partition(": ")
    shown: dict[str, list[str]] = {}
    deadline_events = []
    for statement in text.split("; "):
        word, _, rest = statement.partition(" ")
        if word in {"order", "late"}:
            shown.setdefault(word, []).append(rest)
        elif statement in {"no order", "none late"}:
            shown[statement.split(" ")[-1]] = []
        elif statement != "nothing":
            assert word in {"payment_due", "report_due", "parked"}, statement
            deadline_events.append(statement)
    return Row(says, events, day, deadline_events, shown.get("order"), shown.get("late"))


def reader_of(*modules: dict[str, Any]) -> Callable[[str], list[Row]]:
    """Read tables whose events may have a name in these modules."""
    names = ChainMap(*modules)
    return lambda text: read_table(text, names, read_row)


def each_row(rows: Sequence[Row]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.says)


def check(row: Row) -> Scenario:
    """On that day at noon these deadline events are due, and these lists are shown."""
    scenario, moment = Scenario(*row.events), on(row.day)
    scenario.deliver()
    assert row.deadline_events == scenario.deadline_events(moment)
    assert len(row.deadline_events) == scenario.deadlines.pending(moment)
    if row.orders is not None:
        assert row.orders == scenario.orders(moment)
    if row.reports is not None:
        assert row.reports == scenario.reports(moment)
    return scenario
