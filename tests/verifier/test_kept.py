"""What a database keeps of a dead letter: all of its bytes, or the beginning of one too large."""

import pytest

from events.codec import EVENT_BYTES_MAX, INTERNAL_EVENT_BYTES_MAX
from events.topics import EVENTS, INTERNAL_EVENTS
from services.ledger.application.handle import DEAD_LETTER_HEAD_BYTES, Ledger, RawRecord
from services.ledger.domain.journal import Source
from services.verifier.findings import Findings, Place
from services.verifier.journal_alone import JournalAlone, KeptDeadLetter
from services.verifier.journal_proof import Row
from services.verifier.report import Report

INPUT_TOPICS = pytest.mark.parametrize(
    ("topic", "length_bytes", "kept_bytes"),
    [
        (EVENTS, EVENT_BYTES_MAX, EVENT_BYTES_MAX),
        (EVENTS, EVENT_BYTES_MAX + 1, DEAD_LETTER_HEAD_BYTES),
        (INTERNAL_EVENTS, EVENT_BYTES_MAX + 1, EVENT_BYTES_MAX + 1),
        (f"t.{INTERNAL_EVENTS}", INTERNAL_EVENT_BYTES_MAX, INTERNAL_EVENT_BYTES_MAX),
        (INTERNAL_EVENTS, INTERNAL_EVENT_BYTES_MAX + 1, DEAD_LETTER_HEAD_BYTES),
    ],
    ids=[
        "an event",
        "too large",
        "an internal event",
        "the largest internal event",
        "an internal event too large",
    ],
)


def dead_lettered(topic: str, length_bytes: int) -> tuple[bytes, KeptDeadLetter]:
    """A record that nobody can read: its place in the journal, and what is kept of it."""
    ledger = Ledger()
    ledger.handle(RawRecord(b"[" * length_bytes, Source(topic, 0, 0), (), b"nobody", 0))
    batch = ledger.commit_batch([])
    [row], [internal_event] = batch.records, batch.dead_letters
    return row.record, KeptDeadLetter(*internal_event)


def proved(record: bytes, kept: KeptDeadLetter) -> Report:
    proof = JournalAlone(Findings(), in_a_row=True, budget=kept.chain)
    proof.compare([kept], list, 0)
    proof.take(Row(Place(), record, kept.chain.encode(), kept.sequence))
    return proof.end()


@INPUT_TOPICS
def test_it_is_kept_as_its_input_says(topic: str, length_bytes: int, kept_bytes: int) -> None:
    record, kept = dead_lettered(topic, length_bytes)
    assert kept_bytes == len(kept.value)
    assert {} == proved(record, kept).counts


@INPUT_TOPICS
def test_another_number_of_bytes_is_found(topic: str, length_bytes: int, kept_bytes: int) -> None:
    record, kept = dead_lettered(topic, length_bytes)
    for other in (kept.value[: kept_bytes - 1], kept.value + b"["):
        report = proved(record, kept._replace(value=other))
        assert {"message_differs": 1} == report.counts
        assert ["value"] == [each.facts["member"] for each in report.findings]
