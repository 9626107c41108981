"""Lines of the board as tests want them: each names only what it is about."""

from typing import Any, Final

from events.topics import EVENTS, JOURNAL
from services.runtime.processing.offset_metadata import Status
from services.watch.board import Known, OfItself
from services.watch.lag.model import Consumer, Judged, Look, Place, State
from services.watch.lag.states import Rule
from services.watch.latencies import Latency, Step

NOW_S: Final = 1_700_000_000.0
"""2023-11-14T22:13:20Z"""

LEDGER: Final = Consumer("ledger", "ecluse.ledger", (EVENTS,))
PROJECTOR: Final = Consumer("projector", "ecluse.projector", (JOURNAL,))


def a_place(number: int = 0, topic: str = EVENTS) -> Place:
    return Place(topic, number)


def a_word(**more: Any) -> Status:
    """Of a worker that has done one record."""
    said: dict[str, Any] = {
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
    return Status(**said | more)


def a_look(**more: Any) -> Look:
    """At a worker that has done all there is."""
    seen: dict[str, Any] = {
        "at_s": NOW_S,
        "committed": 5,
        "end": 5,
        "owner": "ledger-1",
        "rebalancing": False,
        "word": None,
    }
    return Look(**seen | more)


def judged(consumer: Consumer = LEDGER, number: int = 0, **more: Any) -> Judged:
    """One that keeps up, of its first topic."""
    said: dict[str, Any] = {
        "consumer": consumer,
        "place": Place(consumer.topics[0], number),
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
    return Judged(**said | more)


def unknown(consumer: Consumer = LEDGER, number: int = 0, **more: Any) -> Judged:
    """One of which the cluster has said nothing for too long."""
    figures: tuple[str, ...] = ("committed", "end", "behind", "oldest_event_s")
    figures += ("oldest_recorded_s", "done_event_s", "owner", "trend", "doing")
    said: dict[str, Any] = {"state": State.UNKNOWN, "rule": Rule.CLUSTER_SILENT}
    return judged(consumer, number, **dict.fromkeys(figures) | said | more)


def what_is_known(**more: Any) -> Known:
    """Of nothing, but that it is asked."""
    said: dict[str, Any] = {
        "at_s": NOW_S,
        "sampled_s": None,
        "sample_s": 2.0,
        "watch": OfItself(
            "watch-1", ready=False, budgets=None, balances_differing=None, journal_faults=None
        ),
        "stages": (),
        "latencies": [Latency(step, None, None, None, None) for step in Step],
    }
    names = "told in_flight gap orders reports parked dead_letters refusals deadline_events"
    figures: dict[str, Any] = dict.fromkeys(names.split())
    return Known(**figures | said | more)


def never(_place: Place) -> float | None:
    """The time of the last record of a partition, where nobody has read any."""
    return None
