"""Components of the API, given once when it is built."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from weakref import WeakValueDictionary

from sqlalchemy.ext.asyncio import AsyncEngine

from services.api.access.audit import Audit
from services.api.access.caller import Access
from services.api.access.hosts import LOCAL
from services.api.access.oidc.login import ProviderLogin
from services.api.adapters.clock import Clock
from services.api.adapters.ports import (
    JournalEnd,
    JournalEnds,
    LagSource,
    OriginalBytes,
    Publisher,
)
from services.api.lag_source import Unwatched

REQUEST_LIMIT_S: Final = 30.0
"""Time in which an answer must begin."""

BODY_BYTES_MAX: Final = 256 * 1024
"""Size limit of a request, where its address allows no more."""

READS_AT_ONCE: Final = 4
"""Connections that one caller has at once, fewer than there are: who asks more waits, and holds
nothing; nobody else waits behind them."""

TRACES_AT_ONCE: Final = 2
"""Each takes a connection, and the processor for seconds: others wait, and hold nothing."""

LIVE_PAGES_MAX: Final = 200
"""Pages that may hold a stream of updates at once; others go without."""


async def ends_unknown() -> Mapping[int, JournalEnd] | None:
    """None: there is nothing to ask."""
    return None


class ReadSlots:
    """Turns to read, of each caller apart; of who does not read now nothing is kept."""

    def __init__(self) -> None:
        self._of: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def of(self, caller: str) -> asyncio.Semaphore:
        """The turns of the caller of this name."""
        return self._of.setdefault(caller, asyncio.Semaphore(READS_AT_ONCE))


@dataclass(frozen=True, slots=True)
class Components:
    """The components of the API."""

    engine: AsyncEngine
    """Of the read model."""
    access: Access
    publisher: Publisher
    audit: Audit
    original_bytes: OriginalBytes
    clock: Clock
    request_limit_s: float = REQUEST_LIMIT_S
    journal_ends: JournalEnds = ends_unknown
    lag: LagSource = field(default_factory=lambda: Unwatched("nobody"))
    hosts: frozenset[str] = LOCAL
    """The names by which it is asked; where access is not checked it answers to no other."""
    over_tls: bool = False
    """True if everybody comes over TLS, whatever a proxy says."""
    login: ProviderLogin | None = None
    """The login at an identity provider, where one is set for people."""
    trace_slots: asyncio.Semaphore = field(
        default_factory=partial(asyncio.Semaphore, TRACES_AT_ONCE)
    )
    live_slots: asyncio.Semaphore = field(
        default_factory=partial(asyncio.Semaphore, LIVE_PAGES_MAX)
    )
    read_slots: ReadSlots = field(default_factory=ReadSlots)
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by the signal to end: streams end then."""
