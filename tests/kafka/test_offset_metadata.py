"""What workers tell of themselves in their group's offsets, as anybody may read it from outside.

What is said while a partition is held, retried or paused: tests/unit/runtime/test_task_status.py.
"""

from datetime import datetime

from events.topics import (
    EVENTS,
    INPUT_TOPICS,
    INTERNAL_EVENTS,
    JOURNAL,
    LEDGER_GROUP,
    PROJECTOR_GROUP,
)
from services.runtime.ops.clock import wall_clock
from services.runtime.processing.backlog import ReportedStatus
from services.runtime.processing.status import decode_status
from tests.builders import Json
from tests.kafka.closing_year import moving_budget, the_year
from tests.kafka.cluster import Cluster
from tests.kafka.ledger_transactions import PARTITIONS, count, journal_of
from tests.kafka.stack import Stack
from tests.read_model.filling import GOLDEN
from tests.waiting import eventually

OLD, NEW = 0, 1
"""The partitions of a year, and of the next one."""

Statuses = dict[tuple[str, int], ReportedStatus]


def statuses(cluster: Cluster, group: str = LEDGER_GROUP) -> Statuses:
    """What was said last; an offset without a word would be none of ours."""
    found: Statuses = {}
    for place, (offset, metadata) in cluster.offsets_of(group).items():
        status = decode_status(metadata)
        assert status is not None, metadata
        found[place] = ReportedStatus(offset, status)
    return found


def until_read(cluster: Cluster, names: tuple[str, ...], group: str) -> Statuses:
    """Until everything is read to its end, and the group says so."""

    def poll() -> Statuses | None:
        found = statuses(cluster, group)
        stands = {place: each.offset for place, each in found.items()} == cluster.ends(names)
        return found if stands and all(each.status.caught_up for each in found.values()) else None

    return eventually(poll, "not read to the end")


def seconds(event: Json) -> float:
    return datetime.fromisoformat(event["time"]).timestamp()


def test_behind_the_markers_of_transactions_a_ledger_reports_no_lag(nowhere: Stack) -> None:
    stack = nowhere.create_with(2)
    year = the_year(moving_budget(2))
    began_s = wall_clock()
    stack.write([stack.sent(event) for event in year], transaction="sender")
    with stack.ledger() as worker:
        stack.wait_for_records(len(year) + 1)
        found = until_read(stack, INPUT_TOPICS, LEDGER_GROUP)
        metrics = worker.metrics()
        assert 0 == worker.stop()
    now_s = wall_clock()
    assert {
        (EVENTS, OLD): 6,
        (EVENTS, NEW): 0,
        (INTERNAL_EVENTS, OLD): 0,
        (INTERNAL_EVENTS, NEW): 2,
    } == {place: each.offset for place, each in found.items()}, "behind the markers"
    for _, status in found.values():
        assert began_s - 1 < status.at_s < now_s + 1
        assert ("running", None, None, None) == (
            status.state, status.oldest_event_s, status.oldest_recorded_s, status.held
        )  # fmt: skip
        assert status.taken == status.outcomes
    events, internal_events = found[EVENTS, OLD].status, found[INTERNAL_EVENTS, NEW].status
    assert (5, 1) == (events.taken, internal_events.taken)
    assert (seconds(year[-1]), None) == (
        events.done_event_s,
        found[EVENTS, NEW].status.done_event_s,
    )
    assert events.arrival_s is not None
    assert began_s - 1 < seconds(year[-1]) + events.arrival_s < now_s
    for status in (events, internal_events):
        assert status.handling_s is not None
        assert 0 < status.handling_s < now_s - began_s + 1

    here = f'{{partition="{OLD}",topic="{stack.name(EVENTS)}"}}'
    assert 5 == metrics[f"ecluse_records_taken_total{here}"]
    assert 1 == metrics[f"ecluse_caught_up{here}"]
    assert seconds(year[-1]) == metrics[f"ecluse_latest_done_event_timestamp_seconds{here}"]
    assert f"ecluse_oldest_unprocessed_event_timestamp_seconds{here}" not in metrics
    assert 2 <= metrics["ecluse_record_handling_seconds_count"], "one of each transaction"
    assert 6 == metrics['ecluse_ledger_records_total{outcome="accepted"}']
    assert 0 == metrics["ecluse_ledger_resumed_total"]

    last = statuses(stack)
    assert {"stopped"} == {each.status.state for each in last.values()}
    assert {place: each.offset for place, each in last.items()} == stack.ends(INPUT_TOPICS)


def test_behind_aborted_records_a_projector_reports_no_lag(nowhere: Stack, sqlite_url: str) -> None:
    stack = nowhere.create_with(PARTITIONS)
    events = (GOLDEN / "hard-year-2023.events.jsonl").read_bytes().splitlines()
    journal = journal_of(events, batch_events=5)
    stack.write_outs(journal[:3])
    stack.write_outs(journal[3:], abort=True)
    with stack.projector(sqlite_url) as projector:
        found = until_read(stack, (JOURNAL,), PROJECTOR_GROUP)
        assert 0 == projector.stop()
    assert count(journal[:3]) == sum(each.status.taken for each in found.values())
    assert {None} == {each.status.outcomes for each in found.values()}, "outcomes are the ledger's"
    assert {each.status.done_event_s for each in found.values()} - {None}
