"""One broker for all tests here, and a prefix that keeps them apart on it."""

import asyncio
import itertools
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest
from aiokafka.errors import KafkaError

from bench.kafka.topics import delete
from services.runtime.ops.settings import Settings
from tests.kafka.brokers import BROKER_TIMEOUT_S, Broker, a_broker, chosen_provider
from tests.kafka.ledger_transactions import make_topics
from tests.read_model import databases

HERE: Final = Path(__file__).resolve().parent

_numbers = itertools.count(1)

postgresql_server = databases.postgresql_server
postgresql_url = databases.postgresql_url
sqlite_url = databases.sqlite_url


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """The broker of this run; a test that hurts it brings it back itself."""
    with a_broker(chosen_provider(), tmp_path_factory.mktemp("broker")) as started:
        yield started


@pytest.fixture(autouse=True)
def _left_in_service(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test leaves no dead or frozen broker to the next, and no topics.

    A broker that is killed reads all its partitions when it comes back: a third of a second and
    more for those of one test.
    """
    if "broker" not in request.fixturenames:
        yield
        return
    broker = request.getfixturevalue("broker")
    prefix = request.getfixturevalue("prefix") if "prefix" in request.fixturenames else None
    yield
    broker.revive()
    if prefix is not None:
        # What a broker that has just come back keeps costs time alone.
        with suppress(KafkaError, TimeoutError):
            asyncio.run(delete(broker.bootstrap, prefix))


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> str:
    """What stands before this test's topics, groups and transactional ids: no other test's."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower().removeprefix("test_"))
    return f"{name[:24].strip('-')}-{os.getpid()}-{next(_numbers)}."


@pytest.fixture
def settings(broker: Broker, prefix: str) -> Settings:
    """This test's own topics, made."""
    settings = Settings(bootstrap_servers=broker.bootstrap, topic_prefix=prefix)
    asyncio.run(make_topics(settings))
    return settings


@pytest.hookimpl(trylast=True)  # behind the plugin that shuffles
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what stands here, and give the test that will start the broker time for it.

    Of several processes each has a broker of its own, and any test may be the first of its process.
    """
    ours = [item for item in items if item.path.is_relative_to(HERE)]
    for item in ours:
        item.add_marker(pytest.mark.kafka)
    for item in ours:
        if "broker" in getattr(item, "fixturenames", ()):
            marker = item.get_closest_marker("timeout")
            own_s = float(marker.args[0] if marker else config.getini("timeout"))
            item.add_marker(pytest.mark.timeout(own_s + BROKER_TIMEOUT_S), append=False)
            if not hasattr(config, "workerinput"):
                break
