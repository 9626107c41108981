"""Keys, modes and lines of Kafka records, read again without the ledger's code."""

import pytest
from aiokafka.partitioner import murmur2 as theirs
from hypothesis import given
from hypothesis import strategies as st

from services.verifier.kafka_records import (
    digest_of_parts,
    is_binary,
    murmur2,
    one_line,
    partition_of,
)
from services.verifier.records import canonical
from services.verifier.state.lines import fill, shares

# The test vectors of Kafka itself, as 32 bits with a sign.
KAFKA = {
    "21": -973932308,
    "foobar": -790332482,
    "a-little-bit-long-string": -985981536,
    "a-little-bit-longer-string": -1486304829,
    "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    "abc": 479470107,
}


@pytest.mark.parametrize(("key", "expected"), KAFKA.items())
def test_a_key_is_hashed_as_kafka_hashes_it(key: str, expected: int) -> None:
    assert expected % 2**32 == murmur2(key.encode())


@given(st.binary(max_size=40))
def test_any_key_is_hashed_as_the_client_hashes_it(key: bytes) -> None:
    assert theirs(key) == murmur2(key)
    assert (theirs(key) & 0x7FFFFFFF) % 12 == partition_of(key, 12)


@pytest.mark.parametrize(
    ("headers", "binary"),
    [
        ((), False),
        ((("content-type", b"application/json"),), False),
        ((("ce_id", b"1"),), True),
        ((("ce_id", None),), False),
        (
            (("ce_id", b"1"), ("content-type", b"application/cloudevents+json; charset=UTF-8")),
            False,
        ),
        ((("content-type", None), ("ce_id", b"1")), True),
    ],
)
def test_the_headers_tell_the_mode(
    headers: tuple[tuple[str, bytes | None], ...], binary: bool
) -> None:
    assert binary == is_binary(headers)


def test_an_event_stands_on_one_line() -> None:
    assert b'{"a": 1}' == one_line(b' \t{"a":\r\n 1}\n ')


def test_records_that_differ_anywhere_have_other_digests() -> None:
    records = [
        (None, None, ()),
        (b"", None, ()),
        (None, b"", ()),
        (b"ab", b"c", ()),
        (b"a", b"bc", ()),
        (b"a", b"b", (("c", None),)),
        (b"a", b"b", (("c", b""),)),
        (b"a", b"b", (("", b"c"),)),
    ]
    assert len(records) == len({digest_of_parts(*each) for each in records})


def test_canonical_json_is_sorted_and_spelled_in_utf_8() -> None:
    assert '{"a":[null,"é\\n"],"b":9007199254740993}'.encode() == canonical(
        {"b": 2**53 + 1, "a": [None, "é\n"]}
    )


@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=9), st.integers(0, 10**9))
def test_shares_and_payments_lose_no_cent(parts: list[int], cents: int) -> None:
    assert cents == sum(shares(cents, parts))
    paid = fill(cents, parts)
    assert min(cents, sum(parts)) == sum(paid)
    assert all(had <= part for had, part in zip(paid, parts, strict=True))
