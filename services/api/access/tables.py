"""The tables of access: apart from the read model, which may be dropped and made again."""

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Integer, MetaData, Table, Text

from services.projector.tables.columns import Instant, Json

SCHEMA: Final = "ecluse_access"
"""The PostgreSQL schema; SQLite has a file of its own instead."""

VERSION_TABLE: Final = "access_version"
"""Name of the table with the version of the schema."""

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
    Column("lasts_s", BigInteger),
    Column("publish_types", Json),
    comment="API keys; of the secret only its SHA-256. `last_used_at` is exact to five minutes."
    " `lasts_s`: how long it was to last when it was made; a rotation brings `expires_at` nearer."
    " `publish_types`: the roles and types of events that it sends; null stands for all.",
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
    Column("settings_sha256", Text),
    Column("subject", Text),
    Column("provider_session", Text),
    Column("id_token", Text),
    Column("created_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    comment="Sessions of the console; of the cookie only its SHA-256. With `key_id` the key says"
    " what is allowed, else `rights`, as the identity provider said it at the login, while the"
    " settings are those of then.",
)

logout_tokens: Final = Table(
    "logout_tokens",
    metadata,
    Column("jti_sha256", Text, primary_key=True),
    Column("expires_at", Instant, nullable=False),
    comment="Logout tokens of the identity provider that were taken; none is taken twice.",
)

webhooks: Final = Table(
    "webhooks",
    metadata,
    Column("webhook_id", Text, primary_key=True),
    Column("address", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("entities", Json, nullable=False),
    Column("budget", Text),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("position", Text, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failing_since", Instant),
    Column("next_attempt_at", Instant),
    Column("last_error", Text),
    Column("held_by", Text),
    Column("held_until", Instant),
    comment="Addresses to which outcomes are posted, the secret that signs them, and the place in"
    " the journal up to which all was taken. `held_by` delivers it, until `held_until`.",
)

webhook_attempts: Final = Table(
    "webhook_attempts",
    metadata,
    Column(
        "number",
        BigInteger().with_variant(Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    Column("webhook_id", Text, nullable=False, index=True),
    Column("message_id", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("status", Integer),
    Column("error", Text),
    Column("duration_ms", Integer, nullable=False),
    Column("done", Boolean, nullable=False),
    comment="The latest attempts to post a message of each webhook.",
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
