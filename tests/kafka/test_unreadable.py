"""Records on the real topic that are no events: a dead letter each, and the next one decided.

What a dead letter and its notice are made of: tests/unit/ledger/test_dead_letters.py.
"""

import json
import struct
from hashlib import sha256
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.record.util import calc_crc32c

from events import topics
from tests.builders import Json, a_vote, an_award, encoded
from tests.kafka.cluster import STRUCTURED, Sent, budget_on
from tests.kafka.commands import DONE, asked
from tests.kafka.stack import Stack
from tests.waiting import run

PARTITIONS: Final = 2
HOME: Final = 1
BUDGET: Final = budget_on(HOME, PARTITIONS)
FOREIGNER: Final = budget_on(0, PARTITIONS)
KEY: Final = BUDGET.encode()
MIB: Final = 1024 * 1024
HEAD_BYTES: Final = 64 * 1024
OWN: Final = (("trace", b"\xff\x00"), *STRUCTURED)
CRC_AT: Final = struct.calcsize(">qiib")
"""The place of a batch's checksum, of all that follows it (Kafka protocol)."""

WRONG_KEY: Final = "wrong_partition_key: /partitionkey"


def padded(size_bytes: int) -> bytes:
    """An event of exactly that many bytes."""
    event = an_award(1, budget=BUDGET, grant="large", _padding="")
    return encoded(event | {"padding": "x" * (size_bytes - len(encoded(event)))})


def binary(event: Json) -> Sent:
    """The same event in binary mode: attributes as headers, data as the value."""
    attributes = {name: value for name, value in event.items() if name != "data"}
    headers = [(f"ce_{name}", str(value).encode()) for name, value in attributes.items()]
    headers.append(("content-type", b"application/json"))
    return Sent(HOME, KEY, encoded(event["data"]), headers)


IN_BINARY_MODE: Final = an_award(1, budget=BUDGET, grant="binary")
UNREADABLE: Final = (
    ("bad_json", Sent(HOME, KEY, b"\xff\xfe{", OWN)),
    ("bad_json", Sent(HOME, KEY, None, OWN)),
    (WRONG_KEY, Sent(HOME, None, encoded(an_award(1, budget=BUDGET, grant="no key")), OWN)),
    (WRONG_KEY, Sent(HOME, b"other", encoded(an_award(1, budget=BUDGET, grant="key")), OWN)),
    ("wrong_partition", Sent(HOME, FOREIGNER.encode(), encoded(a_vote(budget=FOREIGNER)), OWN)),
    ("too_large", Sent(HOME, KEY, padded(MIB + 1), OWN)),
    ("too_large", Sent(HOME, KEY, padded(5 * MIB), OWN)),
)
"""The reason that is given, and what stands on the topic."""

BETWEEN: Final = (
    Sent(HOME, KEY, encoded(a_vote(budget=BUDGET))),
    binary(IN_BINARY_MODE),
    *(Sent(HOME, KEY, encoded(an_award(1, budget=BUDGET, grant=f"G{n}"))) for n in range(4)),
    Sent(HOME, KEY, padded(MIB)),
)
"""Before each of them an event that is decided, the last of them as large as one may be."""


def test_what_cannot_be_read_is_one_dead_letter_and_each_event_between_is_decided(
    stack: Stack,
) -> None:
    pairs = zip(BETWEEN, (record for _, record in UNREADABLE), strict=True)
    sent = [record for pair in pairs for record in pair]
    stack.write(sent)
    journal = stack.decided(len(sent))[HOME]
    assert ["accepted", "dead_letter"] * len(BETWEEN) == [row["outcome"] for row in journal]
    decided = journal[2]["event"]
    assert IN_BINARY_MODE == {name: decided[name] for name in IN_BINARY_MODE}

    found = stack.read_all([topics.DEAD_LETTERS, topics.REFUSALS])
    dead_letters = found[topics.DEAD_LETTERS][HOME]
    for at, ((reason, record), dead_letter) in enumerate(
        zip(UNREADABLE, dead_letters, strict=True)
    ):
        value, offset = record.value or b"", 2 * at + 1
        assert record.key == dead_letter.key
        assert OWN == dead_letter.headers[: len(OWN)], "its own headers, bytes and order unchanged"
        headers = dict(dead_letter.headers[len(OWN) :])
        assert (reason.encode(), b"%d" % offset) == (
            headers["ecluse_dlq_reason"],
            headers["ecluse_dlq_offset"],
        )
        row = journal[offset]
        assert (f"_dead.{HOME}", None) == (row["budget"], row["event"])
        assert sha256(value).hexdigest() == row["event_sha256"]
        assert {"reason": reason, "length": len(value)} == row["dead_letter"]
        if reason == "too_large":
            assert value[:HEAD_BYTES] == dead_letter.value
            assert b"%d" % len(value) == headers["ecluse_dlq_length"]
        else:
            assert record.value == dead_letter.value
    notices = [json.loads(each.value) for each in found[topics.REFUSALS][HOME]]
    unreadable = [row["data"] for row in notices if row["type"] == "ecluse.event.unreadable.v1"]
    assert [reason for reason, _ in UNREADABLE] == [each["reason"] for each in unreadable]


def test_a_header_name_that_is_not_utf_8_holds_no_partition(stack: Stack) -> None:
    """Programs of librdkafka may send any bytes there; aiokafka fails at it."""
    name, foreign = "trace-of-ours", b"\xff\xfe" + b"ace-of-ours"

    async def go() -> None:
        async with AIOKafkaProducer(bootstrap_servers=stack.bootstrap, acks="all") as producer:
            batch = producer.create_batch()
            headers = [(name, b"1"), *STRUCTURED]
            value = encoded(a_vote(budget=BUDGET))
            assert batch.append(timestamp=None, key=KEY, value=value, headers=headers)
            raw = bytearray(bytes(batch._build()).replace(name.encode(), foreign))
            raw[CRC_AT : CRC_AT + 4] = struct.pack(">I", calc_crc32c(raw[CRC_AT + 4 :]))
            batch._buffer = raw
            sent = await producer.send_batch(batch, stack.name(topics.EVENTS), partition=HOME)
            await sent

    run(go())
    stack.publish([an_award(1, budget=BUDGET, grant="behind it")])
    journal = stack.decided(2)[HOME]
    assert ["accepted"] * 2 == [record["outcome"] for record in journal]
    proved = asked(stack, "verify")
    assert DONE == proved.code, proved.err
