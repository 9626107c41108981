"""The lines of a file of events: each an event of the contract, or what is wrong with it."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any, BinaryIO, NamedTuple

from events.codec import Received
from events.envelope import SourceKind
from events.texts import Translatable
from events.unreadable import Unreadable, explain
from services.cli.terminal.screen import Screen
from services.cli.terminal.texts import FAULT, LINE_TERM
from services.ledger.application.handle import decoded
from services.ledger.files.replay import Line, lines, raw_record
from services.texts.translation import both


class Fault(NamedTuple):
    """A line that no ledger would read as an event."""

    file: str
    line: int
    unreadable: Unreadable

    def row(self) -> dict[str, Any]:
        """The fault for programs."""
        return {
            "position": self.line,
            "reason": self.unreadable.reason,
            "message": asdict(both(explain(self.unreadable))),
        }

    def say(self, screen: Screen, *, with_file: bool = False) -> None:
        """The fault for people; among several files with its file."""
        place = LINE_TERM.render({"line": self.line})
        if with_file:
            place = Translatable("{file}, {place}", {"file": self.file, "place": place})
        fault = FAULT.render({"place": place, "reason": self.unreadable.reason})
        facts = {"fault": fault, "why": explain(self.unreadable)}
        screen.say(Translatable("{fault}\n  {why}", facts))


def read_events(
    stream: BinaryIO,
    name: str,
    handled: Callable[[int], None],
    source_kind: SourceKind | None = None,
) -> Iterator[tuple[Line, Received | Fault]]:
    """Each line of a file that is not blank, with its event or what is wrong with it."""
    for line in filled_lines(stream, handled):
        result = decoded(raw_record(line, name), source_kind)
        yield line, Fault(name, line.number, result) if isinstance(result, Unreadable) else result


def filled_lines(stream: BinaryIO, handled: Callable[[int], None]) -> Iterator[Line]:
    """The lines of a file that are not blank."""
    for line in lines(stream):
        handled(line.length_bytes + 1)
        if not line.is_blank:
            yield line
