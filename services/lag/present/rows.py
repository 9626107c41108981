"""Facts of stages and partitions that page and command show alike."""

from collections.abc import Iterable, Mapping

from events.lag import Partition, Stage
from services.lag.client.age import QUIET_S

TOPIC_PREFIX, TOPIC_SUFFIX = "ecluse.", ".v1"


def short_topic(topic: str) -> str:
    """The name of a topic without the parts that all topics of the contract have in common."""
    return topic.removeprefix(TOPIC_PREFIX).removesuffix(TOPIC_SUFFIX)


def watched_s(rows: Iterable[Stage | Partition]) -> float | None:
    """The shortest time watched; None once it is long enough to show that nothing arrives."""
    known = [row.watched_s for row in rows if row.watched_s is not None]
    return None if not known or min(known) >= QUIET_S else min(known)


def most_frequent(counts: Mapping[str, int] | None) -> list[tuple[str, int]]:
    """Counts by code, the greatest first."""
    return sorted((counts or {}).items(), key=lambda each: (-each[1], each[0]))
