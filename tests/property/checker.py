"""A journal proved by the verifier, which shares no code with the ledger that wrote it."""

from collections.abc import Iterable
from typing import Any

from services.verifier.findings import Findings, Place
from services.verifier.journal_proof import JournalProof
from services.verifier.state.lines import with_full_lines

Json = dict[str, Any]
Row = tuple[str, int, bytes]

EVERY_RECORD = 1
"""Everything is added up from scratch after each record: a test has the time."""


def proved(rows: Iterable[Row]) -> JournalProof:
    """The proof of a journal in which nothing is wrong."""
    proof = JournalProof(Findings(), full_every=EVERY_RECORD)
    for budget, sequence, raw in rows:
        record = proof.read(Place("journal"), budget.encode(), raw)
        assert record is None or sequence == record.sequence
    proof.end()
    proof.internal_events.end()
    assert [] == [finding.row() for finding in proof.findings.kept]
    return proof


def check(rows: Iterable[Row], consumed: int, said: Json) -> JournalProof:
    """Assert everything of a journal, and that `said`, its summary, is what it adds up to."""
    proof = proved(rows)
    found = proof.summary()
    assert consumed == found["events"], "each record consumed has one outcome"
    assert found == with_full_lines(said)
    return proof
