"""`ecluse seal`: a signed statement of the heads of all chains, and of what they add up to."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from events.texts import _
from services.cli.commands.proofs import (
    EXIT_DISPROVED,
    Without,
    choose_journal,
    prove_alone,
    reading_key,
    show,
)
from services.cli.records.journal_source import Database, Exported
from services.cli.terminal.options import AsJson, decode_argument
from services.cli.terminal.output import bad_option, exit_with, print_json, say
from services.cli.terminal.screen import Screen
from services.cli.terminal.texts import counts
from services.verifier.findings import Findings, UnreachableError
from services.verifier.records import Json, canonical
from services.verifier.signing import FOR_ALL, new_key, read_key, sign_statement, write_new

SEALED = _("{file}: {records} of {chains} sealed on {sealed_at}.")
NOT_SEALED = _("Nothing is sealed: only a journal that is proved is.")
MADE = _(
    "{path}: private key, which you alone may read; keep it where nobody who runs the journal can "
    "reach it. Give this public key to whoever will verify seals:"
)
THERE = _("{path} is there already, and never replaced")
NO_KEY = _("{path} holds no private Ed25519 key without a password (PEM)")
WHICH_KEY = _("give the key: --key or ECLUSE_SEAL_KEY; --new-key makes one")
WHEN = _("this is no time with its offset, such as 2023-12-31T23:59:59+01:00")


def seal_journal(
    db: Database = None,
    journal: Exported = None,
    without: Without = None,
    key: Annotated[
        Path | None,
        typer.Option(envvar="ECLUSE_SEAL_KEY", metavar="PATH", help="The private key (PEM)."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Where it is written; else printed."),
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="When it is sealed, with offset; else now.")
    ] = None,
    new: Annotated[
        Path | None,
        typer.Option("--new-key", metavar="PATH", help="Only make a key pair."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Prove a journal by itself and sign its heads and totals; `verify --seal` holds it to them.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    if new is not None:
        _make_key(new, as_json=as_json)
        return
    if key is None:
        raise bad_option("--key", WHICH_KEY)
    if output is not None and output.exists():
        raise bad_option("-o", THERE.render({"path": output}))
    sealed_at = _instant(at)
    with reading_key("--key", key, NO_KEY):
        signer = read_key(key)
    proof, report = prove_alone(choose_journal(db, journal, None, without), Findings())
    if not report.proved:
        if as_json:
            print_json(report.row())
        else:
            show(Screen(), report)
        exit_with(NOT_SEALED, EXIT_DISPROVED)
    _keep(sign_statement(proof.statement(sealed_at), signer), output, as_json=as_json)


def _keep(seal: Json, output: Path | None, *, as_json: bool) -> None:
    """Write a seal, and say so; with no file to write, print it."""
    if output is not None:
        try:
            write_new(output, canonical(seal) + b"\n", FOR_ALL)
        except OSError as error:
            raise UnreachableError.from_file(error) from error
    if output is None or as_json:
        print_json(seal)
        return
    statement = seal["statement"]
    facts = counts(records=statement["records"], chains=len(statement["chains"]))
    sealed_at = statement["sealed_at"]
    Screen().say(SEALED.render({**facts, "file": output, "sealed_at": sealed_at}))


def _make_key(path: Path, *, as_json: bool) -> None:
    try:
        public = new_key(path)
    except FileExistsError as error:
        raise bad_option("--new-key", THERE.render({"path": path})) from error
    except OSError as error:
        raise UnreachableError.from_file(error) from error
    if as_json:
        print_json({"public_key": public})
    else:
        say(MADE.render({"path": path}), err=True)
        typer.echo(public, nl=False)


def _instant(at: str | None) -> str:
    """RFC 3339 in UTC, to the second."""
    if at is None:
        moment = datetime.now(UTC)  # noqa: TID251 # it dates the seal; nothing is decided by it
    else:
        try:
            moment = datetime.fromisoformat(decode_argument(at))
        except ValueError as error:
            raise bad_option("--at", WHEN) from error
        if moment.tzinfo is None:
            raise bad_option("--at", WHEN)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
