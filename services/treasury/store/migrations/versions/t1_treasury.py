"""The tables of the treasury.

Made from `tables` until the first release: then they are written out, as a migration says what
was, whatever the tables become.
"""

from alembic import context, op

from services.treasury.store.tables import SCHEMA, metadata

revision = "t1"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables."""
    schema = context.config.attributes["schema"]
    connection = op.get_bind().execution_options(schema_translate_map={SCHEMA: schema})
    metadata.create_all(connection, checkfirst=False)
