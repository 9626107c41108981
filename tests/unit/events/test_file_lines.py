"""Lines of a file (rule 6): whole up to 1 MiB, known by beginning, length and hash beyond."""

from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from tracemalloc import get_traced_memory, start, stop

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.codec import EVENT_BYTES_MAX
from services.ledger.application.handle import DEAD_LETTER_HEAD_BYTES, Ledger
from services.ledger.application.ports import DeadLetter
from services.ledger.domain.journal import Outcome, read_record
from services.ledger.files.replay import Line, lines, replay
from services.ledger.files.stores import MemoryStore
from tests.builders import Scenario, a_transfer, a_vote, an_award, encoded
from tests.unit.tables.bad_records import MEBIBYTE, padded


def expected_lines(content: bytes) -> Iterator[Line]:
    """The lines as anyone would cut them who has room for the whole file."""
    pieces = content.split(b"\n")
    if not pieces[-1]:
        pieces.pop()  # what follows the last line break is no line
    for number, piece in enumerate(pieces, start=1):
        value = piece if len(piece) <= EVENT_BYTES_MAX else piece[:DEAD_LETTER_HEAD_BYTES]
        yield Line(number, value, len(piece), sha256(piece).hexdigest())


FILES = {
    "nothing": b"",
    "one line break": b"\n",
    "only blank lines": b"\n\n \n\t\n",
    "one line": b"one\n",
    "one line without its end": b"one",
    "a blank line between two": b"one\n\ntwo\n",
    "no line break at the end": b"one\ntwo",
    "line breaks of Windows": b"one\r\ntwo\r\n",
    "line breaks of old Macs": b"one\rtwo\r",
    "other separators are none": "one\u2028two\x0b\x0c\x85three\n".encode(),
    "a byte order mark": b"\xef\xbb\xbfone\n",
    **{
        f"{over:+d} bytes of 1 MiB{words}": b"x" * (MEBIBYTE + over) + end
        for over in range(-2, 5)
        for words, end in {
            "": b"\n",
            ", without its end": b"",
            ", then a line": b"\ntwo\n",
            ", then a blank line": b"\n\n",
            ", Windows": b"\r\n",
        }.items()
    },
    **{
        f"{times} MiB {over:+d}{words}": b"x" * (times * MEBIBYTE + over) + end
        for times in (2, 3)
        for over in range(-1, 6)
        for words, end in {"": b"\n", ", without its end": b"", ", then a line": b"\ntwo"}.items()
    },
    "10 MB": b"one\n" + b"x" * 10_000_000 + b"\nthree\n",
    "10 MB without its end": b"one\n" + b"x" * 10_000_000,
    "two of 1 MiB": (b"x" * MEBIBYTE + b"\n") * 2,
    "two that are too large": (b"x" * (MEBIBYTE + 2) + b"\n") * 2,
}


@pytest.mark.parametrize("content", FILES.values(), ids=FILES)
def test_lines_are_cut_at_line_feeds_and_nowhere_else(content: bytes) -> None:
    assert list(expected_lines(content)) == list(lines(BytesIO(content)))


@given(st.lists(st.sampled_from([b"\n", b"\r", b" ", b"one", b"{}", b"\xff", b"\0"])))
def test_any_short_file_is_cut_alike(pieces: list[bytes]) -> None:
    content = b"".join(pieces)
    assert list(expected_lines(content)) == list(lines(BytesIO(content)))


class Endless(BytesIO):
    """A stream of one line that is longer than memory should be."""

    def __init__(self, length: int) -> None:
        super().__init__()
        self.left = length
        self.largest_read = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size > 0, "a line must never be read without a limit"
        self.largest_read = max(self.largest_read, size)
        length = min(size, self.left)
        self.left -= length
        return b"x" * length


def test_a_long_line_never_stands_in_memory_as_a_whole() -> None:
    stream = Endless(50 * MEBIBYTE)
    start()
    try:
        [line] = lines(stream)
        _, peak_bytes = get_traced_memory()
    finally:
        stop()
    assert 50 * MEBIBYTE == line.length_bytes
    assert b"x" * DEAD_LETTER_HEAD_BYTES == line.value
    assert stream.largest_read <= MEBIBYTE + 2
    assert peak_bytes < 5 * MEBIBYTE


def replayed(content: bytes) -> MemoryStore:
    """A store that has read one file."""
    store = MemoryStore()
    replay(store, "year.jsonl", BytesIO(content), Ledger(), lambda _bytes: None)
    return store


def outcomes(store: MemoryStore) -> list[tuple[int, str]]:
    """Line number and outcome of each record."""
    records = [read_record(row.record) for row in store.journal()]
    return [(record.source.offset, str(record.outcome)) for record in records]


VOTE, AWARD = encoded(a_vote()), encoded(an_award())
BOTH = [(1, "accepted"), (2, "accepted")]

REPLAYS: list[tuple[str, bytes, list[tuple[int, str]]]] = [
    ("nothing", b"", []),
    ("only blank lines", b"\n \n\t\r\n", []),
    ("two events", VOTE + b"\n" + AWARD + b"\n", BOTH),
    ("no line break at the end", VOTE + b"\n" + AWARD, BOTH),
    ("line breaks of Windows", VOTE + b"\r\n" + AWARD + b"\r\n", BOTH),
    ("blank lines count", b"\n\n" + VOTE + b"\n\n" + AWARD, [(3, "accepted"), (5, "accepted")]),
    (
        "a bad line between two",
        VOTE + b"\n{\n" + AWARD,
        [BOTH[0], (2, "dead_letter"), (3, "accepted")],
    ),
    (
        "a byte order mark",
        b"\xef\xbb\xbf" + VOTE + b"\n" + VOTE,
        [(1, "dead_letter"), (2, "accepted")],
    ),
    ("old Macs: all is one line", VOTE + b"\r" + AWARD + b"\r", [(1, "dead_letter")]),
    ("an event of 1 MiB", padded(MEBIBYTE) + b"\n" + AWARD, BOTH),
    ("an event of 1 MiB at the end", padded(MEBIBYTE), [(1, "accepted")]),
    ("a byte more", padded(MEBIBYTE + 1) + b"\n" + VOTE, [(1, "dead_letter"), (2, "accepted")]),
    ("a byte more at the end", padded(MEBIBYTE + 1), [(1, "dead_letter")]),
    ("10 MB at the end", VOTE + b"\n" + b"x" * 10_000_000, [BOTH[0], (2, "dead_letter")]),
]


@pytest.mark.parametrize(
    ("content", "replayed_as"), [row[1:] for row in REPLAYS], ids=[r[0] for r in REPLAYS]
)
def test_each_line_that_is_not_blank_has_an_outcome(
    content: bytes, replayed_as: list[tuple[int, str]]
) -> None:
    assert sorted(replayed_as) == sorted(outcomes(replayed(content)))


@pytest.mark.parametrize("length", [MEBIBYTE + 1, MEBIBYTE + 2, MEBIBYTE + 3, 10_000_000])
@pytest.mark.parametrize("end", [b"\n", b""], ids=["ended", "not ended"])
def test_a_line_that_is_too_large_is_the_dead_letter_that_the_record_would_be(
    length: int, end: bytes
) -> None:
    value = padded(length)
    [from_file] = replayed(value + end).dead_letters()
    [from_record] = Scenario(value).store.dead_letters()
    assert (
        DeadLetter(
            "_dead.0",
            1,
            "too_large",
            from_file.topic,
            0,
            1,
            length,
            sha256(value).hexdigest(),
            value[:DEAD_LETTER_HEAD_BYTES],
        )
        == from_file
    )
    assert from_record._replace(topic=from_file.topic) == from_file


def test_a_line_that_is_too_large_is_not_blank_because_it_begins_with_spaces() -> None:
    value = b" " * DEAD_LETTER_HEAD_BYTES + padded(MEBIBYTE)
    assert ["too_large"] == [each.reason for each in replayed(value).dead_letters()]


def test_rule_6_the_position_of_a_dead_letter_is_its_line_counted_from_one() -> None:
    store = replayed(b"\n{\n" + VOTE + b"\n\n}\n")
    assert [(2, b"{"), (5, b"}")] == [(each.offset, each.value) for each in store.dead_letters()]


def test_a_file_of_events_says_what_the_same_records_say() -> None:
    events = [a_vote(), a_transfer(), an_award()]
    scenario = Scenario(*events)
    store = replayed(b"\r\n".join(encoded(each) for each in events))
    records = [read_record(row.record) for row in store.journal()]
    assert [each.hash for each in scenario.records] == [each.hash for each in records]
    assert [Outcome.ACCEPTED] * 3 == [each.outcome for each in records]
