"""A convention is found by its signatory too."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from services.projector.rows.column_values import fold_names

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

BATCH = 1_000
COMMENT = (
    "Conventions, and grants that stand without one (`stands_alone`, under the grant's "
    "reference, until a convention is signed). State: in_force, suspended, terminated, with the "
    "day and reason of the last turn; withdrawn where the award fell. `continues` is the name that "
    "its money had before record `sequence`: moves and orders of that time bear it still. "
    "`folded` is its name, then the signatory, apart by `|`."
)
CONVENTIONS = sa.table(
    "conventions", *map(sa.column, ("budget", "convention", "signatory", "folded"))
)


def upgrade() -> None:
    """Fold names and signatories again, from what the table holds."""
    connection, table = op.get_bind(), CONVENTIONS.c
    read = sa.select(table.budget, table.convention, table.signatory)
    rows = connection.execute(read).mappings().all()
    write = (
        CONVENTIONS.update()
        .where(table.budget == sa.bindparam("of_budget"))
        .where(table.convention == sa.bindparam("of_convention"))
        .values(folded=sa.bindparam("as_folded"))
    )
    for start in range(0, len(rows), BATCH):
        values: list[dict[str, Any]] = [
            {
                "of_budget": row["budget"],
                "of_convention": row["convention"],
                "as_folded": fold_names(row["convention"], row["signatory"] or ""),
            }
            for row in rows[start : start + BATCH]
        ]
        connection.execute(write, values)
    if connection.dialect.name == "postgresql":
        op.create_table_comment("conventions", COMMENT)
