"""Builders of samples, judgements and lag documents: a test names only what it is about."""

from datetime import UTC, datetime
from typing import Any, Final

from events.lag import VERSION, Board, Partition, State, Watch
from events.topics import EVENTS, JOURNAL, Place
from services.lag.judge.model import Consumer, Judgement, Sample, instant_of
from services.lag.judge.states import OLD_AFTER_S, Rule
from services.runtime.processing.status import Status

NOW_S: Final = 1_700_000_000.0
"""2023-11-14T22:13:20Z"""

INSTANTS: Final = {
    "oldest_event_s": "oldest_event_at",
    "oldest_recorded_s": "oldest_recorded_at",
    "done_event_s": "latest_event_at",
}
"""Instants of the lag document, by their names in seconds."""

LEDGER: Final = Consumer("ledger", "ecluse.ledger", (EVENTS,))
PROJECTOR: Final = Consumer("projector", "ecluse.projector", (JOURNAL,))


def a_place(number: int = 0, topic: str = EVENTS) -> Place:
    return Place(topic, number)


def a_status(**more: Any) -> Status:
    """Of a worker that has done one record."""
    given: dict[str, Any] = {
        "at_s": NOW_S,
        "state": "running",
        "caught_up": True,
        "oldest_event_s": None,
        "oldest_recorded_s": None,
        "done_event_s": NOW_S - 1,
        "taken": 1,
        "outcomes": 1,
        "arrival_s": 0.25,
        "handling_s": 0.5,
        "held": None,
    }
    return Status(**given | more)


def a_sample(**more: Any) -> Sample:
    """At a worker that has done all there is."""
    seen: dict[str, Any] = {
        "at_s": NOW_S,
        "committed": 5,
        "end": 5,
        "owner": "ledger-1",
        "rebalancing": False,
        "status": None,
    }
    return Sample(**seen | more)


def judged(consumer: Consumer = LEDGER, number: int = 0, **more: Any) -> Judgement:
    """One that keeps up, of its first topic."""
    given: dict[str, Any] = {
        "topic": consumer.topics[0],
        "partition": number,
        "state": State.OK,
        "rule": Rule.KEEPS_UP,
        "committed": 5,
        "end": 5,
        "behind": 0,
        "oldest_event_s": None,
        "oldest_recorded_s": None,
        "done_event_s": NOW_S - 8,
        "owner": "ledger-1",
        "trend": "level",
        "drain_s": None,
        "held": None,
        "doing": "running",
    }
    known = {INSTANTS.get(name, name): each for name, each in (given | more).items()}
    for name in INSTANTS.values():
        known[name] = instant_of(known[name])
    return Judgement(consumer, Partition(**known))


def unknown(consumer: Consumer = LEDGER, number: int = 0, **more: Any) -> Judgement:
    """One that the cluster has not reported for too long."""
    figures: tuple[str, ...] = ("committed", "end", "behind", "oldest_event_s")
    figures += ("oldest_recorded_s", "done_event_s", "owner", "trend", "doing")
    given: dict[str, Any] = {"state": State.UNKNOWN, "rule": Rule.CLUSTER_SILENT}
    return judged(consumer, number, **dict.fromkeys(figures) | given | more)


def a_board(**more: Any) -> Board:
    """Of a watch that knows nothing but the time."""
    known: dict[str, Any] = {
        "version": VERSION,
        "at": datetime.fromtimestamp(NOW_S, UTC),
        "sampled_at": None,
        "old_after_s": OLD_AFTER_S,
        "sample_s": 2.0,
        "state": State.UNKNOWN,
        "watch": Watch("watch-1", ready=False),
    }
    return Board(**known | more)
