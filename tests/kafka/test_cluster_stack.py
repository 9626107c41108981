"""The stack with docker-compose.cluster.yml: three brokers, of which one is taken away."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from services.runtime.kafka.topic_catalogue import read_catalogue
from tests.integration.command import EXAMPLE, ecluse
from tests.kafka.compose_stack import (
    ANSWER_TIMEOUT_S,
    BUILD_TIMEOUT_S,
    CLUSTER,
    FILE,
    UP_TIMEOUT_S,
    ComposeStack,
    running,
)
from tests.kafka.test_compose import amounts_of
from tests.waiting import eventually

BROKERS: Final = ("kafka", "kafka-2", "kafka-3")
ADDRESSES: Final = "kafka:9092,kafka-2:9092,kafka-3:9092"


def services(file: Path) -> dict[str, Any]:
    """The services of a file; compose's own mark, that a list replaces the other's, is dropped."""
    text = file.read_text(encoding="utf-8").replace("!override", "")
    services: dict[str, Any] = yaml.safe_load(text)["services"]
    return services


def environment_of(name: str) -> dict[str, str]:
    """The settings of a broker, of both files."""
    return {**services(FILE)["kafka"]["environment"], **services(CLUSTER)[name]["environment"]}


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[ComposeStack]:
    with running(tmp_path, FILE, CLUSTER) as stack:
        yield stack


@pytest.mark.timeout(BUILD_TIMEOUT_S + 3 * UP_TIMEOUT_S)
def test_the_stack_goes_on_while_one_of_three_brokers_is_away(stack: ComposeStack) -> None:
    expected = json.loads(ecluse("replay", "--json", EXAMPLE).out)
    stack.compose("kill", "kafka-3")
    stack.compose("exec", "-T", "ledger-1", "ecluse", "publish", "-", given=EXAMPLE.read_bytes())

    def is_decided() -> bool:
        asked = ("exec", "-T", "ledger-2", "ecluse", "balances", "--json")
        found = json.loads(stack.compose(*asked))
        # The watch says by an event that the documents are late.
        is_whole = bool(found["events"] == expected["events"] + 1)
        return is_whole and amounts_of(expected) == amounts_of(found)

    eventually(is_decided, stack.logs, ANSWER_TIMEOUT_S)
    stack.compose("start", "kafka-3")
    stack.compose("exec", "-T", "ledger-1", "ecluse", "topics", "diff")


def test_each_broker_is_another_in_a_rack_of_its_own_with_a_disk_of_its_own() -> None:
    environments = [environment_of(name) for name in BROKERS]
    for setting in ("KAFKA_NODE_ID", "KAFKA_BROKER_RACK", "KAFKA_ADVERTISED_LISTENERS"):
        assert len(BROKERS) == len({each[setting] for each in environments}), setting
    brokers = [services(FILE)["kafka"], *(services(CLUSTER)[name] for name in BROKERS[1:])]
    assert len(BROKERS) == len({each["hostname"] for each in brokers})
    assert len(BROKERS) == len({volume for each in brokers for volume in each["volumes"]})
    assert all(port.startswith("127.0.0.1:") for each in brokers for port in each["ports"])


@pytest.mark.parametrize("name", BROKERS)
def test_a_broker_keeps_its_own_topics_as_often_as_those_of_the_contract(name: str) -> None:
    environment, catalogue = environment_of(name), read_catalogue()
    factors = {value for each, value in environment.items() if each.endswith("REPLICATION_FACTOR")}
    required = {
        value
        for each, value in environment.items()
        if each.endswith("_MIN_ISR") or each == "KAFKA_MIN_INSYNC_REPLICAS"
    }
    assert {str(catalogue.replication_factor)} == factors
    assert {str(catalogue.min_insync_replicas)} == required
    voters = environment["KAFKA_CONTROLLER_QUORUM_VOTERS"]
    assert f"{environment['KAFKA_NODE_ID']}@{name}:9093" in voters.split(",")


def test_whoever_asks_kafka_knows_all_brokers() -> None:
    asking = {
        name
        for name, each in services(FILE).items()
        if "ECLUSE_BOOTSTRAP_SERVERS" in each.get("environment", {})
    }
    assert {ADDRESSES} == {
        services(CLUSTER)[name]["environment"]["ECLUSE_BOOTSTRAP_SERVERS"] for name in asking
    }
