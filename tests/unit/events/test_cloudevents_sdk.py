"""The CloudEvents SDK is a peer: what it writes we read, and what we keep it reads."""

from datetime import datetime
from typing import Any

import pytest
from cloudevents.core.bindings import kafka
from cloudevents.core.bindings.kafka import KafkaMessage
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from cloudevents.v1 import kafka as older_kafka
from cloudevents.v1.http import CloudEvent as OlderEvent

from events.codec import ReceivedEvent, decode
from tests.builders import Json, a_vote, an_award
from tests.unit.events.kafka_messages import STRUCTURED, binary, structured
from tests.unit.tables.good_input import EACH_TYPE

each_type = pytest.mark.parametrize("event", EACH_TYPE, ids=lambda event: event["type"])

TRACED = {
    "subject": "LILLE-AVENIRS-2023",
    "datacontenttype": "application/json",
    "correlationid": "délibération–40",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
}


def attributes_of(event: Json) -> dict[str, Any]:
    """What the SDK wants beside the data: attributes, the time as an instant."""
    attributes = {name: value for name, value in event.items() if name != "data"}
    return attributes | {"time": datetime.fromisoformat(event["time"])}


def sdk_event(event: Json) -> CloudEvent:
    return CloudEvent(attributes_of(event), event["data"])


def read(value: str | bytes, headers: dict[str, bytes], key: str | bytes | None) -> ReceivedEvent:
    """What our codec makes of the SDK's message."""
    assert isinstance(value, bytes)
    key = key.encode() if isinstance(key, str) else key
    outcome = decode(value, list(headers.items()), key)
    assert isinstance(outcome, ReceivedEvent), outcome.reason
    return outcome


def ours(event: Json) -> ReceivedEvent:
    outcome = decode(*structured(event))
    assert isinstance(outcome, ReceivedEvent), outcome.reason
    return outcome


@each_type
@pytest.mark.parametrize("more", [{}, TRACED], ids=["required attributes", "all attributes"])
def test_what_the_sdk_writes_in_either_mode_we_read_alike(event: Json, more: Json) -> None:
    event = event | more
    for message in (
        kafka.to_binary_event(sdk_event(event)),
        kafka.to_structured_event(sdk_event(event)),
    ):
        received = read(message.value, message.headers, message.key)
        assert ours(event).envelope == received.envelope
        assert ours(event).digest == received.digest
        assert 1 == len(received.raw.splitlines())


@each_type
@pytest.mark.parametrize("more", [{}, TRACED], ids=["required attributes", "all attributes"])
def test_what_we_keep_the_sdk_reads(event: Json, more: Json) -> None:
    event = event | more
    for message in (structured(event), binary(event)):
        received = decode(*message)
        assert isinstance(received, ReceivedEvent)
        headers = {"content-type": STRUCTURED}
        read_back = kafka.from_structured_event(KafkaMessage(headers, message.key, received.raw))
        assert attributes_of(event) == read_back.get_attributes()
        assert event["data"] == read_back.get_data()


@each_type
def test_messages_as_our_tests_write_them_are_those_of_the_binding(event: Json) -> None:
    for value, headers, key in (structured(event | TRACED), binary(event | TRACED)):
        read_back = kafka.from_kafka_event(KafkaMessage(dict(headers), key, value))
        assert attributes_of(event | TRACED) == read_back.get_attributes()
        assert event["data"] == read_back.get_data()


def test_what_the_sdk_escapes_is_the_same_content() -> None:
    event = an_award(title="Théâtre – 2ᵉ année 😀\u2028")
    message = kafka.to_structured_event(sdk_event(event))
    assert b"\\u2028" in message.value
    assert ours(event).digest == read(message.value, message.headers, message.key).digest


def test_the_sdk_sends_the_budget_as_the_key() -> None:
    assert a_vote()["partitionkey"] == kafka.to_binary_event(sdk_event(a_vote())).key


@each_type
def test_what_the_older_interface_writes_in_structured_mode_we_read_alike(event: Json) -> None:
    attributes = {name: value for name, value in event.items() if name != "data"}
    message = older_kafka.to_structured(OlderEvent(attributes, event["data"]))
    received = read(message.value, message.headers, message.key)
    assert ours(event).envelope == received.envelope
    assert ours(event).digest == received.digest


def test_the_older_interface_leaves_the_partition_key_out_of_the_headers() -> None:
    """Against the binding, which forbids it: such a message lacks something."""
    attributes = {name: value for name, value in a_vote().items() if name != "data"}
    attributes["datacontenttype"] = "application/json"
    message = older_kafka.to_binary(OlderEvent(attributes, a_vote()["data"]))
    assert isinstance(message.value, bytes)
    outcome = decode(message.value, list(message.headers.items()))
    assert not isinstance(outcome, ReceivedEvent)
    assert "missing_field: /partitionkey" == outcome.reason


def test_json_format_is_the_one_of_our_contract() -> None:
    assert STRUCTURED.startswith(JSONFormat().get_content_type().encode())
