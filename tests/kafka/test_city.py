"""Three years of a city through Kafka, year by year: a replay's figures, proved and sealed."""

import json
from itertools import accumulate

import pytest

from events import topics
from tests.builders import encoded
from tests.city.city import MAIN, TODAY, YEARS, budget_of
from tests.city.test_city import figures, in_three, replay, written
from tests.city.three_years import a_city
from tests.kafka.closing_year import SETTLED
from tests.kafka.cluster import Cluster, Sent, partition_for
from tests.kafka.commands import DONE, asked, object_of
from tests.kafka.stack import Stack
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
def test_a_city_of_three_years_is_what_a_replay_says_and_is_proved(stack: Stack) -> None:
    city = a_city()
    files = in_three(city, stack.folder)
    deadlines = written(stack.folder / "deadlines.jsonl", map(encoded, city.deadlines()))
    with stack.ledger() as worker:
        for lines, so_far in zip(city.files(), accumulate([file] for file in files), strict=True):
            stack.write([sent(stack, line) for line in lines])
            # Next year's events name orders of what is carried over: they come when it has.
            stack.wait_for_records(len(journal_of(*so_far)))
        stack.publish(city.deadlines(), topics.INTERNAL_EVENTS)
        stack.wait_for_records(len(journal_of(*files, deadlines)))
        assert 0 == worker.stop()
    stack.wait_until_settled(*SETTLED)
    assert figures(replay(*files, deadlines)) == figures(object_of(stack, "balances"))

    verified = object_of(stack, "verify", "--redecide")
    assert ([], 0) == (verified["findings"], verified["redecided"]["differing"])
    key = stack.folder / "key.pem"
    assert DONE == asked(stack, "seal", "--new-key", key).code
    at = f"{TODAY}T23:59:59+01:00"
    sealed = object_of(stack, "seal", "--key", key, "-o", stack.folder / "seal.json", "--at", at)
    assert verified["counted"]["records"][topics.JOURNAL] == sealed["statement"]["records"]
