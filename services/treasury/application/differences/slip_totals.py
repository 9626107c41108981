"""Totals of slips against their pieces: of each slip, and of the year's slips up to it."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.treasury.application.differences.discrepancy import Discrepancy, DiscrepancyKind
from services.treasury.domain.findings import FindingKind
from services.treasury.domain.slips import SlipState, SlipType
from services.treasury.store.tables import findings, pieces, slips


class _Slip(NamedTuple):
    """A slip with the sum of its pieces."""

    slip_id: str
    slip_type: str
    state: str
    amount_cents: int
    cumulative_cents: int | None
    issued_at: datetime | None
    exported_at: datetime | None
    pieces_cents: int


async def differences(treasury: AsyncConnection, budget: str) -> list[Discrepancy]:
    """Slips whose amount, or the year's total in whose file, is not the sum of pieces."""
    found = await _slips(treasury, budget)
    of_answers = select(findings.c.slip_id).where(
        findings.c.budget == budget,
        findings.c.kind.in_((FindingKind.ANSWER_DIFFERS, FindingKind.REFUSED_SLIP)),
    )
    answered_twice = set((await treasury.execute(of_answers)).scalars())
    return [*_of_slips(budget, found), *_of_years(budget, found, answered_twice)]


async def _slips(treasury: AsyncConnection, budget: str) -> list[_Slip]:
    """All slips of a budget, in the order in which they were issued; drafts last."""
    columns = [slips.c[name] for name in _Slip._fields[:-1]]
    pieces_cents = func.coalesce(func.sum(pieces.c.amount_cents), 0)
    asked = (
        select(*columns, pieces_cents.label("pieces_cents"))
        .select_from(slips)
        .join(pieces, pieces.c.slip_id == slips.c.slip_id, isouter=True)
        .where(slips.c.budget == budget)
        .group_by(*columns)
        .order_by(slips.c.issued_at.is_(None), slips.c.issued_at, slips.c.slip_id)
    )
    rows = (await treasury.execute(asked)).mappings()
    return [_Slip(**{**row, "pieces_cents": int(row["pieces_cents"])}) for row in rows]


def _of_slips(budget: str, found: Iterable[_Slip]) -> Iterator[Discrepancy]:
    for each in found:
        if each.state != SlipState.CANCELLED and each.amount_cents != each.pieces_cents:
            yield Discrepancy(
                kind=DiscrepancyKind.SLIP_TOTAL_DIFFERS,
                budget=budget,
                slip_id=each.slip_id,
                expected_cents=each.pieces_cents,
                found_cents=each.amount_cents,
            )


def _of_years(
    budget: str, found: Iterable[_Slip], answered_twice: set[str]
) -> Iterator[Discrepancy]:
    """Slips whose total of the year (MtCumulAnnuel) no slips up to it can have.

    A slip that the gateway refused stands in the total of those that were issued before its
    answer, which may have been another one by then: such slips may be in it or not. So may one
    that took back and never left: it is given up though a later one counts it, where the
    accountant paid meanwhile.
    """
    certain_cents: dict[str, int] = {}
    doubtful_cents: dict[str, int] = {}
    for each in found:
        name = each.slip_type
        is_live = each.state in {SlipState.ISSUED, SlipState.ACCEPTED}
        sums = certain_cents if is_live and each.slip_id not in answered_twice else doubtful_cents
        if each.cumulative_cents is None:
            continue
        if is_live:
            least_cents = certain_cents.get(name, 0) + each.pieces_cents
            most_cents = least_cents + doubtful_cents.get(name, 0)
            if not least_cents <= each.cumulative_cents <= most_cents:
                yield Discrepancy(
                    kind=DiscrepancyKind.YEAR_TOTAL_DIFFERS,
                    budget=budget,
                    slip_id=each.slip_id,
                    expected_cents=least_cents,
                    found_cents=each.cumulative_cents,
                )
        may_be_counted = each.exported_at is not None or each.slip_type == SlipType.CANCELLATION
        if each.state != SlipState.CANCELLED or may_be_counted:
            sums[name] = sums.get(name, 0) + each.pieces_cents
