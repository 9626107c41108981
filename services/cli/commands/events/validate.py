"""`ecluse validate`: is every line an event of the contract? Decides nothing, keeps nothing."""

from typing import Annotated

import typer

from services.cli.records.event_lines import Fault, read_events
from services.cli.terminal.options import AsJson
from services.cli.terminal.output import display_name, print_json, progress
from services.cli.terminal.screen import ROWS_MAX, Screen
from services.cli.terminal.texts import VALID, VALIDATING


def validate_file(
    file: Annotated[
        typer.FileBinaryRead,
        typer.Argument(metavar="FILE", help="Events, one JSON object a line; - is standard input."),
    ],
    as_json: AsJson = False,
) -> None:
    """Check each line by the rules of the ledger's input, and say in words what is wrong where."""
    screen = Screen()
    name = display_name(file)
    read = 0
    faults: list[Fault] = []
    with progress(VALIDATING, [file]) as handled:
        for _line, result in read_events(file, name, handled):
            read += 1
            if isinstance(result, Fault):
                faults.append(result)
                if not as_json and len(faults) <= ROWS_MAX:
                    result.say(screen)
    valid = read - len(faults)
    if as_json:
        print_json({"lines": read, "valid": valid, "faults": [each.row() for each in faults]})
    else:
        screen.say_more(len(faults) - ROWS_MAX)
        screen.say(VALID.render(valid, file=name, lines=read))
    if faults:
        raise typer.Exit(1)
