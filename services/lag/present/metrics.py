"""Prometheus metrics of the lag document and of consumer groups. An unknown figure has no sample.

It is never 0. The `kafka_…` names and labels are those of kafka_exporter, and topics and groups go
by their names on the cluster, so that dashboards made for it find them; the `ecluse_…` ones go by
the contract's.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from events.follow_up import SUBJECTS
from events.lag import Board, DeadLetters, Orders, Outcomes, Parked, Refusals, Reports, State
from services.lag.judge.history import NOT_KNOWN_NOW
from services.lag.judge.model import Consumer, Judgement, total
from services.runtime.ops.settings import Settings

OF_A_GROUP: Final = ("consumergroup", "topic", "partition")
OF_A_STAGE: Final = ("stage", "group", "topic", "partition")

Figure = float | datetime | None


def gauge(name: str, about: str, figure: Figure) -> GaugeMetricFamily:
    """A gauge without labels; an instant in seconds since 1970."""
    return gauges(name, about, (), [((), figure)])


def gauges(
    name: str, about: str, labels: Sequence[str], figures: Iterable[tuple[Sequence[str], Figure]]
) -> GaugeMetricFamily:
    """A gauge with labels, of the known figures."""
    family = GaugeMetricFamily(name, about, labels=labels)
    for values, figure in figures:
        if figure is not None:
            family.add_metric(
                values, figure.timestamp() if isinstance(figure, datetime) else figure
            )
    return family


def _counter(name: str, about: str, label: str, values: Mapping[str, int]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, about, labels=[label])
    for which, count in values.items():
        family.add_metric([which], count)
    return family


# ------------------------------------------------------------------ the lag document
def board_metrics(board: Board, written: Mapping[str, int]) -> Iterator[Metric]:
    """The figures of the lag document, and of the deadline events written, by kind."""
    yield gauge("ecluse_watch_board_timestamp_seconds", "When the board was made.", board.at)
    yield from _outcomes(board.outcomes or Outcomes())
    yield from _orders(board.orders or Orders())
    reports = (board.reports_overdue or Reports()).count
    yield gauge("ecluse_reports_overdue", "Documents owed by a day that has passed.", reports)
    yield from _rejections_and_waits(board)
    yield _counter(
        "ecluse_deadline_events_written",
        "Deadline events that this process wrote to the ledger.",
        "kind",
        dict.fromkeys(SUBJECTS, 0) | dict(written),
    )
    yield gauge(
        "ecluse_deadline_events_pending",
        "Deadline events that are due and not yet written.",
        None if board.deadline_events is None else board.deadline_events.pending,
    )
    yield gauge(
        "ecluse_partitions_held",
        "Partitions held before a record that a worker cannot get past, or broken otherwise.",
        _partitions_in(board, State.BROKEN),
    )
    yield gauge(
        "ecluse_partitions_without_owner",
        "Partitions that no member of a group reads.",
        _partitions_in(board, State.STOPPED),
    )


def _outcomes(outcomes: Outcomes) -> Iterator[Metric]:
    # As they were journalled: none of these ever falls, as a counter must not.
    counts = {
        "accepted": outcomes.accepted,
        "duplicate": outcomes.duplicate,
        "refused": outcomes.refused,
        "parked": total((outcomes.parked, outcomes.resumed)),
        "dead_letter": outcomes.dead_letter,
    }
    yield _counter(
        "ecluse_outcomes",
        "Records of the journal by outcome; one that waited and goes on counts by both.",
        "outcome",
        {name: count for name, count in counts.items() if count is not None},
    )
    yield gauge("ecluse_outcomes_gap", "Records read by the ledger without outcome.", outcomes.gap)
    yield gauge(
        "ecluse_outcomes_repeated",
        "Source records with two records in the journal.",
        outcomes.repeated,
    )


def _orders(orders: Orders) -> Iterator[Metric]:
    yield gauges(
        "ecluse_orders_waiting",
        "Payment orders that are not paid.",
        ["state"],
        [([state], count) for state, count in (orders.by_state or {}).items()],
    )
    yield gauge(
        "ecluse_orders_waiting_amount_cents",
        "What is still to be paid of them.",
        orders.amount_cents,
    )
    yield gauge(
        "ecluse_orders_oldest_issued_timestamp_seconds",
        "The event time of the oldest of them.",
        orders.oldest_issued_at,
    )
    yield gauge(
        "ecluse_orders_due", "Payment orders of which the due day has passed.", orders.due.count
    )
    yield gauge(
        "ecluse_orders_unacknowledged",
        "Payment orders that the accountant has not answered for too long.",
        orders.unacknowledged.count,
    )


def _rejections_and_waits(board: Board) -> Iterator[Metric]:
    parked, refusals = board.parked or Parked(), board.refusals or Refusals()
    dead_letters = board.dead_letters or DeadLetters()
    yield gauge("ecluse_parked", "Events that wait.", parked.count)
    yield gauge(
        "ecluse_parked_oldest_timestamp_seconds",
        "The event time of the oldest of them.",
        parked.oldest_since,
    )
    yield gauge(
        "ecluse_parked_past_deadline", "Events that wait longer than they may.", parked.past
    )
    yield gauge("ecluse_dead_letters", "Records that could not be read.", dead_letters.count)
    yield gauge(
        "ecluse_dead_letters_oldest_timestamp_seconds",
        "When the first of them was dead-lettered.",
        dead_letters.oldest_at,
    )
    yield gauge(
        "ecluse_dead_letters_newest_timestamp_seconds",
        "When the last of them was dead-lettered.",
        dead_letters.newest_at,
    )
    yield gauge(
        "ecluse_dead_letters_redriven",
        "Dead letters that were sent again.",
        dead_letters.redriven,
    )
    yield _counter("ecluse_refusals", "Events refused, by code.", "code", refusals.codes or {})


def _partitions_in(board: Board, state: State) -> int | None:
    """Partitions in a state; one that reads two topics counts once."""
    if board.sampled_at is None:
        return None
    if abs((board.at - board.sampled_at).total_seconds()) > board.old_after_s:
        return None
    found = {
        (stage.stage, row.partition)
        for stage in board.stages
        for row in stage.partitions
        if row.state is state
    }
    return len(found)


# ------------------------------------------------------------------ the consumer groups
def group_metrics(
    settings: Settings,
    judged: Sequence[Judgement],
    members: Mapping[Consumer, int],
    sampled_s: float | None,
) -> Iterator[Metric]:
    """The metrics of the consumer groups.

    Args:
        settings: the names of topics and groups on this cluster.
        judged: the judgement of each consumer in each partition.
        members: the number of members of each group; unknown groups are missing.
        sampled_s: when the groups were last sampled, in seconds since 1970.
    """
    yield from _as_kafka_exporter(settings, judged, members)
    yield gauges(
        "ecluse_consumer_state",
        "1 for the state that a consumer is in, 0 for all others.",
        (*OF_A_STAGE, "state"),
        [
            ([*_label_stage(each), state.value], float(state is each.row.state))
            for each in judged
            for state in State
        ],
    )
    yield gauges(
        "ecluse_lag_oldest_event_timestamp_seconds",
        "Event time of the oldest record that is not yet done.",
        OF_A_STAGE,
        [(_label_stage(each), each.row.oldest_event_at) for each in judged],
    )
    yield gauges(
        "ecluse_lag_waits_since_timestamp_seconds",
        "Since when at least that record waits, where nobody knows its event time.",
        OF_A_STAGE,
        [(_label_stage(each), each.row.waits_since) for each in judged],
    )
    yield gauges(
        "ecluse_lag_drain_seconds",
        "How long what is left will take, at the recent pace.",
        OF_A_STAGE,
        [(_label_stage(each), each.row.drain_s) for each in judged],
    )
    yield gauge(
        "ecluse_lag_sampled_timestamp_seconds", "When the groups were last sampled.", sampled_s
    )


def _as_kafka_exporter(
    settings: Settings, judged: Sequence[Judgement], members: Mapping[Consumer, int]
) -> Iterator[Metric]:
    def label_group(each: Judgement) -> list[str]:
        group, row = each.consumer.group, each.row
        return [settings.group(group), settings.topic(row.topic), str(row.partition)]

    behind: dict[tuple[str, str], list[int | None]] = defaultdict(list)
    ends: dict[tuple[str, str], int] = {}
    for each in judged:
        group, topic, _ = label_group(each)
        row, place = each.row, (topic, str(each.row.partition))
        behind[group, topic].append(row.behind)
        if row.end is not None:
            ends[place] = max(row.end, ends.get(place, 0))
    yield gauges(
        "kafka_consumergroup_lag",
        "Offsets that a group has left to read.",
        OF_A_GROUP,
        [(label_group(each), each.row.behind) for each in judged],
    )
    yield gauges(
        "kafka_consumergroup_lag_sum",
        "Offsets that a group has left to read of a topic.",
        ["consumergroup", "topic"],
        [(of_topic, total(counts)) for of_topic, counts in behind.items()],
    )
    yield gauges(
        "kafka_consumergroup_current_offset",
        "Offset that a group has committed.",
        OF_A_GROUP,
        [(label_group(each), each.row.committed) for each in judged],
    )
    yield gauges(
        "kafka_consumergroup_members",
        "Members of a group.",
        ["consumergroup"],
        [([settings.group(each.group)], count) for each, count in members.items()],
    )
    yield gauges(
        "kafka_topic_partition_current_offset",
        "Where what is committed in a partition ends.",
        ["topic", "partition"],
        ends.items(),
    )
    known = (each.row for each in judged if each.row.rule not in NOT_KNOWN_NOW)
    sampled = dict.fromkeys((row.topic, row.partition) for row in known)
    partitions = Counter(settings.topic(topic) for topic, _ in sampled)
    yield gauges(
        "kafka_topic_partitions",
        "Partitions of a topic.",
        ["topic"],
        [([topic], count) for topic, count in partitions.items()],
    )


def _label_stage(judged: Judgement) -> list[str]:
    consumer, row = judged.consumer, judged.row
    return [consumer.stage, consumer.group, row.topic, str(row.partition)]
