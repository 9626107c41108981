"""`ecluse quarantine`: set the record aside before which a partition stands still."""

import getpass
from typing import Annotated

import typer

from events.sentences import Sentence
from services.cli.options import AsJson, Lang, chosen_language
from services.cli.output import print_json
from services.cli.wording import told
from services.cli.workers import run_worker
from services.ledger.quarantine import quarantine
from services.runtime.settings import Settings

DONE = Sentence(
    "{topic}/{partition}, offset {offset} : mis de côté comme illisible (quarantined). La "
    "partition continue d'elle-même.",
    "{topic}/{partition}, offset {offset}: set aside as a dead letter (quarantined). The partition "
    "goes on by itself.",
)


def quarantine_record(
    context: typer.Context,
    partition: Annotated[int, typer.Argument(metavar="PARTITION", min=0)],
    offset: Annotated[int, typer.Argument(metavar="OFFSET", min=0)],
    reason: Annotated[
        str, typer.Option(metavar="WORDS", help="Why: it stays in the journal for auditors.")
    ],
    by: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who: else the user of this system.")
    ] = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Write the record that stops a partition as a dead letter; `ecluse journal` names it."""
    language = chosen_language(context, lang)
    done = run_worker(quarantine(Settings(), partition, offset, by or getpass.getuser(), reason))
    if as_json:
        print_json({**done._asdict(), "by": by or getpass.getuser(), "why": reason})
    else:
        typer.echo(told(DONE.render(done._asdict()), language))
