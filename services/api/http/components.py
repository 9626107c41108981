"""Components of the API, given once when it is built."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from weakref import WeakValueDictionary

from sqlalchemy.ext.asyncio import AsyncEngine

from events.texts import _
from services.api.access.caller import Access, Audit
from services.api.access.oidc.login import ProviderLogin
from services.api.access.webhook_store import Webhooks
from services.api.adapters.clock_and_chance import Clock
from services.api.adapters.ports import (
    JournalEnd,
    JournalEnds,
    LagSource,
    MarksBehind,
    NoWatch,
    OriginalBytes,
    PercentLoaded,
    Publisher,
    SourceRecords,
    no_marks,
    no_source_records,
)
from services.api.adapters.read_model import SharedPosition, use_current_password
from services.api.code_names import OFFICIAL, Names
from services.api.problems import Kind, Problem
from services.ledger.application.trial import KnownStates
from services.runtime.ops.http import LOCAL
from services.treasury.pes.accountant import TreasuryConfig, read_config
from services.treasury.returns.returns import Returns
from services.treasury.settings import TreasurySettings
from services.treasury.slips.slips import Slips
from services.treasury.store.database import TreasuryStore

REQUEST_LIMIT_S: Final = 30.0
"""Time in which an answer must begin."""

BODY_BYTES_MAX: Final = 256 * 1024
"""Size limit of a request, where its address allows no more."""

READS_AT_ONCE: Final = 4
"""Connections that one caller has at once, fewer than there are: who asks more waits, and holds
nothing; nobody else waits behind them."""

TRACES_AT_ONCE: Final = 2
"""Each takes a connection, and the processor for seconds: others wait, and hold nothing."""

FILES_AT_ONCE: Final = 2
"""The largest takes some five seconds of the processor and 170 MB while it is written."""

LIVE_PAGES_MAX: Final = 200
LIVE_PAGES_OF_CALLER_MAX: Final = 20
"""Pages that may hold a stream of updates at once; others go without."""

LISTENERS_MAX: Final = 100
LISTENERS_OF_CALLER_MAX: Final = 5
"""Programs that may listen to outcomes at once."""

WAITING_MAX: Final = 200
WAITING_OF_CALLER_MAX: Final = 20
"""Requests that may wait at once for what the ledger decides."""

LARGE_UPLOADS_MAX: Final = 4
LARGE_UPLOADS_OF_CALLER_MAX: Final = 2
"""Requests whose body may wait in a temporary file at once: the disk has room for so many of the
largest."""

TOO_MANY_AT_ONCE: Final = Kind(
    "too_many_at_once",
    429,
    _("Too many at once"),
    _("This access has {most} requests of this kind open already, or all accesses together {all}."),
    _("Let the others end first, then try again."),
)
RETRY_AFTER_S: Final = 30


async def ends_unknown() -> Mapping[int, JournalEnd] | None:
    """None: there is nothing to ask."""
    return None


class ReadSlots:
    """Turns to read, of each caller apart; of who does not read now nothing is kept."""

    def __init__(self) -> None:
        self._of: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def semaphore_of(self, caller: str) -> asyncio.Semaphore:
        """The turns of the caller of this name."""
        return self._of.setdefault(caller, asyncio.Semaphore(READS_AT_ONCE))


class Slots:
    """Slots of which each caller may take a few, and all together some: others are refused."""

    def __init__(self, in_all: int, of_caller: int) -> None:
        self._in_all, self._of_caller = in_all, of_caller
        self._taken: Counter[str] = Counter()

    @contextmanager
    def take(self, caller: str) -> Iterator[None]:
        """A slot of the caller of this name, until the end of the block.

        Raises:
            Problem: 429, there is none left.
        """
        if self._taken[caller] >= self._of_caller or self._taken.total() >= self._in_all:
            facts = {"most": self._of_caller, "all": self._in_all}
            raise Problem(TOO_MANY_AT_ONCE, facts, headers={"Retry-After": str(RETRY_AFTER_S)})
        self._taken[caller] += 1
        try:
            yield
        finally:
            self._taken[caller] -= 1
            if not self._taken[caller]:
                del self._taken[caller]


@dataclass(frozen=True, slots=True)
class Treasury:
    """The treasury as the API works with it."""

    store: TreasuryStore
    slips: Slips
    returns: Returns
    config: TreasuryConfig

    def use_current_password(self, address: Callable[[], str | None]) -> None:
        """Have new connections log in with the password that `address` has then."""
        self.store.use_current_password(lambda engine: use_current_password(engine, address))


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
    source_records: SourceRecords = no_source_records
    marks_behind: MarksBehind = no_marks
    webhooks: Webhooks | None = None
    """None where there is no database for them."""
    treasury: Treasury | None = None
    """None where it is not configured."""
    lag: LagSource = field(default_factory=lambda: NoWatch("nobody"))
    hosts: frozenset[str] = LOCAL
    """The names by which it is asked; where access is not checked it answers to no other."""
    over_tls: bool = False
    """True if everybody comes over TLS, whatever a proxy says."""
    names: Names = OFFICIAL
    """Names of the codes of budgets."""
    login: ProviderLogin | None = None
    """The login at an identity provider, where one is set for people."""
    trace_slots: asyncio.Semaphore = field(
        default_factory=partial(asyncio.Semaphore, TRACES_AT_ONCE)
    )
    file_slots: asyncio.Semaphore = field(default_factory=partial(asyncio.Semaphore, FILES_AT_ONCE))
    live_slots: Slots = field(
        default_factory=partial(Slots, LIVE_PAGES_MAX, LIVE_PAGES_OF_CALLER_MAX)
    )
    listener_slots: Slots = field(
        default_factory=partial(Slots, LISTENERS_MAX, LISTENERS_OF_CALLER_MAX)
    )
    upload_slots: Slots = field(
        default_factory=partial(Slots, LARGE_UPLOADS_MAX, LARGE_UPLOADS_OF_CALLER_MAX)
    )
    read_slots: ReadSlots = field(default_factory=ReadSlots)
    wait_slots: Slots = field(default_factory=partial(Slots, WAITING_MAX, WAITING_OF_CALLER_MAX))
    known_states: KnownStates = field(default_factory=KnownStates)
    """Where trials begin from."""
    position: SharedPosition = field(default_factory=SharedPosition)
    percent_loaded: PercentLoaded | None = None
    """None where nothing is loaded before it answers."""
    leaving: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by the signal to end: streams end then."""


def open_treasury(own: TreasurySettings, read_model: AsyncEngine, clock: Clock) -> Treasury | None:
    """The treasury by its settings; it connects when it is first asked.

    None where no file has the codes of the accountant: no slip can be made then.

    Raises:
        Stop: the file cannot be read, or is not as it must be.
    """
    if own.treasury_file is None:
        return None
    config, store = read_config(own.treasury_file), TreasuryStore.build(own)
    slips, returns = Slips(store, read_model, config, clock), Returns(store, config, clock)
    return Treasury(store, slips, returns, config)
