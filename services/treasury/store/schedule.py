"""The last run of the schedule: what was due while no process ran is made up for."""

from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.treasury.store.tables import schedule


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
