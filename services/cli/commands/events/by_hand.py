"""An event sent by hand: shown, tried, confirmed, sent; then its outcome."""

import json
import os
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any, Final

import typer
from rich.text import Text

from events.envelope import COMMAND
from events.masking import masked
from events.texts import Translatable, _
from services.api.adapters.clock import wall_clock
from services.api.adapters.randomness import make_unique_name
from services.cli.commands.events.api_client import HERE, Answer, Api, problem_text
from services.cli.terminal.options import chosen_language, flag
from services.cli.terminal.output import bad_option, print_json, say
from services.cli.terminal.screen import Screen, clean
from services.cli.terminal.texts import OUTCOME
from services.runtime.ops.errors import Stop
from services.texts.amounts import NotAnAmount, read_euros
from services.texts.translation import Sentence, translate

EXIT_REFUSED: Final = 1
ID_BYTES: Final = 16

NO_KEY = _("this is no key: it holds line breaks, or other characters that no key has")
NO_DAY = _("“{text}” is no day: write it like 2023-07-14")
WOULD_BE = _("The ledger would decide: {outcome}.")
NOT_TRIED = _("What the ledger would decide is not known: {why}")
SEND_IT = _("Send it?")
NOT_SENT = _("Nothing was sent.")
WAS = _("The ledger has decided: {outcome}. Record {sequence} of budget {budget}.")
UNDECIDED = _("The event is kept; its outcome is not known yet. Its id is {event_id}.")

Url = Annotated[
    str,
    typer.Option("--url", envvar="ECLUSE_API_URL", metavar="URL", help="Where the API answers."),
]
On = Annotated[str, typer.Option("--on", metavar="DAY", help="The day, like 2023-07-14.")]
Yes = Annotated[bool, flag("--yes", "Send it without asking; with --json nothing is asked.")]


def api_at(url: str) -> Api:
    """The API, asked in the language that was chosen, with the key of the environment.

    A key on the command line would be seen by whoever lists the processes.

    Raises:
        Stop: the key is none.
    """
    # A file that `echo` made, and a secret of a cluster with it, ends with a line break.
    key = os.environ.get("ECLUSE_API_KEY", "").strip()
    if not (key.isascii() and key.isprintable()):
        raise Stop("ECLUSE_API_KEY", NO_KEY)
    return Api(url or HERE, key, chosen_language())


def parse_day(typed: str) -> str:
    """A day of the command line.

    Raises:
        typer.BadParameter: it is none.
    """
    try:
        return date.fromisoformat(typed).isoformat()
    except ValueError as error:
        raise bad_option("--on", NO_DAY.render({"text": typed})) from error


def cents_of(option: str, typed: str) -> int:
    """An amount of the command line, in cents.

    Raises:
        typer.BadParameter: it is none, or could be two.
    """
    try:
        return read_euros(typed, chosen_language())
    except NotAnAmount as error:
        raise bad_option(option, error.why) from error


def send_by_hand(
    api: Api, event_type: str, data: Mapping[str, Any], *, yes: bool, as_json: bool
) -> None:
    """Show an event, try it, ask, send it, and say what became of it.

    For programs all of it is one object; without `yes` it is tried alone.

    Raises:
        typer.Exit: with 1 where it was refused, or cannot be read.
    """
    event = {
        "specversion": "1.0",
        "id": make_unique_name(ID_BYTES),
        "source": COMMAND,
        "type": event_type,
        "time": wall_clock().isoformat(timespec="seconds"),
        "partitionkey": data["budget"],
        "data": {name: value for name, value in data.items() if value is not None},
    }
    tried = api.try_event(event)
    if as_json:
        sent = api.send_event(event) if yes and tried.status != _FAULTY else None
        answer = None if sent is None else sent.content
        print_json({"event": masked(event), "trial": tried.content, "sent": answer})
        raise typer.Exit(_code(sent or tried))
    screen = Screen()
    shown = json.dumps(masked(event), ensure_ascii=False, indent=2)
    screen.console.print(Text(clean(shown)), soft_wrap=True)
    if tried.status == _FAULTY:
        say(problem_text(tried), err=True)
        raise typer.Exit(EXIT_REFUSED)
    _say_trial(screen, tried)
    if not yes and not typer.confirm(translate(SEND_IT, screen.language)):
        screen.say(NOT_SENT)
        return
    sent = api.send_event(event)
    _say_outcome(screen, event, sent)
    raise typer.Exit(_code(sent))


_FAULTY: Final = 422
"""The status of an event that is none of the contract."""


def _decision(answer: Answer) -> Mapping[str, Any] | None:
    events = answer.content.get("events") if answer.is_good else None
    return events[0].get("decision") if events else None


def _code(answer: Answer) -> int:
    decision = _decision(answer)
    refused = decision is not None and decision["outcome"] == "refused"
    return EXIT_REFUSED if refused or answer.status == _FAULTY else 0


def _say_trial(screen: Screen, tried: Answer) -> None:
    decision = _decision(tried)
    if decision is None:
        screen.say(NOT_TRIED.render({"why": problem_text(tried)}))
        return
    screen.say(WOULD_BE.render({"outcome": OUTCOME[decision["outcome"]]}))
    for sentence in _sentences(decision):
        screen.say(sentence)


def _say_outcome(screen: Screen, event: Mapping[str, Any], sent: Answer) -> None:
    decision = _decision(sent)
    if decision is None:
        why = UNDECIDED.render({"event_id": event["id"]}) if sent.is_good else problem_text(sent)
        screen.say(why)
        return
    facts = {
        "outcome": OUTCOME[decision["outcome"]],
        "sequence": decision["sequence"],
        "budget": event["partitionkey"],
    }
    screen.say(WAS.render(facts))
    for sentence in _sentences(decision):
        screen.say(sentence)


def _sentences(decision: Mapping[str, Any]) -> Iterator[Sentence | Translatable]:
    """Why it was refused or waits, and what people should look at."""
    verdicts = [decision["refusal"], decision["waits_for"], *decision["review_flags"]]
    for verdict in filter(None, verdicts):
        yield Sentence(**verdict["sentence"])
        yield Sentence(**verdict["do"])
