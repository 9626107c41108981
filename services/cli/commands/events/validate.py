"""`ecluse validate`: is every line an event of the contract? Decides nothing, keeps nothing."""

from dataclasses import asdict
from typing import Annotated, Any, Final, NamedTuple

import typer

from events.envelope import UNREAD, SourceKind
from events.texts import Translatable, _
from services.cli.records.event_lines import Fault, read_events
from services.cli.terminal.options import AsJson
from services.cli.terminal.output import display_name, print_json, progress
from services.cli.terminal.screen import ROWS_MAX, Screen
from services.cli.terminal.texts import VALID, VALIDATING
from services.texts.translation import both

UNREAD_ON_KAFKA: Final = UNREAD[SourceKind.EVENTS] - UNREAD[SourceKind.FILE]
"""Types that a file may have, and that are `unknown_type` on the topic of events (rules, 32)."""

WARNING = _(
    "Line {line}: warning: {type} is read from a file, and from Écluse's internal events; sent to "
    "ecluse.events.v1 or POST /events it is unknown_type."
)


OF_LINE = _("Line {line}: warning: {fault}")


class Warned(NamedTuple):
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
    from services.cli.commands.events.line_codes import LineCodes  # noqa: PLC0415

    screen = Screen()
    name = display_name(file)
    read = 0
    faults: list[Fault] = []
    warned: list[Warned] = []
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
                warned.append(Warned(line.number, result.envelope.type))
            warned += [
                Warned(line.number, result.envelope.type, fault)
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
