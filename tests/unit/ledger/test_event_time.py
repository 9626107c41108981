"""A glance at when an event says that it happened, without reading the rest of it."""

import json
from datetime import UTC, datetime

import pytest
from aiokafka.structs import ConsumerRecord
from hypothesis import given
from hypothesis import strategies as st

from events.topics import EVENTS
from services.ledger.kafka.topic_records import event_time
from tests.builders import an_event

THEN_S = datetime(2023, 6, 1, 10, 0, tzinfo=UTC).timestamp()
EVENT = an_event("budget.voted", {})


def a_record(value: bytes | None, *headers: tuple[str, bytes | None]) -> ConsumerRecord:
    return ConsumerRecord(EVENTS, 0, 0, 0, 0, None, value, None, 0, 0, headers)


def with_time(time: str) -> bytes:
    return json.dumps(EVENT | {"time": time}).encode()


def test_it_stands_in_the_event() -> None:
    structured = ("content-type", b"application/cloudevents+json")
    assert THEN_S == event_time(a_record(with_time("2023-06-01T12:00:00+02:00")))
    assert THEN_S == event_time(a_record(with_time("2023-06-01T10:00:00Z"), structured))
    other = ("ce_time", b"1999-01-01T00:00:00Z")
    assert THEN_S == event_time(a_record(with_time("2023-06-01T10:00:00Z"), structured, other))
    assert THEN_S + 0.25 == event_time(a_record(with_time("2023-06-01t10:00:00.250z")))


def test_in_binary_mode_it_stands_in_a_header() -> None:
    headers = [("ce_id", b"1"), ("ce_time", b"2023-06-01T12:00:00+02:00")]
    assert THEN_S == event_time(a_record(b'{"budget":"x","time":"1999-01-01T00:00:00Z"}', *headers))
    of_data = b'{"time":"1999-01-01T00:00:00Z"}'
    assert event_time(a_record(of_data, ("ce_id", b"1"))) is None, "that is another's time"
    assert event_time(a_record(b"{}", ("ce_time", None))) is None
    assert event_time(a_record(b"{}", ("ce_time", b"\xff"))) is None


def test_at_the_ends_of_the_calendar_it_is_a_time_too() -> None:
    first = event_time(a_record(with_time("0001-01-01T00:00:00+14:00")))
    last = event_time(a_record(with_time("9999-12-31T23:59:59-14:00")))
    assert first is not None
    assert last is not None
    assert first < 0 < last


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"{",
        b"[]",
        b"{}",
        b'{"time":null}',
        b'{"time":12}',
        b'{"time":"yesterday"}',
        b'{"time":"2023-02-30T00:00:00Z"}',
        b'{"time":"2023-06-01T12:00:00"}',
        b'{"time":"2023-06-01T12:00:00Z"',
        b'{"time":"\xff"}',
        b'{"data":' + b"[" * 100_000,
    ],
)
def test_an_unreadable_time_is_none(value: bytes | None) -> None:
    assert event_time(a_record(value)) is None


@given(st.binary(), st.lists(st.tuples(st.sampled_from(["ce_time", "x"]), st.binary())))
def test_whatever_it_is_given_it_never_fails(
    value: bytes, headers: list[tuple[str, bytes]]
) -> None:
    event_time(a_record(value, *headers))
