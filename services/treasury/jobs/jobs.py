"""All jobs of a process, by its settings."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

import structlog

from services.projector.database import an_engine
from services.runtime.ops.errors import Unreachable
from services.treasury.application.slips import Slips
from services.treasury.config.accountant import TreasuryConfig, read_config
from services.treasury.domain.schedule import read_times
from services.treasury.jobs.slip_schedule import SlipSchedule
from services.treasury.settings import TreasurySettings
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
        self._read_model = an_engine(own.url)
        self.by_name: Final[dict[str, Job]] = {}
        """Each job, to be run again and again; without its database it waits for its next run."""
        times = read_times(own.treasury_schedule)
        if times:
            made = Slips(store, self._read_model, config, clock)
            schedule = SlipSchedule(times, own.treasury_exports, store, made, clock)
            self._add("slips", schedule.run)

    def _add(self, name: str, job: Job) -> None:
        async def run() -> None:
            try:
                await job()
            except Unreachable as error:
                log.warning("job_postponed", job=name, error=str(error))

        self.by_name[name] = run

    async def close(self) -> None:
        """Close the connections to the read model."""
        await self._read_model.dispose()
