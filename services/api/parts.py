"""What the API is made of: given to it once, when it is built."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncEngine

from services.api.access.audit import Audit
from services.api.access.port import Access
from services.api.clock import Clock
from services.api.ports import JournalEnds, OriginalBytes, Publisher, ends_unknown

REQUEST_LIMIT_S: Final = 30.0
"""How long an answer may take to begin."""

BODY_BYTES_MAX: Final = 256 * 1024
"""How much a request may bring, where its address allows no more."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the API stands on."""

    engine: AsyncEngine
    """Of the read model."""
    access: Access
    publisher: Publisher
    audit: Audit
    original_bytes: OriginalBytes
    clock: Clock
    request_limit_s: float = REQUEST_LIMIT_S
    journal_ends: JournalEnds = ends_unknown
