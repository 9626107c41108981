"""Journal records made by hand, for tests of their readers, and journals decided again."""

import json
from collections.abc import Iterable
from typing import Any, Final

from services.ledger.application.ports import JournalRow
from services.ledger.application.redecide import Redecision, RedecisionResult

NULLS: Final = (
    *("commitment_entries", "dead_letter", "digest", "event", "event_id", "event_source", "moves"),
    *("payment_orders", "refusal", "resumes", "review_flags", "waits_for"),
)


def a_record(outcome: str = "accepted", offset: int = 0, **members: Any) -> bytes:
    """A record of the budget B with no content but `members`."""
    nothing = dict.fromkeys(NULLS)
    first = {"budget": "B", "sequence": 1, "version": 1, "rules_version": 1, "outcome": outcome}
    hashes = dict.fromkeys(("event_sha256", "hash", "previous_hash"), "0" * 64)
    source = {"topic": "ecluse.events.v1", "partition": 0, "offset": offset}
    record = nothing | first | hashes | {"source": source} | members
    return json.dumps(record).encode()


def redecided(rows: Iterable[JournalRow]) -> RedecisionResult:
    """A whole journal decided again, in its order."""
    deciding = Redecision()
    for row in rows:
        deciding.read(row.record)
    return deciding.end()
