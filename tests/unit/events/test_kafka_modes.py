"""Both Kafka modes are read alike (rule 3), and a value never speaks for the headers."""

import json

import pytest

from events.codec import EVENT_BYTES_MAX, ReceivedEvent, decode
from events.envelope import INBOUND, OWN_INTERNAL_EVENTS
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.domain.journal import Outcome, Source
from tests.builders import Json, a_convention, a_vote, an_award, encoded
from tests.unit.events.kafka_messages import STRUCTURED, Headers, Message, binary, structured
from tests.unit.tables.good_input import EACH_TYPE

each_type = pytest.mark.parametrize("event", EACH_TYPE, ids=lambda event: event["type"])


def read(message: Message) -> ReceivedEvent:
    """What is read of a message that must be readable."""
    outcome = decode(*message)
    assert isinstance(outcome, ReceivedEvent), outcome.reason
    return outcome


def answer(value: bytes, headers: Headers, key: bytes | None = None) -> str:
    """`read`, or the reason."""
    outcome = decode(value, headers, key)
    return "read" if isinstance(outcome, ReceivedEvent) else outcome.reason


def test_the_types_shown_here_are_all_that_may_be_said() -> None:
    said = [each.TYPE for each in INBOUND if each.TYPE not in OWN_INTERNAL_EVENTS]
    assert said == [event["type"] for event in EACH_TYPE]


@each_type
def test_both_modes_give_the_same_event_and_the_same_digest(event: Json) -> None:
    whole, split = read(structured(event)), read(binary(event))
    assert whole.envelope == split.envelope
    assert whole.digest == split.digest


@each_type
def test_what_is_kept_of_either_mode_is_the_structured_event_in_one_line(event: Json) -> None:
    for message in (structured(event), binary(event)):
        raw = read(message).raw
        assert 1 == len(raw.splitlines())
        assert event == json.loads(raw)


@each_type
def test_optional_attributes_travel_in_headers_too(event: Json) -> None:
    more = {"subject": "G", "datacontenttype": "application/json", "correlationid": "é–1"}
    whole, split = read(structured(event | more)), read(binary(event | more))
    assert whole.envelope == split.envelope
    assert whole.digest == split.digest
    assert event | more == json.loads(split.raw)


def test_a_value_on_many_lines_is_kept_in_one() -> None:
    message = binary(a_vote())
    spread = json.dumps(a_vote()["data"], indent=2).replace("\n", "\r\n").encode()
    received = read(message._replace(value=spread))
    assert 1 == len(received.raw.splitlines())
    assert read(message).digest == received.digest


VOTE = binary(a_vote())
DATA = VOTE.value

VALUES: list[tuple[str, bytes, str]] = [
    ("data as it should be", DATA, "read"),
    ("data between spaces", b" \n" + DATA + b" ", "read"),
    ("one that closes itself and adds an attribute", b'{},"subject":"x"', "bad_json"),
    ("one that closes the event", b"{}}", "bad_json"),
    ("one that closes the event and opens another", b'{}},{"data":{}', "bad_json"),
    ("one that repeats `data`", DATA + b',"data":{}', "bad_json"),
    ("one that opens a brace", DATA + b"{", "bad_json"),
    ("two objects", DATA + DATA, "bad_json"),
    ("a comma behind", DATA + b",", "bad_json"),
    ("nothing, as in a tombstone", b"", "bad_json"),
    ("a list", b"[" + DATA + b"]", "bad_json"),
    ("null", b"null", "bad_json"),
    ("bad UTF-8", b'{"a":"\xff"}', "bad_json"),
    ("a key twice", b'{"stage":"initial",' + DATA[1:], "bad_json"),
    (
        "63 levels: 64 with the event",
        b'{"x":' * 62 + b"{}" + b"}" * 62,
        "missing_field: /data/budget",
    ),
    ("64 levels: 65 with the event", b'{"x":' * 63 + b"{}" + b"}" * 63, "bad_json"),
    ("an empty object", b"{}", "missing_field: /data/budget"),
    ("the whole event", encoded(a_vote()), "missing_field: /data/budget"),
]


@pytest.mark.parametrize(("value", "reason"), [r[1:] for r in VALUES], ids=[r[0] for r in VALUES])
def test_a_value_in_binary_mode_is_data_and_nothing_else(value: bytes, reason: str) -> None:
    assert reason == answer(value, VOTE.headers)


def replacing(name: str, content: bytes) -> Headers:
    """The vote's headers with one in place of another."""
    return [(each, content if each == name else old) for each, old in VOTE.headers]


HEADERS: list[tuple[str, Headers, str]] = [
    ("those of the vote", VOTE.headers, "read"),
    ("in another order", VOTE.headers[::-1], "read"),
    ("others beside them", [("traceparent", b"\xff"), *VOTE.headers, ("x", b"1")], "read"),
    ("an unknown attribute", [*VOTE.headers, ("ce_comment", b"x")], "read"),
    ("data's media type", [*VOTE.headers, ("content-type", b"application/json")], "read"),
    ("bad UTF-8", replacing("ce_source", b"\xff"), "bad_json"),
    ("bad UTF-8 in an unknown attribute", [*VOTE.headers, ("ce_x", b"\xc3")], "bad_json"),
    ("an attribute twice", [*VOTE.headers, ("ce_id", b"other")], "bad_json"),
    ("an attribute twice, alike", [*VOTE.headers, VOTE.headers[1]], "bad_json"),
    (
        "the media type twice",
        [*VOTE.headers, *[("content-type", b"application/json")] * 2],
        "bad_json",
    ),
    (
        "the media type in both spellings",
        [*VOTE.headers, ("content-type", b"application/json"), ("ce_datacontenttype", b"x")],
        "bad_json",
    ),
    ("data in a header", [*VOTE.headers, ("ce_data", b"{}")], "bad_json"),
    (
        "another media type",
        [*VOTE.headers, ("content-type", b"text/xml")],
        "invalid_value: /datacontenttype",
    ),
    ("U+0000", replacing("ce_id", b"a\0b"), "invalid_value: /id"),
    ("quotes and braces", replacing("ce_id", b'"},{"x":"\\'), "read"),
    ("a line break", replacing("ce_id", b"a\r\nb"), "invalid_value: /id"),
    ("an empty id", replacing("ce_id", b""), "invalid_value: /id"),
    ("an unknown type", replacing("ce_type", b"x"), "unknown_type: /type"),
    ("no time", [each for each in VOTE.headers if each[0] != "ce_time"], "missing_field: /time"),
    ("capitals are other names", [("ce_ID", b"x"), *VOTE.headers], "read"),
    ("none at all: the value is taken for the event", [], "missing_field: /specversion"),
    ("none of CloudEvents: likewise", [("x", b"1")], "missing_field: /specversion"),
    (
        "structured mode wins",
        [*VOTE.headers, ("content-type", STRUCTURED)],
        "missing_field: /specversion",
    ),
    (
        "structured mode wins wherever it stands",
        [("content-type", STRUCTURED), *VOTE.headers],
        "missing_field: /specversion",
    ),
]


@pytest.mark.parametrize(
    ("headers", "reason"), [r[1:] for r in HEADERS], ids=[r[0] for r in HEADERS]
)
def test_headers_are_attributes(headers: Headers, reason: str) -> None:
    assert reason == answer(DATA, headers)


def test_a_line_break_in_a_header_is_kept_and_stays_in_one_line() -> None:
    received = read(VOTE._replace(headers=[*VOTE.headers, ("ce_comment", b"a\r\nb")]))
    assert "a\r\nb" == json.loads(received.raw)["comment"]
    assert 1 == len(received.raw.splitlines())


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/cloudevents+json",
        b"application/cloudevents+json;charset=utf-8",
        b"application/json",
    ],
)
def test_an_event_alone_in_the_value_is_read_with_any_json_media_type(content_type: bytes) -> None:
    assert "read" == answer(encoded(a_vote()), [("content-type", content_type)])


def test_in_structured_mode_the_headers_say_nothing() -> None:
    headers = [("content-type", STRUCTURED), ("ce_id", b"other"), ("ce_type", b"other")]
    received = read(Message(encoded(a_vote()), headers, None))
    assert a_vote()["id"] == received.envelope.id


KEYS: list[tuple[str, bytes | None, str]] = [
    ("the budget", b"21590350100017-00-2023", "read"),
    ("none: a file has no keys", None, "read"),
    ("another budget", b"21590350100017-01-2023", "wrong_partition_key: /partitionkey"),
    ("an empty one", b"", "wrong_partition_key: /partitionkey"),
    ("the budget and a space", b"21590350100017-00-2023 ", "wrong_partition_key: /partitionkey"),
    ("no UTF-8", b"\xff", "wrong_partition_key: /partitionkey"),
]


@pytest.mark.parametrize(("key", "reason"), [r[1:] for r in KEYS], ids=[r[0] for r in KEYS])
def test_the_kafka_key_is_the_budget_in_both_modes(key: bytes | None, reason: str) -> None:
    for message in (structured(a_vote()), VOTE):
        assert reason == answer(message.value, message.headers, key)


def test_a_fault_of_the_event_comes_before_the_key() -> None:
    message = structured(a_vote(0))
    reason = answer(message.value, message.headers, b"other")
    assert "invalid_value: /data/appropriations/0/amount_cents" == reason


def with_headers_of(length: int, event: Json) -> Message:
    """A message in binary mode whose structured form is `length` bytes long."""
    message = binary(event)
    missing = length - len(read(message).raw)
    return message._replace(value=message.value + b" " * missing)


def test_an_event_in_binary_mode_is_measured_with_its_headers() -> None:
    for over, reason in ((0, "read"), (1, "too_large")):
        message = with_headers_of(EVENT_BYTES_MAX + over, a_vote())
        assert reason == answer(message.value, message.headers)
    assert "too_large" == answer(DATA, [*VOTE.headers, ("ce_x", b"x" * EVENT_BYTES_MAX)])


def test_the_largest_event_in_binary_mode_can_wait_and_wake() -> None:
    """One whose headers made it too large to be read again stopped the ledger when it woke."""
    ledger = Ledger()
    sent = [binary(a_vote()), with_headers_of(EVENT_BYTES_MAX, a_convention()), binary(an_award())]
    records = [
        record
        for offset, (value, headers, key) in enumerate(sent)
        for record in ledger.handle(RawRecord(value, Source("events", 0, offset), headers, key))
    ]
    accepted, parked = Outcome.ACCEPTED, Outcome.PARKED
    assert [accepted, parked, accepted, accepted] == [record.outcome for record in records]
    assert 2 == records[-1].resumes
