"""A proof whose cluster does not answer: retried where it may answer, reported where not."""

import asyncio
import logging
from collections.abc import Callable

import pytest
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaTimeoutError,
    NodeNotReadyError,
    TopicAuthorizationFailedError,
)

from services.verifier import topics
from services.verifier.findings import UnreachableError
from services.verifier.topics import Cluster


def asked(error: Callable[[], Exception], *, connected: bool, give_up_s: float = 60.0) -> int:
    """How often a question was asked that fails twice; then it is answered."""
    count = 0

    async def ask() -> int:
        nonlocal count
        count += 1
        if count < 3:
            raise error()
        return count

    async def go() -> int:
        cluster = Cluster("127.0.0.1:9", give_up_s)
        cluster._is_connected = connected
        try:
            return await cluster._retry(ask)
        finally:
            await cluster.__aexit__()

    return asyncio.run(go())


@pytest.mark.parametrize("error", [NodeNotReadyError, KafkaTimeoutError, TimeoutError])
def test_a_broker_that_is_away_is_not_the_only_one(
    error: Callable[[], Exception],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(topics, "RETRY_S", 0.0)
    with caplog.at_level(logging.WARNING, "ecluse.verifier"):
        assert 3 == asked(error, connected=False)
    assert 1 == len(caplog.records), "said once"


def test_a_connection_that_breaks_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "RETRY_S", 0.0)
    assert 3 == asked(KafkaConnectionError, connected=True)


@pytest.mark.parametrize(
    ("error", "give_up_s"),
    [
        (KafkaConnectionError, 60.0),
        (TopicAuthorizationFailedError, 60.0),
        (NodeNotReadyError, -1.0),
    ],
)
def test_where_no_later_answer_would_be_another_nobody_waits(
    error: Callable[[], Exception], give_up_s: float
) -> None:
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:9"):
        asked(error, connected=False, give_up_s=give_up_s)
