"""The state that a fold needs of earlier batches, as the tables of the read model hold it."""

from typing import Final

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.reviews import EventWithdrawn
from services.projector.rows.event_rows import UnsignedGrants
from services.projector.rows.fold import DEAD
from services.projector.rows.settling import LATE, Unsettled, late_of, read_awaited
from services.projector.tables import budgets, conventions, journal, refusals, review_flags

BEHIND_DEAD: Final = "_dead/"
"""The first name behind those of all chains of unreadable records."""


async def fold_state(
    connection: AsyncConnection, partition: int
) -> tuple[dict[str, int], UnsignedGrants, Unsettled]:
    """The last record of each chain, grants without convention, and what may still be settled."""
    # A chain of another partition may rest here, where a journal was imported: a range of the key.
    last = select(journal.c.budget, func.max(journal.c.sequence)).where(
        journal.c.budget >= DEAD,
        journal.c.budget < BEHIND_DEAD,
        journal.c.partition == partition,
    )
    known = select(budgets.c.budget, budgets.c.sequence).where(budgets.c.partition == partition)
    alone = (
        select(conventions.c.budget, conventions.c.convention)
        .join(budgets, budgets.c.budget == conventions.c.budget)
        .where(
            conventions.c.stands_alone,
            budgets.c.partition == partition,
            budgets.c.closed_on.is_(None),  # In a closed year nothing is signed.
        )
    )
    sequences: dict[str, int] = {}
    for asked in (last.group_by(journal.c.budget), known):
        sequences |= {row[0]: row[1] for row in await connection.execute(asked)}
    grants_alone: UnsignedGrants = {}
    for budget, grant in await connection.execute(alone):
        grants_alone.setdefault(budget, set()).add(grant)
    return sequences, grants_alone, await _unsettled(connection, partition)


async def _unsettled(connection: AsyncConnection, partition: int) -> Unsettled:
    found = Unsettled()
    withdrawn = (
        select(journal.c.budget, journal.c.sequence)
        .join(
            budgets,
            (budgets.c.budget == journal.c.budget) & (budgets.c.sequence == journal.c.sequence),
        )
        .where(
            budgets.c.partition == partition,
            journal.c.event_type == EventWithdrawn.TYPE,
            journal.c.outcome == "accepted",
        )
    )
    for budget, sequence in await connection.execute(withdrawn):
        found.add_withdrawal(budget, sequence)
    for table in (refusals, review_flags):
        asked = (
            select(*table.primary_key, table.c.awaits, case((table.c.code == LATE, table.c.facts)))
            .join(budgets, budgets.c.budget == table.c.budget)
            .where(
                budgets.c.partition == partition,
                table.c.settled_sequence.is_(None),
                table.c.awaits.is_not(None),
            )
        )
        for *key, awaits, facts in await connection.execute(asked):
            late = None if facts is None else late_of(facts)
            found.add(table.name, tuple(key), read_awaited(awaits), late)
    return found
