"""`ecluse validate`: is every line an event of the contract? Decides nothing, keeps nothing."""

from typing import Annotated

import typer

from events.unreadable import Unreadable
from services.cli.options import AsJson, Lang, chosen_language
from services.cli.output import display_name, print_json, progress
from services.cli.screen import ROWS_MAX, Screen
from services.cli.texts import VALID, VALIDATING
from services.cli.validation_errors import Fault
from services.ledger.application.handle import decoded
from services.ledger.files.replay import lines, raw_record
from services.texts.translation import translate


def validate_file(
    context: typer.Context,
    file: Annotated[
        typer.FileBinaryRead,
        typer.Argument(metavar="FILE", help="Events, one JSON object a line; - is standard input."),
    ],
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Check each line by the rules of the ledger's input, and say in words what is wrong where."""
    screen = Screen(chosen_language(context, lang))
    name = display_name(file)
    read = 0
    faults: list[Fault] = []
    with progress(translate(VALIDATING, screen.language), [file]) as handled:
        for line in lines(file):
            handled(line.length_bytes + 1)
            if line.is_blank:
                continue
            read += 1
            result = decoded(raw_record(line, name))
            if isinstance(result, Unreadable):
                faults.append(Fault(name, line.number, result))
                if not as_json and len(faults) <= ROWS_MAX:
                    faults[-1].say(screen)
    valid = read - len(faults)
    if as_json:
        print_json({"lines": read, "valid": valid, "faults": [each.row() for each in faults]})
    else:
        screen.say_more(max(len(faults) - ROWS_MAX, 0))
        screen.say(VALID.render(valid, file=name, lines=read))
    if faults:
        raise typer.Exit(1)
