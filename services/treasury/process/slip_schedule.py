"""Slips made at times of the day: prepared, issued, and their files written into a folder.

Each step is done for all that an earlier run has left, so that a run which died is finished by the
next. A file is in the folder once, whoever exports: by the one who is the first it is written under
a hidden name, then it is noted that the slip is exported, then one process gives it its name.
"""

import os
from collections.abc import Callable, Sequence
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.runtime.ops.file_modes import replacing
from services.texts.formats import ZONE
from services.texts.language import Language
from services.texts.translation import translate
from services.treasury.domain.slips import SlipNotSent, SlipProblem, SlipState
from services.treasury.pes.writer import PesFile
from services.treasury.slips.slips import Slips
from services.treasury.store.database import TreasuryStore
from services.treasury.store.slips import SlipRow
from services.treasury.store.tables import schedule


def read_times(text: str) -> tuple[time, ...]:
    """Times of the day, as the setting writes them: `09:30,16:00`; none of an empty text."""
    found = (each.strip().partition(":") for each in text.split(",") if each.strip())
    return tuple(sorted(time(int(hour), int(minute)) for hour, _colon, minute in found))


def write_times(times: Sequence[time]) -> str:
    """Times of the day as one text, whatever the setting's spelling."""
    return ",".join(f"{each:%H:%M}" for each in times)


def has_come(times: Sequence[time], zone: ZoneInfo, after: datetime, until: datetime) -> bool:
    """True if one of these times of the day came after an instant, and not after another."""
    day, last = after.astimezone(zone).date(), until.astimezone(zone).date()
    while day <= last:
        if any(after < datetime.combine(day, each, zone) <= until for each in times):
            return True
        day += timedelta(days=1)
    return False


async def last_run(connection: AsyncConnection, times: str, begun_at: datetime) -> datetime:
    """When the schedule of these times last ran; of a new one, when it was begun.

    It takes the place of one of other times: what is set anew is not due for the past.
    """
    asked = select(schedule.c.ran_at).where(schedule.c.times == times)
    ran_at = (await connection.execute(asked)).scalar_one_or_none()
    if ran_at is None:
        await connection.execute(delete(schedule))
        await connection.execute(insert(schedule), [{"times": times, "ran_at": begun_at}])
    return begun_at if ran_at is None else ran_at


async def note_run(connection: AsyncConnection, times: str, now: datetime) -> None:
    """Note that the schedule of these times has run."""
    of_it = update(schedule).where(schedule.c.times == times)
    await connection.execute(of_it.values(ran_at=now))


BY: Final = "schedule"
"""Who has prepared, issued and exported these slips."""

log: Final = structlog.stdlib.get_logger("ecluse.treasury")


class FileNotWritten(Exception):
    """The file of a slip could not be written: the slip is not exported."""


class SlipSchedule:
    """The schedule of one process; several find nothing left to do for the second.

    Raises:
        Unreachable: from `run`, where a database does not answer; the next run goes on.
    """

    def __init__(
        self,
        times: Sequence[time],
        exports: Path | None,
        made: Slips,
        store: TreasuryStore,
        clock: Callable[[], datetime],
    ) -> None:
        """A schedule that goes on where it last ran; a new one begins now.

        Args:
            times: of the day, in Paris.
            exports: the folder of the files; without one slips are issued, and left to a person.
            made: what is done with them.
            store: the treasury's tables, which know the last run.
            clock: the present.
        """
        self._times = times
        self._exports = exports
        self._slips = made
        self._store = store
        self._clock = clock
        self._last = clock()
        self._was_asked = False
        """True once the tables were asked when it last ran."""
        self._unfinished = bool(times)

    async def run(self) -> None:
        """Make slips if a time has come since the last run: once, however many have come."""
        now, times = self._clock(), write_times(self._times)
        if not self._was_asked:
            async with self._store.transaction() as connection:
                self._last = await last_run(connection, times, self._last)
            self._was_asked = True
        if has_come(self._times, ZoneInfo(ZONE), self._last, now):
            self._unfinished = True
            await self._prepare()
            async with self._store.transaction() as connection:
                await note_run(connection, times, now)
        self._last = now
        if self._unfinished:
            self._unfinished = not await self._finish()

    async def _prepare(self) -> None:
        ready = await self._slips.ready()
        for budget, slip_type in sorted({(each.order.budget, each.slip_type) for each in ready}):
            try:
                while await self._slips.prepare(budget, slip_type, BY):
                    pass
            except SlipProblem as problem:
                _report(problem, budget=budget)

    async def _finish(self) -> bool:
        """Issue and export what was begun; True unless a file is left for the next run."""
        for each in reversed(await self._slips.list_all(None)):
            if each.state is not SlipState.PREPARED or each.prepared_by != BY:
                continue
            try:
                await self._slips.issue(each.slip_id, BY)
            except SlipProblem as problem:
                _report(problem, slip=each.slip_id)
        if self._exports is None:
            return True
        is_done = True
        for each in reversed(await self._slips.list_all(None)):
            if each.state is not SlipState.ISSUED or each.issued_by != BY:
                continue
            try:
                await self._export(self._exports, each)
            except SlipNotSent:
                is_done = False
            except SlipProblem as problem:
                _report(problem, slip=each.slip_id)
            except (FileNotWritten, OSError) as error:
                log.error("slip_not_exported", slip=each.slip_id, error=str(error))  # noqa: TRY400
                is_done = False
        return is_done

    async def _export(self, folder: Path, slip: SlipRow) -> None:
        assert slip.file_name is not None, "it is issued"
        hidden, visible = folder / f".{slip.file_name}.part", folder / slip.file_name
        if slip.exported_at is None:
            kept: list[Path] = []
            await self._slips.export(
                slip.slip_id, BY, lambda file: kept.append(_keep(file, hidden, visible))
            )
            if not kept:
                return  # Somebody else was the first: a hidden file is his, or of a run that died.
        elif slip.exported_by != BY:
            hidden.unlink(missing_ok=True)  # A run died before it was noted; then a person came.
            return
        try:
            hidden.lstat()
            _refuse_links(hidden, visible)
            hidden.replace(visible)
        except FileNotFoundError:
            return  # It has its name, or had it.
        log.info("slip_exported", slip=slip.slip_id, file=slip.file_name)


def _keep(file: PesFile, hidden: Path, visible: Path) -> Path:
    """Write it down to the disk under its hidden name; return where.

    Raises:
        FileNotWritten: it cannot be written. An OSError would be taken for one of the database.
    """
    try:
        hidden.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _refuse_links(hidden, visible)
        with replacing(hidden, keeps_link=False) as part:
            part.write(file.content)
        directory = os.open(hidden.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
    except OSError as error:
        raise FileNotWritten(str(error)) from None
    return hidden


def _refuse_links(*names: Path) -> None:
    """Raise FileNotWritten where a link stands under one of our names: somebody planted it."""
    for each in names:
        if each.is_symlink():
            raise FileNotWritten(f"a link stands under its name: {each}")


def _report(problem: SlipProblem, **facts: str) -> None:
    log.warning("slip_not_made", why=translate(problem.text, Language.EN), **facts)
