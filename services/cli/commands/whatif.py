"""`ecluse whatif`: what the ledger would say of events, decided against its present state."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import typer

from events.codec import ReceivedEvent
from events.texts import Euros, _, ngettext
from services.cli.commands.validate import read_filled_lines
from services.cli.records.journal_source import (
    Database,
    Exported,
    Records,
    histories,
    records_of,
)
from services.cli.records.record_view import dead_letters_of, record_row, show_records
from services.cli.records.summary_tables import counts, label
from services.cli.terminal.options import AsJson, EventFiles, Strict
from services.cli.terminal.output import display_name, print_json, progress, show_spinner
from services.cli.terminal.screen import ROWS_MAX, Cells, Screen
from services.cli.terminal.texts import COLUMNS, READING
from services.ledger.application.handle import (
    Decided,
    DecidedBatch,
    RawRecord,
    RecordedEvent,
    decode_record,
)
from services.ledger.application.trial import Trial, trial_of
from services.ledger.domain.journal import JournalRecord, Outcome
from services.ledger.files.replay import FILE_MARK, raw_record

TRYING = _("trying")
WOKEN = ngettext(
    "{count} parked event would be decided.", "{count} parked events would be decided."
)
INTERNAL_EVENTS = ngettext(
    "{count} convention would be carried over into the next year.",
    "{count} conventions would be carried over into the next year.",
)
NO_LINES = _("No balance would change.")
NOTHING_WRITTEN = _("Nothing was written: it was a trial.")


def whatif(
    files: EventFiles,
    db: Database = None,
    exported: Exported = None,
    as_json: AsJson = False,
    strict: Strict = False,
) -> None:
    """Decide events against the present state, and show what would happen; nothing changes.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    with progress(TRYING, files) as handled:
        raws = [raw for stream in files for raw in _raws(stream, handled)]
    with histories(db, exported) as journal, show_spinner(READING):
        trial = _trial(journal, raws)
    for raw in raws:
        trial.handle(raw)
    batch = trial.ledger.commit_batch([])
    answer = _answer(trial, batch)
    if as_json:
        print_json(answer)
    else:
        _show(Screen(), answer, batch)
    records = [each.record for each in batch.decided]
    if strict and any(each.outcome in {Outcome.REFUSED, Outcome.DEAD_LETTER} for each in records):
        raise typer.Exit(1)


def _raws(stream: BinaryIO, handled: Any) -> Iterator[RawRecord]:
    """The events of a file, as a replay of it would read them."""
    topic = f"{Path(display_name(stream)).name}{FILE_MARK}"
    for line in read_filled_lines(stream, handled):
        yield raw_record(line, topic)


def _trial(journal: Records, raws: list[RawRecord]) -> Trial:
    """A trial from where the journal leaves the budgets that these events name."""
    received = map(decode_record, raws)
    budgets = {each.envelope.data.budget for each in received if isinstance(each, ReceivedEvent)}
    return trial_of((each.record for each in records_of(journal, budgets)), budgets)


def _answer(trial: Trial, batch: DecidedBatch) -> dict[str, Any]:
    """The trial's result, as a program reads it."""
    outcomes = list(trial.latest.values())
    return {
        "events": len(outcomes),
        "outcomes": {outcome.value: outcomes.count(outcome) for outcome in Outcome},
        "woken": trial.woken,
        "records": [_row(each) for each in batch.decided],
        "internal_events": [
            _internal_event(internal_event) for internal_event in batch.internal_events
        ],
        "lines": list(trial.list_changed_lines(batch)),
    }


def _row(decided: Decided) -> dict[str, Any]:
    return record_row(
        decided.record, decided.envelope if isinstance(decided, RecordedEvent) else None
    )


def _internal_event(value: bytes) -> dict[str, str]:
    data = json.loads(value)["data"]
    return {"budget": data["budget"], "convention": data["convention"]}


def _show(screen: Screen, answer: dict[str, Any], batch: DecidedBatch) -> None:
    records: list[JournalRecord] = [each.record for each in batch.decided]
    if records:
        dead_letters = dead_letters_of(records, batch.dead_letters)
        show_records(screen, records[:ROWS_MAX], dead_letters, "trial")
        screen.say_more(len(records) - ROWS_MAX)
    _show_lines(screen, answer["lines"])
    for counted, count in (
        (WOKEN, answer["woken"]),
        (INTERNAL_EVENTS, len(answer["internal_events"])),
    ):
        if count:
            screen.say(counted.render(count))
    flags = [flag for row in answer["records"] for flag in row["review_flags"]]
    screen.say(counts({**answer, "review_flags": flags}))
    screen.say(NOTHING_WRITTEN)


def _show_lines(screen: Screen, changed: list[dict[str, Any]]) -> None:
    """The balances that would be others, before and after; a row for each stage that moves."""
    if not changed:
        screen.say(NO_LINES)

    def rows_of(row: dict[str, Any]) -> list[Cells]:
        rows: list[Cells] = []
        for figure, cents in row["after"].items():
            before = row["before"][figure]
            if cents != before:
                place = ("", "") if rows else (row["budget"], label(row["line"]))
                stage = COLUMNS[figure.removesuffix("_cents")]
                rows.append((*place, stage, Euros(before), Euros(cents)))
        return rows

    screen.show_list("changes", ("budget", "line", "stage", "before", "after"), changed, rows_of)
