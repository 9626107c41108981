"""The topics of the contract, apart from its types; their settings are in schemas/topics.yaml."""

from typing import Final, NamedTuple

EVENTS: Final = "ecluse.events.v1"
"""Events from other applications, for the ledger."""

INTERNAL_EVENTS: Final = "ecluse.internal-events.v1"
"""Internal events of Écluse: next year's openings, passed deadlines."""

JOURNAL: Final = "ecluse.journal.v1"
"""One record for every record read: the truth."""

COMMITMENT_ENTRIES: Final = "ecluse.commitment-entries.v1"
"""Commitment entries (écritures d'engagement), for the finance ERP."""

PAYMENT_ORDERS: Final = "ecluse.payment-orders.v1"
"""Payment orders (mandats) issued and cancelled, for the treasury."""

BALANCES: Final = "ecluse.balances.v1"
"""The latest balance of each line, and of each convention on a line."""

REFUSALS: Final = "ecluse.refusals.v1"
"""An answer to every event that was not accepted, for its sender."""

DEAD_LETTERS: Final = "ecluse.dead-letters.v1"
"""The bytes of records that could not be read, for operators."""

SLIPS: Final = "ecluse.slips.v1"
"""Slips (bordereaux) that the treasury issued and cancelled, with their PES files."""

ACCOUNTING_ENTRIES: Final = "ecluse.accounting-entries.v1"
"""Accounting entries (écritures comptables), for the finance ERP."""

LEDGER_STATE: Final = "ecluse.ledger-state.v1"
"""The ledger's own memory, compacted; it can be made again from the journal."""

INPUT_TOPICS: Final = (EVENTS, INTERNAL_EVENTS)
"""The topics that the ledger reads."""

LEDGER_GROUP: Final = "ecluse.ledger"
"""The consumer group of the ledger's workers."""

PROJECTOR_GROUP: Final = "ecluse.projector"
"""The consumer group of the projector's workers."""

WATCH_GROUP: Final = "ecluse.watch"
"""The watch's own group: it shares out partitions, and holds no offsets."""

TREASURY_GROUP: Final = "ecluse.treasury"
"""The group of the treasury's processes. Its offsets are read by nobody but who measures lag."""


class Place(NamedTuple):
    """A partition of a topic, by its name in the contract."""

    topic: str
    partition: int
