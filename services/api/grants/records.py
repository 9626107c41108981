"""The records of a grant, whole: what its page and those of its orders tell of their history."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.journal import Record, read_record
from services.api.adapters.prepared import Parameter, Parameters, PreparedQuery
from services.projector.tables import instalments, journal, payment_orders

FIRST, LAST = 50, 450
"""Records that a page tells of, where a grant has more: those that began it, and the last."""

REPLACED_MAX: Final = 20
"""Orders that an order replaces, one after the other."""


async def whole_records(
    conn: AsyncConnection, budget: str, sequences: Sequence[int]
) -> list[Record]:
    """These records of a budget that the caller was found to see; of many the `FIRST`, `LAST`."""
    some = sorted(sequences)
    if len(some) > FIRST + LAST:
        some = [*some[:FIRST], *some[-LAST:]]
    rows = await _records.rows(conn, budget=budget, sequences=some)
    return [read_record(bytes(row["record"])) for row in rows]


async def find_replaced_orders(conn: AsyncConnection, budget: str, payment_order: str) -> list[str]:
    """The order, and those that it replaces."""
    found = [payment_order]
    while len(found) < REPLACED_MAX:
        row = await _previous.first(conn, budget=budget, payment_order=found[-1])
        if row is None or row["previous"] is None:
            break
        found.append(row["previous"])
    return found


async def find_needed_documents(
    conn: AsyncConnection, budget: str, convention: str, instalment: str
) -> set[tuple[str, int]]:
    """The documents that an instalment waits for, or waited for."""
    # One that a grant had stands in its convention under `<grant>/<instalment>` (rules, 13).
    rows = await _select_planned.rows(
        conn,
        budget=budget,
        convention=convention,
        instalment=instalment,
        before=f"{convention}/{instalment}",
    )
    return {(each["kind"], each["year"]) for row in rows for each in row["documents"] or ()}


@PreparedQuery
def _records(budget: Parameter, sequences: Parameters) -> Select[Any]:
    return (
        select(journal.c.record)
        .where(journal.c.budget == budget, journal.c.sequence.in_(sequences))
        .order_by(journal.c.sequence)
    )


@PreparedQuery
def _previous(budget: Parameter, payment_order: Parameter) -> Select[Any]:
    table = payment_orders.c
    return select(table.previous).where(
        table.budget == budget, table.payment_order == payment_order
    )


@PreparedQuery
def _select_planned(
    budget: Parameter, convention: Parameter, instalment: Parameter, before: Parameter
) -> Select[Any]:
    table = instalments.c
    own = and_(table.convention == convention, table.instalment == instalment)
    return select(table.documents).where(
        table.budget == budget, or_(own, table.instalment == before)
    )
