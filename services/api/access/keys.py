"""API keys: how they are written, kept and compared. Pure.

A key is `ecluse_<id>_<secret>`: the id finds its row, the secret is 256 random bits. Only the
secret's SHA-256 is kept. A slow hash (argon2, bcrypt) protects what people choose and others can
guess; nobody guesses 256 bits, at any speed, and a slow hash at every request would only be a way
to keep the API busy (docs/decisions/0013-api-and-access.md).
"""

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final, NamedTuple

from services.api.access.caller import Caller, Entities, Scope, types_of

PREFIX: Final = "ecluse"
"""Stands before every key, so that scanners of repositories know one."""

KEY_CALLER: Final = "key:"
"""The beginning of a key holder's name, before the key's id."""

ID_BYTES: Final = 6
SECRET_BYTES: Final = 32
SHAPE: Final = re.compile(r"ecluse_(?P<id>[0-9a-f]{12})_(?P<secret>[A-Za-z0-9_-]{43})")


class KeyParts(NamedTuple):
    """A key as its holder writes it, taken apart."""

    key_id: str
    secret: str

    def __str__(self) -> str:
        """As its holder writes it: never in a log."""
        return f"{PREFIX}_{self.key_id}_{self.secret}"

    def __repr__(self) -> str:
        """The part of it that a log may hold."""
        return f"{PREFIX}_{self.key_id}_…"


def parse_key(credential: str) -> KeyParts | None:
    """The key that `credential` is; None where it is not written as one."""
    found = SHAPE.fullmatch(credential)
    return None if found is None else KeyParts(found["id"], found["secret"])


def has_key_format(credential: str) -> bool:
    """True if somebody means a key, and not a token of an identity provider."""
    return credential.startswith(f"{PREFIX}_")


def digest_of(secret: str) -> str:
    """Digest of a secret that is stored."""
    return sha256(secret.encode()).hexdigest()


def matches_digest(secret: str, digest: str) -> bool:
    """True if this is the secret of that digest, in a time that tells nothing."""
    return hmac.compare_digest(digest_of(secret), digest)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept."""

    key_id: str
    label: str
    rights: dict[Scope, Entities]
    created_at: datetime
    created_by: str
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    last_used_at: datetime | None = None
    expires_at: datetime | None = None
    publish_types: Sequence[str] | None = None
    """The roles and types of events that it sends; None stands for all."""

    def has_expired(self, now: datetime) -> bool:
        """True from the instant of its expiry on."""
        return self.expires_at is not None and now >= self.expires_at

    def is_in_force(self, now: datetime) -> bool:
        """True if it still gives access."""
        return self.revoked_at is None and not self.has_expired(now)

    @property
    def caller(self) -> Caller:
        """Whoever holds it."""
        types = None if self.publish_types is None else types_of(self.publish_types)
        return Caller(f"{KEY_CALLER}{self.key_id}", self.rights, self.label, types)
