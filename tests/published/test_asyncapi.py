"""schemas/asyncapi.json: what the code says, valid by AsyncAPI's own schema, true of the stack."""

import gzip
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator

from events import schemas, topics
from events.codec import MEBIBYTE, ReceivedEvent, decode
from events.envelope import SourceKind
from services.api.contract import asyncapi
from services.api.contract.published import ASYNCAPI, WRITTEN, types
from services.ledger.kafka.partition import PARTITIONS_HEADER
from services.ledger.kafka.topic_records import IMPORTED_HEADER
from services.redrive.dead_letters import REDRIVEN, REDRIVES
from services.runtime.kafka.hanging_transactions import MARK_HEADER
from services.runtime.kafka.topic_catalogue import read_catalogue
from tests import silence
from tests.builders import Json, a_vote
from tests.integration.command import ROOT
from tests.published.written_examples import as_text
from tests.unit.ledger.wire import TOPIC_OF, Wire

no_logs = silence.no_logs

OFFICIAL: Final = Path(__file__).parent / "asyncapi" / "3.0.0.json.gz"
PUBLISHED: Final = schemas.documents()
DOCUMENT: Final[Json] = json.loads(ASYNCAPI.read_bytes())
COMPONENTS: Final = DOCUMENT["components"]
WITH_SCHEMA: Final = sorted(COMPONENTS["messages"].keys() - asyncapi.BYTES)
ANNOTATIONS: Final = {"title", "description", "default", "examples"}


@cache
def official() -> Draft7Validator:
    return Draft7Validator(json.loads(gzip.decompress(OFFICIAL.read_bytes())))


def test_the_document_is_what_topics_and_models_say() -> None:
    assert asyncapi.as_text() == ASYNCAPI.read_text(encoding="utf-8"), "run `make schemas`"


def test_the_document_is_valid_by_the_official_schema() -> None:
    assert [] == [error.message for error in official().iter_errors(DOCUMENT)]


@pytest.mark.parametrize(
    "change",
    [
        {"asyncapi": "3.0"},
        {"channels": {"events": {"topic": "ecluse.events.v1"}}},
        {"operations": {"receive-events": {"action": "publish", "channel": {"$ref": "#/x"}}}},
        {"servers": {"plain": {"protocol": "kafka"}}},
        {"components": {"securitySchemes": {"login": {"type": "scramSha1"}}}},
        {"components": {"schemas": {"broken": {"type": "money"}}}},
        {"components": {"messages": {"m": {"bindings": {"kafka": {"keys": {}}}}}}},
    ],
    ids=str,
)
def test_the_official_schema_finds_what_is_no_asyncapi(change: Json) -> None:
    assert not official().is_valid(DOCUMENT | change)


def test_every_reference_leads_somewhere() -> None:
    for reference, _beside in references(DOCUMENT):
        found: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


@pytest.mark.parametrize("name", PUBLISHED)
def test_nothing_that_decides_stands_beside_a_reference(name: str) -> None:
    """AsyncAPI reads schemas by draft 7, which passes over all that stands there."""
    found = list(references(json.loads(PUBLISHED[name])))
    assert [] == [each for each in found if not each[1] <= ANNOTATIONS]


def references(value: Any) -> Iterator[tuple[str, set[str]]]:
    """Each reference with the names of what stands beside it."""
    if isinstance(value, list):
        for each in value:
            yield from references(each)
    elif isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"], set(value) - {"$ref"}
        for each in value.values():
            yield from references(each)


def test_every_topic_is_a_channel_with_its_settings() -> None:
    catalogue = read_catalogue()
    channels = {each["address"]: each for each in DOCUMENT["channels"].values()}
    assert list(catalogue.topics) == list(channels)
    for name, topic in catalogue.topics.items():
        binding = channels[name]["bindings"]["kafka"]
        shared = (catalogue.partitions, catalogue.replication_factor)
        assert shared == (binding["partitions"], binding["replicas"])
        config = binding["topicConfiguration"]
        as_kafka = {
            each: ",".join(value) if isinstance(value, list) else str(value)
            for each, value in config.items()
        }
        assert topic.config.as_kafka() == as_kafka


def test_every_type_of_the_contract_stands_on_its_topic() -> None:
    published = {each.type for each in types()}
    assert published == set(WITH_SCHEMA)
    on = {name: topic for topic, names in asyncapi.TYPES.items() for name in names}
    assert TOPIC_OF.items() <= on.items()
    assert sorted(on) == sorted(name for names in asyncapi.TYPES.values() for name in names)


def test_what_is_received_and_sent_are_the_input_topics_and_all_but_the_senders_own() -> None:
    done = {"receive": set[str](), "send": set[str]()}
    for operation in DOCUMENT["operations"].values():
        channel = operation["channel"]["$ref"].removeprefix("#/channels/")
        done[operation["action"]].add(DOCUMENT["channels"][channel]["address"])
    assert {"receive": set(topics.INPUT_TOPICS), "send": set(asyncapi.TYPES) - {topics.EVENTS}} == (
        done
    )


@pytest.mark.parametrize("name", WITH_SCHEMA)
def test_each_example_is_valid_by_the_document_and_by_the_published_schema(name: str) -> None:
    message = COMPONENTS["messages"][name]
    [example] = [each["payload"] for each in message["examples"]]
    # Beside a reference draft 7 would read nothing.
    found = Draft7Validator({"allOf": [message["payload"]], "components": COMPONENTS})
    assert [] == [error.message for error in found.iter_errors(example)]
    required = COMPONENTS["schemas"][name]["required"][-1]
    assert not found.is_valid({k: value for k, value in example.items() if k != required})
    schema = json.loads(PUBLISHED[f"{name}.schema.json"])
    assert Draft202012Validator(schema).is_valid(example)


def test_the_examples_of_what_is_written_are_what_ledger_and_treasury_write(no_logs: None) -> None:
    assert as_text() == WRITTEN.read_text("utf-8"), "python -m tests.published.written_examples"


def test_the_headers_are_those_of_the_code() -> None:
    named = {name for headers in asyncapi.HEADERS.values() for name in headers}
    of_dead_letters = {name for name in named if name.startswith(("ecluse_dlq_", "__connect."))}
    redriven = {REDRIVEN, REDRIVES}
    others = {MARK_HEADER, PARTITIONS_HEADER, IMPORTED_HEADER} | redriven
    assert others | of_dead_letters | asyncapi.BINARY.keys() == named
    wire, large = Wire(), b"x" * (2 * MEBIBYTE)
    wire.ledger.handle(wire.raw(a_vote(), value=large, key=large, headers=(("h", large),)))
    wire.ledger.quarantine(wire.raw(a_vote()), "anne", "a bug")
    wire.commit()
    headers = [each.headers for each in wire.sent if each.topic == topics.DEAD_LETTERS]
    written = {name for each in headers for name, _ in each if name != "h"}
    assert written == of_dead_letters


def test_an_event_in_binary_mode_bears_the_headers_that_it_says() -> None:
    event = a_vote(_subject="s", _correlationid="c", _causationid="b", _traceparent="t")
    data = event.pop("data")
    headers = {f"ce_{name}": text for name, text in event.items()}
    assert asyncapi.BINARY.keys() == headers.keys()
    sent = tuple((name, text.encode()) for name, text in headers.items())
    read = decode(json.dumps(data).encode(), headers=sent, source_kind=SourceKind.EVENTS)
    assert isinstance(read, ReceivedEvent)
    assert event.items() <= json.loads(read.raw).items()


def test_the_login_is_that_of_the_secured_stack() -> None:
    stack = yaml.safe_load((ROOT / "docker-compose.secure.yml").read_text("utf-8"))
    kafka = stack["services"]["kafka"]["environment"]
    mechanism = kafka["KAFKA_SASL_ENABLED_MECHANISMS"]
    scheme = COMPONENTS["securitySchemes"]["login"]["type"]
    assert mechanism.replace("-", "").lower() == scheme.lower()
    listeners = kafka["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"]
    assert "EXTERNAL:SASL_SSL" in listeners
    assert "kafka-secure" == DOCUMENT["servers"]["secured"]["protocol"]
