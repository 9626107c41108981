"""Records as a Kafka partition gives them, and what leaves of them, held against the language."""

import json
from collections import defaultdict
from typing import Any

from aiokafka.structs import TopicPartition
from jsonschema import Draft202012Validator
from msgspec import structs

from events import schemas, topics
from events.models import Part
from events.outbound import OUTBOUND_ENVELOPES
from events.strict_json import canonical
from services.ledger.application.handle import Decided, Ledger, RawRecord
from services.ledger.application.outbound_messages import STRUCTURED, OutboundRecord, messages
from services.ledger.domain.journal import Source
from services.runtime.kafka.writer import FencedError, FencedWriter
from tests.builders import BUDGET, Json, encoded, topic_of

PARTITION = 3
WRITTEN_MS = 1_685_613_600_123
WRITTEN = "2023-06-01T10:00:00.123+00:00"

TOPIC_OF = {
    "ecluse.commitment-entry.recorded.v1": topics.COMMITMENT_ENTRIES,
    "ecluse.payment-order.issued.v1": topics.PAYMENT_ORDERS,
    "ecluse.payment-order.cancelled.v1": topics.PAYMENT_ORDERS,
    "ecluse.balance.updated.v1": topics.BALANCES,
    "ecluse.event.refused.v1": topics.REFUSALS,
    "ecluse.event.parked.v1": topics.REFUSALS,
    "ecluse.event.unreadable.v1": topics.REFUSALS,
}
DOCUMENTS = schemas.documents()
SCHEMAS = {
    name: Draft202012Validator(json.loads(DOCUMENTS[f"{name}.schema.json"])) for name in TOPIC_OF
}


def key_of(event: Json | bytes) -> bytes:
    """The Kafka key of a careful sender; unreadable records have that of the budget too."""
    try:
        text = json.loads(event) if isinstance(event, bytes) else event
        return str(text["data"]["budget"]).encode()
    except (ValueError, KeyError, TypeError):
        return BUDGET.encode()


class Wire:
    """One partition: records come in, batch by batch, and messages go out."""

    def __init__(self) -> None:
        self.ledger = Ledger(partition_of=lambda _budget: PARTITION)
        self.offset = 0
        self.decided: list[Decided] = []
        self.sent: list[OutboundRecord] = []

    def raw(self, event: Json | bytes | None, **more: Any) -> RawRecord:
        """The next record of the partition."""
        self.offset += 1
        value = None if event is None else encoded(event)
        key = BUDGET.encode() if event is None else key_of(event)
        topic = topics.EVENTS if event is None else topic_of(event)
        source = Source(topic, PARTITION, self.offset)
        record = RawRecord(value, source, key=key, timestamp_ms=WRITTEN_MS)
        return structs.replace(record, **more)

    def tell(self, *events: Json | bytes | RawRecord) -> list[OutboundRecord]:
        """One batch, committed; what leaves of it."""
        for event in events:
            self.ledger.handle(event if isinstance(event, RawRecord) else self.raw(event))
        return self.commit()

    def commit(self) -> list[OutboundRecord]:
        batch = self.ledger.commit_batch([])
        assert [each.record.seal() for each in batch.decided] == [
            row.record for row in batch.records
        ]
        left = messages(batch.decided, batch.states)
        self.decided += batch.decided
        self.sent += left
        return left

    def each(self, topic: str) -> list[Json]:
        """Every message of a topic, without tombstones."""
        return [read(sent) for sent in self.sent if sent.topic == topic and sent.value is not None]


def handled(*events: Json | bytes | RawRecord) -> Wire:
    """Events, each a batch of its own."""
    wire = Wire()
    for event in events:
        wire.tell(event)
    return wire


def messages_of_the_last(*events: Json) -> list[OutboundRecord]:
    """What leaves of the last event, handled alone after the others."""
    return handled(*events[:-1]).tell(events[-1])


def members(value: Any) -> Any:
    """All members of a part and of what it holds, those with nothing to say as nulls."""
    if isinstance(value, Part):
        return members(structs.asdict(value))
    if isinstance(value, dict):
        return {name: members(each) for name, each in value.items()}
    return [members(each) for each in value] if isinstance(value, tuple) else value


def read(sent: OutboundRecord) -> Json:
    """A message as its reader sees it: what the models and the schemas say, no member more."""
    assert sent.value is not None
    message: Json = json.loads(sent.value)
    name = message["type"]
    assert TOPIC_OF[name] == sent.topic
    assert STRUCTURED == sent.headers
    assert [] == [error.message for error in SCHEMAS[name].iter_errors(message)]
    envelope = OUTBOUND_ENVELOPES[name].model_validate_json(sent.value)
    assert canonical(message["data"]) == canonical(members(dict(envelope)["data"]))
    assert set(message) <= {*type(envelope).model_fields}, "an attribute that nobody documented"
    assert sent.key is not None
    if sent.topic != topics.BALANCES:
        assert message["partitionkey"].encode() == sent.key
    return message


def balances(sent: list[OutboundRecord]) -> dict[bytes, Json]:
    """What a compacted topic keeps: the last of each key, tombstones gone."""
    kept: dict[bytes, Json] = {}
    for each in sent:
        if each.topic != topics.BALANCES:
            continue
        assert each.key is not None
        kept.pop(each.key, None)
        if each.value is not None:
            kept[each.key] = read(each)
    return kept


def by_topic(sent: list[OutboundRecord]) -> dict[str, list[OutboundRecord]]:
    found: dict[str, list[OutboundRecord]] = defaultdict(list)
    for each in sent:
        found[each.topic].append(each)
    return dict(found)


class Owner(FencedWriter):
    """The writer of a partition that is being restored; an overtaken one is fenced."""

    def __init__(self, *, overtaken: bool = False) -> None:
        self._overtaken = overtaken

    async def check_not_fenced(self, place: TopicPartition) -> None:
        if self._overtaken:
            raise FencedError(place.topic)
