"""A worker's status: spelled into the metadata of an offset, and read there by whoever asks."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.runtime.processing.status import (
    EARLIEST_S,
    EVENT_ID_MAX,
    LATEST_S,
    STATUS_BYTES_MAX,
    HeldRecord,
    Status,
    TaskState,
    decode_status,
    encode_status,
)

AT_WORK = Status(
    at_s=1_795_660_811.123,
    state=TaskState.RUNNING,
    caught_up=False,
    oldest_event_s=1_795_660_800.5,
    oldest_recorded_s=1_795_660_801.25,
    done_event_s=1_795_660_800.0,
    taken=1200,
    outcomes=1200,
    arrival_s=0.75,
    handling_s=0.125,
    held=None,
)
HELD = replace(AT_WORK, state=TaskState.BROKEN, held=HeldRecord(41, "convention-signed-7"))
ENCODED = encode_status(AT_WORK)

# Times are reported to the millisecond, as Kafka has them.
MILLISECONDS = st.integers(int(EARLIEST_S) * 1000, int(LATEST_S) * 1000).map(lambda ms: ms / 1000)
SPANS = st.integers(-(10**12), 10**12).map(lambda ms: ms / 1000)
COUNTS = st.integers(0, 2**63 - 1)
IDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=EVENT_ID_MAX)
STATUSES = st.builds(
    Status,
    at_s=MILLISECONDS,
    state=st.sampled_from(TaskState),
    caught_up=st.booleans(),
    oldest_event_s=st.none() | MILLISECONDS,
    oldest_recorded_s=st.none() | MILLISECONDS,
    done_event_s=st.none() | MILLISECONDS,
    taken=COUNTS,
    outcomes=st.none() | COUNTS,
    arrival_s=st.none() | SPANS,
    handling_s=st.none() | SPANS,
    held=st.none() | st.builds(HeldRecord, COUNTS, st.none() | IDS),
)


@given(STATUSES)
def test_a_status_is_decoded_as_it_was_encoded(status: Status) -> None:
    assert status == decode_status(encode_status(status))


@given(STATUSES, st.text(min_size=1))
def test_a_status_fits_whatever_a_sender_calls_its_events(status: Status, event_id: str) -> None:
    reported = encode_status(replace(status, held=HeldRecord(2**63 - 1, event_id * EVENT_ID_MAX)))
    assert STATUS_BYTES_MAX > len(reported.encode())
    assert decode_status(reported) is not None


@pytest.mark.parametrize("character", ["é", "\x01", '"', "😀", "\\"])
def test_the_longest_status_fits(character: str) -> None:
    furthest = Status(
        LATEST_S, TaskState.RETRYING, False, *(LATEST_S - 0.001,) * 3, 2**63 - 1, 2**63 - 1,
        -300_000_000_000.001, -300_000_000_000.001, HeldRecord(2**63 - 1, character * 1000),
    )  # fmt: skip
    reported = encode_status(furthest)
    assert STATUS_BYTES_MAX > len(reported.encode())
    read = decode_status(reported)
    assert read == replace(furthest, held=HeldRecord(2**63 - 1, character * EVENT_ID_MAX))


def test_half_a_character_in_an_id_is_shown_as_such() -> None:
    read = decode_status(encode_status(replace(HELD, held=HeldRecord(41, "e\ud800"))))
    assert read is not None
    assert HeldRecord(41, "e?") == read.held


def test_a_time_beyond_the_calendar_is_its_end() -> None:
    """A sender may set Kafka's timestamp to any number."""
    read = decode_status(
        encode_status(replace(AT_WORK, oldest_event_s=-1e15, oldest_recorded_s=1e15))
    )
    assert read is not None
    assert (EARLIEST_S, LATEST_S) == (read.oldest_event_s, read.oldest_recorded_s)
    for each in (EARLIEST_S, LATEST_S):
        datetime.fromtimestamp(each, UTC)


def test_members_that_are_none_are_left_out() -> None:
    status = Status(1.0, TaskState.OPENING, False, None, None, None, 0, None, None, None, None)
    assert '{"ecluse":1,"at_s":1.0,"state":"opening","caught_up":false}' == encode_status(status)


def test_members_that_a_later_version_adds_are_passed_over() -> None:
    assert AT_WORK == decode_status(ENCODED[:-1] + ',"mood":["merry"]}')


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        "",
        "NO_METADATA",
        "null",
        "[]",
        "{}",
        ENCODED[:-1],
        ENCODED + "}",
        ENCODED.replace('"ecluse":1', '"ecluse":2'),
        ENCODED.replace('"ecluse":1,', ""),
        ENCODED.replace('"running"', '"dancing"'),
        ENCODED.replace("1795660811.123", "1e999"),
        ENCODED.replace("1795660811.123", "NaN"),
        ENCODED.replace("1795660811.123", "253402300800"),
        ENCODED.replace("1795660811.123", "null"),
        ENCODED.replace("false", "0"),
        ENCODED.replace('"taken":1200', '"taken":-1'),
        ENCODED.replace('"taken":1200', '"taken":1.5'),
        ENCODED.replace('"taken":1200', f'"taken":{2**63}'),
        ENCODED[:-1] + ',"held":[1]}',
        ENCODED[:-1] + ',"held":[-1,null]}',
        ENCODED[:-1] + ',"held":[1,"' + "e" * (EVENT_ID_MAX + 1) + '"]}',
        ENCODED[:-1] + ',"mood":"' + "m" * STATUS_BYTES_MAX + '"}',
        ENCODED[:-1] + ',"mood":"\ud800"}',
        ENCODED[:-1] + ',"mood":' + "[" * 700 + "}",
        "{" * 1000,
    ],
)
def test_what_is_not_ours_is_no_status(metadata: str | None) -> None:
    assert decode_status(metadata) is None


@given(st.text() | st.binary().map(lambda raw: raw.decode("utf-8", errors="surrogateescape")))
def test_whatever_stands_there_is_read_without_a_failure(metadata: str) -> None:
    assert decode_status(metadata) is None
