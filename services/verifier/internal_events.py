"""Internal events between years: each that a closing must have led to is there, once."""

import json
from collections.abc import Container, Iterable
from typing import Final, NamedTuple

from services.verifier.expected.years import INTERNAL_EVENT, next_year, opening_id
from services.verifier.findings import Code, Findings, Place, cause
from services.verifier.messages import ABOUT, differing, instant
from services.verifier.records import LEDGER, Json, Record, canonical_without_nulls

TABLE: Final = "internal_events"
"""The table of a file store."""

WATCH: Final = "urn:ecluse:watch"
"""The source of the other rows of that table: passed deadlines, an input as any (rules, 29)."""


class _WrittenEvent(NamedTuple):
    place: Place
    content: bytes
    closed: str
    """The budget that it says was closed."""


class UncomparedCounts(NamedTuple):
    """The number of internal events that had nothing to be compared with."""

    awaited: int
    """Closings lead to them, and they were not read."""
    believed: int
    """They were read, and the journal of the closed year was not."""


class InternalEvents:
    """The internal events of all partitions: a budget's next year may live on another."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self.unread: set[str] = set()
        """Those that the last closing led to and that were not read yet."""
        self._expected: dict[str, tuple[Place, bytes]] = {}
        self._found: dict[str, _WrittenEvent] = {}
        self._quarantined: set[str] = set()
        """Those of them that may be sent once more: nothing has been decided of them."""

    def expect(self, place: Place, internal_events: Iterable[Json]) -> None:
        """Expect the internal events of the closing at `place`."""
        expected = {_name_of(each): (place, _content_of(each)) for each in internal_events}
        self.unread = set(expected)
        self._expected |= expected

    def follow(self, record: Record) -> None:
        """Take note of a journal record, where it is that of an internal event that was read."""
        if record.event["type"] != INTERNAL_EVENT or record.row["resumes"] is not None:
            return
        name = _name_of(record.event)
        self.unread.discard(name)
        if name in self._found and name not in self._quarantined:
            self._findings.add(Code.MESSAGE_TWICE, record.place, what=name)
        self._quarantined.discard(name)
        self._prove_identity(record)
        self._add(record.place, record.event)

    def quarantine(self, place: Place, event: Json) -> None:
        """Note an internal event that became a dead letter at `place`, unread: it was written."""
        name = _name_of(event)
        if event["type"] == INTERNAL_EVENT and name not in self._found:
            self._add(place, event)
            self._quarantined.add(name)

    def _prove_identity(self, record: Record) -> None:
        """Prove what an opening says of itself: who wrote it, of which year, by which closing."""
        event, data = record.event, record.event["data"]
        closing = data["closing"]["source"], data["closing"]["id"]
        derived = {
            "event.id": event["id"]
            == opening_id(data["closed_budget"], *closing, data["convention"]),
            "event.source": event["source"] == LEDGER,
            "event.data.budget": data["budget"] == next_year(data["closed_budget"]),
        }
        for member, same in derived.items():
            if not same:
                self._findings.add(Code.IDENTITY_DIFFERS, record.place, member=member)

    def _add(self, place: Place, event: Json) -> None:
        written = _WrittenEvent(place, _content_of(event), event["data"]["closed_budget"])
        self._found[_name_of(event)] = written

    def compare(
        self, kept: Iterable[tuple[int, bytes]], next_number: int, *, imported: bool
    ) -> None:
        """Prove that a database keeps each internal event of its closings once.

        Where closings were `imported`, it has only those internal events that nobody had read. One
        of the watch is no consequence of the journal: behind the last that was read it waits.
        """
        missing = dict(self._expected)
        for number, value in kept:
            place = Place(TABLE, offset=number)
            try:
                event = json.loads(value)
                if event["source"] == WATCH:
                    if number >= next_number:
                        self._findings.add(Code.NOT_YET_JOURNALLED, place, count=1)
                    continue
                name, content = _name_of(event), _content_of(event)
            except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
                self._findings.add(Code.MESSAGE_MALFORMED, place, why=cause(error))
                continue
            if missing.pop(name, None) is not None:
                self._same(name, place, content)
                continue
            twice = name in self._expected
            code = Code.MESSAGE_TWICE if twice else Code.MESSAGE_UNEXPECTED
            self._findings.add(code, place, what=name)
        for name, (place, _) in missing.items():
            if not imported or name not in self._found:
                self._findings.add(Code.MESSAGE_MISSING, place, what=name)

    def end(
        self,
        chains: Container[str] | None = None,
        *,
        is_whole: bool = False,
        without: Container[str] = (),
    ) -> UncomparedCounts:
        """Compare expected and found internal events at the end of all partitions.

        Where only some `chains` were read, or up to some record of them, an internal event may be
        on its way. One whose closed year is not among them is believed, but of a journal that
        `is_whole`: money that no closing carried over is money from nowhere. It is whole `without`
        the budgets of which somebody said that they are not kept.
        """
        awaited = believed = 0
        for name, (place, _) in self._expected.items():
            if name in self._found:
                self._same(name, self._found[name].place, self._found[name].content)
            elif chains is None:
                self._findings.add(Code.MESSAGE_MISSING, place, what=name)
            else:
                awaited += 1
        for name, written in self._found.items():
            if name in self._expected:
                continue
            if chains is None or written.closed in chains:
                self._findings.add(Code.MESSAGE_UNEXPECTED, written.place, what=name)
            elif is_whole and written.closed not in without:
                facts = {"what": name, "closed": written.closed}
                self._findings.add(Code.CLOSED_YEAR_MISSING, written.place, **facts)
            else:
                believed += 1
        return UncomparedCounts(awaited, believed)

    def _same(self, name: str, place: Place, content: bytes) -> None:
        members = differing(self._expected[name][1], content)
        self._findings.differ(Code.MESSAGE_DIFFERS, place, name, members)


def _name_of(event: Json) -> str:
    return f"{event['type']} {event['id']}"


def _content_of(event: Json) -> bytes:
    """All of an internal event in one spelling."""
    content: Json = {name: event[name] for name in ABOUT if name in event}
    content |= {"time": instant(event["time"]), "data": dict(event["data"])}
    return canonical_without_nulls(content)
