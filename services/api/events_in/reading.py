"""Events as they come in: read line by line by the ledger's own input, none kept in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from io import SEEK_CUR, SEEK_SET
from typing import BinaryIO, Final, NamedTuple
from urllib.parse import quote, urlencode

from pydantic import BaseModel, Field

from events.codec import EVENT_BYTES_MAX
from events.envelope import SourceKind, is_reserved
from events.follow_up import RecordReviewed
from events.parts import EventData
from events.texts import Translatable, _
from events.unreadable import Reason, Unreadable, explain
from services.api.access.caller import Caller, Scope, entity_of
from services.ledger.application.handle import RawRecord, decode_record
from services.ledger.domain.journal import Source
from services.ledger.files.replay import Line, lines, raw_record
from services.runtime.kafka.publishing import Message

PATH: Final = "/events"

EVENTS_MAX: Final = 10_000
"""Events that one request may bring."""

PIECE_BYTES: Final = 16 * 1024
"""Bytes that are examined together where lines are blank."""

PLACE: Final = f"POST {PATH}"
"""The name under which a decoder's bug is logged."""

ENTITY_NOT_ALLOWED: Final = "entity_not_allowed"
TYPE_NOT_ALLOWED: Final = "event_type_not_allowed"
NOT_ALLOWED = _("This access does not publish for the entity {entity}.")
NOT_OF_THIS_TYPE = _("This access does not send events of the type {type}.")
RESERVED = _(
    "sources that begin with urn:ecluse: are Écluse's own services: put your application's"
)
DEAD_LETTER = _("A dead letter is marked as reviewed by who publishes for all entities.")


class TooManyEvents(Exception):
    """More than `EVENTS_MAX`."""


class Fault(NamedTuple):
    """A fault of one event; `line` counts from 1."""

    line: int
    code: str
    pointer: str | None
    text: Translatable


class PublishedEvent(BaseModel):
    """An event that was kept."""

    line: int = Field(description="Which line of the request, from 1.")
    id: str
    source: str
    budget: str
    outcome: str = Field(description="Where to look for what became of it.")


@dataclass(slots=True)
class SentEvents:
    """The body of one request, and what was read in it."""

    body: BinaryIO
    one: bool
    """True if all of it is one event, however many lines it has; else each line is one."""
    of_console: bool = False
    """True of what a form of the console made: its `source` is one of Écluse's own."""
    instead: tuple[Message, ...] = ()
    """Records published in the place of what was read: with headers, or a note behind them."""
    events: list[PublishedEvent] = field(default_factory=list)
    unreadable: list[Fault] = field(default_factory=list)
    not_allowed: list[Fault] = field(default_factory=list)

    def read(self, caller: Caller) -> None:
        """Read every event as the ledger's input would, and ask whether the caller may send it.

        Raises:
            TooManyEvents: it stops there.
        """
        for count, line in enumerate(self._lines(), start=1):
            if count > EVENTS_MAX:
                raise TooManyEvents
            read = decode_record(_record(line, self.one), SourceKind.EVENTS)
            if isinstance(read, Unreadable):
                fault = Fault(line.number, read.code.value, read.pointer, explain(read))
                self.unreadable.append(fault)
                continue
            envelope = read.envelope
            if is_reserved(envelope.source) and not self.of_console:
                fault = Fault(line.number, Reason.INVALID_VALUE.value, "/source", RESERVED)
                self.unreadable.append(fault)
                continue
            budget = envelope.data.budget
            foreign = _not_allowed(caller, envelope.data, line.number)
            if foreign is not None:
                self.not_allowed.append(foreign)
                continue
            event = PublishedEvent(
                line=line.number,
                id=envelope.id,
                source=envelope.source,
                budget=budget,
                outcome=event_address(budget, envelope.source, envelope.id),
            )
            self.events.append(event)

    def messages(self) -> Iterator[Message]:
        """The events again, to be published: bytes as they came, keyed by their budget."""
        if self.instead:
            yield from self.instead
            return
        for line, event in zip(self._lines(), self.events, strict=True):
            yield Message(event.budget.encode(), line.value)

    def records(self) -> Iterator[RawRecord]:
        """The events once more, as the ledger reads them."""
        for line in self._lines():
            yield _record(line, self.one)

    def _lines(self) -> Iterator[Line]:
        self.body.seek(0, SEEK_SET)
        if self.one:
            yield _whole(self.body)
            return
        passed = 0
        for line in lines(self.body):
            if line.is_blank:
                passed += _pass_blank(self.body)
            else:
                yield replace(line, number=line.number + passed)


def event_address(budget: str, source: str, event_id: str) -> str:
    """The address of what became of an event."""
    asked = urlencode({"budget": budget, "source": source})
    return f"{PATH}/{quote(event_id, safe='')}?{asked}"


def _not_allowed(caller: Caller, data: EventData, line: int) -> Fault | None:
    """The fault of an event that the caller may not send; a dead letter may be anybody's."""
    if not caller.may(Scope.PUBLISH, data.budget):
        text = NOT_ALLOWED.render({"entity": entity_of(data.budget)})
        return Fault(line, ENTITY_NOT_ALLOWED, "/data/budget", text)
    if not caller.may_send(data.TYPE):
        return Fault(line, TYPE_NOT_ALLOWED, "/type", NOT_OF_THIS_TYPE.render({"type": data.TYPE}))
    of_dead_letter = isinstance(data, RecordReviewed) and data.chain is not None
    if of_dead_letter and not caller.entities(Scope.PUBLISH).every:
        return Fault(line, ENTITY_NOT_ALLOWED, "/data/chain", DEAD_LETTER)
    return None


def _pass_blank(body: BinaryIO) -> int:
    """Pass the blank lines that come next, many at a time: how many they were.

    Lines are read one by one in microseconds each, and a body has room for 64 million blank ones.
    """
    passed = 0
    while piece := body.read(PIECE_BYTES):
        blank = piece[: len(piece) - len(piece.lstrip())]
        whole_bytes = blank.rfind(b"\n") + 1
        body.seek(whole_bytes - len(piece), SEEK_CUR)
        if not whole_bytes:
            break
        passed += blank.count(b"\n")
    return passed


def _whole(body: BinaryIO) -> Line:
    """All of the body as one line; one that is too large is only measured."""
    value = body.read(EVENT_BYTES_MAX + 1)
    length_bytes = len(value)
    while more := body.read(EVENT_BYTES_MAX):
        length_bytes += len(more)
    return Line(1, value, length_bytes, "")


def _record(line: Line, one: bool) -> RawRecord:
    if one and line.length_bytes <= EVENT_BYTES_MAX:
        return RawRecord(line.value, Source(PLACE, 0, line.number))
    return raw_record(line, PLACE)
