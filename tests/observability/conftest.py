"""The broker of the tests on Kafka, for those here that run a real stack."""

from collections.abc import Iterator

import pytest

from tests.kafka.brokers import BROKER_TIMEOUT_S, Broker, a_broker, chosen_provider


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker of this run."""
    with a_broker(chosen_provider(), tmp_path_factory.mktemp("broker")) as started:
        yield started


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever starts the broker has time for it."""
    for item in items:
        if "observability" in item.path.parts and "broker" in getattr(item, "fixturenames", ()):
            marker = item.get_closest_marker("timeout")
            assert marker is not None, "its own time is said by the test"
            item.add_marker(pytest.mark.kafka)
            item.add_marker(pytest.mark.timeout(marker.args[0] + BROKER_TIMEOUT_S), append=False)
