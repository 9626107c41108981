"""Records of the journal are stored as they are: compressing them took longer than writing them."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Set it for rows to come; those that are there stay compressed, and are read as before."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE journal SET (toast_tuple_target = 8160)")
