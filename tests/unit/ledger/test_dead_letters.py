"""Unreadable records: kept byte by byte for operators, with a notice to the sender."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import topics
from events.codec import EVENT_BYTES_MAX, INTERNAL_EVENT_BYTES_MAX
from services.ledger.application.handle import (
    DEAD_LETTER_HEAD_BYTES,
    DeadLettered,
    Ledger,
    RawRecord,
    RecordedEvent,
)
from services.ledger.application.outbound_messages import (
    HEADERS_BYTES_MAX,
    OutboundRecord,
    messages,
)
from services.ledger.application.restore import VERSIONS, open_ledger
from services.ledger.domain.journal import JournalRecord, Outcome, Source, read_record
from services.ledger.files.stores import MemoryStore
from tests.builders import BUDGET, Json, a_convention, a_vote, an_award, encoded
from tests.unit.events.kafka_messages import binary
from tests.unit.ledger.wire import PARTITION, WRITTEN, WRITTEN_MS, Wire, by_topic, handled, read

KEY = BUDGET.encode()


def internal_event(sent: list[OutboundRecord]) -> OutboundRecord:
    (found,) = by_topic(sent)[topics.DEAD_LETTERS]
    return found


def notice(sent: list[OutboundRecord]) -> Json:
    (found,) = by_topic(sent)[topics.REFUSALS]
    return read(found)


def text_of(sent: OutboundRecord) -> dict[str, str]:
    """The headers that are not the record's own, as text."""
    return {
        name: (content or b"").decode()
        for name, content in sent.headers
        if name.startswith(("ecluse_dlq_", "__connect."))
    }


def dead(record: JournalRecord) -> Json:
    assert record.outcome is Outcome.DEAD_LETTER
    assert record.dead_letter is not None
    return record.dead_letter


def test_a_dead_letter_is_the_record_as_it_came_and_says_why_in_both_vocabularies() -> None:
    headers = (("content-type", b"text/plain"), ("x", None), ("x", b"\xff"))
    wire = Wire()
    sent = wire.tell(wire.raw(b"{", headers=headers))
    kept = internal_event(sent)
    assert (KEY, b"{") == (kept.key, kept.value)
    assert headers == tuple(kept.headers)[:3]
    text = text_of(kept)
    message = text.pop("__connect.errors.exception.message")
    assert {
        "ecluse_dlq_reason": "bad_json",
        "ecluse_dlq_topic": topics.EVENTS,
        "ecluse_dlq_partition": str(PARTITION),
        "ecluse_dlq_offset": "1",
        "ecluse_dlq_timestamp": str(WRITTEN_MS),
        "__connect.errors.topic": topics.EVENTS,
        "__connect.errors.partition": str(PARTITION),
        "__connect.errors.offset": "1",
        "__connect.errors.connector.name": "ecluse.ledger",
        "__connect.errors.task.id": str(PARTITION),
        "__connect.errors.stage": "VALUE_CONVERTER",
        "__connect.errors.class.name": "ecluse.ledger",
        "__connect.errors.exception.class.name": "ecluse.bad_json",
    } == text
    assert notice(sent)["data"]["message"]["en"] == message
    assert message.startswith("This is not a strict JSON object")


def test_the_notice_tells_the_place_and_the_reason_without_the_bytes() -> None:
    message = notice(handled(b'{"secret":1}').sent)
    text = message["data"].pop("message")
    assert {
        "specversion": "1.0",
        "source": "urn:ecluse:ledger",
        "type": "ecluse.event.unreadable.v1",
        "datacontenttype": "application/json",
        "id": f"{topics.EVENTS}/{PARTITION}/1",
        "time": WRITTEN,
        "partitionkey": f"_dead.{PARTITION}",
        "data": {
            "reason": "missing_field: /specversion",
            "topic": topics.EVENTS,
            "partition": PARTITION,
            "offset": 1,
            "length_bytes": 12,
            "sha256": sha256(b'{"secret":1}').hexdigest(),
        },
    } == message
    assert ("Champ obligatoire absent", "A required field") == (text["fr"][:24], text["en"][:16])


def test_an_event_in_binary_mode_keeps_the_headers_that_make_it_one() -> None:
    bad = binary(a_vote(_datacontenttype="application/json") | {"type": "ecluse.unknown.v1"})
    wire = Wire()
    sent = wire.tell(wire.raw(bad.value, headers=bad.headers))
    kept = internal_event(sent)
    assert bad.value == kept.value
    assert tuple(bad.headers) == tuple(kept.headers)[: len(bad.headers)]
    assert {"ce_id", "ce_type", "ce_source", "content-type"} <= {name for name, _ in kept.headers}
    assert "unknown_type: /type" == text_of(kept)["ecluse_dlq_reason"]


@pytest.mark.parametrize("over", [0, 1])
def test_of_what_is_too_large_the_beginning_is_kept_with_its_length_and_hash(over: int) -> None:
    value = b" " * (EVENT_BYTES_MAX + over)
    kept = internal_event(handled(value).sent)
    text = text_of(kept)
    assert kept.value is not None
    if not over:
        assert value == kept.value
        assert {"ecluse_dlq_sha256", "ecluse_dlq_length"}.isdisjoint(text)
        return
    assert value[: 64 * 1024] == kept.value
    assert "too_large" == text["ecluse_dlq_reason"]
    assert (sha256(value).hexdigest(), str(len(value))) == (
        text["ecluse_dlq_sha256"],
        text["ecluse_dlq_length"],
    )


def test_an_internal_event_is_kept_up_to_the_limit_of_its_own_topic() -> None:
    wire = Wire()
    source = Source(f"a-prefix.{topics.INTERNAL_EVENTS}", PARTITION, 1)
    value = b" " * (INTERNAL_EVENT_BYTES_MAX - 1)
    kept = internal_event(wire.tell(wire.raw(value + b"{", source=source)))
    assert value + b"{" == kept.value
    assert "ecluse_dlq_length" not in text_of(kept)
    assert "bad_json" == text_of(kept)["ecluse_dlq_reason"]
    [row] = wire.ledger.handle(wire.raw(value + b"{ ", source=source))
    assert INTERNAL_EVENT_BYTES_MAX + 1 == dead(row)["length"]
    sent = wire.commit()
    assert value[: 64 * 1024] == internal_event(sent).value
    assert "over 8 MiB (8388609 bytes)" in notice(sent)["data"]["message"]["en"]


def test_what_is_too_large_only_with_its_headers_is_kept_whole() -> None:
    bad = binary(a_vote(_subject="s" * 500) | {"other": "h" * EVENT_BYTES_MAX})
    headers = [(name, content) for name, content in bad.headers if name != "ce_other"]
    large = [("ce_other", b"h" * (EVENT_BYTES_MAX - len(bad.value)))]
    wire = Wire()
    kept = internal_event(wire.tell(wire.raw(bad.value, headers=headers + large)))
    assert "too_large" == text_of(kept)["ecluse_dlq_reason"]
    assert bad.value == kept.value


def test_headers_and_keys_that_no_broker_would_take_again_are_left_out_and_it_says_so() -> None:
    """A record of 16 MiB of headers must not stop its partition for ever."""
    headers = [("h", b"x" * 1000)] * (HEADERS_BYTES_MAX // 1000)
    wire = Wire()
    kept = internal_event(wire.tell(wire.raw(b"{", headers=headers, key=b"k" * 100_000)))
    text = text_of(kept)
    assert str(len(headers)) == text["ecluse_dlq_headers_left_out"]
    assert "100000" == text["ecluse_dlq_key_length"]
    assert b"k" * DEAD_LETTER_HEAD_BYTES == kept.key
    assert "h" not in {name for name, _ in kept.headers}
    assert "bad_json" == text["ecluse_dlq_reason"]


def test_headers_just_below_that_are_kept() -> None:
    headers = [("h", b"x" * 900)] * (HEADERS_BYTES_MAX // 1000)
    wire = Wire()
    kept = internal_event(wire.tell(wire.raw(b"{", headers=headers)))
    assert headers == list(kept.headers)[: len(headers)]
    assert {"ecluse_dlq_headers_left_out", "ecluse_dlq_key_length"}.isdisjoint(text_of(kept))


def test_a_tombstone_is_a_dead_letter_without_a_value() -> None:
    wire = Wire()
    sent = wire.tell(wire.raw(None))
    assert (KEY, None) == (internal_event(sent).key, internal_event(sent).value)
    assert ("bad_json", 0) == tuple(
        notice(sent)["data"][name] for name in ("reason", "length_bytes")
    )


@pytest.mark.parametrize(
    ("timestamp_ms", "time"),
    [
        (WRITTEN_MS, WRITTEN),
        (0, "1970-01-01T00:00:00.000+00:00"),
        (1, "1970-01-01T00:00:00.001+00:00"),
        (-1, "1970-01-01T00:00:00.000+00:00"),
        (-(2**63), "1970-01-01T00:00:00.000+00:00"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999+00:00"),
        (2**63 - 1, "9999-12-31T23:59:59.999+00:00"),
    ],
)
def test_any_timestamp_of_a_client_has_a_time(timestamp_ms: int, time: str) -> None:
    wire = Wire()
    sent = wire.tell(wire.raw(b"{", timestamp_ms=timestamp_ms))
    assert time == notice(sent)["time"]
    assert str(timestamp_ms) == text_of(internal_event(sent))["ecluse_dlq_timestamp"]


# ---------------------------------------------------------------- keys and partitions


def test_a_kafka_record_without_a_key_is_no_event_of_its_budget() -> None:
    wire = Wire()
    sent = wire.tell(wire.raw(a_vote(), key=None))
    assert "wrong_partition_key: /partitionkey" == notice(sent)["data"]["reason"]
    assert f"absente ≠ {BUDGET}" in notice(sent)["data"]["message"]["fr"]
    assert f"absent ≠ {BUDGET}" in notice(sent)["data"]["message"]["en"]
    assert internal_event(sent).key is None


def test_a_line_of_a_file_needs_no_key() -> None:
    (record,) = Ledger().handle(RawRecord(encoded(a_vote()), Source("file", 0, 1)))
    assert Outcome.ACCEPTED is record.outcome


@pytest.mark.parametrize("is_known", [False, True])
def test_rule_37_an_event_on_another_partition_than_its_budgets_is_a_dead_letter(
    is_known: bool,
) -> None:
    wire = handled(a_vote()) if is_known else Wire()
    wire.ledger.partition_of = {BUDGET: 5}.__getitem__
    before = len(wire.sent)
    sent = wire.tell(an_award())
    assert [topics.DEAD_LETTERS, topics.REFUSALS] == [each.topic for each in wire.sent[before:]]
    message = notice(sent)["data"]
    assert "wrong_partition" == message["reason"]
    for text in message["message"].values():
        assert "partitioner=murmur2_random" in text
    assert f"({PARTITION} au lieu de 5)" in message["message"]["fr"]
    assert f"({PARTITION} instead of 5)" in message["message"]["en"]
    assert encoded(an_award()) == internal_event(sent).value
    assert is_known == (BUDGET in wire.ledger.budgets), "no budget begins with a dead letter"


def test_the_partition_is_asked_only_of_what_can_be_read() -> None:
    asked: list[str] = []

    def partition_of(budget: str) -> int:
        asked.append(budget)
        return PARTITION

    wire = Wire()
    wire.ledger.partition_of = partition_of
    wire.tell(b"{", wire.raw(a_vote(), key=b"other"))
    assert [] == asked
    wire.tell(a_vote(), an_award())
    assert [BUDGET, BUDGET] == asked


def test_rule_37_a_file_has_no_partitions() -> None:
    records = Ledger().handle(RawRecord(encoded(a_vote()), Source("file", 99, 1)))
    assert [Outcome.ACCEPTED] == [each.outcome for each in records]


# ---------------------------------------------------------------- quarantine


def test_a_quarantined_record_is_journalled_with_who_and_why_and_not_even_read() -> None:
    wire = handled(a_vote())
    raw = wire.raw(an_award())
    record = wire.ledger.quarantine(raw, "anne@lille", "assertion à l'article 5 {x}")
    assert {
        "reason": "quarantined",
        "length": len(encoded(an_award())),
        "by": "anne@lille",
        "why": "assertion à l'article 5 {x}",
    } == dead(record)
    assert f"_dead.{PARTITION}" == record.budget
    sent = wire.commit()
    text = text_of(internal_event(sent))
    assert ("quarantined", "anne@lille", "assertion à l'article 5 {x}") == (
        text["ecluse_dlq_reason"],
        text["ecluse_dlq_by"],
        text["ecluse_dlq_why"],
    )
    assert (raw.key, raw.value) == (internal_event(sent).key, internal_event(sent).value)
    message = notice(sent)["data"]
    assert "quarantined" == message["reason"]
    for texts in message["message"].values():
        assert "(assertion à l'article 5 {x})" in texts
    assert {} == wire.ledger.budgets[BUDGET].book.grants


def test_a_quarantined_record_is_decided_when_it_is_sent_again() -> None:
    wire = handled(a_vote())
    wire.ledger.quarantine(wire.raw(an_award()), "anne", "again")
    sent = wire.tell(an_award())
    assert topics.COMMITMENT_ENTRIES in by_topic(sent)


@pytest.mark.parametrize("why", ["", "w" * 100_000, "\udcff", "é" * 4_000])
def test_whatever_an_operator_writes_the_record_can_be_journalled_and_published(why: str) -> None:
    wire = Wire()
    record = wire.ledger.quarantine(wire.raw(a_vote()), why, why)
    sent = wire.commit()
    assert notice(sent)["data"]["message"]["fr"].endswith("rejoué.")
    assert dead(record)["why"] == text_of(internal_event(sent))["ecluse_dlq_why"]
    assert len(dead(record)["why"]) == len(why)


def test_dead_letters_of_all_kinds_are_one_chain_that_is_read_again() -> None:
    wire, store = Wire(), MemoryStore()
    wire.ledger.handle(wire.raw(b"{"))
    wire.ledger.quarantine(wire.raw(a_vote()), "anne", "stops the partition")
    wire.ledger.handle(wire.raw(a_vote(), key=None))
    batch = wire.ledger.commit_batch([])
    store.commit(batch, VERSIONS)
    records = [read_record(row.record) for row in store.journal()]
    assert [1, 2, 3] == [record.sequence for record in records]
    assert ["bad_json", "quarantined", "wrong_partition_key: /partitionkey"] == [
        dead(record)["reason"] for record in records
    ]
    assert wire.ledger.dead == open_ledger(store).dead


# ---------------------------------------------------------------- batches


def test_a_batch_keeps_what_its_messages_are_made_of_in_the_order_of_its_records() -> None:
    wire = Wire()
    for event in (a_vote(), a_convention(), b"{", an_award(), an_award()):
        wire.ledger.handle(wire.raw(event))
    batch = wire.ledger.commit_batch([])
    assert [(row.budget, row.sequence) for row in batch.records] == [
        (each.record.budget, each.record.sequence) for each in batch.decided
    ]
    kinds = [DeadLettered if "_dead" in row.budget else RecordedEvent for row in batch.records]
    assert kinds == [type(each) for each in batch.decided]
    for each in batch.decided:
        if isinstance(each, RecordedEvent):
            assert each.record.event_id == each.envelope.id, "a woken event has its own envelope"
    assert [] == wire.ledger.commit_batch([]).decided


@given(
    value=st.one_of(st.none(), st.binary(max_size=40)),
    key=st.one_of(st.none(), st.binary(max_size=40)),
    headers=st.lists(
        st.tuples(st.text(st.characters(codec="utf-8"), max_size=9), st.none() | st.binary()),
        max_size=3,
    ),
    timestamp_ms=st.integers(-(2**63), 2**63 - 1),
)
def test_whatever_a_partition_holds_is_kept_as_it_came(
    value: bytes | None,
    key: bytes | None,
    headers: list[tuple[str, bytes | None]],
    timestamp_ms: int,
) -> None:
    ledger = Ledger(partition_of=lambda _budget: PARTITION)
    source = Source(topics.EVENTS, PARTITION, 7)
    raw = RawRecord(value, source, headers, key, timestamp_ms)
    ledger.handle(raw)
    batch = ledger.commit_batch([])
    sent = messages(batch.decided, batch.states)
    kept = internal_event(sent)
    assert (value, key, headers) == (kept.value, kept.key, list(kept.headers)[: len(headers)])
    assert (value or b"") == batch.dead_letters[0].value
    assert sha256(value or b"").hexdigest() == notice(sent)["data"]["sha256"]
