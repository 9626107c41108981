"""Writes schemas/asyncapi.json (`make schemas`): topics, messages and logins, for programs.

It is made of schemas/topics.yaml, of the published schemas and of their examples, by AsyncAPI
3.0.0: https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from events import topics
from events.envelope import INBOUND, INTERNAL_EVENTS
from events.outbound import (
    BalanceUpdated,
    CommitmentEntryRecorded,
    EventParked,
    EventRefused,
    EventUnreadable,
    PaymentOrderCancelled,
    PaymentOrderIssued,
)
from events.treasury import SLIP_MESSAGES, AccountingEntryRecorded
from services.api.contract.openapi import move_schemas
from services.api.contract.published import (
    ASYNCAPI,
    JOURNAL_RECORD,
    SENT,
    description_of,
    examples,
    examples_written_by_ecluse,
    schema,
)
from services.runtime.kafka.topic_catalogue import Catalogue, Topic, read_catalogue

SCHEMAS: Final = "#/components/schemas/"
MESSAGES: Final = "#/components/messages/"
BINDING: Final = "0.5.0"
"""The version of AsyncAPI's bindings to Kafka."""

STRUCTURED: Final = "application/cloudevents+json"

TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    topics.EVENTS: SENT,
    topics.INTERNAL_EVENTS: tuple(each.TYPE for each in INBOUND if each.TYPE in INTERNAL_EVENTS),
    topics.JOURNAL: (JOURNAL_RECORD,),
    topics.COMMITMENT_ENTRIES: (CommitmentEntryRecorded.TYPE,),
    topics.PAYMENT_ORDERS: (PaymentOrderIssued.TYPE, PaymentOrderCancelled.TYPE),
    topics.BALANCES: (BalanceUpdated.TYPE,),
    topics.REFUSALS: (EventRefused.TYPE, EventParked.TYPE, EventUnreadable.TYPE),
    topics.DEAD_LETTERS: ("dead-letter",),
    topics.SLIPS: tuple(each.TYPE for each in SLIP_MESSAGES),
    topics.ACCOUNTING_ENTRIES: (AccountingEntryRecorded.TYPE,),
    topics.LEDGER_STATE: ("state-row",),
}
"""The types of the messages of each topic; those of `BYTES` are no types of the contract."""

BYTES: Final = {
    "dead-letter": "The record as it came, its own headers first; at most 1 MiB, of an internal "
    "event 8 MiB, of a larger one its first 64 KiB.",
    "state-row": "A row of the ledger's own memory. Its form is no part of the contract.",
}
"""Messages that no schema describes."""

TRANSACTION: Final = {
    "ecluse_transaction": {
        "type": "string",
        "pattern": "^[0-9]+-[0-9]+$",
        "description": "Records with the same one were committed together.",
    }
}


def _texts(before: str, described: Mapping[str, str]) -> dict[str, Any]:
    """Headers of text whose names begin alike."""
    return {
        before + name: {"type": "string", "description": description}
        for name, description in described.items()
    }


BINARY: Final = _texts(
    "ce_",
    {
        name: f"The attribute `{name}`, in binary mode."
        for name in schema(SENT[0])["properties"]
        if name not in {"data", "datacontenttype"}
    },
)
REDRIVEN: Final = _texts(
    "ecluse_redrive_",
    {
        "of": "Topic, partition and offset where the record stood before it was sent again.",
        "count": "How often it was sent again.",
    },
)
HEADERS: Final[Mapping[str, Mapping[str, Any]]] = {
    topics.EVENTS: BINARY | REDRIVEN,
    topics.INTERNAL_EVENTS: REDRIVEN,
    **dict.fromkeys(
        (
            topics.COMMITMENT_ENTRIES,
            topics.PAYMENT_ORDERS,
            topics.BALANCES,
            topics.REFUSALS,
            topics.LEDGER_STATE,
        ),
        TRANSACTION,
    ),
    topics.JOURNAL: TRANSACTION
    | {
        "ecluse_partitions": {"type": "string", "description": "How many partitions there were."},
        "ecluse_imported": {"const": "1", "description": "The record comes from an export."},
    },
    topics.DEAD_LETTERS: TRANSACTION
    | _texts(
        "ecluse_dlq_",
        {
            "reason": "Code and JSON pointer (docs/contract.md, section 9).",
            "topic": "Where the record was read.",
            "partition": "Its partition.",
            "offset": "Its offset.",
            "timestamp": "Kafka's time of the record, in milliseconds.",
            "length": "Its length in bytes, where only its beginning is kept.",
            "sha256": "The SHA-256 of all of it, where only its beginning is kept.",
            "key_length": "The length of its key, where only its beginning is kept.",
            "headers_left_out": "How many headers of its own were too large to be kept.",
            "by": "Who set it aside, where an operator did.",
            "why": "Why.",
        },
    )
    | _texts(
        "__connect.errors.",
        {
            "topic": "Where the record was read, for tools of Kafka Connect.",
            "partition": "Its partition.",
            "offset": "Its offset.",
            "connector.name": "The ledger's consumer group.",
            "task.id": "The partition.",
            "stage": "`VALUE_CONVERTER`.",
            "class.name": "`ecluse.ledger`.",
            "exception.class.name": "`ecluse.` and the code of the reason.",
            "exception.message": "The reason as a sentence.",
        },
    ),
}
"""Headers of the records of a topic, beside `content-type`."""

GROUPS: Final = {topics.EVENTS: topics.LEDGER_GROUP, topics.INTERNAL_EVENTS: topics.LEDGER_GROUP}
"""The consumer group by which Écluse reads a topic."""

DESCRIPTION: Final = """\
What Écluse reads from Kafka and what it writes there, seen from Écluse: it *receives* what others
send, and *sends* what others read. Addresses are those of the contract; ECLUSE_TOPIC_PREFIX of an
installation stands before each.

Messages are CloudEvents 1.0 in structured mode. Events may also come in binary mode: the value is
`data`, each attribute a header `ce_<name>`. The key decides the partition by murmur2, Kafka's
default (librdkafka: `partitioner=murmur2_random`). Read with `isolation.level=read_committed`.

A type keeps its meaning for ever: what its readers or senders would not survive is a new version
beside it (docs/decisions/0004-the-published-contract.md).
"""

SECURED: Final = """\
TLS, and a login for each principal of deploy/acls.yaml, as docker-compose.secure.yml has it. A
cluster of its own may ask for PLAIN, SCRAM-SHA-256, OAUTHBEARER or a client certificate instead
(docs/deployment.md)."""


def document() -> dict[str, Any]:
    """The document."""
    catalogue = read_catalogue()
    return {
        "asyncapi": "3.0.0",
        "id": "urn:ecluse:contract",
        # The contract's own; each type has a version besides.
        "info": {
            "title": "Écluse",
            "version": "1",
            "description": DESCRIPTION,
            "license": {"name": "EUPL-1.2"},
        },
        "defaultContentType": STRUCTURED,
        "servers": _servers(),
        "channels": {
            short_name(name): _channel(name, topic, catalogue)
            for name, topic in catalogue.topics.items()
        },
        "operations": _operations(),
        "components": {
            "messages": _messages(catalogue.topics),
            "schemas": move_schemas(each for each in _all_types() if each not in BYTES),
            "securitySchemes": {
                "login": {
                    "type": "scramSha512",
                    "description": "SCRAM-SHA-512 over TLS; the user is the name of a principal.",
                }
            },
        },
    }


def as_text() -> str:
    """The file, as it should stand in schemas/."""
    return json.dumps(document(), ensure_ascii=False, indent=1) + "\n"


def short_name(topic: str) -> str:
    """The name of a topic in the document: `payment-orders` of `ecluse.payment-orders.v1`."""
    return topic.removeprefix("ecluse.").removesuffix(".v1")


def _all_types() -> list[str]:
    return [each for of_topic in TYPES.values() for each in of_topic]


def _servers() -> dict[str, Any]:
    def server(default: str) -> dict[str, Any]:
        bootstrap = {"default": default, "description": "ECLUSE_BOOTSTRAP_SERVERS"}
        return {"host": "{bootstrap}", "variables": {"bootstrap": bootstrap}}

    login = {"$ref": "#/components/securitySchemes/login"}
    return {
        "plain": {
            **server("localhost:9092"),
            "protocol": "kafka",
            "description": "A cluster that asks nobody who they are, on one machine.",
        },
        "secured": {
            **server("localhost:29092"),
            "protocol": "kafka-secure",
            "description": SECURED,
            "security": [login],
        },
    }


def _channel(name: str, topic: Topic, catalogue: Catalogue) -> dict[str, Any]:
    config = topic.config.model_dump(by_alias=True, exclude_none=True)
    config["cleanup.policy"] = [topic.config.cleanup_policy]
    return {
        "address": name,
        "title": topic.title,
        "description": topic.description,
        "messages": {each: {"$ref": MESSAGES + each} for each in TYPES[name]},
        "bindings": {
            "kafka": {
                "topic": name,
                "partitions": catalogue.partitions,
                "replicas": catalogue.replication_factor,
                "topicConfiguration": config,
                "bindingVersion": BINDING,
            }
        },
        "x-key": topic.key,
        "x-readers": topic.readers,
    }


def _operations() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for topic in topics.INPUT_TOPICS:
        group = {"groupId": {"const": GROUPS[topic]}, "bindingVersion": BINDING}
        operation = {**_operation("receive", topic), "bindings": {"kafka": group}}
        found[f"receive-{short_name(topic)}"] = operation
    for topic in TYPES:
        # The treasury and the API send events too, as any other sender does.
        if topic != topics.EVENTS:
            found[f"send-{short_name(topic)}"] = _operation("send", topic)
    return found


def _operation(action: str, topic: str) -> dict[str, Any]:
    return {"action": action, "channel": {"$ref": f"#/channels/{short_name(topic)}"}}


def _messages(catalogue: Mapping[str, Topic]) -> dict[str, Any]:
    shown = examples() | examples_written_by_ecluse()
    found: dict[str, Any] = {}
    for topic, types in TYPES.items():
        for name in types:
            found[name] = {
                "name": name,
                "headers": _headers(topic),
                "bindings": {"kafka": _key(catalogue[topic].key)},
            }
            if name in BYTES:
                found[name]["description"] = BYTES[name]
                found[name]["contentType"] = "application/octet-stream"
                continue
            if name == JOURNAL_RECORD:
                found[name]["contentType"] = "application/json"
            found[name]["description"] = description_of(name)
            found[name]["payload"] = {"$ref": SCHEMAS + name}
            found[name]["examples"] = [{"name": name, "payload": shown[name]}]
    return found


def _headers(topic: str) -> dict[str, Any]:
    return {"type": "object", "properties": dict(HEADERS.get(topic, {}))}


def _key(description: str) -> dict[str, Any]:
    return {"key": {"type": "string", "description": description}, "bindingVersion": BINDING}


if __name__ == "__main__":
    ASYNCAPI.write_text(as_text(), encoding="utf-8")
