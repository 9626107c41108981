"""The mark that the tables lack no slip that was sent: else its number would be given again.

Lost tables are made anew, empty, by whoever opens them first. Only who knows what was sent sets the
mark: the process that reads the topic, the restoring, and the embedded mode.
"""

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.texts import _
from events.topics import SLIPS
from services.treasury.domain.slips import SlipProblem
from services.treasury.store.database import inserting
from services.treasury.store.tables import compared

NOT_COMPARED = _(
    "No slip is made of these tables: they may be new or of a back-up, and slips that were sent "
    "would go out again under the same numbers. Have the operator start the treasury's process "
    "(`ecluse treasury run`; without Kafka the embedded mode), which compares them with what was "
    "sent."
)


async def note_compared(connection: AsyncConnection) -> None:
    """Set the mark."""
    await connection.execute(
        inserting(connection, compared).values(topic=SLIPS).on_conflict_do_nothing()
    )


async def forget_comparison(connection: AsyncConnection) -> None:
    """Take the mark away."""
    await connection.execute(delete(compared))


async def check_compared(connection: AsyncConnection) -> None:
    """Nothing, where slips may be made of these tables.

    Raises:
        SlipProblem: the mark is absent.
    """
    if (await connection.execute(select(compared.c.topic))).first() is None:
        raise SlipProblem(NOT_COMPARED)
