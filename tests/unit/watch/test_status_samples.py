"""Status metadata of workers: a latency of each new one, and records without an outcome."""

from typing import Any

import pytest

from events.topics import INTERNAL_EVENTS
from services.runtime.processing.status import Status
from services.watch.tables.latencies import Latencies, StatusSamples
from tests.unit.lag.builders import LEDGER, NOW_S, PROJECTOR, a_place, a_sample, a_status


class Scene:
    def __init__(self) -> None:
        self.latencies = Latencies()
        self.statuses = StatusSamples(self.latencies)

    def add(self, *statuses: Status | None, consumer: Any = LEDGER) -> None:
        (topic,) = consumer.topics
        samples = {a_place(n, topic): a_sample(status=status) for n, status in enumerate(statuses)}
        self.statuses.add(consumer, samples, NOW_S)

    def counts(self) -> dict[str, int | None]:
        rows = self.latencies.list_last_hour(NOW_S)
        return {str(row.stage): row.count for row in rows if row.count}


def test_a_status_of_another_record_is_a_latency_of_broker_and_ledger() -> None:
    scene = Scene()
    scene.add(a_status(taken=1))
    assert {} == scene.counts(), "the first may be of any age"
    scene.add(a_status(taken=4))
    assert {"broker": 1, "decided": 1} == scene.counts()
    broker, decided, *_ = scene.latencies.list_last_hour(NOW_S)
    assert (0.25, 0.5) == (broker.max_s, decided.max_s)


def test_deadline_events_bear_the_time_of_their_subject_and_are_not_timed_to_kafka() -> None:
    scene = Scene()
    for taken in (1, 2):
        samples = {a_place(topic=INTERNAL_EVENTS): a_sample(status=a_status(taken=taken))}
        scene.statuses.add(LEDGER, samples, NOW_S)
    assert {"decided": 1} == scene.counts()


def test_a_status_of_the_same_record_is_none() -> None:
    scene = Scene()
    for at_s in (NOW_S - 10, NOW_S - 5, NOW_S):
        scene.add(a_status(at_s=at_s))
    assert {} == scene.counts()


def test_a_worker_that_began_anew_counts_from_its_first_record_on() -> None:
    scene = Scene()
    for taken in (7, 0, 1):
        scene.add(a_status(taken=taken))
    assert {"broker": 1, "decided": 1} == scene.counts()


def test_a_record_without_times_is_no_figure() -> None:
    scene = Scene()
    for taken in (1, 2):
        scene.add(a_status(taken=taken, arrival_s=None, handling_s=None))
    assert {} == scene.counts()


def test_of_the_projector_only_its_own_work_is_reported() -> None:
    scene = Scene()
    for taken in (1, 2):
        scene.add(a_status(taken=taken), consumer=PROJECTOR)
    assert {"projected": 1} == scene.counts()


@pytest.mark.parametrize("between", [None, "nothing"])
def test_after_a_silence_the_count_begins_anew(between: str | None) -> None:
    scene = Scene()
    scene.add(a_status(taken=1))
    scene.add(*([None] if between is None else []))
    scene.add(a_status(taken=2))
    assert {} == scene.counts()


def test_what_was_taken_and_not_reported_is_a_gap() -> None:
    scene = Scene()
    assert scene.statuses.gap(LEDGER) is None, "nobody was observed"
    scene.add(a_status(taken=5, outcomes=5), a_status(taken=7, outcomes=6))
    assert 1 == scene.statuses.gap(LEDGER)
    assert scene.statuses.gap(PROJECTOR) is None


@pytest.mark.parametrize("silent", [None, a_status(outcomes=None)])
def test_no_gap_is_reported_where_one_is_silent(silent: Status | None) -> None:
    scene = Scene()
    scene.add(a_status(taken=5, outcomes=5), silent)
    assert scene.statuses.gap(LEDGER) is None
