"""Every record of the journal, its moves, and what did not go through."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
)
from sqlalchemy import text as text_clause

from services.projector.tables.columns import (
    HALF_FULL,
    PLAIN_UP_TO_A_PAGE,
    Cents,
    Instant,
    Json,
    Text,
    index_where_named,
    key,
    keys,
    line,
    metadata,
    text,
    texts,
)


def _where_missing(index: str, name: str, *columns: str) -> Index:
    """An index of these columns over the rows that lack a value: those that are still to do."""
    missing = text_clause(f"{name} IS NULL")
    return Index(index, *columns, postgresql_where=missing, sqlite_where=missing)


positions: Final = Table(
    "positions",
    metadata,
    *keys("topic", "partition"),
    Column("next_offset", BigInteger, nullable=False),
    Column("last_offset", BigInteger),
    Column("last_timestamp_ms", BigInteger),
    text("last_sha256"),
    Column("latest_event_time", Instant),
    Column("epoch", BigInteger, nullable=False, server_default="0"),
    Column("generation", BigInteger, nullable=False, server_default="0"),
    Column("held_offset", BigInteger),
    *texts("held_event_id", "held_error"),
    postgresql_with=HALF_FULL,
    comment="How far each partition of the journal is in these tables. `epoch` fences: who writes "
    "has raised it, and whoever finds another has lost the partition. `generation` counts how "
    "often the read model was made again.",
)

outcomes: Final = Table(
    "outcomes",
    metadata,
    key("partition"),
    *(
        Column(name, BigInteger, nullable=False, server_default="0")
        for name in ("received", "accepted", "duplicate", "refused", "parked", "dead_letter")
    ),
    postgresql_with=HALF_FULL,
    comment="Received records by what became of them; a parked event that was decided later counts "
    "once, by what it became.",
)

journal: Final = Table(
    "journal",
    metadata,
    *keys("budget", "sequence"),
    Column("partition", Integer, nullable=False),
    Column("journal_offset", BigInteger, nullable=False),
    text("source_topic", nullable=False),
    Column("source_partition", Integer, nullable=False),
    Column("source_offset", BigInteger, nullable=False),
    text("outcome", nullable=False),
    *texts("event_id", "event_source", "event_type"),
    Column("event_time", Instant),
    *texts("correlation_id", "grant_ref", "convention", "payment_order"),
    Column("effective_on", Date),
    Column("resumes", BigInteger),
    text("hash", nullable=False),
    Column("record", LargeBinary, nullable=False),
    Index("journal_by_event", "event_id"),
    Index("journal_by_offset", "partition", "journal_offset", unique=True),
    index_where_named("journal_by_grant", "grant_ref", "grant_ref", "budget"),
    index_where_named("journal_by_convention", "convention", "convention", "budget"),
    index_where_named("journal_by_order", "payment_order", "payment_order", "budget"),
    postgresql_with=PLAIN_UP_TO_A_PAGE,
    comment="Every record of the journal, with its bytes as they stand on the topic.",
)

mentions: Final = Table(
    "mentions",
    metadata,
    Column("budget", Text),
    Column("sequence", BigInteger, autoincrement=False),
    Column("kind", Text),
    Column("id", Text),
    # Looked up by name: the key is the only index.
    PrimaryKeyConstraint("id", "kind", "budget", "sequence"),
    comment="Names that a record mentions beside those in its row of `journal`. Kind: convention, "
    "grant, payment_order, act (its number), beneficiary (SIRET), event (the id of one that a "
    "deadline is about).",
)

moves: Final = Table(
    "moves",
    metadata,
    *keys("budget", "sequence", "item"),
    *line(),
    *texts("convention", "instalment", "from_stage", "to_stage"),
    Column("amount_cents", Cents, nullable=False),
    Column("effective_on", Date, nullable=False),
    Index("moves_by_day", "budget", "effective_on"),
    index_where_named("moves_by_convention", "convention", "budget", "convention"),
    comment="What money moved from which stage to which; null is outside the budget. Balances of "
    "any day, or as known at any record, are sums over this table.",
)

refusals: Final = Table(
    "refusals",
    metadata,
    *keys("budget", "sequence"),
    *texts("event_id", "event_source", "event_type", nullable=False),
    Column("event_time", Instant, nullable=False),
    text("code", nullable=False),
    Column("facts", Json, nullable=False),
    text("awaits"),
    Column("settled_sequence", BigInteger),
    Index("refusals_by_code", "code"),
    Index("refusals_by_time", "event_time", "budget", "sequence"),
    _where_missing("refusals_to_do", "settled_sequence", "code"),
    comment="Events that were refused: a stable code, with its facts. The record "
    "`settled_sequence` accepted the same thing later, or withdrew the event, which had waited; "
    "until then `awaits` says what that is.",
)

dead_letters: Final = Table(
    "dead_letters",
    metadata,
    *keys("budget", "sequence"),
    text("source_topic", nullable=False),
    Column("source_partition", Integer, nullable=False),
    Column("source_offset", BigInteger, nullable=False),
    *texts("code", "reason", nullable=False),
    Column("facts", Json, nullable=False),
    text("event_sha256", nullable=False),
    Index("dead_letters_by_code", "code"),
    comment="Records that could not be read. `budget` is the chain `_dead.<partition>`; the reason "
    "is its code, with the JSON pointer to the fault where there is one; `facts` is all that the "
    "journal says of it.",
)

parked: Final = Table(
    "parked",
    metadata,
    *keys("budget", "sequence"),
    *texts("event_id", "event_source", "event_type", nullable=False),
    Column("event_time", Instant, nullable=False),
    text("waits_for_kind", nullable=False),
    text("waits_for_id"),
    Column("ended_sequence", BigInteger),
    text("ended_outcome"),
    Index("parked_by_wait", "ended_sequence", "waits_for_kind"),
    Index("parked_by_time", "event_time", "budget", "sequence"),
    comment="Events that wait, or waited, for another: it ends with the record `ended_sequence`.",
)

review_flags: Final = Table(
    "review_flags",
    metadata,
    *keys("budget", "sequence", "item"),
    *texts("event_id", "grant_ref", "convention"),
    text("code", nullable=False),
    Column("facts", Json, nullable=False),
    text("awaits"),
    Column("settled_sequence", BigInteger),
    Index("flags_by_code", "code"),
    _where_missing("flags_to_do", "settled_sequence", "code"),
    comment="What a person should look at; it never stops the money. The record "
    "`settled_sequence` brought what its advice asks for; until then `awaits` says what that is, "
    "where a record can bring it.",
)

reviews: Final = Table(
    "reviews",
    metadata,
    *keys("chain", "reviewed_sequence"),
    text("budget", nullable=False),
    Column("sequence", BigInteger, nullable=False),
    text("reviewed_by", nullable=False),
    Column("reviewed_on", Date, nullable=False),
    text("comment"),
    Index("reviews_by_record", "budget", "sequence"),
    comment="Records of the journal that a person has seen: `chain` is a budget, or "
    "`_dead.<partition>`; `budget` and `sequence` are the record of the review. Of several reviews "
    "of a record the first is kept.",
)
