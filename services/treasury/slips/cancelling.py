"""Slips that may be given up: nobody outside has them, or the gateway did not take them.

It does not where it refused the file, and where the slip's number is another program's: then its
answer is the same as to a copy of a file that it has, and a person must ask the accountant.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NoReturn

from sqlalchemy import ColumnElement, and_, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.texts import Day, Translatable, _
from services.treasury.domain.findings import FindingKind
from services.treasury.domain.slips import SlipProblem, SlipState, SlipType
from services.treasury.slips.issuing import day_of
from services.treasury.slips.numbers import next_number
from services.treasury.store.findings import FindingRow, close_finding, findings_of
from services.treasury.store.slips import SlipRow
from services.treasury.store.tables import findings, own_events, piece_states, pieces, slips

CANCELLED_ALREADY = _("Slip {slip} is cancelled; its orders wait for another one.")
SENT = _(
    "Slip {slip} was exported by {by} on {day}: only a refusal of the gateway (PES_ACQUIT) takes "
    "it back."
)
ACCEPTED = _("Slip {slip} was accepted by the gateway: it stays as it is.")
IN_A_RETURN = _(
    "Slip {slip} is in Hélios, whatever the gateway answered: a return of the accountant names a "
    "piece of it. Ask the public accountant; its orders would be paid twice on another slip."
)
STAYS_IN_A_RETURN = _(
    "Slip {slip} is in Hélios, whatever the gateway answered: a return of the accountant names a "
    "piece of it. It stays as it is; an order whose piece on it was rejected waits to be taken "
    "back by another."
)
IN_A_FINDING = _(
    "Slip {slip} is not cancelled while an open finding names it: close that finding first."
)
NO_REASON = _(
    "The gateway refused the file of slip {slip} as one that it has already: Hélios may have it. "
    "Ask the accountant; where the number is another program's, cancel it and give that as the "
    "reason. Its number is not used again."
)
COUNTED_BY_LATER = _(
    "Slip {slip} was never exported, and slip {later} was issued after it: the year's total in its "
    "file counts {slip}. Cancel {later} first where it never left either, else export {slip}."
)

NOT_OWED = _(
    "Slip {slip} was not exported: {order} on it was cancelled or answered since it was issued, "
    "and the accountant would be asked to pay it. Cancel the slip, and before it those that were "
    "issued after it; its other orders wait again."
)
LEFT_OTHERWISE = _(
    "Slip {slip} was not exported: it does not take back what is left of {order} now, for the "
    "accountant has answered since it was issued, or the ledger is still being read. Cancel the "
    "slip, and before it those that were issued after it and never left: what is left is taken "
    "back by another."
)


async def check_owed(connection: AsyncConnection, slip: SlipRow, gone: Sequence[str]) -> None:
    """Check that a slip that never left may leave, though these of its orders are gone.

    It may where a later one has left: then it cannot be given up, and they are taken back.

    Raises:
        SlipProblem: it may still be given up.
    """
    if not gone or slip.state is not SlipState.ISSUED:
        return
    if not await _is_counted_by_sent(connection, slip):
        raise SlipProblem(NOT_OWED.render({"slip": slip.slip_id, "order": gone[0]}))


def check_left(slip: SlipRow, changed: Sequence[str]) -> None:
    """Check that a cancelling slip takes back what is left of each of its orders now.

    Raises:
        SlipProblem: it would take back what was paid; it may be given up.
    """
    if changed:
        raise SlipProblem(LEFT_OTHERWISE.render({"slip": slip.slip_id, "order": changed[0]}))


async def check_cancellable(
    connection: AsyncConnection, slip: SlipRow, reason: str | None, changed: Sequence[str] = ()
) -> bool:
    """True where the number of a locked slip is another program's, as a person says.

    Whatever is returned, it may be given up.

    Args:
        connection: the transaction in which it is locked.
        slip: it.
        reason: why, in a person's words.
        changed: the orders for which a slip that takes back may never leave: it is given up though
            one that left counts it, since nothing else can become of it.

    Raises:
        SlipProblem: it is in Hélios or may be, or a later slip counts it.
    """
    if slip.state is SlipState.ISSUED and await _duplicates(connection, slip):
        if reason is None:
            raise SlipProblem(NO_REASON.render({"slip": slip.slip_id}))
        await _check_unknown_to_accountant(connection, slip, besides=FindingKind.SENT_TWICE)
        return True
    if slip.state is SlipState.REFUSED:
        await _check_unknown_to_accountant(connection, slip)
    elif slip.state is SlipState.ISSUED and slip.exported_at is None:
        if not (changed and await _is_counted_by_sent(connection, slip)):
            await _check_newest(connection, slip)
        await _check_unknown_to_accountant(connection, slip)
    elif slip.state is not SlipState.PREPARED:
        _refuse(slip)
    return False


async def close_duplicates(
    connection: AsyncConnection, slip: SlipRow, by: str, reason: str, now: datetime
) -> None:
    """Close the findings that asked whether its number is another program's: a person says so."""
    for each in await _duplicates(connection, slip):
        if each.closed_at is None:
            await close_finding(connection, each.finding_id, by, reason, now)


async def _duplicates(connection: AsyncConnection, slip: SlipRow) -> list[FindingRow]:
    """The findings that the gateway called the file of a slip a duplicate, closed ones too."""
    of_it = (findings.c.kind == FindingKind.SENT_TWICE) & (findings.c.slip_id == slip.slip_id)
    return await findings_of(connection, of_it)


async def _check_unknown_to_accountant(
    connection: AsyncConnection, slip: SlipRow, besides: FindingKind | None = None
) -> None:
    """Refuse it where a return named it, or a finding of another kind than `besides`."""
    has_state = select(piece_states.c.slip_id).where(piece_states.c.slip_id == slip.slip_id)
    its_order = (pieces.c.budget == own_events.c.budget) & (
        pieces.c.payment_order == own_events.c.payment_order
    )
    # Of a piece that takes back no event is made: its order's are of the slip that pays.
    has_event = (
        select(own_events.c.event_id)
        .join(pieces, its_order)
        .where(pieces.c.slip_id == slip.slip_id, literal(slip.slip_type is SlipType.PAYMENT))
    )
    for asked in (has_state, has_event):
        if (await connection.execute(asked.limit(1))).first():
            raise SlipProblem(_explain_return(slip))
    asked_findings = select(findings.c.kind, findings.c.slip_id, findings.c.facts).where(
        findings.c.budget == slip.budget, findings.c.closed_at.is_(None)
    )
    its_number = (FindingKind.UNKNOWN_SLIP, slip.slip_type, str(slip.number))
    for kind, slip_id, facts in await connection.execute(asked_findings):
        named = (kind, facts.get("slip_type"), facts.get("slip"))
        if kind != besides and (slip_id == slip.slip_id or named == its_number):
            raise SlipProblem(IN_A_FINDING.render({"slip": slip.slip_id}))


async def _check_newest(connection: AsyncConnection, slip: SlipRow) -> None:
    """Refuse it where a slip was issued after it: the total in that one's file would be wrong."""
    # Locks the series: no slip is issued meanwhile.
    await next_number(connection, slip.budget, f"slip:{slip.slip_type}")
    later = (
        select(slips.c.slip_id)
        .where(_was_issued_after(slip))
        .order_by(slips.c.issued_at.desc())
        .limit(1)
    )
    found = (await connection.execute(later)).scalar_one_or_none()
    if found is not None:
        raise SlipProblem(COUNTED_BY_LATER.render({"slip": slip.slip_id, "later": found}))


async def _is_counted_by_sent(connection: AsyncConnection, slip: SlipRow) -> bool:
    """True where a slip that was issued after it has left, with a total that counts it."""
    later = select(slips.c.slip_id).where(_was_issued_after(slip), slips.c.exported_at.is_not(None))
    return (await connection.execute(later.limit(1))).first() is not None


def _was_issued_after(slip: SlipRow) -> ColumnElement[bool]:
    """Slips of the same budget and type that were issued after this one, and count it."""
    return and_(
        slips.c.budget == slip.budget,
        slips.c.slip_type == slip.slip_type,
        slips.c.state.in_((SlipState.ISSUED, SlipState.ACCEPTED, SlipState.REFUSED)),
        slips.c.slip_id != slip.slip_id,
        slips.c.issued_at >= slip.issued_at,
    )


def _explain_return(slip: SlipRow) -> Translatable:
    """The reason why a slip of which a return has a piece is not given up."""
    pays = slip.slip_type is SlipType.PAYMENT
    return (IN_A_RETURN if pays else STAYS_IN_A_RETURN).render({"slip": slip.slip_id})


def _refuse(slip: SlipRow) -> NoReturn:
    if slip.state is SlipState.CANCELLED:
        raise SlipProblem(CANCELLED_ALREADY.render({"slip": slip.slip_id}))
    if slip.state is SlipState.ACCEPTED:
        is_accepted = slip.answer is not None and slip.answer["accepted"]
        raise SlipProblem(
            ACCEPTED.render({"slip": slip.slip_id}) if is_accepted else _explain_return(slip)
        )
    assert slip.exported_at is not None, "else it may be cancelled"
    day = Day(str(day_of(slip.exported_at)))
    raise SlipProblem(SENT.render({"slip": slip.slip_id, "by": slip.exported_by, "day": day}))
