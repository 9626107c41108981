"""What later records settled, and what a person has seen."""

from collections.abc import Iterator, Mapping
from typing import Final

import sqlalchemy as sa
from alembic import op

from events.journal import read_record
from events.reviews import EventWithdrawn
from services.projector.rows.changes import Key, Members
from services.projector.rows.settling import Unsettled, event_subject, flag_things

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "refusals": ("budget", "sequence"),
    "review_flags": ("budget", "sequence", "item"),
}
INDEXES: Final = {"refusals": "refusals_to_do", "review_flags": "flags_to_do"}
COMMENTS: Final = {
    "refusals": "Events that were refused: a stable code, with its facts. The record "
    "`settled_sequence` accepted the same thing later, or withdrew the event, which had waited; "
    "until then `awaits` says what that is.",
    "review_flags": "What a person should look at; it never stops the money. The record "
    "`settled_sequence` brought what its advice asks for; until then `awaits` says what that is, "
    "where a record can bring it.",
}
REVIEWS: Final = (
    "Records of the journal that a person has seen: `chain` is a budget, or `_dead.<partition>`; "
    "`budget` and `sequence` are the record of the review. Of several reviews of a record the "
    "first is kept."
)
BUDGETS: Final = sa.text("SELECT budget FROM refusals UNION SELECT budget FROM review_flags")
RECORDS: Final = sa.text("SELECT record FROM journal WHERE budget = :budget ORDER BY sequence")
BATCH: Final = 1_000


def upgrade() -> None:
    """Add columns and table, and settle what was projected already, budget by budget."""
    text = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    for table, index in INDEXES.items():
        op.add_column(table, sa.Column("awaits", text))
        op.add_column(table, sa.Column("settled_sequence", sa.BigInteger))
        op.execute(f"CREATE INDEX {index} ON {table} (code) WHERE settled_sequence IS NULL")
    op.create_table(
        "reviews",
        sa.Column("chain", text, nullable=False),
        sa.Column("reviewed_sequence", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("budget", text, nullable=False),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("reviewed_by", text, nullable=False),
        sa.Column("reviewed_on", sa.Date, nullable=False),
        sa.Column("comment", text),
        sa.PrimaryKeyConstraint("chain", "reviewed_sequence"),
        comment=REVIEWS,
    )
    op.create_index("reviews_by_record", "reviews", ["budget", "sequence"])
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        for table, comment in COMMENTS.items():
            op.create_table_comment(table, comment)
    for (budget,) in connection.execute(BUDGETS).all():
        for (table, key), members in _settled(connection, budget).items():
            found = dict(zip(KEYS[table], key, strict=True))
            same = " AND ".join(f"{name} = :{name}" for name in found)
            changed = sa.text(
                f"UPDATE {table} SET awaits = :awaits, settled_sequence = :settled_sequence"  # noqa: S608 # our own names
                f" WHERE {same}"
            )
            connection.execute(changed, {**members, **found})


def _settled(connection: sa.Connection, budget: str) -> dict[tuple[str, Key], Members]:
    """The new columns of each row of a budget."""
    unsettled = Unsettled()
    rows: dict[tuple[str, Key], Members] = {}
    for table, key, members in _changes(connection, budget, unsettled):
        rows[table, key] = members
    return rows


def _changes(
    connection: sa.Connection, budget: str, unsettled: Unsettled
) -> Iterator[tuple[str, Key, Members]]:
    """Each row as it was written, and as later records changed it."""
    for rows in connection.execute(RECORDS, {"budget": budget}).partitions(BATCH):
        for record in (read_record(bytes(row.record)) for row in rows):
            event = record.event
            if event is None:
                continue
            key = (budget, record.sequence)
            if record.outcome == "accepted":
                yield from unsettled.settle(record, event)
                if event.type == EventWithdrawn.TYPE:
                    unsettled.add_withdrawal(budget, record.sequence)
            for item, flag in enumerate(record.review_flags or (), start=1):
                awaits = unsettled.add("review_flags", (*key, item), flag_things(flag))
                yield "review_flags", (*key, item), {"awaits": awaits, "settled_sequence": None}
            if record.refusal is not None:
                settled = unsettled.withdrawal_of(record)
                awaited = [event_subject(event)] if settled is None else []
                awaits = unsettled.add("refusals", key, awaited)
                yield "refusals", key, {"awaits": awaits, "settled_sequence": settled}
