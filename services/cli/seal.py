"""`ecluse seal`: a signed statement of the heads of all chains, and of what they add up to."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from events.texts import _
from services.cli.journal_source import Database, Exported
from services.cli.options import AsJson, Lang, chosen_language
from services.cli.output import print_json
from services.cli.proof_report import EXIT_DISPROVED, show
from services.cli.proofs import prove_alone, the_journal
from services.cli.screen import Screen
from services.cli.texts import typed
from services.texts.language import Language
from services.texts.translation import translate
from services.verifier.findings import Findings, UnreachableError
from services.verifier.records import Json, canonical
from services.verifier.seals.files import (
    FOR_ALL,
    NotAKeyError,
    new_key,
    read_key,
    sealed,
    write_new,
)

SEALED = _("{file}: {records} records of {chains} chains sealed on {sealed_at}.")
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
    context: typer.Context,
    db: Database = None,
    journal: Exported = None,
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
    lang: Lang = None,
) -> None:
    """Prove a journal by itself and sign its heads and totals; `verify --seal` holds it to them.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    language = chosen_language(context, lang)
    if new is not None:
        _make_key(new, language, as_json=as_json)
        return
    if key is None:
        raise typer.BadParameter(translate(WHICH_KEY, language), param_hint="--key")
    if output is not None and output.exists():
        raise typer.BadParameter(
            translate(THERE.render({"path": output}), language), param_hint="-o"
        )
    sealed_at = _instant(at, language)
    signer = _key(key, language)
    meant = the_journal(db, journal, None, language)
    proof, report = prove_alone(meant, Findings(), None, language)
    if not report.proved:
        if as_json:
            print_json(report.row())
        else:
            show(Screen(language), report)
        typer.echo(translate(NOT_SEALED, language), err=True)
        raise typer.Exit(EXIT_DISPROVED)
    _keep(sealed(proof.statement(sealed_at), signer), output, language, as_json=as_json)


def _keep(seal: Json, output: Path | None, language: Language, *, as_json: bool) -> None:
    """Write a seal, and say so; with no file to write, print it."""
    if output is not None:
        try:
            write_new(output, canonical(seal) + b"\n", FOR_ALL)
        except OSError as error:
            raise UnreachableError.of_file(error) from error
    if output is None or as_json:
        print_json(seal)
        return
    statement = seal["statement"]
    facts = {name: statement[name] for name in ("records", "sealed_at")}
    facts |= {"file": output, "chains": len(statement["chains"])}
    Screen(language).say(SEALED.render(facts))


def _make_key(path: Path, language: Language, *, as_json: bool) -> None:
    try:
        public = new_key(path)
    except FileExistsError as error:
        message = translate(THERE.render({"path": path}), language)
        raise typer.BadParameter(message, param_hint="--new-key") from error
    except OSError as error:
        raise UnreachableError.of_file(error) from error
    if as_json:
        print_json({"public_key": public})
    else:
        typer.echo(translate(MADE.render({"path": path}), language), err=True)
        typer.echo(public, nl=False)


def _key(path: Path, language: Language) -> Ed25519PrivateKey:
    try:
        return read_key(path)
    except NotAKeyError as error:
        message = translate(NO_KEY.render({"path": path}), language)
        raise typer.BadParameter(message, param_hint="--key") from error
    except OSError as error:
        raise UnreachableError.of_file(error) from error


def _instant(at: str | None, language: Language) -> str:
    """RFC 3339 in UTC, to the second."""
    moment = _now() if at is None else _parsed_instant(typed(at), language)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 # it dates the seal; nothing is decided by it


def _parsed_instant(at: str, language: Language) -> datetime:
    try:
        moment = datetime.fromisoformat(at)
    except ValueError as error:
        raise typer.BadParameter(translate(WHEN, language), param_hint="--at") from error
    if moment.tzinfo is None:
        raise typer.BadParameter(translate(WHEN, language), param_hint="--at")
    return moment
