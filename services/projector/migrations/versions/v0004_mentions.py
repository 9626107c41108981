"""The names that each record mentions, by which traces find their records."""

import sqlalchemy as sa
from alembic import op

from events.journal import read_record
from events.mentions import mentions_of

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

COMMENT = (
    "Names that each record mentions. Kind: convention, grant, payment_order, act (its number), "
    "beneficiary (SIRET), event (the id of one that a deadline is about)."
)
BATCH = 1_000


def upgrade() -> None:
    """Make the table, and fill it from the records that were projected already."""
    text = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    mentions = op.create_table(
        "mentions",
        sa.Column("budget", text, nullable=False),
        sa.Column("sequence", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("kind", text, nullable=False),
        sa.Column("id", text, nullable=False),
        sa.PrimaryKeyConstraint("id", "kind", "budget", "sequence"),
        comment=COMMENT,
    )
    connection = op.get_bind()
    records = connection.execute(sa.text("SELECT record FROM journal"))
    for rows in records.partitions(BATCH):
        found = [
            {"budget": record.budget, "sequence": record.sequence, **mention._asdict()}
            for record in (read_record(bytes(row.record)) for row in rows)
            for mention in mentions_of(record)
        ]
        if found:
            connection.execute(mentions.insert(), found)
