"""What workers tell of themselves in their group's offsets, as anybody may read it from outside."""

import time
from datetime import datetime
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from events.topics import (
    EVENTS,
    INPUT_TOPICS,
    INTERNAL_EVENTS,
    JOURNAL,
    LEDGER_GROUP,
    PROJECTOR_GROUP,
)
from services.runtime.ops.clock import wall_clock
from services.runtime.ops.settings import Settings
from services.runtime.processing.backlog import ReportedStatus
from services.runtime.processing.offset_metadata import Held, decode_status
from tests.builders import Json, a_vote, an_award
from tests.kafka.brokers import Broker
from tests.kafka.cluster import Cluster, a_cluster, budget_on
from tests.kafka.projecting import Projector, count, journal_of, write
from tests.kafka.test_internal_events import moving_budget, the_year
from tests.kafka.workers import Worker, eventually, wait_for_records
from tests.read_model.filling import GOLDEN

OLD, NEW = 0, 1
"""The partitions of a year, and of the next one."""

AGE_S: Final = 15.0
"""How old what a living worker says may be: 5 s and whatever this machine takes."""


def statuses(cluster: Cluster, group: str = LEDGER_GROUP) -> dict[tuple[str, int], ReportedStatus]:
    """What was said last; an offset without a word would be none of ours."""
    found: dict[tuple[str, int], ReportedStatus] = {}
    for place, (offset, metadata) in cluster.offsets_of(group).items():
        status = decode_status(metadata)
        assert status is not None, metadata
        found[place] = ReportedStatus(offset, status)
    return found


def until_read(
    cluster: Cluster, names: tuple[str, ...], group: str
) -> dict[tuple[str, int], ReportedStatus]:
    """Until everything is read to its end, and the group says so."""

    def poll() -> dict[tuple[str, int], ReportedStatus] | None:
        found, ends = statuses(cluster, group), cluster.ends(names)
        stands = {place: spoken.offset for place, spoken in found.items()} == ends
        return found if stands and all(each.status.caught_up for each in found.values()) else None

    return eventually(poll, "not read to the end")


def seconds(event: Json) -> float:
    return datetime.fromisoformat(event["time"]).timestamp()


def test_of_what_is_read_to_its_end_nothing_is_behind_in_transactions_too(
    broker: Broker, prefix: str, tmp_path: Path
) -> None:
    cluster = a_cluster(broker, prefix, 2)
    year = the_year(moving_budget(2))
    began_s = wall_clock()
    cluster.write([cluster.sent(event) for event in year], transaction=f"{prefix}sender")
    with Worker(cluster, tmp_path) as worker:
        wait_for_records(cluster, len(year) + 1)
        found = until_read(cluster, INPUT_TOPICS, LEDGER_GROUP)
        metrics = worker.metrics()
        assert 0 == worker.stop()
    now_s = wall_clock()
    assert {
        (EVENTS, OLD): 6,
        (EVENTS, NEW): 0,
        (INTERNAL_EVENTS, OLD): 0,
        (INTERNAL_EVENTS, NEW): 2,
    } == {place: spoken.offset for place, spoken in found.items()}, "behind the markers"
    for _, status in found.values():
        assert began_s - 1 < status.at_s < now_s + 1
        assert ("running", None, None, None) == (
            status.state, status.oldest_event_s, status.oldest_recorded_s, status.held
        )  # fmt: skip
        assert status.taken == status.outcomes
    events, internal_events = found[EVENTS, OLD].status, found[INTERNAL_EVENTS, NEW].status
    assert (5, 1) == (events.taken, internal_events.taken)
    assert seconds(year[-1]) == events.done_event_s
    assert events.arrival_s is not None
    assert began_s - 1 < seconds(year[-1]) + events.arrival_s < now_s
    for status in (events, internal_events):
        assert status.handling_s is not None
        assert 0 < status.handling_s < now_s - began_s + 1
    assert found[EVENTS, NEW].status.done_event_s is None

    here = f'{{partition="{OLD}",topic="{cluster.name(EVENTS)}"}}'
    assert 5 == metrics[f"ecluse_records_taken_total{here}"]
    assert 1 == metrics[f"ecluse_caught_up{here}"]
    assert seconds(year[-1]) == metrics[f"ecluse_latest_done_event_timestamp_seconds{here}"]
    assert f"ecluse_oldest_unprocessed_event_timestamp_seconds{here}" not in metrics
    assert 2 <= metrics["ecluse_record_handling_seconds_count"], "one of each transaction"
    assert 0 == metrics["ecluse_ledger_resumed_total"]

    last = statuses(cluster)
    assert {"stopped"} == {spoken.status.state for spoken in last.values()}
    assert {place: spoken.offset for place, spoken in last.items()} == cluster.ends(INPUT_TOPICS)


def test_a_held_partition_says_before_which_record_and_since_when(
    broker: Broker, prefix: str, tmp_path: Path
) -> None:
    cluster = a_cluster(broker, prefix, 2)
    sick, sound = budget_on(OLD, 2), budget_on(NEW, 2)
    history = [
        a_vote(10**9, budget=sick),
        an_award(1_000, budget=sick, grant="G1"),
        an_award(1_000, budget=sick, grant="G2", _time="2023-07-14T09:30:00+02:00"),
        an_award(1_000, budget=sick, grant="G3"),
    ]
    history = [event | {"id": f"e{number}"} for number, event in enumerate(history)]
    cluster.publish([*history, a_vote(budget=sound)])
    with Worker(cluster, tmp_path, fault="decide:e2") as worker:

        def held() -> dict[tuple[str, int], ReportedStatus] | None:
            found = statuses(cluster)
            here = found.get((EVENTS, OLD))
            return (
                found if here and here.status.held and found[EVENTS, NEW].status.caught_up else None
            )

        found = eventually(held, "no word of a held partition")
        offset, status = found[EVENTS, OLD]
        assert (2, Held(2, "e2")) == (offset, status.held)
        assert ("broken", False, 2, 2) == (
            status.state,
            status.caught_up,
            status.taken,
            status.outcomes,
        )
        assert seconds(history[2]) == status.oldest_event_s
        assert seconds(history[1]) == status.done_event_s
        assert status.oldest_recorded_s is not None
        assert status.oldest_recorded_s < status.at_s
        assert ("running", 1) == (found[EVENTS, NEW].status.state, found[EVENTS, NEW].offset)
        time.sleep(AGE_S / 3 + 1)
        later = statuses(cluster)[EVENTS, OLD].status
        assert replace(status, at_s=later.at_s) == later, "nothing has changed"
        assert AGE_S > wall_clock() - later.at_s
        assert later.at_s > status.at_s, "it lives, and says so"
        assert 0 == worker.stop()


def test_behind_what_was_taken_back_a_projector_is_not_behind(
    broker: Broker, settings: Settings, tmp_path: Path, sqlite_url: str
) -> None:
    cluster = Cluster(broker.bootstrap, settings.topic_prefix, 4)
    events = (GOLDEN / "hard-year-2023.events.jsonl").read_bytes().splitlines()
    journal = journal_of(events, batch_events=5)
    write(settings, journal[:3])
    write(settings, journal[3:], abort=True)
    with Projector(settings, sqlite_url, tmp_path) as projector:
        found = until_read(cluster, (JOURNAL,), PROJECTOR_GROUP)
        assert 0 == projector.stop()
    assert count(journal[:3]) == sum(spoken.status.taken for spoken in found.values())
    assert {None} == {spoken.status.outcomes for spoken in found.values()}, (
        "outcomes are the ledger's"
    )
    done_s = {spoken.status.done_event_s for spoken in found.values()} - {None}
    assert done_s
