"""`ecluse quarantine`: set the record aside before which a partition stands still."""

import getpass
from typing import Annotated, Final

import typer

from events.texts import _
from events.unreadable import WHY_MAX
from services.cli.options import AsJson, Lang, chosen_language
from services.cli.output import print_json
from services.cli.texts import typed
from services.cli.workers import run_worker
from services.ledger.kafka.quarantine import quarantine
from services.runtime.ops.settings import Settings
from services.texts.language import Language
from services.texts.translation import translate

BY_MAX: Final = 200
"""The greatest length of a name."""

DONE = _(
    "{topic}/{partition}, offset {offset}: set aside as a dead letter (quarantined). The partition "
    "goes on by itself."
)
EMPTY = _("words are needed: the journal keeps them")
TOO_LONG = _("{count} characters, and {limit} at most")
NOBODY = _("this system has no name of you: say --by")


def quarantine_record(
    context: typer.Context,
    partition: Annotated[
        int,
        typer.Argument(metavar="PARTITION", min=0, help="The partition that stands still."),
    ],
    offset: Annotated[
        int, typer.Argument(metavar="OFFSET", min=0, help="The record before which it stands.")
    ],
    reason: Annotated[
        str,
        typer.Option(
            metavar="WORDS",
            help=f"Why, in {WHY_MAX:,} characters at most: it stays in the journal for auditors.",
        ),
    ],
    by: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who: else the user of this system.")
    ] = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Write the record that stops a partition as a dead letter; `ecluse journal` names it.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    language = chosen_language(context, lang)
    why = _text("--reason", reason, WHY_MAX, language)
    who = _text("--by", _user(language) if by is None else by, BY_MAX, language)
    done = run_worker(quarantine(Settings(), partition, offset, who, why))
    if as_json:
        print_json({**done._asdict(), "by": who, "why": why})
    else:
        typer.echo(translate(DONE.render(done._asdict()), language))


def _text(option: str, text: str, limit: int, language: Language) -> str:
    """The text that the journal, a header and the notice to the sender repeat.

    Raises:
        typer.BadParameter: there are none, or too many.
    """
    text = typed(text).strip()
    if not text:
        raise typer.BadParameter(translate(EMPTY, language), param_hint=option)
    if len(text) > limit:
        message = TOO_LONG.render({"count": len(text), "limit": limit})
        raise typer.BadParameter(translate(message, language), param_hint=option)
    return text


def _user(language: Language) -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:  # A container's user may have a number alone.
        raise typer.BadParameter(translate(NOBODY, language), param_hint="--by") from error
