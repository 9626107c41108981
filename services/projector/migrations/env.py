"""Alembic's entry point: runs the missing versions on a given connection."""

from alembic import context

from services.projector.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
