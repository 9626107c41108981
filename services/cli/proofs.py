"""The journal that verify and seal read, and its proof."""

import asyncio
import gc
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import typer

from events.texts import _
from services.cli.journal_source import ONE_PLACE
from services.cli.output import counted
from services.cli.texts import NO_RECORDS, typed
from services.cli.workers import COLLECT_AFTER
from services.runtime.ops.settings import Settings
from services.texts.language import Language
from services.texts.translation import translate
from services.verifier.cluster.verify import journal_rows, verify
from services.verifier.findings import Findings, UnreachableError
from services.verifier.journal.proof import Progress, Row
from services.verifier.offline.files import Database, exported
from services.verifier.offline.proof import JournalAlone
from services.verifier.report import Report
from services.verifier.seals.statements import SealedChains

VERIFYING = _("verifying")


class Journal(NamedTuple):
    """The journal meant: a database, a file, or else the cluster's."""

    db: Path | None
    file: Path | None
    budget: str | None


def the_journal(
    db: Path | None, file: Path | None, budget: str | None, language: Language
) -> Journal:
    """Read the options.

    Raises:
        typer.BadParameter: they name two.
    """
    if db is not None and file is not None:
        raise typer.BadParameter(translate(ONE_PLACE, language), param_hint="--journal")
    return Journal(db, file, budget and typed(budget))


def prove(
    journal: Journal, findings: Findings, sealed: SealedChains | None, language: Language
) -> Report:
    """The proof of a journal; of a cluster, with all that was published.

    Raises:
        UnreachableError: it cannot be read, or has no record of the budget.
    """
    if journal.db is not None or journal.file is not None:
        return prove_alone(journal, findings, sealed, language)[1]
    _collect_rarely()
    settings = Settings()
    where = (settings.bootstrap_servers, settings.topic_prefix)
    with counted(translate(VERIFYING, language)) as progress:
        doing = verify(*where, journal.budget, findings, sealed, progress, settings.give_up_s)
        report = asyncio.run(doing)
    return _with_records(journal, report)


def prove_alone(
    journal: Journal, findings: Findings, sealed: SealedChains | None, language: Language
) -> tuple[JournalAlone, Report]:
    """The proof of a journal by itself, whatever was published of it.

    Raises:
        UnreachableError: it cannot be read, or has no record of the budget.
    """
    _collect_rarely()
    in_a_row = journal.file is None
    proof = JournalAlone(findings, in_a_row=in_a_row, budget=journal.budget, sealed=sealed)
    if journal.db is None:
        read(journal, proof.take, language)
        report = proof.end()
    else:
        with Database(journal.db, journal.budget) as database:
            proof.compare(database.dead_letters(), database.internal_events())
            with counted(translate(VERIFYING, language)) as progress:
                for row in database.records(progress):
                    proof.take(row)
            report = proof.end()
    return proof, _with_records(journal, report)


def read(journal: Journal, take: Callable[[Row], object], language: Language) -> None:
    """Each record of a journal, in its order.

    Raises:
        UnreachableError: it cannot be read.
    """
    with counted(translate(VERIFYING, language)) as progress:
        if journal.file is not None:
            for row in exported(journal.file, journal.budget, progress):
                take(row)
        elif journal.db is not None:
            with Database(journal.db, journal.budget) as database:
                for row in database.records(progress):
                    take(row)
        else:
            asyncio.run(_read_topic(journal.budget, take, progress))


async def _read_topic(
    budget: str | None, take: Callable[[Row], object], progress: Progress
) -> None:
    settings = Settings()
    where = (settings.bootstrap_servers, settings.topic_prefix)
    async for row in journal_rows(*where, budget, progress, settings.give_up_s):
        take(row)


def _with_records(journal: Journal, report: Report) -> Report:
    """Of a budget that is not there, nothing is proved."""
    if journal.budget not in {None, *report.chains} and report.proved:
        raise UnreachableError(NO_RECORDS.render({"budget": journal.budget}))
    return report


def _collect_rarely() -> None:
    """A journal's books hold no cycles: to search them again and again takes an eighth more."""
    gc.set_threshold(*COLLECT_AFTER)
