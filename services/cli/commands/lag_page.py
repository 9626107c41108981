"""The page of `ecluse lag` for people, from the headline down."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from rich.console import RenderableType

from events import lag as document
from events.masking import mask, mask_name
from events.texts import Translatable, _, verbatim
from services.cli.commands.lag_lines import BAD, headline, join_text, place, progress, rows_of
from services.cli.records.trace_view import type_text
from services.cli.terminal.screen import ROWS_MAX, Prose, Screen, clean
from services.cli.terminal.texts import MORE
from services.lag.document import WELL, Lag, is_sampled
from services.lag.present import texts
from services.lag.present.headline import (
    UNKNOWN,
    Moments,
    accounts,
    count,
    day,
    duration_text,
    end_of,
    euros,
    find_shortest_watch_s,
    most_frequent,
    position_of,
)
from services.lag.present.texts import STAGES, name_code
from services.ledger.explain.answers import WAITS
from services.ledger.explain.sentences import DOCUMENTS, ORDER_STATES, explain_wait
from services.texts.translation import translate

Parts = Iterator[RenderableType]


def page(
    screen: Screen, lag: Lag, silent: Iterable[tuple[str, Translatable]], now: datetime
) -> list[RenderableType]:
    """The page of one moment; `silent` are the watches that do not answer, each with its error."""
    return list(_Page(screen, now).parts(lag, silent))


class _Page:
    def __init__(self, screen: Screen, now: datetime) -> None:
        self._screen = screen
        self._moments = Moments(now)
        self._now = now

    def parts(self, lag: Lag, silent: Iterable[tuple[str, Translatable]]) -> Parts:
        for address, fault in silent:
            yield self._line(_("{address}: {fault}."), address=address, fault=fault)
        board = lag.board
        if board is None:
            return
        yield from self._head(lag, board)
        yield from self._stages(board.stages)
        for name, (unknown, show) in self._groups.items():
            group = getattr(board, name)
            if group is None:
                yield self._line(unknown)
            else:
                yield from show(self, group)
        yield from self._watch(board.watch, is_sampled(board, self._now))

    # -------------------------------------------------------------- the head
    def _head(self, lag: Lag, board: document.Board) -> Parts:
        """The headline, its time, and the progress of the accounts."""
        found = headline(lag, board, self._now)
        yield Prose(clean(found.line(self._screen.language)), found.style)
        if lag.old_since is None:
            seen = self._moments.moment(board.at if board.sampled_at is None else board.sampled_at)
            text = _("As seen at {instant} ({age}).{watched}")
            yield self._line(text, **seen, watched=_describe_watched(board))
        yield self._line(texts.accounts_text(lag, self._now))
        latest = accounts(board.stages).latest_event_at
        if latest is not None:
            yield self._line(texts.LATEST, instant=self._moments.format_instant(latest))
        yield ""

    # -------------------------------------------------------------- the stages
    def _stages(self, stages: Sequence[document.Stage]) -> Parts:
        moments = self._moments
        columns = ("stage", "state", "members", "position", "end", "behind", "oldest")
        rows = [
            (
                name_code(STAGES, each.stage),
                each.state,
                count(each.members),
                *progress(
                    each,
                    position_of(each),
                    end_of(each),
                    moments.oldest(each, moments.format_with_age),
                ),
                moments.instant(each.latest_event_at),
            )
            for each in stages
        ]
        yield from self._table("stages", (*columns, "drained_in", "latest_event_at"), rows)
        yield from self._why(stages)
        for partition in (each for stage in stages for each in stage.partitions):
            if partition.held is not None:
                event = _("an event without a readable id")
                event_id = partition.held.event_id
                yield self._line(
                    _("{place} is held before {offset}: {event}."),
                    place=place(partition),
                    offset=partition.held.offset,
                    event=event if event_id is None else mask_name(event_id),
                )
        yield from self._partitions(stages)

    def _why(self, stages: Iterable[document.Stage]) -> Parts:
        """The rules of the stages that are not well, and their remedy, once for equal ones."""
        alike: dict[Translatable, dict[tuple[document.State, str], list[Translatable]]] = {}
        for each in stages:
            if each.state not in WELL:
                rules = alike.setdefault(texts.remedy(each), {})
                rules.setdefault((each.state, each.rule), []).append(name_code(STAGES, each.stage))
        for remedy, rules in alike.items():
            text = _("{stages}: {state}. {rule}")
            observed = [
                text.render(
                    {
                        "stages": tuple(names),
                        "state": texts.STATES[state],
                        "rule": name_code(texts.RULES, rule),
                    }
                )
                for (state, rule), names in rules.items()
            ]
            yield self._line(join_text(*observed, remedy, by=" "))

    def _partitions(self, stages: Sequence[document.Stage]) -> Parts:
        """The partitions of the stages; of very many those that are not well come first."""
        rows = [(stage.stage, each) for stage in stages for each in rows_of(stage)]
        if len(rows) > ROWS_MAX:
            rows.sort(key=lambda row: row[1].state in WELL)
        moments = self._moments
        columns = ("stage", "partition", "state", "position", "end", "behind", "oldest")
        cells: list[Sequence[object]] = []
        before = None
        for stage, each in rows[:ROWS_MAX]:
            if before not in {None, stage}:
                cells.append(())
            cells.append(
                (
                    "" if stage == before else name_code(STAGES, stage),
                    each.places,
                    each.state,
                    *progress(each, each.position, each.end, moments.oldest(each, moments.instant)),
                    each.owner,
                )
            )
            before = stage
        yield from self._table("partitions", (*columns, "drained_in", "owner"), cells)
        if len(rows) > ROWS_MAX:
            yield self._line(MORE.render(len(rows) - ROWS_MAX))

    # -------------------------------------------------------------- groups of figures
    def _outcomes(self, outcomes: document.Outcomes) -> Parts:
        text = _(
            "Received: {received} = accepted {accepted} + duplicates {duplicate} + refused "
            "{refused} + parked {parked} + dead letters {dead_letter}; in flight: {in_flight}."
        )
        facts = self._moments.facts(outcomes)
        yield self._line(text, **facts)
        if outcomes.gap or outcomes.repeated:
            text = _(
                "The count does not add up: {gap} read and of no known outcome, {repeated} counted "
                "twice."
            )
            yield self._line(text, BAD, **facts)
        elif outcomes.gap is None or outcomes.repeated is None:
            yield self._line(_("Whether the count adds up is not known: —."))
        else:
            yield self._line(_("The count adds up."))

    def _latencies(self, latencies: Sequence[document.Latency]) -> Parts:
        rows = [
            (
                name_code(texts.LATENCIES, each.stage),
                count(each.count),
                *map(duration_text, (each.p50_s, each.p95_s, each.max_s)),
            )
            for each in latencies
        ]
        yield from self._table("latencies", ("step", "count", "median", "most", "longest"), rows)

    def _orders(self, orders: document.Orders) -> Parts:
        facts = self._moments.facts
        text = _("Payment orders waiting: {count}, {amount}; the oldest: {oldest}.")
        yield self._line(text, **facts(orders))
        if orders.by_state is not None:
            states = tuple(
                Translatable(
                    "{state} {count}",
                    {"state": name_code(ORDER_STATES, name), "count": count(each)},
                )
                for name, each in orders.by_state.items()
            )
            yield self._line(_("By state: {states}."), states=states or UNKNOWN)
        yield self._line(_("Overdue: {count}, {amount}."), **facts(orders.due))
        text = _("Unacknowledged for too long: {count}, {amount}; the oldest: {oldest}.")
        yield self._line(text, **facts(orders.unacknowledged))
        columns = ("order", "state", "due_on", "amount", "issued")
        yield from self._table("orders_waiting", columns, map(self._order, orders.items))

    def _order(self, order: document.Order) -> Sequence[object]:
        remarks = ((_("overdue"), order.due), (_("unacknowledged"), order.unacknowledged))
        return (
            f"{mask_name(order.payment_order)}\n{order.budget}",
            join_text(
                name_code(ORDER_STATES, order.state), *(text for text, holds in remarks if holds)
            ),
            day(order.due_on),
            euros(order.amount_cents - order.paid_cents),
            self._moments.age(order.issued_at),
        )

    def _reports(self, overdue: document.Reports) -> Parts:
        text = _("Reports overdue: {count}; the oldest: {oldest}.")
        yield self._line(text, **self._moments.facts(overdue))
        columns = ("convention", "budget", "document", "due_on")
        yield from self._table("reports_overdue", columns, map(_report, overdue.items))

    def _list_parked(self, parked: document.Parked) -> Parts:
        text = _(
            "Parked events: {count}, {past} of them past their deadline; the oldest: {oldest}."
        )
        yield self._line(text, **self._moments.facts(parked))
        columns = ("event", "budget", "detail", "age")
        yield from self._table("parked", columns, map(self._describe_parked, parked.items))

    def _describe_parked(self, event: document.ParkedEvent) -> Sequence[object]:
        kind, name = event.waits_for.kind, event.waits_for.id
        waits_for = verbatim(f"{kind} {name}")
        if kind in WAITS:
            waits_for = explain_wait({"kind": kind, "id": name})
        return (
            f"{mask_name(event.event_id)}\n{type_text(self._screen, event.type)}",
            event.budget,
            str(mask(self._text(waits_for))),
            join_text(self._moments.age(event.since), *([_("past")] if event.past else [])),
        )

    def _dead_letters(self, dead_letters: document.DeadLetters) -> Parts:
        text = _("Dead letters: {count}, the first: {oldest}, the last: {newest}. {reasons}")
        facts = self._moments.facts(dead_letters)
        yield self._line(text, **facts | {"reasons": _counts(dead_letters.reasons)})

    def _refusals(self, refusals: document.Refusals) -> Parts:
        text = _("Refusals: {count}, the last: {newest}. {codes}")
        yield self._line(text, **self._moments.facts(refusals) | {"codes": _counts(refusals.codes)})

    def _deadline_events(self, deadline_events: document.DeadlineEvents) -> Parts:
        text = _("Deadline events: {written} written, {pending} to be written.")
        yield self._line(text, **self._moments.facts(deadline_events))

    _groups: Final[Mapping[str, tuple[Translatable, Callable[["_Page", Any], Parts]]]] = {
        "outcomes": (_("Received, and its outcome: —."), _outcomes),
        "latencies": (_("Latencies: —."), _latencies),
        "orders": (_("Payment orders waiting: —."), _orders),
        "reports_overdue": (_("Reports overdue: —."), _reports),
        "parked": (_("Parked events: —."), _list_parked),
        "dead_letters": (_("Dead letters: —."), _dead_letters),
        "refusals": (_("Refusals: —."), _refusals),
        "deadline_events": (_("Deadline events: —."), _deadline_events),
    }
    """Groups of figures, with the text where the watch does not know one."""

    def _watch(self, watch: document.Watch, sampled: bool) -> Parts:
        """The comparison of the watch with the ledger."""
        text = _(
            "Second opinion ({instance}): budgets {budgets}, balances that differ {differing}, "
            "faults of the journal {faults}."
        )
        yield self._line(
            text,
            BAD if watch.balances_differing or watch.journal_faults else "",
            instance=watch.instance or UNKNOWN,
            budgets=count(watch.budgets),
            differing=count(watch.balances_differing),
            faults=count(watch.journal_faults),
        )
        if watch.ready is False and sampled:
            yield self._line(_("The watch is still reading the journal."))

    # -------------------------------------------------------------- lines and tables
    def _line(self, text: Translatable, style: str = "", **facts: object) -> RenderableType:
        return Prose(clean(self._text(text.render(facts))), style)

    def _text(self, fact: object) -> str:
        return translate(verbatim(fact), self._screen.language)

    def _table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Parts:
        """A table, if it has rows; one without cells begins another section."""
        table = self._screen.table(title, columns)
        for row in rows:
            if row:
                self._screen.add(table, *map(self._text, row))
            else:
                table.add_section()
        if table.row_count:
            self._screen.fit(table)
            yield table


def _describe_watched(board: document.Board) -> Translatable | str:
    """The time watched, where that is too short to show that nothing arrives."""
    shortest_s = find_shortest_watch_s(board.stages)
    if shortest_s is None:
        return ""
    return Translatable(
        " {text}", {"text": texts.WATCHED.render({"span": duration_text(shortest_s)})}
    )


def _report(report: document.Report) -> Sequence[object]:
    document = name_code(DOCUMENTS, report.document_kind)
    if report.year is not None:
        facts = {"document": document, "year": report.year}
        document = Translatable("{document} {year}", facts)
    closed = [_("closed year")] if report.closed else []
    convention = mask_name(report.convention)
    return convention, report.budget, join_text(document, *closed), day(report.due_on)


def _counts(counts: Mapping[str, int] | None) -> Translatable | str:
    """`missing_field 17, bad_json 7.`; most of them first."""
    ordered = tuple(
        Translatable("{name} {count}", {"name": name, "count": count(each)})
        for name, each in most_frequent(counts)
    )
    return Translatable("{counts}.", {"counts": ordered}) if ordered else ""
