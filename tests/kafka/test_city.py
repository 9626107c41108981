"""Three years of a city through Kafka, year by year: a replay's figures, proved and sealed."""

import json
from itertools import accumulate
from pathlib import Path

import pytest

from events import topics
from tests.builders import encoded
from tests.city.city import MAIN, TODAY, YEARS, budget_of
from tests.city.test_city import figures, in_three, replay, written
from tests.city.three_years import a_city
from tests.kafka.closing_year import SETTLED
from tests.kafka.cluster import Cluster, Sent, partition_for
from tests.kafka.commands import DONE, asked, object_of
from tests.kafka.processes import Worker
from tests.read_model.filling import journal_of

PARTITIONS = 3
UNREADABLE_KEY = budget_of(MAIN, YEARS[0])


def sent(cluster: Cluster, line: bytes) -> Sent:
    """The record of a line; what is no JSON names no budget, and comes under any."""
    try:
        return cluster.sent(line)
    except json.JSONDecodeError:
        home = partition_for(UNREADABLE_KEY, PARTITIONS)
        return Sent(home, UNREADABLE_KEY.encode(), line)


@pytest.mark.timeout(300)
def test_a_city_of_three_years_is_what_a_replay_says_and_is_proved(
    cluster: Cluster, tmp_path: Path
) -> None:
    city = a_city()
    files = in_three(city, tmp_path)
    deadlines = written(tmp_path / "deadlines.jsonl", map(encoded, city.deadlines()))
    with Worker(cluster, tmp_path) as worker:
        for lines, so_far in zip(city.files(), accumulate([file] for file in files), strict=True):
            cluster.write([sent(cluster, line) for line in lines])
            # Next year's events name orders of what is carried over: they come when it has.
            cluster.wait_for_records(len(journal_of(*so_far)))
        cluster.publish(city.deadlines(), topics.INTERNAL_EVENTS)
        cluster.wait_for_records(len(journal_of(*files, deadlines)))
        assert 0 == worker.stop()
    cluster.wait_until_settled(*SETTLED)
    assert figures(replay(*files, deadlines)) == figures(object_of(cluster, "balances"))

    verified = object_of(cluster, "verify", "--redecide")
    assert ([], 0) == (verified["findings"], verified["redecided"]["differing"])
    key = tmp_path / "key.pem"
    assert DONE == asked(cluster, "seal", "--new-key", key).code
    at = f"{TODAY}T23:59:59+01:00"
    sealed = object_of(cluster, "seal", "--key", key, "-o", tmp_path / "seal.json", "--at", at)
    assert verified["counted"]["records"][topics.JOURNAL] == sealed["statement"]["records"]
