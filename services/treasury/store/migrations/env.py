"""Alembic's entry point: it is given a connection, and the schema that its tables stand in."""

from services.projector.migrations import run_versions
from services.treasury.store.tables import VERSION_TABLE, metadata

run_versions(metadata, VERSION_TABLE)
