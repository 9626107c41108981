"""PostgreSQL dies in the midst of a COPY that waits until it may write: nobody waits with it."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from itertools import cycle

import asyncpg
import pytest
import uvloop

from events.topics import JOURNAL
from services.projector.database import take, write
from services.projector.database_errors import failing_as_writer
from services.projector.engine import make_engine
from services.projector.rows.changes import Changes, Row
from services.projector.rows.fold import Fold
from services.runtime.kafka.writer import WriterFailed
from tests.read_model.databases import Server
from tests.read_model.filling import golden, query
from tests.waiting import WAIT_S

Lost = Callable[[asyncpg.Connection, asyncio.Task[None]], None]
"""What else there is to be done when the connection is lost."""


class Endless(list[Row]):
    """Rows without end; with the first of them PostgreSQL stops taking any."""

    def __init__(self, rows: list[Row], stop: Callable[[], None]) -> None:
        super().__init__(rows)
        self._stop = stop

    def __iter__(self) -> Iterator[Row]:
        self._stop()
        return cycle(list(super().__iter__()))


def changes_of(name: str) -> Changes:
    fold = Fold(0)
    for offset, raw in enumerate(golden(name)):
        fold.add(offset, raw)
    return fold.take_changes()


async def copy_and_die(url: str, when_lost: Lost) -> None:
    """Stop a COPY in its midst, then kill the process that takes it; end as the batch does."""
    engine = make_engine(url)
    changes = changes_of("lille-avenirs-2023")
    stopped = asyncio.Event()
    try:
        position = (await take(engine, JOURNAL, 0)).position
        async with engine.connect() as connection:
            # The only connection of the pool: the batch is written on it too.
            driver = (await connection.get_raw_connection()).driver_connection
        assert isinstance(driver, asyncpg.Connection)
        pid = driver.get_server_pid()

        def stop() -> None:
            os.kill(pid, signal.SIGSTOP)
            stopped.set()

        changes.appended["journal"] = Endless(changes.appended["journal"], stop)

        async def batch() -> None:
            async with failing_as_writer():
                await write(engine, changes, position)

        writing = asyncio.create_task(batch())
        driver.add_termination_listener(lambda _: when_lost(driver, writing))
        # The copy hands over only where it waits, and that is until it may write again.
        await stopped.wait()
        os.kill(pid, signal.SIGKILL)
        done, _ = await asyncio.wait([writing], timeout=WAIT_S)  # Below the limit of a visit.
        assert {writing} == done, "it waits for a connection that is gone"
        await writing
    finally:
        await engine.dispose()


def nothing(_driver: asyncpg.Connection, _writing: asyncio.Task[None]) -> None:
    """It is lost, and that is all."""


def asked_to_stop(driver: asyncpg.Connection, writing: asyncio.Task[None]) -> None:
    assert driver.is_closed()
    writing.cancel()


@pytest.fixture
def dying_url(postgresql_server: Server, postgresql_url: str) -> Iterator[str]:
    """A database of a server that is in service again afterwards."""
    yield postgresql_url
    postgresql_server.start_again()


@pytest.mark.parametrize(
    ("when_lost", "kind", "message"),
    [
        (nothing, WriterFailed, "the database: the connection was lost"),
        (asked_to_stop, asyncio.CancelledError, None),
    ],
)
def test_a_copy_ends_with_its_connection_and_a_cancellation_stays_one(
    when_lost: Lost,
    kind: type[BaseException],
    message: str | None,
    dying_url: str,
    postgresql_server: Server,
) -> None:
    uvloops = asyncio.Runner(loop_factory=uvloop.new_event_loop)  # As in the worker.
    with pytest.raises(kind, match=message), uvloops as runner:
        runner.run(copy_and_die(dying_url, when_lost))
    postgresql_server.start_again()
    assert 0 == query(dying_url, "SELECT count(*) FROM journal")
