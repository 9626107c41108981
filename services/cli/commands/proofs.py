"""The journal that verify and seal read, its proof, and the report of it for people."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import typer

from events.masking import mask
from events.texts import Number, Translatable, _
from events.topics import INTERNAL_EVENTS
from services.cli.records.journal_source import ONE_PLACE
from services.cli.terminal.options import decode_argument
from services.cli.terminal.output import bad_option, show_progress
from services.cli.terminal.screen import Prose, Screen
from services.cli.terminal.texts import EMPTY_JOURNAL, NO_RECORDS, counts
from services.runtime.kafka.security import security_arguments
from services.runtime.ops.settings import Settings
from services.runtime.processing.cycle_collection import collect_rarely
from services.verifier.files import Database, read_export
from services.verifier.findings import Findings, Place, UnreachableError
from services.verifier.journal_alone import JournalAlone
from services.verifier.journal_proof import Progress, Row
from services.verifier.report import Report
from services.verifier.seals import SealedChains
from services.verifier.signing import NotAKeyError
from services.verifier.verify import journal_rows, verify

EXIT_DISPROVED: Final = 1
"""The exit code where something is not proved."""

VERIFYING = _("verifying")
PROVED = _("proved: {events}, {budgets}, {payment_orders}, {expired} not comparable")
DISPROVED = _("{defects}: {events}, {budgets}, {payment_orders}, {expired} not comparable")
NOT_PROVED = _("What this does not prove:")


Without = Annotated[
    list[str] | None,
    typer.Option(
        "--without",
        metavar="BUDGET",
        help="A closed year that the journal no longer holds: what it carried over is believed.",
    ),
]


class Journal(NamedTuple):
    """The journal meant: a database, a file, or else the cluster's."""

    db: Path | None
    file: Path | None
    budget: str | None
    without: frozenset[str]
    """Closed years that it no longer holds."""


def choose_journal(
    db: Path | None, file: Path | None, budget: str | None, without: list[str] | None
) -> Journal:
    """The journal that the options name; BadParameter where they name two."""
    if db is not None and file is not None:
        raise bad_option("--journal", ONE_PLACE)
    return Journal(db, file, budget, frozenset(map(decode_argument, without or ())))


def prove(journal: Journal, findings: Findings, sealed: SealedChains | None) -> Report:
    """The proof of a journal; of a cluster, with all that the ledger published."""
    if journal.db is not None or journal.file is not None:
        return prove_alone(journal, findings, sealed)[1]
    collect_rarely()
    settings = Settings()
    where = (settings.bootstrap_servers, settings.topic_prefix)
    limits = (settings.give_up_s, security_arguments(settings))
    with show_progress(VERIFYING) as progress:
        doing = verify(*where, journal.budget, findings, sealed, progress, *limits)
        report = asyncio.run(doing)
    return _with_records(journal, report)


def prove_alone(
    journal: Journal, findings: Findings, sealed: SealedChains | None = None
) -> tuple[JournalAlone, Report]:
    """The proof of a journal by itself, whatever was published of it."""
    collect_rarely()
    proof = JournalAlone(
        findings,
        in_a_row=journal.file is None,
        budget=journal.budget,
        sealed=sealed,
        without=journal.without,
    )
    if journal.db is None:
        read(journal, proof.take)
        report = proof.end()
    else:
        with Database(journal.db, journal.budget) as database:
            next_internal_event = database.next_offset(INTERNAL_EVENTS)
            proof.compare(database.dead_letters(), database.internal_events, next_internal_event)
            with show_progress(VERIFYING) as progress:
                for row in database.records(progress):
                    proof.take(row)
            report = proof.end()
    if journal.budget is None and report.proved and not report.chains:
        # A back-up that was never written would pass, and a seal of it state nothing.
        raise UnreachableError(EMPTY_JOURNAL)
    return proof, _with_records(journal, report)


def read(journal: Journal, take: Callable[[Row], object]) -> None:
    """Take each record of a journal, in its order; UnreachableError where it cannot be read."""
    with show_progress(VERIFYING) as progress:
        if journal.file is not None:
            for row in read_export(journal.file, journal.budget, progress):
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
    limits = (settings.give_up_s, security_arguments(settings))
    async for row in journal_rows(*where, budget, progress, *limits):
        take(row)


@contextmanager
def reading_key(option: str, path: Path | None, no_key: Translatable) -> Iterator[None]:
    """Say of a key's file that it holds none (BadParameter), or cannot be read."""
    try:
        yield
    except NotAKeyError as error:
        raise bad_option(option, no_key.render({"path": path})) from error
    except OSError as error:
        raise UnreachableError.from_file(error) from error


def _with_records(journal: Journal, report: Report) -> Report:
    """Of a budget that is not there, nothing is proved."""
    if journal.budget not in {None, *report.chains} and report.proved:
        raise UnreachableError(NO_RECORDS.render({"budget": journal.budget}))
    return report


def show(screen: Screen, report: Report) -> None:
    """A proof for people: what is wrong, what it does not prove, and the sum of it."""
    screen.show_list(
        "findings",
        ("budget", "sequence", "place", "code", "detail"),
        report.findings,
        lambda finding: (
            finding.place.budget or "–",
            finding.place.sequence or "–",
            _position(finding.place),
            finding.code.code,
            mask(screen.text(finding.text)),
        ),
    )
    screen.say(NOT_PROVED)
    for remark in report.remarks:
        screen.console.print(Prose(f"- {screen.text(remark.text)}"))
    counted = report.counted
    facts = counts(
        defects=sum(report.counts.values()),
        events=sum(counted["outcomes"].values()),
        budgets=counted["budgets"],
        payment_orders=counted["payment_orders"],
    )
    text = PROVED if report.proved else DISPROVED
    screen.say(text.render({**facts, "expired": Number(counted["expired"])}))


def _position(place: Place) -> str:
    """The place of a record: `topic/partition/offset`, or a file with its line."""
    parts = [place.topic, *(str(each) for each in (place.partition, place.offset) if each >= 0)]
    return "/".join(part for part in parts if part) or "–"
