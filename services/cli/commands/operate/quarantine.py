"""`ecluse quarantine`: set the record aside before which a partition stands still."""

import getpass
from typing import Annotated, Final

import typer

from events.texts import _
from events.unreadable import WHY_MAX
from services.cli.terminal.options import AsJson, typed
from services.cli.terminal.output import bad_option, print_json, say
from services.cli.workers import run_worker
from services.ledger.kafka.quarantine import quarantine
from services.runtime.ops.settings import Settings

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
            help="Why, in a few sentences: it stays in the journal for auditors.",
        ),
    ],
    by: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who: else the user of this system.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write the record that stops a partition as a dead letter; `ecluse journal` names it.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    why = _text("--reason", reason, WHY_MAX)
    who = _text("--by", _user() if by is None else by, BY_MAX)
    done = run_worker(quarantine(Settings(), partition, offset, who, why))
    if as_json:
        print_json({**done._asdict(), "by": who, "why": why})
    else:
        say(DONE.render(done._asdict()))


def _text(option: str, text: str, limit: int) -> str:
    """The text of an option that the journal keeps: not empty, and not too long."""
    text = typed(text).strip()
    if not text:
        raise bad_option(option, EMPTY)
    if len(text) > limit:
        raise bad_option(option, TOO_LONG.render({"count": len(text), "limit": limit}))
    return text


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:  # A container's user may have a number alone.
        raise bad_option("--by", NOBODY) from error
