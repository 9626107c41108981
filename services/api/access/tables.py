"""The tables of access: apart from the read model, which may be dropped and made again."""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, MetaData, Table, Text

from services.projector.tables.columns import Instant, Json

SCHEMA: Final = "ecluse_access"
"""The PostgreSQL schema; SQLite has a file of its own instead."""

metadata: Final = MetaData(schema=SCHEMA)


api_keys: Final = Table(
    "api_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("label", Text, nullable=False),
    Column("secret_sha256", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("revoked_at", Instant),
    Column("revoked_by", Text),
    Column("last_used_at", Instant),
    Column("expires_at", Instant),
    comment="API keys; of the secret only its SHA-256. `last_used_at` is exact to five minutes.",
)

api_key_rights: Final = Table(
    "api_key_rights",
    metadata,
    Column("key_id", Text, ForeignKey(api_keys.c.key_id), primary_key=True),
    Column("scope", Text, primary_key=True),
    Column("entity", Text, primary_key=True),
    comment="What a key allows: a right, for a SIRET or for 'all'.",
)

sessions: Final = Table(
    "sessions",
    metadata,
    Column("id_sha256", Text, primary_key=True),
    Column("caller", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("key_id", Text),
    Column("rights", Json),
    Column("subject", Text),
    Column("provider_session", Text),
    Column("id_token", Text),
    Column("created_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    comment="Sessions of the console; of the cookie only its SHA-256. With `key_id` the key says"
    " what is allowed, else `rights`, as the identity provider said it at the login.",
)

logout_tokens: Final = Table(
    "logout_tokens",
    metadata,
    Column("jti_sha256", Text, primary_key=True),
    Column("expires_at", Instant, nullable=False),
    comment="Logout tokens of the identity provider that were taken; none is taken twice.",
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
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("facts", Json, nullable=False),
    comment="Who revealed what, who made or revoked keys. A trigger refuses changes and deletions.",
)
