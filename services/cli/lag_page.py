"""The page of `ecluse lag` for people, from the headline down."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from rich.console import RenderableType

from events.lag import Board, Orders, Outcomes, Partition, Stage, State
from events.masking import masked_name
from events.texts import Translatable
from services.cli import lag_texts as texts
from services.cli.lag_figures import Figures
from services.cli.lag_tables import latencies, orders, parked, partitions, place, reports, stages
from services.cli.terminal.screen import Prose, Screen, clean
from services.lag.client.age import WELL, is_sampled, is_well, wrong_counts
from services.lag.client.merge import Lag
from services.lag.present.accounts import accounts
from services.lag.present.headline import Verdict, headline
from services.lag.present.headline_texts import TEXTS as FIRST
from services.lag.present.headline_texts import TITLES
from services.lag.present.rows import most_frequent, watched_s
from services.lag.present.texts import DO, HEADLINES, MEANS, RULES, STAGES, STATES, THE_STAGE
from services.ledger.explain.terms import ORDER_STATES
from services.texts.translation import translate

GOOD, UNSURE, BAD = "bold green", "bold yellow", "bold red"


def page(
    screen: Screen, lag: Lag, silent: Iterable[tuple[str, Translatable]], now: datetime
) -> list[RenderableType]:
    """The page of one moment.

    Args:
        screen: the language and width of the output.
        lag: the answers of the watches.
        silent: the addresses of watches that do not answer, with the error.
        now: the time by the reader's clock.
    """
    return list(_Page(screen, now).parts(lag, silent))


class _Page:
    def __init__(self, screen: Screen, now: datetime) -> None:
        self._screen = screen
        self._figures = Figures(screen, now)
        self._now = now

    def parts(
        self, lag: Lag, silent: Iterable[tuple[str, Translatable]]
    ) -> Iterator[RenderableType]:
        for address, fault in silent:
            yield self._line(
                texts.NO_ANSWER.render({"address": address, "fault": self._translated(fault)})
            )
        if lag.board is None:
            return
        yield from self._head(lag, lag.board)
        yield from self._stages(lag.board)
        yield from self._journal(lag.board)
        yield from self._what_waits(lag.board)
        yield from self._watch(lag.board)

    def _head(self, lag: Lag, board: Board) -> Iterator[RenderableType]:
        """The headline, its time, and the progress of the accounts."""
        at = self._figures.moment(board.at if board.sampled_at is None else board.sampled_at)
        if lag.old_since is not None:
            yield self._line(texts.OLD.render(self._figures.moment(board.at)), BAD)
        else:
            yield self._headline(board)
            yield self._line(texts.AS_OF.render(at | {"watched": self._watched(board)}))
        yield self._line(self._accounts(lag, board))
        known = accounts(board.stages)
        if known.latest_event_at is not None:
            dated = self._figures.dated(known.latest_event_at)
            yield self._line(FIRST["latest"].render({"instant": dated}))
        yield ""

    def _headline(self, board: Board) -> RenderableType:
        """The state of the worst stage, and what that means."""
        state = board.state
        if not is_sampled(board, self._now):
            state, sentence, style = State.UNKNOWN, self._unseen(board), BAD
        elif state not in WELL:
            worst = next((each for each in board.stages if each.state == state), None)
            name = "" if worst is None else self._screen.term_or_name(THE_STAGE, worst.stage)
            sentence, style = HEADLINES[state].render({"stage": name}), BAD
        elif is_well(board, self._now):
            sentence, style = MEANS[state], GOOD
        elif any(wrong_counts(board)):
            sentence, style = texts.DOES_NOT_ADD_UP, BAD
        else:
            sentence, style = texts.IS_NOT_KNOWN_TO_ADD_UP, UNSURE
        meaning = self._translated(sentence)
        facts = {"state": state, "meaning": meaning[:1].upper() + meaning[1:]}
        return self._line(texts.HEADLINE.render(facts), style)

    def _watched(self, board: Board) -> str:
        """The time watched, where that is too short to show that nothing arrives."""
        shortest_s = watched_s(board.stages)
        if shortest_s is None:
            return ""
        watched = FIRST["watched"].render({"span": self._figures.span(shortest_s)})
        return f" {self._translated(watched)}"

    def _accounts(self, lag: Lag, board: Board) -> Translatable:
        """The progress of the accounts, as in the console."""
        found, known = headline(lag, None, self._now), accounts(board.stages)
        if found.verdict is not Verdict.STAGE:
            return TITLES[found.verdict]
        if known.has_all:
            return TITLES[Verdict.ALL_RECEIVED]
        return (
            texts.NOT_ALL if any(each.behind for each in known.stages) else TITLES[Verdict.UNKNOWN]
        )

    def _unseen(self, board: Board) -> Translatable:
        """The time of the last sample of the groups."""
        if board.sampled_at is None:
            return texts.NEVER_SEEN
        return texts.LAST_SEEN.render(self._figures.moment(board.sampled_at))

    def _stages(self, board: Board) -> Iterator[RenderableType]:
        yield from stages(self._screen, self._figures, board.stages)
        yield from self._why(board.stages)
        for stage in board.stages:
            for each in stage.partitions:
                if each.held is not None:
                    yield self._held(each, each.held.offset, each.held.event_id)
        yield from partitions(self._screen, self._figures, board.stages)

    def _why(self, found: Iterable[Stage]) -> Iterator[RenderableType]:
        """The rule and the remedy of the stages that are not well, once for equal ones."""
        alike: dict[tuple[State, str], list[str]] = {}
        for each in found:
            if each.state not in WELL:
                name = self._screen.term_or_name(STAGES, each.stage)
                alike.setdefault((each.state, each.rule), []).append(name)
        for (state, rule), names in alike.items():
            facts = {
                "stages": ", ".join(names),
                "state": self._translated(STATES[state]),
                "rule": self._screen.term_or_name(RULES, rule),
                "do": self._translated(DO[state]),
            }
            yield self._line(texts.WHY.render(facts))

    def _held(self, partition: Partition, offset: int, event_id: str | None) -> RenderableType:
        event = self._translated(texts.NO_EVENT) if event_id is None else masked_name(event_id)
        facts = {"place": place(partition), "offset": offset, "event": event}
        return self._line(texts.HELD.render(facts))

    def _journal(self, board: Board) -> Iterator[RenderableType]:
        """The outcomes of received records, and the latencies."""
        if board.outcomes is None:
            yield self._line(texts.GROUPS["outcomes"])
        else:
            yield from self._outcomes(board.outcomes)
        if board.latencies is None:
            yield self._line(texts.GROUPS["latencies"])
        else:
            yield from latencies(self._screen, self._figures, board.latencies)

    def _outcomes(self, outcomes: Outcomes) -> Iterator[RenderableType]:
        count = self._figures.count
        names = ("received", "accepted", "duplicate", "refused", "parked", "dead_letter")
        figures = {name: count(getattr(outcomes, name)) for name in (*names, "in_flight")}
        yield self._line(texts.OUTCOMES.render(figures))
        if outcomes.gap or outcomes.repeated:
            gap, repeated = count(outcomes.gap), count(outcomes.repeated)
            sentence = texts.DOES_NOT.render({"gap": gap, "repeated": repeated})
            yield self._line(sentence, BAD)
        elif outcomes.gap is None or outcomes.repeated is None:
            yield self._line(texts.CANNOT_TELL)
        else:
            yield self._line(texts.ADDS_UP)

    def _what_waits(self, board: Board) -> Iterator[RenderableType]:
        """Payment orders, reports, parked events, dead letters and refusals."""
        if board.orders is None:
            yield self._line(texts.GROUPS["orders"])
        else:
            yield from self._orders(board.orders)
        figures = self._figures
        if board.reports_overdue is None:
            yield self._line(texts.GROUPS["reports_overdue"])
        else:
            overdue = board.reports_overdue
            oldest = figures.day(overdue.oldest_due_on)
            yield self._line(
                texts.REPORTS.render({"count": figures.count(overdue.count), "oldest": oldest})
            )
            yield from reports(self._screen, overdue.items)
        if board.parked is None:
            yield self._line(texts.GROUPS["parked"])
        else:
            yield self._line(
                texts.PARKED.render(
                    {
                        "count": figures.count(board.parked.count),
                        "past": figures.count(board.parked.past),
                        "oldest": figures.aged(board.parked.oldest_since),
                    }
                )
            )
            yield from parked(self._screen, figures, board.parked.items)
        yield from self._unread(board)

    def _orders(self, found: Orders) -> Iterator[RenderableType]:
        figures = self._figures
        yield self._line(
            texts.ORDERS.render(
                {
                    "count": figures.count(found.count),
                    "amount": figures.euros(found.amount_cents),
                    "oldest": figures.aged(found.oldest_issued_at),
                }
            )
        )
        if found.by_state is not None:
            each = [
                f"{self._screen.term_or_name(ORDER_STATES, name)} {figures.count(count)}"
                for name, count in found.by_state.items()
            ]
            states = ", ".join(each) or texts.UNKNOWN
            yield self._line(texts.ORDERS_BY_STATE.render({"states": states}))
        due, silent = found.due, found.unacknowledged
        yield self._line(
            texts.ORDERS_DUE.render(
                {
                    "count": figures.count(due.count),
                    "amount": figures.euros(due.amount_cents),
                }
            )
        )
        yield self._line(
            texts.ORDERS_UNACKNOWLEDGED.render(
                {
                    "count": figures.count(silent.count),
                    "amount": figures.euros(silent.amount_cents),
                    "oldest": figures.aged(silent.oldest_issued_at),
                }
            )
        )
        yield from orders(self._screen, figures, found.items)

    def _unread(self, board: Board) -> Iterator[RenderableType]:
        figures, dead_letters = self._figures, board.dead_letters
        if dead_letters is None:
            yield self._line(texts.GROUPS["dead_letters"])
        else:
            yield self._line(
                texts.DEAD_LETTERS.render(
                    {
                        "count": figures.count(dead_letters.count),
                        "oldest": figures.aged(dead_letters.oldest_at),
                        "newest": figures.aged(dead_letters.newest_at),
                        "reasons": _counts(figures, dead_letters.reasons),
                    }
                )
            )
        if board.refusals is None:
            yield self._line(texts.GROUPS["refusals"])
        else:
            yield self._line(
                texts.REFUSALS.render(
                    {
                        "count": figures.count(board.refusals.count),
                        "newest": figures.aged(board.refusals.newest_at),
                        "codes": _counts(figures, board.refusals.codes),
                    }
                )
            )

    def _watch(self, board: Board) -> Iterator[RenderableType]:
        """The deadline events of the watch, and its comparison with the ledger."""
        figures, watch, deadline_events = self._figures, board.watch, board.deadline_events
        if deadline_events is None:
            yield self._line(texts.GROUPS["deadline_events"])
        else:
            written, pending = (
                figures.count(deadline_events.written),
                figures.count(deadline_events.pending),
            )
            yield self._line(texts.INTERNAL_EVENTS.render({"written": written, "pending": pending}))
        sentence = texts.BALANCES.render(
            {
                "instance": watch.instance or texts.UNKNOWN,
                "budgets": figures.count(watch.budgets),
                "differing": figures.count(watch.balances_differing),
                "faults": figures.count(watch.journal_faults),
            }
        )
        yield self._line(sentence, BAD if watch.balances_differing or watch.journal_faults else "")
        if watch.ready is False and is_sampled(board, self._now):
            yield self._line(texts.NOT_READY)

    def _line(self, sentence: Translatable, style: str = "") -> RenderableType:
        return Prose(clean(self._translated(sentence)), style)

    def _translated(self, sentence: Translatable) -> str:
        return translate(sentence, self._screen.language)


def _counts(figures: Figures, counts: Mapping[str, int] | None) -> str:
    """`missing_field 17, bad_json 7`; most of them first."""
    ordered = most_frequent(counts)
    return ", ".join(f"{name} {figures.count(count)}" for name, count in ordered) + "." * bool(
        ordered
    )
