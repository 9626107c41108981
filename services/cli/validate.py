"""`ecluse validate`: is every line an event of the contract? Decides nothing, keeps nothing."""

from typing import Annotated, Any

import typer

from events.sentences import Sentence
from events.unreadable import Unreadable, explain
from services.cli.options import AsJson, Lang, chosen_language
from services.cli.output import display_name, print_json, progress
from services.cli.screen import ROWS_MAX, Screen
from services.cli.wording import FAULT, LINE_WORD, VALID, VALIDATING, told
from services.ledger.handle import decoded
from services.ledger.replay import Line, lines, raw_record


def validate_file(
    context: typer.Context,
    file: Annotated[
        typer.FileBinaryRead,
        typer.Argument(metavar="FILE", help="Events, one JSON object a line; - is standard input."),
    ],
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Check each line by the rules of the ledger's door, and say in words what is wrong where."""
    screen = Screen(chosen_language(context, lang))
    name = display_name(file)
    read, faults = 0, []
    with progress(told(VALIDATING, screen.language), [file]) as handled:
        for line in lines(file):
            handled(line.length_bytes + 1)
            if line.is_blank:
                continue
            read += 1
            result = decoded(raw_record(line, name))
            if isinstance(result, Unreadable):
                faults.append(_fault(line, result))
                if not as_json and len(faults) <= ROWS_MAX:
                    _say_fault(screen, line, result)
    valid = read - len(faults)
    if as_json:
        print_json({"lines": read, "valid": valid, "faults": faults})
    else:
        screen.say_more(max(len(faults) - ROWS_MAX, 0))
        screen.say(VALID.render(valid, file=name, lines=read))
    if faults:
        raise typer.Exit(1)


def _say_fault(screen: Screen, line: Line, unreadable: Unreadable) -> None:
    place = LINE_WORD.render({"line": line.number})
    sentence = explain(unreadable)
    screen.say(
        Sentence(
            FAULT.fr.format(place=place.fr, reason=unreadable.reason) + f"\n  {sentence.fr}",
            FAULT.en.format(place=place.en, reason=unreadable.reason) + f"\n  {sentence.en}",
        )
    )


def _fault(line: Line, unreadable: Unreadable) -> dict[str, Any]:
    sentence = explain(unreadable)
    return {
        "position": line.number,
        "reason": unreadable.reason,
        "message": {"fr": sentence.fr, "en": sentence.en},
    }
