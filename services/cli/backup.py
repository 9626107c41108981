"""`ecluse journal export` and `import`: the back-up, and the way into a new cluster."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from events.texts import Counted, _, ngettext
from services.cli.journal_source import Database
from services.cli.options import AsJson, Lang, OfBudget, chosen_language
from services.cli.output import counting, print_json
from services.cli.texts import typed
from services.cli.workers import run_worker
from services.ledger.files.exports import Export, ExportFile, Stream, export_store
from services.ledger.files.imports import Proved, import_store
from services.ledger.files.replay import STANDARD_INPUT
from services.ledger.files.sqlite import SqliteStore
from services.ledger.kafka.journal_import import import_topic
from services.ledger.kafka.journal_topic import export_topic
from services.runtime.ops.settings import Settings
from services.texts.language import Language
from services.texts.translation import translate

EXPORTING = _("exporting the journal")
READING_FILE = _("reading the file")
EXPORTED = ngettext(
    "{file}: {count} record of {chains} chain(s), {written} of them written now.",
    "{file}: {count} records of {chains} chain(s), {written} of them written now.",
)
IMPORTED = ngettext(
    "{file}: {count} record of {chains} chain(s), {written} of them imported now.",
    "{file}: {count} records of {chains} chain(s), {written} of them imported now.",
)


def export_journal(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="Where to; - is standard output, from the first on."),
    ],
    db: Database = None,
    budget: OfBudget = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Write the journal to a file, one record a line: the back-up.

    Every hash is taken again. To a file that is there, only what follows is added.
    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    language = chosen_language(context, lang)
    budget = budget and typed(budget)
    if str(file) == STANDARD_INPUT:
        export = _exported(Stream(sys.stdout.buffer), db, budget, language)
    else:
        with counting(translate(READING_FILE, language)) as progress:
            kept = ExportFile(file, progress)
        with kept:
            export = _exported(kept, db, budget, language)
    report = {
        "file": _named(file),
        "records": export.journal.records,
        "written": export.written,
        "heads": {chain: end.head for chain, end in sorted(export.journal.ends.items())},
    }
    _say(report, EXPORTED, language, as_json=as_json, err=str(file) == STANDARD_INPUT)


def import_journal(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            exists=True,
            dir_okay=False,
            readable=True,
            help="What `ecluse journal export` wrote.",
        ),
    ],
    db: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="A new SQLite file; else Kafka, a new cluster."),
    ] = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Bring an exported journal into a new cluster or database, to the same heads.

    Stop its workers first. No order, entry or refusal is published again.
    Run again, an interrupted import goes on; before its end no ledger begins.
    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    language = chosen_language(context, lang)
    with counting(translate(READING_FILE, language)) as progress:
        if db is None:
            proved = run_worker(import_topic(Settings(), file, progress))
        else:
            proved = _into_store(db, file, progress)
    report = {
        "file": _named(file),
        "records": proved.chains.records,
        "written": proved.chains.records - proved.already,
        "heads": {chain: end.head for chain, end in sorted(proved.chains.ends.items())},
    }
    _say(report, IMPORTED, language, as_json=as_json, err=False)


def _exported(sink: Stream, db: Path | None, budget: str | None, language: Language) -> Export:
    with counting(translate(EXPORTING, language)) as progress:
        export = Export(sink, progress)
        if db is None:
            asyncio.run(export_topic(Settings(), budget, export))
            return export
        store = SqliteStore(db, create=False)
        try:
            export_store(store, str(db), budget, export)
        finally:
            store.close()
        return export


def _into_store(db: Path, file: Path, progress: Any) -> Proved:
    store = SqliteStore(db)
    try:
        return import_store(store, str(db), file, progress)
    finally:
        store.close()


def _named(file: Path) -> str:
    """A file's name is bytes: what is no UTF-8 in it is said as `?`."""
    return typed(str(file))


def _say(
    report: dict[str, Any], message: Counted, language: Language, *, as_json: bool, err: bool
) -> None:
    """Print what was done; to standard error where standard output holds the records."""
    if as_json:
        print_json(report, err=err)
        return
    facts = {
        "file": report["file"],
        "chains": len(report["heads"]),
        "written": report["written"],
    }
    typer.echo(translate(message.render(report["records"], **facts), language), err=err)
