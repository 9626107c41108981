"""Prometheus metrics of the consumer groups."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from events.lag import State
from services.lag.judge.model import Judgement
from services.lag.present.metrics import group_metrics
from services.runtime.ops.settings import Settings
from tests.unit.lag.collector import figures_of
from tests.unit.lag.notation import LEDGER, START_S, a_status, judgement_of

SETTINGS = Settings(topic_prefix="town.")
HERE = 'consumergroup="town.ecluse.ledger",partition="0",topic="town.ecluse.events.v1"'
SUMMED = 'consumergroup="town.ecluse.ledger",topic="town.ecluse.events.v1"'
STAGE = 'group="ecluse.ledger",partition="0",stage="ledger",topic="ecluse.events.v1"'


def samples(judged: Sequence[Judgement], sampled_s: float | None = START_S) -> dict[str, float]:
    return figures_of(group_metrics(SETTINGS, judged, {LEDGER: 2}, sampled_s))


def a_row(judged: Judgement, **more: Any) -> Judgement:
    return judged._replace(row=replace(judged.row, **more))


def test_dashboards_made_for_kafka_exporter_find_their_names() -> None:
    found = samples([judgement_of("10/500 50/500 100/500")])
    assert {
        f"kafka_consumergroup_lag{{{HERE}}}": 400,
        f"kafka_consumergroup_lag_sum{{{SUMMED}}}": 400,
        f"kafka_consumergroup_current_offset{{{HERE}}}": 100,
        'kafka_consumergroup_members{consumergroup="town.ecluse.ledger"}': 2,
        'kafka_topic_partition_current_offset{partition="0",topic="town.ecluse.events.v1"}': 500,
        'kafka_topic_partitions{topic="town.ecluse.events.v1"}': 1,
    } == {name: figure for name, figure in found.items() if name.startswith("kafka_")}


def test_what_is_left_is_added_up_by_topic_and_unknown_where_one_partition_is() -> None:
    here = judgement_of("10/500 50/500 100/500")
    there = a_row(here, partition=1, behind=7)
    deadline_events = a_row(here, topic="ecluse.internal-events.v1", behind=0)
    sums = {"events": 407.0, "internal-events": 0.0}
    for known, expected in ((there, sums), (a_row(there, behind=None), {"internal-events": 0.0})):
        found = samples([here, known, deadline_events])
        assert expected == {
            name.split("ecluse.")[-1].removesuffix('.v1"}'): figure
            for name, figure in found.items()
            if name.startswith("kafka_consumergroup_lag_sum")
        }
        assert 2 == found['kafka_topic_partitions{topic="town.ecluse.events.v1"}']


def test_partitions_that_are_sampled_no_longer_have_no_number() -> None:
    found = samples([judgement_of("10/500", later_s=11)])
    assert not [name for name in found if name.startswith(("kafka_topic", "kafka_consumergroup_l"))]


def test_our_own_names_are_the_contracts() -> None:
    status = a_status(oldest_event_s=START_S - 60)
    found = samples([judgement_of("0/500 50/500 100/500 150/500", status=status)])
    ours = {name: figure for name, figure in found.items() if name.startswith("ecluse_lag")}
    assert {
        f"ecluse_lag_oldest_event_timestamp_seconds{{{STAGE}}}": START_S - 60,
        f"ecluse_lag_drain_seconds{{{STAGE}}}": pytest.approx(14.0),
        "ecluse_lag_sampled_timestamp_seconds": START_S,
    } == ours


def test_since_when_it_waits_at_least_is_reported_where_nobody_knows_its_event_time() -> None:
    name = "ecluse_lag_waits_since_timestamp_seconds"
    dead = "20/20*3 20/23!*9"
    found = samples([judgement_of(dead, status=a_status())])
    assert START_S + 6 == found[f"{name}{{{STAGE}}}"]
    for history, status in ((dead, a_status(oldest_event_s=START_S)), ("20/20", a_status())):
        assert not [
            each for each in samples([judgement_of(history, status=status)]) if name in each
        ]


def test_a_consumer_is_in_one_state() -> None:
    found = samples([judgement_of("10/10!*2")])
    labels = 'group="ecluse.ledger",partition="0",stage="ledger"'
    assert {state.value: float(state is State.STOPPED) for state in State} == {
        state.value: found[
            f'ecluse_consumer_state{{{labels},state="{state}",topic="ecluse.events.v1"}}'
        ]
        for state in State
    }


@pytest.mark.parametrize(
    ("history", "known"),
    [
        ("-/20!", {"kafka_topic_partition_current_offset"}),
        ("12/-", {"kafka_consumergroup_current_offset"}),
        ("-/-!", set()),
        ("20/12", {"kafka_consumergroup_current_offset", "kafka_topic_partition_current_offset"}),
    ],
)
def test_what_is_not_known_has_no_sample(history: str, known: set[str]) -> None:
    found = samples([judgement_of(history)], sampled_s=None)
    names = {name.partition("{")[0] for name in found}
    always = {"ecluse_consumer_state", "kafka_consumergroup_members", "kafka_topic_partitions"}
    assert known == names - always


def test_before_the_first_sample_there_is_nothing() -> None:
    assert {} == figures_of(group_metrics(SETTINGS, [], {}, None))
