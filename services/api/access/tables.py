"""The tables of access: apart from the read model, which may be dropped and made again."""

from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import JSONB

SCHEMA: Final = "ecluse_access"
"""The PostgreSQL schema; SQLite has a file of its own instead."""

metadata: Final = MetaData(schema=SCHEMA)


def _instant(name: str, *, nullable: bool = False) -> Column[Any]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


api_keys: Final = Table(
    "api_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("label", Text, nullable=False),
    Column("secret_sha256", Text, nullable=False),
    _instant("created_at"),
    Column("created_by", Text, nullable=False),
    _instant("revoked_at", nullable=True),
    Column("revoked_by", Text),
    _instant("last_used_at", nullable=True),
    comment="API keys; of the secret only its SHA-256. `last_used_at` is exact to a minute.",
)

api_key_rights: Final = Table(
    "api_key_rights",
    metadata,
    Column("key_id", Text, ForeignKey(api_keys.c.key_id), primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("entity", Text, primary_key=True),
    comment="What a key allows: read, publish or operate, for a SIRET or for 'all'.",
)

audit: Final = Table(
    "audit",
    metadata,
    Column(
        "number",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    _instant("at"),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("facts", JSON().with_variant(JSONB(), "postgresql"), nullable=False),
    comment="Who revealed what, who made or revoked keys. A trigger refuses changes and deletions.",
)
