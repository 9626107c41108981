"""The `traceparent` of an event goes along unchanged, once, to all that is made of it."""

import json
from typing import Final

import httpx

from events import topics
from tests.builders import BUDGET, Json, a_payment, a_report, encoded
from tests.integration.command import CARRY_OVER
from tests.kafka.cluster import Sent
from tests.kafka.commands import object_of
from tests.kafka.stack import Stack

PARTITIONS: Final = 2
CAUSED: Final = (
    topics.COMMITMENT_ENTRIES,
    topics.PAYMENT_ORDERS,
    topics.INTERNAL_EVENTS,
    topics.BALANCES,
    topics.REFUSALS,
)
LOGGED: Final = {"accepted", "refused", "parked", "duplicate"}
GRANT: Final = "LILLE-AVENIRS-2023"
PARKED: Final = -3
"""The place in the year of the event that waits."""


def trace(number: int) -> str:
    return f"00-{number:032x}-{number:016x}-01"


def in_headers(event: Json) -> Sent:
    """An event in binary mode: its attributes are headers."""
    attributes = {
        name: str(value).encode() for name, value in event.items() if not name.startswith("data")
    }
    headers = [(f"ce_{name}", value) for name, value in attributes.items()]
    key = attributes["partitionkey"]
    return Sent(0, key, encoded(event["data"]), [("content-type", b"application/json"), *headers])


def a_traced_year() -> list[Json]:
    """A year that is closed and carried over, with a refusal, a wait and a repeat."""
    first = [json.loads(line) for line in CARRY_OVER[0].read_bytes().splitlines()]
    events = [
        *first[:-1],
        a_payment(10**12, first[0]["id"]),
        a_report(convention="UNKNOWN"),
        first[0],
        first[-1],
    ]
    return [event | {"traceparent": trace(number)} for number, event in enumerate(events, 1)]


def test_a_trace_goes_along_unchanged_and_once(stack: Stack, sqlite_url: str) -> None:
    year = a_traced_year()
    traces = [event["traceparent"] for event in year]
    sent = [stack.sent(event) for event in year[:-1]]
    sent.append(in_headers(year[-1])._replace(partition=sent[0].partition))
    # The closing ends what was parked, and opens the next year.
    count = len(year) + 2
    with (
        stack.ledger() as worker,
        stack.projector(sqlite_url) as projector,
        stack.api(sqlite_url) as running,
    ):
        stack.write(sent[:PARKED])
        posted = httpx.post(f"{running.address}/events", json=year[PARKED], timeout=60)
        assert 202 == posted.status_code, posted.text
        stack.write(sent[PARKED + 1 :])
        stack.wait_for_records(count)
        projector.until_rows(count)
        found = stack.read_all([topics.JOURNAL, *CAUSED])
        logged = worker.logged("record_handled")
        read = [
            httpx.get(f"{running.address}/budgets/{BUDGET}/journal/{number}", timeout=60).json()[
                "traceparent"
            ]
            for number in range(1, len(year) + 1)
        ]
        (by_api, *_) = httpx.get(f"{running.address}/trace/{GRANT}", timeout=60).json()["records"]
    assert traces == read
    (by_command, *_) = object_of(stack, "trace", GRANT)["records"]
    assert traces[by_api["sequence"] - 1] == by_api["traceparent"] == by_command["traceparent"]
    records = [each.value for place in found[topics.JOURNAL].values() for each in place]
    assert sorted([*traces, traces[PARKED], traces[-1]]) == sorted(map(trace_in_record, records))
    # What repeats an event is no cause.
    by_id = {event["id"]: event["traceparent"] for event in reversed(year)}
    (opening,) = [each.value for place in found[topics.INTERNAL_EVENTS].values() for each in place]
    by_id[json.loads(opening)["id"]] = traces[-1]
    for topic in CAUSED:
        values = [each.value for place in found[topic].values() for each in place if each.value]
        assert values, topic
        for value in values:
            message = json.loads(value)
            assert by_id[message["causationid"]] == message["traceparent"], topic
            assert 1 == value.count(message["traceparent"].encode())
    assert LOGGED <= {each["outcome"] for each in logged}
    assert [] == [each for each in logged if traces[each["offset"]] != each["traceparent"]]


def trace_in_record(record: bytes) -> str:
    """The trace of a journal record, which stands there once."""
    found = str(json.loads(record)["event"]["traceparent"])
    assert 1 == record.count(found.encode())
    return found
