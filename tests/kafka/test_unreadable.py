"""Records on the real topic that are no events: a dead letter each, and the next one decided."""

import json
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import pytest
from aiokafka.structs import ConsumerRecord

from events import topics
from tests.builders import Json, a_vote, an_award, encoded
from tests.kafka.brokers import Broker
from tests.kafka.cluster import STRUCTURED, Cluster, Sent, budget_on
from tests.kafka.workers import Worker, wait_for_records

PARTITIONS: Final = 2
HOME: Final = 1
BUDGET: Final = budget_on(HOME, PARTITIONS)
FOREIGNER: Final = budget_on(0, PARTITIONS)
KEY: Final = BUDGET.encode()
MIB: Final = 1024 * 1024
HEAD_BYTES: Final = 64 * 1024
OWN: Final = (("trace", b"\xff\x00"), *STRUCTURED)


def padded(size_bytes: int) -> bytes:
    """An event of exactly that many bytes."""
    event = an_award(1, budget=BUDGET, grant="large", _padding="")
    return encoded(event | {"padding": "x" * (size_bytes - len(encoded(event)))})


def binary(event: Json) -> Sent:
    """The same event in binary mode: attributes as headers, data as the value."""
    attributes = {name: value for name, value in event.items() if name != "data"}
    attributes.pop("datacontenttype", None)
    headers = [(f"ce_{name}", str(value).encode()) for name, value in attributes.items()]
    headers.append(("content-type", b"application/json"))
    return Sent(HOME, KEY, encoded(event["data"]), tuple(headers))


# Each name, and what stands on the topic; between them stand events that are decided.
SENT: Final[dict[str, Sent]] = {
    "bad bytes": Sent(HOME, KEY, b"\xff\xfe{", OWN),
    "no value": Sent(HOME, KEY, None, OWN),
    "no key": Sent(HOME, None, encoded(an_award(1, budget=BUDGET, grant="no key")), OWN),
    "wrong key": Sent(HOME, b"other", encoded(an_award(1, budget=BUDGET, grant="key")), OWN),
    "wrong partition": Sent(HOME, FOREIGNER.encode(), encoded(a_vote(budget=FOREIGNER)), OWN),
    "one byte too many": Sent(HOME, KEY, padded(MIB + 1), OWN),
    "five megabytes": Sent(HOME, KEY, padded(5 * MIB), OWN),
}
REASONS: Final = {
    "bad bytes": "bad_json",
    "no value": "bad_json",
    "no key": "wrong_partition_key: /partitionkey",
    "wrong key": "wrong_partition_key: /partitionkey",
    "wrong partition": "wrong_partition",
    "one byte too many": "too_large",
    "five megabytes": "too_large",
}
BETWEEN: Final = (
    *(binary(an_award(1, budget=BUDGET, grant=f"binary {number}")) for number in range(3)),
    *(Sent(HOME, KEY, encoded(an_award(1, budget=BUDGET, grant=f"G{n}"))) for n in range(3)),
    Sent(HOME, KEY, padded(MIB)),
)


@dataclass
class Left:
    """What the ledger left of these records."""

    journal: list[Json]
    dead_letters: dict[int, ConsumerRecord]
    """By the offset of what could not be read."""
    notices: list[Json]
    topic: str


@pytest.fixture(scope="module")
def left(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Left:
    cluster = Cluster(broker.bootstrap, f"unreadable-{tmp_path_factory.getbasetemp().name}.", 2)
    cluster.create()
    records = [Sent(HOME, KEY, encoded(a_vote(budget=BUDGET)))]
    for sick, sound in zip(SENT.values(), BETWEEN, strict=True):
        records += [sick, sound]
    cluster.write(records)
    with Worker(cluster, tmp_path_factory.mktemp("worker")) as worker:
        journal = wait_for_records(cluster, len(records))[HOME]
        assert 0 == worker.stop()
    found = cluster.read_all([topics.DEAD_LETTERS, topics.REFUSALS])
    dead_letters = {
        int(dict(dead_letter.headers)["ecluse_dlq_offset"]): dead_letter
        for dead_letter in found[topics.DEAD_LETTERS][HOME]
    }
    notices = [json.loads(each.value) for each in found[topics.REFUSALS][HOME]]
    assert len(SENT) == len(dead_letters) == len(found[topics.DEAD_LETTERS][HOME])
    return Left(journal, dead_letters, notices, cluster.name(topics.EVENTS))


def offset_of(name: str) -> int:
    return 1 + 2 * list(SENT).index(name)


def own_headers(dead_letter: ConsumerRecord) -> dict[str, bytes]:
    """The headers that the ledger added."""
    return dict(dead_letter.headers[len(OWN) :])


@pytest.mark.parametrize("name", SENT)
def test_what_cannot_be_read_is_one_dead_letter_that_says_why(left: Left, name: str) -> None:
    offset, sent, dead_letter = (
        offset_of(name),
        SENT[name],
        left.dead_letters[offset_of(name)],
    )
    assert sent.key == dead_letter.key
    assert OWN == dead_letter.headers[: len(OWN)], "its own headers, bytes and order unchanged"
    headers = {key: value.decode() for key, value in own_headers(dead_letter).items()}
    assert REASONS[name] == headers["ecluse_dlq_reason"]
    place = {"topic": left.topic, "partition": str(HOME), "offset": str(offset)}
    assert place == {each: headers[f"ecluse_dlq_{each}"] for each in place}
    assert place == {each: headers[f"__connect.errors.{each}"] for each in place}
    assert headers["ecluse_dlq_timestamp"].isdigit()
    assert headers["__connect.errors.exception.message"]

    record = left.journal[offset]
    assert ("dead_letter", offset) == (record["outcome"], record["source"]["offset"])
    assert f"_dead.{HOME}" == record["budget"]
    assert None is record["event"], "the journal keeps no bytes of it"
    value = sent.value or b""
    assert sha256(value).hexdigest() == record["event_sha256"]
    result = {"reason": REASONS[name], "length": len(value)}
    assert result == record["dead_letter"]


@pytest.mark.parametrize(
    "name", [name for name in SENT if "many" not in name and "five" not in name]
)
def test_its_bytes_are_all_there(left: Left, name: str) -> None:
    dead_letter = left.dead_letters[offset_of(name)]
    assert SENT[name].value == dead_letter.value
    assert set() == {"ecluse_dlq_length", "ecluse_dlq_sha256"} & own_headers(dead_letter).keys()


@pytest.mark.parametrize("name", ["one byte too many", "five megabytes"])
def test_of_a_large_one_there_is_its_beginning_its_length_and_its_digest(
    left: Left, name: str
) -> None:
    value, dead_letter = SENT[name].value, left.dead_letters[offset_of(name)]
    assert value is not None
    assert value[:HEAD_BYTES] == dead_letter.value
    headers = own_headers(dead_letter)
    assert str(len(value)).encode() == headers["ecluse_dlq_length"]
    assert sha256(value).hexdigest().encode() == headers["ecluse_dlq_sha256"]


def test_the_sender_gets_a_notice_without_the_bytes(left: Left) -> None:
    unreadable = [each for each in left.notices if each["type"] == "ecluse.event.unreadable.v1"]
    assert [offset_of(name) for name in SENT] == [each["data"]["offset"] for each in unreadable]
    assert list(REASONS.values()) == [each["data"]["reason"] for each in unreadable]
    assert all(each["data"]["message"].keys() == {"fr", "en"} for each in unreadable)
    wrong = unreadable[list(SENT).index("wrong partition")]["data"]["message"]
    assert "murmur2_random" in wrong["fr"]
    assert "murmur2_random" in wrong["en"]


def test_each_event_between_them_is_decided(left: Left) -> None:
    decided = [record for record in left.journal if record["outcome"] != "dead_letter"]
    assert ["accepted"] * (1 + len(BETWEEN)) == [record["outcome"] for record in decided]
    assert list(range(1, 2 + len(BETWEEN))) == [record["sequence"] for record in decided]


def test_an_event_of_the_largest_size_is_decided(left: Left) -> None:
    assert MIB == len(padded(MIB))
    assert "accepted" == left.journal[-1]["outcome"]


def test_binary_mode_is_the_same_event(left: Left) -> None:
    record = left.journal[2]
    wanted: dict[str, Any] = an_award(1, budget=BUDGET, grant="binary 0")
    event = record["event"]
    event.pop("datacontenttype", None)
    assert wanted == event
