"""Numbers of slips and pieces: without gap by budget and type, given under a locked row.

Where the ERP issues other pieces of the budget it gives them; that they are free is checked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.texts import Number, _
from events.treasury import PIECE_NUMBER_MAX, SLIP_NUMBER_MAX
from services.treasury.domain.slips import SlipProblem, SlipState, SlipType
from services.treasury.pes.accountant import Numbers
from services.treasury.store.database import inserting, split_in_parts
from services.treasury.store.tables import free_numbers, pieces, series, slips

GIVEN_BY_ERP = _(
    "The ERP gives the numbers of budget {budget}: give that of the slip and that of its first "
    "piece."
)
OWN_SERIES = _(
    "The numbers of budget {budget} are Écluse's own series: issue the slip without giving any. "
    "Where the ERP is to give them, the operator sets `given_by_erp`."
)
SLIP_TAKEN = _("Slip {number} of budget {budget} exists already: give a number that is free.")
PIECES_TAKEN = _(
    "Pieces of budget {budget} have numbers between {first} and {last} already: give a first "
    "number behind which {count} are free."
)
NEAR_THE_END = _(
    "Numbers up to {last} would leave Écluse's own series of budget {budget}, which goes on behind "
    "them, without numbers: those given end at {most} at most."
)
LEFT_FREE: Final = 10_000
"""The fewest numbers behind a given one: one wrong digit would use up the year's series."""

DRAFTS: Final = "draft"
"""The series of the serial numbers in the ids of slips."""


class GivenNumbers(NamedTuple):
    """The numbers of a slip and of its first piece, as the ERP gives them."""

    slip: int
    first_piece: int


@dataclass(frozen=True, slots=True)
class SlipNumbers:
    """The numbers of a slip and of its pieces, in their order."""

    slip: int
    pieces: Sequence[int]

    def group_by_series(self, slip_type: SlipType) -> tuple[tuple[str, Sequence[int]], ...]:
        """The numbers by the series that they are of."""
        return (f"slip:{slip_type}", [self.slip]), (f"piece:{slip_type}", self.pieces)


async def next_number(connection: AsyncConnection, budget: str, name: str, first: int = 1) -> int:
    """The next number of a series, whose row is locked from now on."""
    row = {"budget": budget, "series": name, "next_number": first}
    await connection.execute(inserting(connection, series).values(row).on_conflict_do_nothing())
    asked = (
        select(series.c.next_number)
        .where(series.c.budget == budget, series.c.series == name)
        .with_for_update()
    )
    found: int = (await connection.execute(asked)).scalar_one()
    return max(found, first)


async def continue_series_at(
    connection: AsyncConnection, budget: str, name: str, number: int
) -> None:
    """Let a series go on at this number, where it is not further."""
    row = {"budget": budget, "series": name, "next_number": number}
    new = inserting(connection, series).values(row)
    behind = new.on_conflict_do_update(
        index_elements=[series.c.budget, series.c.series],
        set_={"next_number": new.excluded.next_number},
        where=series.c.next_number < new.excluded.next_number,
    )
    await connection.execute(behind)


async def choose_numbers(
    connection: AsyncConnection,
    budget: str,
    slip_type: SlipType,
    count: int,
    config: Numbers,
    erp_numbers: GivenNumbers | None,
) -> SlipNumbers:
    """The numbers of a slip with so many pieces: freed ones first, then the next ones.

    The series are locked from now on; `use` notes that the slip has the numbers.

    Raises:
        SlipProblem: numbers are given where they are not asked for, or the reverse; or a given one
            is not free.
    """
    if config.given_by_erp != (erp_numbers is not None):
        raise SlipProblem(
            (GIVEN_BY_ERP if erp_numbers is None else OWN_SERIES).render({"budget": budget})
        )
    of_slips, of_pieces = f"slip:{slip_type}", f"piece:{slip_type}"
    next_slip = await next_number(connection, budget, of_slips, config.first_of(of_slips))
    next_piece = await next_number(connection, budget, of_pieces, config.first_of(of_pieces))
    if erp_numbers is None:
        (slip,) = await _choose_freed_first(connection, budget, of_slips, 1, config, next_slip)
        numbers = SlipNumbers(
            slip,
            await _choose_freed_first(connection, budget, of_pieces, count, config, next_piece),
        )
    else:
        numbers = SlipNumbers(
            erp_numbers.slip, range(erp_numbers.first_piece, erp_numbers.first_piece + count)
        )
        await _check_free(connection, budget, slip_type, numbers)
    return numbers


async def _choose_freed_first(
    connection: AsyncConnection,
    budget: str,
    name: str,
    count: int,
    config: Numbers,
    following: int,
) -> list[int]:
    """So many numbers: those that are free again, then those from `following` on.

    Those below the first number that was agreed since belong to another series.
    """
    agreed = free_numbers.c.number >= config.first_of(name)
    asked = (
        select(free_numbers.c.number)
        .where(free_numbers.c.budget == budget, free_numbers.c.series == name, agreed)
        .order_by(free_numbers.c.number)
        .limit(count)
    )
    freed = list((await connection.execute(asked)).scalars())
    return [*freed, *range(following, following + count - len(freed))]


async def _check_free(
    connection: AsyncConnection, budget: str, slip_type: SlipType, numbers: SlipNumbers
) -> None:
    slip, taken = numbers.slip, numbers.pieces
    for last, end in ((slip, SLIP_NUMBER_MAX), (taken[-1], PIECE_NUMBER_MAX)):
        if last > end - LEFT_FREE:
            facts = {"budget": budget, "last": Number(last), "most": Number(end - LEFT_FREE)}
            raise SlipProblem(NEAR_THE_END.render(facts))
    live = (
        slips.c.budget == budget,
        slips.c.slip_type == slip_type,
        slips.c.state != SlipState.CANCELLED,
    )
    same_slip = select(slips.c.slip_id).where(*live, slips.c.number == slip).limit(1)
    if (await connection.execute(same_slip)).first():
        raise SlipProblem(SLIP_TAKEN.render({"number": slip, "budget": budget}))
    same_piece = (
        select(pieces.c.number)
        .join(slips, slips.c.slip_id == pieces.c.slip_id)
        .where(*live, pieces.c.budget == budget, pieces.c.number.between(taken[0], taken[-1]))
        .limit(1)
    )
    if (await connection.execute(same_piece)).first():
        facts = {"budget": budget, "first": taken[0], "last": taken[-1], "count": len(taken)}
        raise SlipProblem(PIECES_TAKEN.render(facts))


async def use(
    connection: AsyncConnection, budget: str, slip_type: SlipType, numbers: SlipNumbers
) -> None:
    """Note that a slip has these numbers: they are free no more, and the series go on behind."""
    for name, taken in numbers.group_by_series(slip_type):
        await continue_series_at(connection, budget, name, max(taken) + 1)
        for some in split_in_parts(taken):
            used = delete(free_numbers).where(
                free_numbers.c.budget == budget,
                free_numbers.c.series == name,
                free_numbers.c.number.in_(some),
            )
            await connection.execute(used)


async def free(
    connection: AsyncConnection, budget: str, slip_type: SlipType, numbers: SlipNumbers
) -> None:
    """Have these numbers taken again by the next slips."""
    rows = [
        {"budget": budget, "series": name, "number": number}
        for name, freed in numbers.group_by_series(slip_type)
        for number in freed
    ]
    await connection.execute(insert(free_numbers), rows)
