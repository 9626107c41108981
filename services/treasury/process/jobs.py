"""All jobs of a process, by its settings."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Final

import structlog
from sqlalchemy import inspect

from services.projector.database_errors import raising_unreachable
from services.projector.engine import engine_address, make_engine
from services.projector.tables import payment_orders
from services.runtime.ops.errors import Unreachable
from services.treasury.entries.bookkeeper import Bookkeeper
from services.treasury.pes.accountant import TreasuryConfig, read_config
from services.treasury.process.folder import ReturnsFolder
from services.treasury.process.slip_schedule import SlipSchedule, read_times
from services.treasury.returns.returns import Returns
from services.treasury.settings import TreasurySettings
from services.treasury.slips.slips import Slips
from services.treasury.store.database import TreasuryStore

Job = Callable[[], Awaitable[None]]

log: Final = structlog.stdlib.get_logger("ecluse.treasury")


class Jobs:
    """Slips by the schedule, the folder of returns, accounting entries.

    Raises:
        Stop: when it is made: the file of ECLUSE_TREASURY_FILE is not as it must be.
    """

    def __init__(
        self, own: TreasurySettings, store: TreasuryStore, clock: Callable[[], datetime]
    ) -> None:
        path = own.treasury_file
        config = TreasuryConfig() if path is None else read_config(path)
        self._read_model = make_engine(own.url)
        self._is_made = False
        self._bookkeeper = Bookkeeper(store, self._read_model, config.accounts, clock)
        self.by_name: Final[dict[str, Job]] = {}
        """Each job, to be run again and again; one that fails is tried again at its next run."""
        self.failed: Final[dict[str, int]] = {}
        """How often each job has failed by a fault of our program."""
        self.done: Final[dict[str, datetime]] = {}
        """The time when each job was last done; before the first time, when it was added."""
        self._clock = clock
        self._folder: ReturnsFolder | None = None
        if times := read_times(own.treasury_schedule):
            made = Slips(store, self._read_model, config, clock)
            made.leaves_within_s = 0  # It is tried at each poll, and keeps no other job waiting.
            schedule = SlipSchedule(times, own.treasury_exports, made, store, clock)
            self.add("slips", self._guard_read_model(schedule.run))
        if path is not None:  # Entries keep their accounts: somebody has seen to them in the file.
            self.add("entries", self._guard_read_model(self._book))
        if own.treasury_returns is not None:
            self._folder = ReturnsFolder(own.treasury_returns)
            self.add("returns", partial(self._folder.poll, Returns(store, config, clock)))

    @property
    def files_left(self) -> int | None:
        """Files in the folder of returns that could not be read through, or not be moved.

        None where nobody knows, as while the folder cannot be read.
        """
        return 0 if self._folder is None else self._folder.left

    def add(self, name: str, job: Job) -> None:
        """Add a job. One that fails is logged and counted: the others and the intake go on."""
        self.failed[name], self.done[name] = 0, self._clock()

        async def run() -> None:
            try:
                await job()
                self.done[name] = self._clock()
            except Unreachable as error:
                log.warning("job_postponed", job=name, error=str(error))
            except Exception:
                self.failed[name] += 1
                log.exception("job_failed", job=name)

        self.by_name[name] = run

    async def _book(self) -> None:
        lines = await self._bookkeeper.book()
        if lines:
            log.info("entries_booked", lines=lines)

    def _guard_read_model(self, job: Job) -> Job:
        """Run it once the projector has made its tables: on a new machine it may come later."""

        async def run() -> None:
            if not self._is_made:
                async with (
                    raising_unreachable(engine_address(self._read_model)),
                    self._read_model.connect() as asked,
                ):
                    self._is_made = await asked.run_sync(
                        lambda connection: inspect(connection).has_table(payment_orders.name)
                    )
            if self._is_made:
                await job()

        return run

    async def close(self) -> None:
        """Close the connections to the read model."""
        await self._read_model.dispose()
