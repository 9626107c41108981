"""The first tables of the read model: their SQL is beside this file, for each database."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    connection = op.get_bind()
    beside = Path(__file__).with_suffix(f".{connection.dialect.name}.sql")
    for statement in beside.read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            connection.exec_driver_sql(statement)
