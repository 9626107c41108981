"""What Alembic runs: the versions that are missing, on the connection that it is given."""

from alembic import context

from services.projector.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
