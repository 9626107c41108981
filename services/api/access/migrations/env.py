"""Alembic's entry point: it is given a connection, and the schema that its tables stand in."""

from services.api.access.tables import VERSION_TABLE, metadata
from services.projector.migrations import run_versions

run_versions(metadata, VERSION_TABLE)
