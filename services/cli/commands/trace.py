"""`ecluse trace`: all records about an event, a convention, a grant, an act or a payment order."""

from operator import attrgetter
from typing import Annotated, Any

import typer
from msgspec.structs import replace

from events.envelope import Event
from events.follow_up import RecordReviewed
from events.masking import mask
from events.texts import _, verbatim
from services.cli.records.journal_source import Database, Exported, Records, histories, records_of
from services.cli.records.record_view import record_row
from services.cli.records.trace_view import show_trace
from services.cli.terminal.options import AsJson, decode_argument, decode_option
from services.cli.terminal.output import EXIT_NOT_THERE, exit_with, print_json, show_spinner
from services.cli.terminal.screen import Screen
from services.cli.terminal.texts import READING
from services.ledger.application.handle import DEAD_CHAIN
from services.ledger.application.ports import StoreError
from services.ledger.application.restore import Folding
from services.ledger.domain.awaited import AwaitedItem
from services.ledger.domain.journal import JournalRecord
from services.trace.entries import Entry, entry_of
from services.trace.index import Index
from services.trace.trace import Trace, TraceRecord

NOT_NAMED = _(
    "{ref}: the journal knows no event, convention, grant, act or payment order of that name."
)


def trace(
    ref: Annotated[
        str,
        typer.Argument(
            metavar="REF",
            help="An event's id, a convention, a grant, an act, a payment order.",
            callback=decode_argument,
        ),
    ],
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="BUDGET", help="Look for it in this budget only.", callback=decode_option
        ),
    ] = None,
    db: Database = None,
    exported: Exported = None,
    as_json: AsJson = False,
) -> None:
    """Show all records about REF in order: what came, what was decided and why, what is awaited.

    It goes on through the years that a convention is carried over. IBANs are masked.
    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    with histories(db, exported) as journal, show_spinner(READING):
        index = _build_index(journal, ref, budget)
        traced = index.trace()
        awaited = _find_awaited(journal, traced, index.ends)
    if not traced.records:
        exit_with(NOT_NAMED.render({"ref": ref}), EXIT_NOT_THERE)
    if as_json:
        print_json(
            {
                "ref": ref,
                "kinds": [kind.value for kind in traced.kinds],
                "records": [_row(each, traced) for each in traced.records],
                "awaited": [_describe_awaited(home, each) for home, each in awaited],
            }
        )
    else:
        show_trace(Screen(), traced, awaited)


def _build_index(journal: Records, ref: str, budget: str | None) -> Index:
    """Index the things that a reference names, through the years that it leads to."""
    index = Index(ref, budget)
    asked: set[str | None] = set()
    wanted: list[str | None] = [budget]
    while wanted:
        for each in wanted:
            for record, raw in journal(each):
                if not record.budget.startswith(DEAD_CHAIN):
                    index.add(_entry(record, raw))
        asked.update(wanted)
        # Nothing of any budget is left to be read.
        wanted = [] if budget is None else [each for each in index.missing() if each not in asked]
    return index


def _find_awaited(
    journal: Records, traced: Trace, ends: dict[str, int]
) -> list[tuple[str, AwaitedItem]]:
    """Read the traced budgets again, no further than before, and fold them."""
    folding = Folding(forgets=False)
    for record, raw in records_of(journal, traced.budgets):
        if record.sequence <= ends.get(record.budget, 0):
            folding.apply(record)  # It checks that the chain is whole.
            traced.add(_entry(record, raw))
    traced.records.sort(key=attrgetter("place"))
    return traced.list_awaited(folding.budgets)


def _entry(record: JournalRecord, raw: bytes) -> Entry:
    """A record with what it mentions; StoreError where its event cannot be read any more."""
    try:
        return entry_of(record, raw)
    except ValueError as error:
        place = f"journal {record.budget}/{record.sequence}"
        raise StoreError(place, verbatim(error)) from error


def _row(each: TraceRecord, traced: Trace) -> dict[str, Any]:
    record = replace(
        each.record,
        moves=each.moves,
        commitment_entries=each.entries,
        payment_orders=each.orders,
        review_flags=each.flags,
    )
    woke = traced.woke.get((record.budget, record.sequence), [])
    internal_events = [internal_event._asdict() for internal_event in each.internal_events]
    row = record_row(record, each.envelope)
    more = {"internal_events": internal_events, "woken_by": each.woken_by, "woke": woke}
    return row | more | {"review": _review(each.envelope.data)}


def _review(event: Event) -> dict[str, Any] | None:
    """The review that a person made of a record; None of any other event."""
    if not isinstance(event, RecordReviewed):
        return None
    review = {
        "chain": event.chain,
        "sequence": event.sequence,
        "reviewed_by": event.reviewed_by,
        "reviewed_on": event.reviewed_on.isoformat(),
        "comment": event.comment,
    }
    shown: dict[str, Any] = mask(review)
    return shown


def _describe_awaited(budget: str, awaited: AwaitedItem) -> dict[str, Any]:
    return {
        "budget": budget,
        "convention": awaited.convention,
        "subject": awaited.subject,
        "id": awaited.id,
        "amount_cents": awaited.amount_cents,
        "due_on": None if awaited.due_on is None else awaited.due_on.isoformat(),
        "waits_for": [want._asdict() for want in awaited.waits_for],
    }
