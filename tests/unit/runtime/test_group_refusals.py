"""Refusals of a consumer group in words; on a broker: tests/kafka/test_group_refusals.py."""

import asyncio
import re

import pytest
from aiokafka.errors import InvalidSessionTimeoutError, KafkaError

from services.runtime.kafka.refusals import BURST_S, JOINS_MAX, JoinAttempts, group_error
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings

NOBODY = Settings(bootstrap_servers="127.0.0.1:1", instance="desk", session_timeout_s=5)


@pytest.mark.parametrize(
    ("error", "pattern"),
    [
        # Whoever may not ask the brokers for their settings reads Kafka's own ones.
        (InvalidSessionTimeoutError(), r"5000 ms \(ECLUSE_SESSION_TIMEOUT_S\).* 6000 to 1800000"),
        (KafkaError("the log is full"), "the group is lost: .*the log is full"),
    ],
)
def test_an_error_of_a_group_says_what_to_do(error: KafkaError, pattern: str) -> None:
    assert re.search(pattern, str(asyncio.run(group_error(NOBODY, error))))


def test_a_member_that_joins_anew_again_and_again_has_a_double() -> None:
    joins = JoinAttempts(NOBODY)
    for number in range(JOINS_MAX):
        joins.check()
        assert joins.note(f"member-{number}", BURST_S * number)
        assert not joins.note(f"member-{number}", BURST_S * number), "it is known"
        assert not joins.note("", BURST_S * number), "it has not joined yet"
    with pytest.raises(ClusterError, match="under the name desk"):
        joins.check()


def test_a_member_that_joins_anew_now_and_then_has_none() -> None:
    joins = JoinAttempts(NOBODY)
    for number in range(3 * JOINS_MAX):
        joins.note(f"member-{number}", 4 * number)
        joins.check()


def test_a_member_that_is_cut_off_joins_several_times_at_once_and_has_none() -> None:
    joins = JoinAttempts(NOBODY)
    for number in range(3 * JOINS_MAX):
        assert joins.note(f"member-{number}", number / 100)
        joins.check()
