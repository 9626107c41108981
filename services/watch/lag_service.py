"""The state of a watch at a moment: tables, consumer groups, deadline events.

Figures of the journal are known once it was read to where it ended at the start, and while rounds
are turned. Where the cluster does not answer, or rounds stand still, nothing is known of now. Pure.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple

from events.topics import DEAD_LETTERS, INPUT_TOPICS, JOURNAL, PAYMENT_ORDERS, REFUSALS
from services.due.open_items import OverdueReport, ParkedEvent, WaitingOrder
from services.watch.balances import Partition
from services.watch.board import Known, OfDeadlineEvents, OfItself
from services.watch.lag.history import History
from services.watch.lag.model import Consumer, Judged, Look, Place
from services.watch.lag.states import is_fresh
from services.watch.lag_history import Past, Point, Standing
from services.watch.latencies import Latency, Step
from services.watch.outcomes import OutcomeCounts
from services.watch.rejections import Aside
from services.watch.settings import WatchSettings
from services.watch.stages import LEDGER_STAGE, WATCH_STAGE, Stage, consumers_of, stages_of
from services.watch.status_samples import Heard
from services.watch.tables import Tables

DUE_S: Final = 2.0
"""For how long what is due is shown as it was found: it is looked for among all that is open."""

TOLD_BY_WORDS: Final = frozenset({Step.BROKER, Step.DECIDED, Step.PROJECTED})
"""The steps that workers tell of; the others are seen in the journal."""


class Stand(NamedTuple):
    """How far the watch itself is, at one moment."""

    places: Mapping[Place, int]
    """The next offset of each partition that it reads."""
    told: OutcomeCounts | None
    """The outcomes of what it has read; None while that is not all there is."""


class _Due(NamedTuple):
    """What the due room shows, as it was found at a moment."""

    at_s: float
    orders: list[WaitingOrder]
    reports: list[OverdueReport]
    parked: list[ParkedEvent]
    deadline_events: int
    """How many deadline events are due and do not stand yet."""


class Outlook:
    """What is known, for whoever asks: the board, its history, the metrics."""

    def __init__(
        self,
        tables: Tables,
        own: WatchSettings,
        instance: str,
        input_topics: Mapping[str, str],
        deadline_events_standing: Callable[[], int | None],
    ) -> None:
        """Over some tables.

        Args:
            tables: what was read.
            own: the settings of the watch.
            instance: what it is called in its group.
            input_topics: the ledger's input topics on this cluster, by their contract names.
            deadline_events_standing: the number of deadline events written, once it is known.
        """
        self.consumers: Final = consumers_of(own.treasury_group)
        self.past: Final = Past()
        self.sampled_s: float | None = None
        """When the cluster last told where the groups are."""
        self._tables = tables
        self._own = own
        self._instance = instance
        self._input_topics = input_topics
        self._deadline_events_standing = deadline_events_standing
        self._members: dict[Consumer, int] = {}
        self._told: OutcomeCounts | None = None
        self._history = History()
        self._heard = Heard(tables.latencies)
        self._found: _Due | None = None

    # ------------------------------------------------------------ looks at the groups
    def stand(self, now_s: float) -> Stand:
        """Where the watch itself stands, asked before a look: what comes meanwhile is behind it."""
        tables = self._tables
        places = {
            Place(*place): max(tables.next_offset(place), stand.worked)
            for place, stand in tables.rounds.stands.items()
        }
        return Stand(places, tables.outcomes.counts() if self.has(JOURNAL, now_s) else None)

    def looked(
        self,
        found: Mapping[Consumer, Mapping[Place, Look]],
        own: Stand,
        members: Mapping[Consumer, int],
        begun_s: float,
        now_s: float,
    ) -> None:
        """Take note of one look at all groups.

        Args:
            found: what was seen.
            own: where the watch itself stood, asked before.
            members: how many members each group has.
            begun_s: when the look was begun.
            now_s: when it had ended.
        """
        self.sampled_s, self._members, self._told = now_s, dict(members), own.told
        ledger, *_ = self.consumers
        self._tables.settled.looked(found.get(ledger, {}), begun_s, now_s)
        for consumer in self.consumers:
            looks = found.get(consumer, {})
            is_own = consumer.stage == WATCH_STAGE
            seen = _own(looks, own.places) if is_own else self._with_ends(looks)
            for place, look in seen.items():
                self._history.add(consumer, place, look)
            self._heard.hear(consumer, seen, now_s)

    def no_answer(self) -> None:
        """The cluster did not say where the groups are."""
        self._history.no_answer()

    def has_lost_an_owner(self) -> bool:
        """Whether a partition has no owner any more, as of the last look alone."""
        return self._history.has_lost_an_owner()

    def _with_ends(self, looks: Mapping[Place, Look]) -> dict[Place, Look]:
        """Looks at those that leave no words; where the records end, the watch itself may know."""
        stands = self._tables.rounds.stands
        known = {}
        for place, look in looks.items():
            own = Partition(*place)
            is_read = own in stands and look.end is not None and stands[own].worked >= look.end
            records_end = self._tables.next_offset(own) if is_read and look.word is None else None
            known[place] = look._replace(records_end=records_end)
        return known

    # ------------------------------------------------------------ what is known
    def judged(self, now_s: float) -> list[Judged]:
        """What is to be said of every group in every partition."""
        return self._history.judged(now_s, self._oldest_s)

    def known(self, now_s: float) -> Known:
        """Everything, at this moment."""
        tables = self._tables
        is_sampled = self.is_sampled(now_s)
        stages = stages_of(self.consumers, self.judged(now_s), self._latest_s, self.members(now_s))
        has_journal = self.has(JOURNAL, now_s)
        # Beside the places of a look stand the outcomes of its moment: those of now are ahead of
        # it.
        told = (self._told if is_sampled else tables.outcomes.counts()) if has_journal else None
        gap = self._heard.gap(self.consumers[0]) if is_sampled else None
        due = self._due(now_s) if has_journal else None
        return Known(
            at_s=now_s,
            sampled_s=self.sampled_s,
            sample_s=self._own.sample_s,
            watch=self._itself(now_s, has_journal=has_journal),
            stages=stages,
            told=told,
            in_flight=_behind(stages, LEDGER_STAGE),
            gap=None if gap is None or told is None else gap + told.unreadable,
            latencies=self._latencies(now_s, is_sampled=is_sampled, has_journal=has_journal),
            orders=None if due is None else due.orders,
            reports=None if due is None else due.reports,
            parked=None if due is None else due.parked,
            dead_letters=self._aside(DEAD_LETTERS, now_s),
            refusals=self._aside(REFUSALS, now_s),
            deadline_events=None if due is None else self._deadline_events(due),
        )

    def note(self, now_s: float) -> None:
        """Keep a point of this moment for the charts of the last hour."""
        known = self.known(now_s)
        self.past.add(
            Point(
                now_s,
                {
                    each.consumer.stage: Standing(each.behind, each.late_s(now_s))
                    for each in known.stages
                },
                None if known.orders is None else len(known.orders),
            )
        )

    def is_sampled(self, now_s: float) -> bool:
        """Whether the cluster has told just now where the groups are."""
        return is_fresh(self.sampled_s, now_s)

    def members(self, now_s: float) -> dict[Consumer, int]:
        """How many members each group has; of which that is not known just now is missing."""
        return self._members if self.is_sampled(now_s) else {}

    def has(self, topic: str, now_s: float) -> bool:
        """Whether what the watch has read of a topic is all that there is, as of just now.

        One that has fallen behind knows what was so then, and nothing of now.
        """
        tables, round_s = self._tables, self._own.round_s
        is_now = is_fresh(tables.read_up_to.of_topic_s(topic), now_s, round_s)
        return is_now and self._turns(now_s) and tables.rounds.has_read(topic)

    def _turns(self, now_s: float) -> bool:
        return is_fresh(self._tables.turned_s, now_s, self._own.round_s)

    def _itself(self, now_s: float, *, has_journal: bool) -> OfItself:
        live = self._tables.live
        was_read = self._turns(now_s) and self._tables.rounds.ready
        # Whoever is behind has still found what it has found.
        return OfItself(
            self._instance,
            was_read and has_journal,
            len(live.budgets) if was_read else None,
            live.differences() if was_read else None,
            live.faults() if was_read else None,
        )

    def _latencies(self, now_s: float, *, is_sampled: bool, has_journal: bool) -> list[Latency]:
        return [
            each
            if (is_sampled if each.step in TOLD_BY_WORDS else has_journal)
            else Latency(each.step, None, None, None, None)
            for each in self._tables.latencies.of_the_last_hour(now_s)
        ]

    def _due(self, now_s: float) -> _Due:
        found = self._found
        if found is None or not 0 <= now_s - found.at_s < DUE_S:
            deadlines, now = self._tables.deadlines, instant_of(now_s)
            found = self._found = _Due(
                now_s,
                deadlines.orders(now, self._own.unacknowledged_days),
                deadlines.reports_overdue(now),
                deadlines.parked(now),
                deadlines.pending(now) if self._own.deadline_events else 0,
            )
        return found

    def _aside(self, topic: str, now_s: float) -> Aside | None:
        if not self.has(topic, now_s):
            return None
        tally = self._tables.refusals if topic == REFUSALS else self._tables.dead_letters
        return tally.in_all()

    def _deadline_events(self, due: _Due) -> OfDeadlineEvents | None:
        return (
            OfDeadlineEvents(self._deadline_events_standing(), due.deadline_events)
            if self._own.deadline_events
            else None
        )

    def _oldest_s(self, place: Place, committed: int) -> float | None:
        """The event time of the first record that a group has not done, where the watch knows."""
        return self._tables.oldest_s(Partition(*place), committed)

    def _latest_s(self, place: Place) -> float | None:
        """The latest event time of a partition, where the watch has read it."""
        tables, (topic, number) = self._tables, place
        if topic == PAYMENT_ORDERS:
            return tables.order_times.latest_s(number) if tables.rounds.has_read(topic) else None
        if topic not in {JOURNAL, *INPUT_TOPICS} or not tables.rounds.has_read(JOURNAL):
            return None
        return tables.outcomes.latest_event_s(number, self._input_topics.get(topic))


def instant_of(seconds: float) -> datetime:
    """A moment in seconds since 1970 as the due room takes it."""
    return datetime.fromtimestamp(seconds, UTC)


def _behind(stages: list[Stage], name: str) -> int | None:
    return next((each.behind for each in stages if each.consumer.stage == name), None)


def _own(looks: Mapping[Place, Look], own_places: Mapping[Place, int]) -> dict[Place, Look]:
    """Looks at the watch's own group, which commits nothing: this one knows its own places.

    What another watch owns is for it to tell; what nobody owns is told by all.
    """
    return {
        place: look._replace(committed=own_places.get(place))
        for place, look in looks.items()
        if place in own_places or look.owner is None
    }
