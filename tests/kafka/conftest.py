"""One broker for all tests here, and a prefix that keeps them apart on it."""

import gc
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
from services.runtime.kafka.acls import read_rights
from tests.kafka.brokers import BROKER_TIMEOUT_S, Broker, a_broker, chosen_provider
from tests.kafka.faults.forgetting import UNVERIFIED
from tests.kafka.secure_broker import SecureBroker
from tests.kafka.stack import Stack
from tests.read_model import databases
from tests.waiting import run

HERE: Final = Path(__file__).resolve().parent

CLOSING: Final = "ignore:unclosed transport <_SelectorSocketTransport closing:ResourceWarning"
"""aiokafka closes its first connection without waiting for it: over TLS that takes one more round
trip, and a loop may end before: an expected failure of test_secured.py shows it."""

_numbers = itertools.count(1)

postgresql_server = databases.postgresql_server
postgresql_url = databases.postgresql_url
sqlite_url = databases.sqlite_url


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """The broker of this run; a test that hurts it brings it back itself."""
    with a_broker(chosen_provider(), tmp_path_factory.mktemp("broker")) as started:
        yield started


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureBroker]:
    """A broker with logins and rights; a test that changes it changes it back."""
    principals = tuple(read_rights().principals)
    with SecureBroker(tmp_path_factory.mktemp("secured"), principals) as started:
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
            run(delete(broker.bootstrap, prefix))


@pytest.fixture(scope="module", autouse=True)
def _nothing_left_open() -> Iterator[None]:
    """What a file leaves open fails that file, not a later one of the same process."""
    yield
    gc.collect()


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> str:
    """What stands before this test's topics, groups and transactional ids: no other test's."""
    return _prefix_of(request.node.name.lower().removeprefix("test_"))


def _prefix_of(name: str) -> str:
    name = re.sub(r"[^a-z0-9]+", "-", name)[:24].strip("-")
    return f"{name}-{os.getpid()}-{next(_numbers)}."


@pytest.fixture
def nowhere(broker: Broker, prefix: str, request: pytest.FixtureRequest, tmp_path: Path) -> Stack:
    """This test's prefix and folder, with no topic under it."""
    return Stack(broker.bootstrap, prefix, _partitions(request), tmp_path)


@pytest.fixture
def stack(nowhere: Stack) -> Stack:
    """This test's own topics, with as many partitions as `PARTITIONS` of its module says."""
    nowhere.create()
    return nowhere


@pytest.fixture
def forgetful(stack: Stack) -> Iterator[Stack]:
    """A stack whose coordinator can be made to forget partitions (docs/decisions/0008)."""
    stack.alter_broker(UNVERIFIED)
    yield stack
    stack.alter_broker({})


@pytest.fixture(scope="module")
def module_stack(
    broker: Broker, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Stack:
    """The same for all tests of a module."""
    name = request.node.path.stem.removeprefix("test_")
    folder = tmp_path_factory.mktemp(name)
    stack = Stack(broker.bootstrap, _prefix_of(name), _partitions(request), folder)
    stack.create()
    return stack


def _partitions(request: pytest.FixtureRequest) -> int:
    return int(getattr(request.module, "PARTITIONS", 1))


@pytest.hookimpl(trylast=True)  # behind the plugin that shuffles
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what stands here, and give the test that will start the broker time for it.

    Of several processes each has a broker of its own, and any test may be the first of its process.
    """
    ours = [item for item in items if item.path.is_relative_to(HERE)]
    for item in ours:
        item.add_marker(pytest.mark.kafka)
        if "secured" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.filterwarnings(CLOSING))
    for item in ours:
        if "broker" in getattr(item, "fixturenames", ()):
            marker = item.get_closest_marker("timeout")
            own_s = float(marker.args[0] if marker else config.getini("timeout"))
            item.add_marker(pytest.mark.timeout(own_s + BROKER_TIMEOUT_S), append=False)
            if not hasattr(config, "workerinput"):
                break
