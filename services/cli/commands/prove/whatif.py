"""`ecluse whatif`: what the ledger would say of events, decided against its present state."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import typer
from msgspec.structs import replace

from events.codec import Received
from events.texts import Euros, _, ngettext
from services.cli.records.event_lines import filled_lines
from services.cli.records.journal_source import (
    Database,
    Exported,
    Records,
    folded,
    histories,
    records_of,
)
from services.cli.records.record_json import record_row
from services.cli.records.record_view import dead_letters_of, show_records
from services.cli.records.summary_tables import CARRIED_OVER, STAGES, counts, label
from services.cli.terminal.options import AsJson, EventFiles, Strict
from services.cli.terminal.output import busy, display_name, print_json, progress
from services.cli.terminal.screen import ROWS_MAX, Cells, Screen
from services.cli.terminal.texts import COLUMNS, READING
from services.ledger.application.handle import (
    Decided,
    DecidedBatch,
    Ledger,
    RawRecord,
    Recorded,
    decoded,
)
from services.ledger.domain.journal import JournalRecord, Outcome
from services.ledger.domain.model.lines import Line, LineMoney
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


@dataclass(slots=True)
class Trial:
    """Events handled by a ledger that nobody keeps."""

    ledger: Ledger
    before: dict[str, dict[Line, LineMoney]]
    """The lines of each budget that the events name, as they stood before the first of them."""
    latest: dict[tuple[str, int], Outcome] = field(default_factory=dict)
    """What became of each event, by the record that it was given first (rules, 5)."""
    woken: int = 0
    """How many events were decided that had waited before."""

    def handle(self, raw: RawRecord) -> None:
        """Handle one record as the ledger would, with all that it wakes."""
        first, *others = self.ledger.handle(raw)
        self.latest[first.budget, first.sequence] = first.outcome
        for each in others:
            assert each.resumes is not None, "what stands behind a record was woken by it"
            waited = (each.budget, each.resumes)
            if waited in self.latest:
                self.latest[waited] = each.outcome
            else:
                self.woken += 1

    def changed(self, batch: DecidedBatch) -> Iterator[dict[str, Any]]:
        """The balances of lines that are others than before, in the contract's order."""
        for budget, before in sorted(self.before.items()):
            after = batch.states[budget].book.lines
            for line in sorted(after, key=Line.in_order):
                was = before.get(line, LineMoney())
                if was != after[line]:
                    yield {
                        "budget": budget,
                        "line": line.row(),
                        "before": _figures(was),
                        "after": _figures(after[line]),
                    }


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
    with histories(db, exported) as journal, busy(READING):
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
    for line in filled_lines(stream, handled):
        yield raw_record(line, topic)


def _trial(journal: Records, raws: list[RawRecord]) -> Trial:
    """A trial from where the journal leaves the budgets that these events name."""
    received = map(decoded, raws)
    budgets = {each.envelope.data.budget for each in received if isinstance(each, Received)}
    ledger, _unused = folded(records_of(journal, budgets), forgets=True)
    ledger.dry_run = True
    known = {budget: state.book.lines for budget, state in ledger.budgets.items()}
    before = {
        budget: {line: replace(money) for line, money in known.get(budget, {}).items()}
        for budget in budgets
    }
    return Trial(ledger, before)


def _answer(trial: Trial, batch: DecidedBatch) -> dict[str, Any]:
    """What would happen, as a program reads it."""
    outcomes = list(trial.latest.values())
    return {
        "events": len(outcomes),
        "outcomes": {outcome.value: outcomes.count(outcome) for outcome in Outcome},
        "woken": trial.woken,
        "records": [_row(each) for each in batch.decided],
        "internal_events": [
            _internal_event(internal_event) for internal_event in batch.internal_events
        ],
        "lines": list(trial.changed(batch)),
    }


def _row(decided: Decided) -> dict[str, Any]:
    return record_row(decided.record, decided.envelope if isinstance(decided, Recorded) else None)


def _internal_event(value: bytes) -> dict[str, str]:
    data = json.loads(value)["data"]
    return {"budget": data["budget"], "convention": data["convention"]}


def _figures(money: LineMoney) -> dict[str, int]:
    return {f"{stage}_cents": getattr(money, stage) for stage in (*STAGES, CARRIED_OVER)}


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
