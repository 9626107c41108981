"""`ecluse validate`: is every line an event of the contract? Decides nothing, keeps nothing."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Annotated, Any, BinaryIO, Final, NamedTuple

import typer

from events.codec import ReceivedEvent
from events.envelope import UNREAD, SourceKind
from events.texts import Translatable, _
from events.unreadable import Unreadable, explain
from services.cli.terminal.options import AsJson
from services.cli.terminal.output import display_name, print_json, progress
from services.cli.terminal.screen import ROWS_MAX, Screen
from services.cli.terminal.texts import FAULT, LINE_TERM, VALID, VALIDATING
from services.ledger.application.handle import decode_record
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
) -> Iterator[tuple[Line, ReceivedEvent | Fault]]:
    """Each line of a file that is not blank, with its event or what is wrong with it."""
    for line in read_filled_lines(stream, handled):
        result = decode_record(raw_record(line, name), source_kind)
        yield line, Fault(name, line.number, result) if isinstance(result, Unreadable) else result


def read_filled_lines(stream: BinaryIO, handled: Callable[[int], None]) -> Iterator[Line]:
    """The lines of a file that are not blank."""
    for line in lines(stream):
        handled(line.length_bytes + 1)
        if not line.is_blank:
            yield line


UNREAD_ON_KAFKA: Final = UNREAD[SourceKind.EVENTS] - UNREAD[SourceKind.FILE]
"""Types that a file may have, and that are `unknown_type` on the topic of events (rules, 32)."""

WARNING = _(
    "Line {line}: warning: {type} is read from a file, and from Écluse's internal events; sent to "
    "ecluse.events.v1 or POST /events it is unknown_type."
)


OF_LINE = _("Line {line}: warning: {fault}")


class LineWarning(NamedTuple):
    """A warning of a valid line."""

    line: int
    type: str
    fault: Translatable | None = None
    """None where only a file and the topic of internal events may bring its type."""

    @property
    def sentence(self) -> Translatable:
        """The warning for people."""
        if self.fault is not None:
            return OF_LINE.render({"line": self.line, "fault": self.fault})
        return WARNING.render({"line": self.line, "type": self.type})

    def row(self) -> dict[str, Any]:
        """The warning for programs."""
        message = asdict(both(self.sentence))
        return {"position": self.line, "type": self.type, "message": message}


def validate_file(
    file: Annotated[
        typer.FileBinaryRead,
        typer.Argument(metavar="FILE", help="Events, one JSON object a line; - is standard input."),
    ],
    as_json: AsJson = False,
) -> None:
    """Check each line by the rules of the ledger's input, and say in words what is wrong where."""
    # Only here: `--help` would wait for a file of settings and its library.
    from services.cli.commands.line_codes import LineCodes  # noqa: PLC0415

    screen = Screen()
    name = display_name(file)
    read = 0
    faults: list[Fault] = []
    warned: list[LineWarning] = []
    codes = LineCodes()
    with progress(VALIDATING, [file]) as handled:
        for line, result in read_events(file, name, handled):
            read += 1
            if isinstance(result, Fault):
                faults.append(result)
                if not as_json and len(faults) <= ROWS_MAX:
                    result.say(screen)
                continue
            if result.envelope.type in UNREAD_ON_KAFKA:
                warned.append(LineWarning(line.number, result.envelope.type))
            warned += [
                LineWarning(line.number, result.envelope.type, fault)
                for fault in codes.faults(result.envelope.type, result.raw)
            ]
    valid = read - len(faults)
    if as_json:
        rows = {"faults": [each.row() for each in faults]}
        rows["warnings"] = [each.row() for each in warned]
        print_json({"lines": read, "valid": valid, **rows})
    else:
        screen.say_more(len(faults) - ROWS_MAX)
        for each in warned[:ROWS_MAX]:
            screen.say(each.sentence)
        screen.say_more(len(warned) - ROWS_MAX)
        screen.say(VALID.render(valid, file=name, lines=read))
    if faults:
        raise typer.Exit(1)
