"""`ecluse validate`: is every line an event of the contract? Decides nothing, keeps nothing."""

from typing import Annotated, Any

import typer
from rich.text import Text

from events.codec import EVENT_BYTES_MAX, decode
from events.sentences import Sentence
from events.unreadable import Reason, Unreadable, explain
from services.cli.output import AsJson, display_name, print_json, progress
from services.cli.tables import Screen
from services.cli.wording import LINE_WORD, VALID, VALIDATING, Language, told
from services.ledger.replay import Line, lines


def validate_file(
    context: typer.Context,
    file: Annotated[
        typer.FileBinaryRead,
        typer.Argument(metavar="FILE", help="Events, one JSON object a line; - is standard input."),
    ],
    as_json: AsJson = False,
) -> None:
    """Check each line by the rules of the ledger's door, and say in words what is wrong where."""
    language: Language = context.obj
    screen = Screen(language)
    read, faults = 0, []
    with progress(told(VALIDATING, language), [file]) as handled:
        for line in lines(file):
            handled(line.length_bytes + 1)
            if line.is_blank:
                continue
            read += 1
            unreadable = _checked(line)
            if unreadable is not None:
                faults.append(_fault(line, unreadable))
                if not as_json:
                    place = told(LINE_WORD, language).format(line=line.number)
                    sentence = told(explain(unreadable), language)
                    screen.console.print(Text(f"{place}: {unreadable.reason}\n  {sentence}"))
    if as_json:
        print_json({"lines": read, "valid": read - len(faults), "faults": faults})
    else:
        facts = {"file": display_name(file), "valid": read - len(faults), "lines": read}
        screen.say(VALID.render(facts))
    if faults:
        raise typer.Exit(1)


def _checked(line: Line) -> Unreadable | None:
    if line.length_bytes > EVENT_BYTES_MAX:
        size = Sentence(f"{line.length_bytes} octets", f"{line.length_bytes} bytes")
        return Unreadable(Reason.TOO_LARGE, None, size)
    result = decode(line.value)
    return result if isinstance(result, Unreadable) else None


def _fault(line: Line, unreadable: Unreadable) -> dict[str, Any]:
    sentence = explain(unreadable)
    return {
        "position": line.number,
        "reason": unreadable.reason,
        "message": {"fr": sentence.fr, "en": sentence.en},
    }
