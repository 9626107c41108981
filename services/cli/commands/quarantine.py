"""`ecluse quarantine`: set the record aside before which a partition stands still.

Alone: no other command needs the writer of a partition.
"""

import getpass
from typing import Annotated, Final

import typer

from events.texts import _
from events.values import PRINTED
from services.cli.terminal.options import AsJson
from services.cli.terminal.output import bad_option, check_text, print_json, say
from services.cli.workers import run_worker
from services.ledger.kafka.worker import quarantine
from services.runtime.ops.settings import Settings

BY_MAX: Final = 200
"""The greatest length of a name."""

DONE = _(
    "{topic}/{partition}, offset {offset}: set aside as a dead letter (quarantined). The partition "
    "goes on by itself."
)
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
    why = check_text("--reason", reason)
    who = check_text("--by", _user() if by is None else by, BY_MAX, PRINTED)
    done = run_worker(quarantine(Settings(), partition, offset, who, why))
    if as_json:
        print_json({**done._asdict(), "by": who, "why": why})
    else:
        say(DONE.render(done._asdict()))


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:  # A container's user may have a number alone.
        raise bad_option("--by", NOBODY) from error
