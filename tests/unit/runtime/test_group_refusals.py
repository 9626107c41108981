"""Refusals of a consumer group in words; on a broker: tests/kafka/test_group_refusals.py."""

import asyncio
import re

import pytest
from aiokafka.errors import InvalidSessionTimeoutError, KafkaError

from services.runtime.kafka.clients import FencedInstanceIdError
from services.runtime.kafka.group_refusals import lost
from services.runtime.ops.settings import Settings

NOBODY = Settings(bootstrap_servers="127.0.0.1:1", instance="desk", session_timeout_s=0.5)


@pytest.mark.parametrize(
    ("error", "pattern"),
    [
        # Whoever may not ask the brokers for their settings reads Kafka's own ones.
        (InvalidSessionTimeoutError(), r"500 ms \(ECLUSE_SESSION_TIMEOUT_S\).* 6000 to 1800000 ms"),
        (KafkaError(repr(FencedInstanceIdError())), r"under the name desk.*ECLUSE_INSTANCE"),
        (KafkaError("the log is full"), "the group is lost: .*the log is full"),
    ],
)
def test_an_error_of_a_group_says_what_to_do(error: KafkaError, pattern: str) -> None:
    assert re.search(pattern, str(asyncio.run(lost(NOBODY, error))))
