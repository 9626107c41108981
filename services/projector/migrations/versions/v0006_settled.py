"""What later records settled, and what a person has seen."""

import json
from collections.abc import Iterable
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

from services.projector.rows.changes import Key, Members
from services.projector.rows.fold import Fold
from services.projector.tables import refusals, review_flags

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SETTLING: Final = ("awaits", "settled_sequence")
"""The columns that this revision adds to both tables."""
FLAGS: Final = (
    *("budget", "sequence", "item", "event_id", "grant_ref", "convention", "code", "facts"),
    *SETTLING,
)
"""The columns of `review_flags` at this revision: the fold of today may know later ones."""
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
        _settle(connection, budget)


def _settle(connection: sa.Connection, budget: str) -> None:
    """Fold the records of a budget again: its flags anew, and what settled its refusals."""
    connection.execute(review_flags.delete().where(review_flags.c.budget == budget))
    fold = Fold(0)
    for records in connection.execute(RECORDS, {"budget": budget}).partitions(BATCH):
        for each in records:
            fold.add(0, bytes(each.record))
        changes = fold.take_changes()
        flags = [_of_columns(review_flags, row, FLAGS) for row in changes.appended["review_flags"]]
        if flags:
            rows = [each | {"facts": json.loads(each["facts"])} for each in flags]
            connection.execute(review_flags.insert(), rows)
        for row in changes.appended["refusals"]:
            _update(connection, refusals, row[:2], _of_columns(refusals, row, SETTLING))
        for table in (refusals, review_flags):
            for key, members in changes.patched[table.name].items():
                settled: Members = {name: members[name] for name in SETTLING if name in members}
                if settled:
                    _update(connection, table, key, settled)


def _of_columns(table: sa.Table, row: tuple[Any, ...], names: Iterable[str]) -> dict[str, Any]:
    """The members of these names of a row as the fold of today writes it."""
    members = dict(zip(table.c.keys(), row, strict=True))
    return {name: members[name] for name in names}


def _update(connection: sa.Connection, table: sa.Table, key: Key, members: Members) -> None:
    same = (column == value for column, value in zip(table.primary_key, key, strict=True))
    connection.execute(table.update().where(*same).values(**members))
