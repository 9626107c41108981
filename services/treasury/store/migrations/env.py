"""Alembic's entry point: it is given a connection, and the schema that its tables stand in."""

from alembic import context

from services.treasury.store.tables import VERSION_TABLE, metadata

schema = context.config.attributes["schema"]
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    version_table_schema=schema,
    include_schemas=True,
)
with context.begin_transaction():
    context.run_migrations()
