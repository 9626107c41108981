"""Checks of journal chains: every hash computed again, each record after the former."""

from hashlib import sha256
from typing import Final

from events.texts import _
from services.ledger.application.handle import DEAD_CHAIN, ChainEnd
from services.ledger.application.ports import StoreError
from services.ledger.domain.journal import JournalRecord, read_record
from services.runtime.kafka.partitioning import partition_of

DAMAGED = _("this record is damaged ({error}): go back to a copy that is whole")
NOT_NEXT = _(
    "record {sequence} of {chain} stands there behind number {before}, which it does not follow: "
    "go back to a copy that is whole"
)
CHANGED = _(
    "the event of record {sequence} of {chain} is not the one that was recorded: go back to a copy "
    "that is whole"
)


NOWHERE: Final = ChainEnd()
"""The end of a chain before its first record."""


class Chains:
    """The chains of a journal, checked from their first records on."""

    def __init__(self) -> None:
        self.ends: dict[str, ChainEnd] = {}
        self.records = 0

    def follow(self, raw: bytes, where: str) -> JournalRecord:
        """Check and return the next record of its chain, at `where`; StoreError where it is not."""
        try:
            record = read_record(raw)
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(where, DAMAGED.render({"error": _text_of(error)})) from error
        before = self.ends.get(record.budget, NOWHERE)
        facts = {"chain": record.budget, "sequence": record.sequence, "before": before.sequence}
        if (record.sequence, record.previous_hash) != (before.sequence + 1, before.head):
            raise StoreError(where, NOT_NEXT.render(facts))
        # Of a dead letter the digest is that of its bytes, which the journal does not hold.
        if record.event is not None and sha256(record.event).hexdigest() != record.event_sha256:
            raise StoreError(where, CHANGED.render(facts))
        self.ends[record.budget] = ChainEnd(record.sequence, record.hash)
        self.records += 1
        return record


def home_of(chain: str, partitions: int) -> int:
    """The partition of a chain (rules, 37).

    Unreadable records keep the partition where they were read; where it no longer exists, their
    chain is placed by its name, and grows no further.
    """
    number = chain.removeprefix(DEAD_CHAIN)
    if number != chain and number.isdecimal() and int(number) < partitions:
        return int(number)
    return partition_of(chain.encode(), partitions)


def _text_of(error: Exception) -> str:
    """The message of an error; a KeyError's is the missing member's name alone."""
    return f"{type(error).__name__}: {error}" if isinstance(error, KeyError) else str(error)


MISPLACED = _(
    "a record of {budget} stands there under another key: restore the journal from a backup"
)
