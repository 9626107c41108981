"""Slips made at times of the day: prepared, issued, and their files written into a folder.

Each step is done for all that an earlier run has left, so that a run which died is finished by the
next. A file is in the folder once: it is written under a hidden name first, then it is noted that
the slip is exported, then it gets its name.
"""

import os
from collections.abc import Callable, Sequence
from datetime import datetime, time
from gzip import decompress
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import select

from services.texts.formats import ZONE
from services.texts.language import Language
from services.texts.translation import translate
from services.treasury.application.slips import Slips
from services.treasury.domain.schedule import has_come
from services.treasury.domain.slips import SlipProblem, SlipState
from services.treasury.store.database import TreasuryStore
from services.treasury.store.slips import SlipRow
from services.treasury.store.tables import slips

BY: Final = "schedule"
"""Who has prepared, issued and exported these slips."""

log: Final = structlog.stdlib.get_logger("ecluse.treasury")


class SlipSchedule:
    """The schedule of one process; several find nothing left to do for the second.

    Raises:
        Unreachable: from `run`, where a database does not answer; the next run goes on.
    """

    def __init__(
        self,
        times: Sequence[time],
        exports: Path | None,
        store: TreasuryStore,
        made: Slips,
        clock: Callable[[], datetime],
    ) -> None:
        """A schedule that begins now: times that have passed are over.

        Args:
            times: of the day, in Paris.
            exports: the folder of the files; without one slips are issued, and left to a person.
            store: the tables of the slips.
            made: what is done with them.
            clock: the present.
        """
        self._times = times
        self._exports = exports
        self._store = store
        self._slips = made
        self._clock = clock
        self._last = clock()
        self._unfinished = bool(times)

    async def run(self) -> None:
        """Make slips if a time has come since the last run."""
        now = self._clock()
        if has_come(self._times, ZoneInfo(ZONE), self._last, now):
            self._unfinished = True
            await self._prepare()
        self._last = now
        if self._unfinished:
            await self._finish()
            self._unfinished = False

    async def _prepare(self) -> None:
        ready = [each for each in await self._slips.waiting(None) if not each.reasons]
        for budget, slip_type in sorted({(each.order.budget, each.slip_type) for each in ready}):
            try:
                while await self._slips.prepare(budget, slip_type, BY):
                    pass
            except SlipProblem as problem:
                _report(problem, budget=budget)

    async def _finish(self) -> None:
        for each in reversed(await self._slips.listed(None)):
            if each.state is not SlipState.PREPARED or each.prepared_by != BY:
                continue
            try:
                await self._slips.issue(each.slip_id, BY)
            except SlipProblem as problem:
                _report(problem, slip=each.slip_id)
        if self._exports is None:
            return
        for each in reversed(await self._slips.listed(None)):
            if each.state is not SlipState.ISSUED or each.issued_by != BY:
                continue
            try:
                await self._export(self._exports, each)
            except SlipProblem as problem:
                _report(problem, slip=each.slip_id)
            except OSError as error:
                log.error("slip_not_exported", slip=each.slip_id, error=str(error))  # noqa: TRY400

    async def _export(self, folder: Path, slip: SlipRow) -> None:
        assert slip.file_name is not None, "it is issued"
        hidden = folder / f".{slip.file_name}.part"
        if slip.exported_at is None:
            self._write(hidden, await self._file_of(slip))
            await self._slips.export(slip.slip_id, BY)
        elif not hidden.exists():
            return
        hidden.replace(folder / slip.file_name)
        log.info("slip_exported", slip=slip.slip_id, file=slip.file_name)

    async def _file_of(self, slip: SlipRow) -> bytes:
        asked = select(slips.c.file).where(slips.c.slip_id == slip.slip_id)
        async with self._store.reading() as connection:
            return decompress((await connection.execute(asked)).scalar_one())

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        """Write it down to the disk."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())


def _report(problem: SlipProblem, **facts: str) -> None:
    log.warning("slip_not_made", why=translate(problem.text, Language.EN), **facts)
