"""The clients of docs/for-the-erp.md, with its own settings, against a broker and a ledger."""

import asyncio
import json
import os
import re
import shutil
import subprocess
import textwrap
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest
from aiokafka import AIOKafkaProducer
from confluent_kafka import Producer

from events.topics import EVENTS
from tests.builders import Json, a_vote, encoded
from tests.integration.command import ROOT, TIMEOUT_S
from tests.kafka.brokers import KAFKA, java_for_jars
from tests.kafka.cluster import Cluster, budget_on, outcomes
from tests.kafka.stack import Stack
from tests.waiting import WAIT_S

PARTITIONS = 4
PAGE: Final = ROOT / "docs" / "for-the-erp.md"
CONTRACT_NAME: Final = "ecluse.events.v1"
CONSOLE: Final = "kafka-console-producer.sh"
CLIENTS: Final = ("console", "java", "librdkafka", "aiokafka")


def block(language: str, containing: str) -> str:
    """The one example of the page that is in this language, and holds this text."""
    text = PAGE.read_text("utf-8").split("\n## Kafka\n")[1]
    found = list(re.findall(rf"```{language}\n(.*?)\n```", text, re.DOTALL))
    [example] = [each for each in found if containing in each]
    return str(example)


def votes(client: str) -> list[Json]:
    """One event for each partition, so that another hash would show."""
    return [
        a_vote(budget=budget_on(number, PARTITIONS), _id=client, _source=f"urn:test:{client}")
        for number in range(PARTITIONS)
    ]


def by_kafkas_own_command(cluster: Cluster, folder: Path, events: list[Json]) -> None:
    """The page's command; `printf` and the script's name are put in their place."""
    settings = block("properties", "acks=all").replace("…", cluster.bootstrap)
    (folder / "erp.properties").write_text(settings)
    java = f"'{java_for_jars()}' -cp '{KAFKA / 'libs'}/*' org.apache.kafka.tools.ConsoleProducer"
    commands = []
    for number, event in enumerate(events):
        (folder / f"{number}.json").write_bytes(encoded(event))
        lines, produce = block("console", CONSOLE).removeprefix("$ ").split(" | ")
        own = lines.replace("event.json", f"{number}.json")
        commands.append(own.replace("21590350100017-00-2023", event["partitionkey"]))
    produce = produce.replace(CONSOLE, java).replace("…", cluster.bootstrap)
    produce = produce.replace(CONTRACT_NAME, cluster.name(EVENTS))
    command = f"set -euo pipefail; {{ {'; '.join(commands)}; }} | {produce}"
    subprocess.run(["bash", "-c", command], cwd=folder, check=True, timeout=TIMEOUT_S)


def by_java(cluster: Cluster, folder: Path, events: list[Json]) -> None:
    """The page's class, compiled against Kafka's jars, with the page's settings."""
    java = java_for_jars()
    if shutil.which("javac") is None:
        pytest.skip("the page's Java is compiled by javac, and there is none here")
    settings = block("properties", "acks=all").replace("…", cluster.bootstrap)
    (folder / "erp.properties").write_text(settings)
    source = block("java", "class Send").replace(CONTRACT_NAME, cluster.name(EVENTS))
    (folder / "Send.java").write_text(source)
    jars = f"{KAFKA / 'libs'}/*{os.pathsep}."
    subprocess.run(
        ["javac", "--release", "11", "-cp", jars, "Send.java"],
        cwd=folder,
        check=True,
        timeout=TIMEOUT_S,
    )
    for number, event in enumerate(events):
        (folder / f"{number}.json").write_bytes(encoded(event))
        command = [java, "-cp", jars, "Send", event["partitionkey"], f"{number}.json"]
        subprocess.run(command, cwd=folder, check=True, timeout=TIMEOUT_S)


def by_librdkafka(cluster: Cluster, events: list[Json]) -> None:
    example = block("python", "murmur2_random").replace("…", cluster.bootstrap)
    producer = eval(example, {"Producer": Producer})
    failures: list[Any] = []
    for event in events:
        producer.produce(
            cluster.name(EVENTS),
            key=event["partitionkey"],
            value=encoded(event),
            headers={"content-type": "application/cloudevents+json"},
            on_delivery=lambda error, _: failures.append(error) if error else None,
        )
    assert (0, []) == (producer.flush(WAIT_S), failures)


def by_aiokafka(cluster: Cluster, events: list[Json]) -> None:
    example = block("python", "send_and_wait").replace(CONTRACT_NAME, cluster.name(EVENTS))
    send = f"async def send(producer, event):\n{textwrap.indent(example, '    ')}"

    async def go() -> None:
        names: dict[str, Any] = {"json": json}
        exec(send, names)
        async with AIOKafkaProducer(
            bootstrap_servers=cluster.bootstrap, enable_idempotence=True
        ) as producer:
            for event in events:
                await names["send"](producer, event)

    asyncio.run(go())


@pytest.mark.timeout(400)
def test_each_clients_settings_bring_an_event_to_the_partition_where_it_is_decided(
    stack: Stack,
) -> None:
    by_kafkas_own_command(stack, stack.folder, votes("console"))
    by_java(stack, stack.folder, votes("java"))
    by_librdkafka(stack, votes("librdkafka"))
    by_aiokafka(stack, votes("aiokafka"))
    records = stack.decided(len(CLIENTS) * PARTITIONS)
    for number, some in records.items():
        # The first vote is accepted, each further one refused: it was read, and decided.
        assert ["accepted", "refused", "refused", "refused"] == outcomes(some)
        said = [each["event"]["source"] for each in some]
        assert [f"urn:test:{each}" for each in CLIENTS] == said, number


def test_the_pages_java_names_the_version_that_it_is_compiled_with() -> None:
    names = {"m": "http://maven.apache.org/POM/4.0.0"}
    version = ET.parse(KAFKA / "pom.xml").findtext(".//m:kafka.version", "", names)
    named = ET.fromstring(block("xml", "kafka-clients"))
    assert {"groupId": "org.apache.kafka", "artifactId": "kafka-clients", "version": version} == {
        each.tag: each.text for each in named
    }
