"""The stages of the lag document, made of what was judged of each partition."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from events.lag import Held, Partition, Stage
from services.lag.judge.model import Consumer, Judged, Place, instant_of
from services.lag.judge.sums import stage_of
from services.runtime.ops.clock import later_s

LatestOf = Callable[[Place], float | None]
"""Event time of the last record of a partition, in seconds since 1970; None where unknown."""


def stages_of(
    consumers: Iterable[Consumer],
    judged: Sequence[Judged],
    latest_of: LatestOf,
    members: Mapping[Consumer, int],
) -> tuple[Stage, ...]:
    """Every stage, in the order of `consumers`; one without samples is unknown.

    Args:
        consumers: the consumer groups of the deployment.
        judged: the judgement of each partition.
        latest_of: asked for the last record of a partition that is processed to its end.
        members: the number of members of each group, where it is known now.
    """
    return tuple(
        stage_of(
            consumer.stage,
            consumer.group,
            [partition_of(each, latest_of) for each in judged if each.consumer == consumer],
            members.get(consumer),
        )
        for consumer in consumers
    )


def partition_of(judged: Judged, latest_of: LatestOf) -> Partition:
    """The judgement of a partition as the lag document has it."""
    # The status of a worker covers the last record of each transaction since its start, if any; a
    # consumer without anything left has processed every record of the partition.
    latest_of_all_s = latest_of(judged.place) if judged.behind == 0 else None
    held = judged.held
    return Partition(
        judged.place.topic,
        judged.place.partition,
        judged.state,
        judged.rule,
        judged.committed,
        judged.end,
        judged.behind,
        instant_of(judged.oldest_event_s),
        instant_of(judged.oldest_recorded_s),
        instant_of(later_s(judged.done_event_s, latest_of_all_s)),
        judged.watched_s,
        judged.owner,
        judged.doing,
        judged.trend,
        judged.drain_s,
        None if held is None else Held(held.offset, held.event_id),
    )
