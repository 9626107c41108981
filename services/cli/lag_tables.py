"""The tables of `ecluse lag`."""

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import RenderableType
from rich.table import Table

from events.lag import Awaited, Latency, Order, ParkedEvent, Partition, Report, Stage
from events.masking import masked, masked_name
from services.cli import lag_texts as texts
from services.cli.lag_figures import Figures
from services.cli.records.trace_view import type_text
from services.cli.terminal.screen import ROWS_MAX, Prose, Screen
from services.cli.terminal.texts import MORE
from services.lag.client.age import WELL
from services.lag.present.accounts import end_of, position_of
from services.lag.present.rows import short_topic
from services.lag.present.texts import DOING, LATENCIES, STAGES
from services.ledger.explain.sentences import DOCUMENTS, parked_sentence
from services.ledger.explain.terms import ORDER_STATES
from services.ledger.explain.waits import WAITS
from services.texts.translation import translate

RUNNING: Final = "running"


def stages(screen: Screen, figures: Figures, found: Sequence[Stage]) -> Iterator[RenderableType]:
    """The stages, each with all its partitions together."""
    columns = ("stage", "state", "members", "position", "end", "behind", "oldest")
    table = screen.table("stages", (*columns, "drained_in", "latest_event_at"))
    for each in found:
        screen.add(
            table,
            screen.term_or_name(STAGES, each.stage),
            each.state,
            figures.count(each.members),
            figures.count(position_of(each)),
            figures.count(end_of(each)),
            _behind(figures, each),
            "" if _all_done(each) else figures.aged(each.oldest_event_at),
            _drained_in(figures, each),
            figures.instant(each.latest_event_at),
        )
    yield from _shown(screen, table)


def partitions(
    screen: Screen, figures: Figures, found: Sequence[Stage]
) -> Iterator[RenderableType]:
    """The partitions of the stages; of very many those that are not well come first."""
    rows = [(stage, each) for stage in found for each in stage.partitions]
    if len(rows) > ROWS_MAX:
        rows.sort(key=lambda row: row[1].state in WELL)
    columns = ("stage", "partition", "state", "position", "end", "behind", "oldest")
    table = screen.table("partitions", (*columns, "drained_in", "owner"))
    before = None
    for stage, each in rows[:ROWS_MAX]:
        if before not in {None, stage.stage}:
            table.add_section()
        screen.add(
            table,
            "" if stage.stage == before else screen.term_or_name(STAGES, stage.stage),
            place(each),
            each.state,
            figures.count(each.committed),
            figures.count(each.end),
            _behind(figures, each),
            "" if _all_done(each) else figures.instant(each.oldest_event_at),
            _drained_in(figures, each),
            _owner(screen, each),
        )
        before = stage.stage
    yield from _shown(screen, table, len(rows) - ROWS_MAX)


def latencies(
    screen: Screen, figures: Figures, found: Sequence[Latency]
) -> Iterator[RenderableType]:
    """The latencies of the last hour."""
    table = screen.table("latencies", ("step", "count", "median", "most", "longest"))
    for each in found:
        screen.add(
            table,
            screen.term_or_name(LATENCIES, each.stage),
            figures.count(each.count),
            *(figures.span(span_s) for span_s in (each.p50_s, each.p95_s, each.max_s)),
        )
    yield from _shown(screen, table)


def orders(screen: Screen, figures: Figures, found: Sequence[Order]) -> Iterator[RenderableType]:
    """The oldest waiting payment orders."""
    table = screen.table("orders_waiting", ("order", "state", "due_on", "amount", "issued"))
    for each in found:
        remarks = ((texts.DUE, each.due), (texts.UNACKNOWLEDGED, each.unacknowledged))
        state = screen.term_or_name(ORDER_STATES, each.state)
        screen.add(
            table,
            f"{masked_name(each.payment_order)}\n{each.budget}",
            "\n".join(
                [state, *(translate(term, screen.language) for term, holds in remarks if holds)]
            ),
            figures.day(each.due_on),
            figures.euros(each.amount_cents - each.paid_cents),
            figures.age(each.issued_at),
        )
    yield from _shown(screen, table)


def reports(screen: Screen, found: Sequence[Report]) -> Iterator[RenderableType]:
    """The overdue reports, the oldest first."""
    table = screen.table("reports_overdue", ("convention", "budget", "document", "due_on"))
    for each in found:
        kind = screen.term_or_name(DOCUMENTS, each.document_kind)
        document = kind if each.year is None else f"{kind} {each.year}"
        closed = f"\n{translate(texts.CLOSED, screen.language)}" if each.closed else ""
        due_on = screen.day(each.due_on.isoformat())
        screen.add(table, masked_name(each.convention), each.budget, document + closed, due_on)
    yield from _shown(screen, table)


def parked(
    screen: Screen, figures: Figures, found: Sequence[ParkedEvent]
) -> Iterator[RenderableType]:
    """The events that have waited longest."""
    table = screen.table("parked", ("event", "budget", "detail", "age"))
    for each in found:
        past = f"\n{translate(texts.PAST, screen.language)}" if each.past else ""
        screen.add(
            table,
            f"{masked_name(each.event_id)}\n{type_text(screen, each.type)}",
            each.budget,
            str(masked(_waits_for(screen, each.waits_for))),
            figures.age(each.since) + past,
        )
    yield from _shown(screen, table)


def place(partition: Partition) -> str:
    """`events/0`: the short topic and the number of a partition."""
    return f"{short_topic(partition.topic)}/{partition.partition}"


def _waits_for(screen: Screen, awaited: Awaited) -> str:
    """The thing that an event waits for; without a text here, by the watch's own name."""
    if awaited.kind not in WAITS:
        return f"{awaited.kind} {awaited.id}"
    return translate(parked_sentence({"kind": awaited.kind, "id": awaited.id}), screen.language)


def _behind(figures: Figures, each: Stage | Partition) -> str:
    trend = texts.TRENDS.get(each.trend or "", "") if each.behind else ""
    return figures.count(each.behind) + trend


def _all_done(each: Stage | Partition) -> bool:
    """True if nothing is left to read, so that no event is the oldest that waits."""
    return each.oldest_event_at is None and each.behind == 0


def _drained_in(figures: Figures, each: Stage | Partition) -> str:
    return "" if _all_done(each) else figures.span(each.drain_s)


def _owner(screen: Screen, each: Partition) -> str:
    """The owner, with its activity unless it is running."""
    owner = each.owner or texts.UNKNOWN
    if each.doing is None or each.doing == RUNNING:
        return owner
    return f"{owner}\n{screen.term_or_name(DOING, each.doing)}"


def _shown(screen: Screen, table: Table, left: int = 0) -> Iterator[RenderableType]:
    """A table, if it has rows, and the number of rows left out."""
    if table.row_count:
        screen.fit(table)
        yield table
    if left > 0:
        yield Prose(translate(MORE.render(left), screen.language))
