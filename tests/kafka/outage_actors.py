"""The actors of an outage scenario: a city that signs conventions, a treasury that takes orders."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from subprocess import DEVNULL, Popen
from typing import Final, Self

from aiokafka import AIOKafkaConsumer
from sqlalchemy import make_url

from events.topics import PAYMENT_ORDERS
from services.api.adapters.clock_and_chance import wall_clock
from tests.builders import Json, a_convention, a_vote, an_act, an_award, an_instalment
from tests.kafka.cluster import Cluster, budgets_on
from tests.read_model.databases import Server
from tests.read_model.filling import query
from tests.waiting import WAIT_S, eventually

GROUP: Final = "ecluse.treasury"
COMMIT_MS: Final = 1000
LEAVE_S: Final = 10.0
APPROPRIATED_CENTS: Final = 10**9
GRANT_CENTS: Final = 1_250_000


@contextmanager
def locked_table(server: Server, url: str, table: str) -> Iterator[None]:
    """Nobody can write the table meanwhile, to the end of this or of the server."""
    database = make_url(url).database or ""
    psql = (server.programs / "psql", "-qh", server.socket, "-U", "postgres", "-d", database)
    lock = f"LOCK TABLE {table} IN EXCLUSIVE MODE; SELECT pg_sleep(3600)"
    granted = (
        f"SELECT count(*) FROM pg_locks WHERE relation = '{table}'::regclass"
        " AND mode = 'ExclusiveLock' AND granted"
    )
    with Popen((*psql, "-c", lock), stdout=DEVNULL, stderr=DEVNULL) as holder:
        try:
            eventually(lambda: query(url, granted), "the table is not locked")
            yield
        finally:
            holder.kill()


class Budget:
    """A budget of this year on a partition, and what is decided on it now."""

    def __init__(self, partition: int, count: int) -> None:
        self.year = wall_clock().year
        self.name = next(budgets_on(partition, count, since=self.year))
        self._grants = 0

    def vote(self) -> Json:
        """What may be spent."""
        now, today = _now()
        return a_vote(
            APPROPRIATED_CENTS,
            _id=f"vote-{self.name}",
            _time=now,
            budget=self.name,
            act=an_act(today),
        )

    def grant(self) -> list[Json]:
        """An award and its convention, by which the treasury gets an order to pay."""
        self._grants += 1
        now, today = _now()
        number = f"{self._grants:04}"
        grant, convention = f"G{number}", f"C{number}"
        award = an_award(
            GRANT_CENTS,
            _id=f"deliberation-{today}-{number}",
            _time=now,
            budget=self.name,
            grant=grant,
            act=an_act(today),
            title=f"Subvention {self.year}",
        )
        signed = a_convention(
            _id=f"convention-{today}-{number}",
            _time=now,
            budget=self.name,
            grant=grant,
            convention=convention,
            acts=[an_act(today)],
            signed_on=today,
            starts_on=f"{self.year}-01-01",
            ends_on=f"{self.year}-12-31",
            instalments=[an_instalment(GRANT_CENTS)],
        )
        return [award, signed]

    def grants(self, count: int) -> list[Json]:
        """Several of them."""
        return [event for _ in range(count) for event in self.grant()]


def _now() -> tuple[str, str]:
    """The moment and the day."""
    now = wall_clock()
    return now.isoformat(timespec="milliseconds"), now.date().isoformat()


class Treasury:
    """Takes payment orders and commits where it is, in a thread of its own, until it leaves."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leaving: asyncio.Event | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.comes()
        return self

    def __exit__(self, *_: object) -> None:
        self.leaves()

    def comes(self) -> None:
        """It reads; whatever has waited for it first."""
        reads = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._take(reads)), daemon=True)
        self._thread.start()
        assert reads.wait(WAIT_S), "the treasury does not start"

    def leaves(self) -> None:
        """It says so to its group, and is gone."""
        if self._thread is None:
            return
        assert self._loop is not None, "it came"
        assert self._leaving is not None, "as above"
        self._loop.call_soon_threadsafe(self._leaving.set)
        self._thread.join(2 * LEAVE_S)
        self._thread = None

    async def _take(self, reads: threading.Event) -> None:
        self._loop, self._leaving = asyncio.get_running_loop(), asyncio.Event()
        consumer = AIOKafkaConsumer(
            self._cluster.name(PAYMENT_ORDERS),
            bootstrap_servers=self._cluster.bootstrap,
            client_id="treasury",
            group_id=self._cluster.name(GROUP),
            auto_offset_reset="earliest",
            auto_commit_interval_ms=COMMIT_MS,
            isolation_level="read_committed",
        )
        await consumer.start()
        reads.set()
        try:
            while not self._leaving.is_set():
                await consumer.getmany(timeout_ms=200)
        finally:
            # Beside a broker that was just brought back it may wait for ever.
            with suppress(TimeoutError):
                await asyncio.wait_for(consumer.stop(), LEAVE_S)
