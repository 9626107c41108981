"""A draft becomes a slip: numbers, file, message, all in the transaction of its caller."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import fields, replace
from datetime import date, datetime
from gzip import compress
from hashlib import sha256
from importlib.metadata import version
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from events.texts import Number, _
from services.texts.formats import ZONE
from services.treasury.application.numbers import GivenNumbers, take_numbers
from services.treasury.application.slip_messages import MESSAGE_BYTES_MAX, issued_message
from services.treasury.config.accountant import TreasuryConfig
from services.treasury.domain.slips import (
    Piece,
    Slip,
    SlipProblem,
    SlipState,
    SlipType,
    Waiting,
)
from services.treasury.pes.faults import slip_faults
from services.treasury.pes.writer import write
from services.treasury.store.outbox import put
from services.treasury.store.slips import (
    SlipRow,
    release_orders,
    take_orders,
    write_pieces,
)
from services.treasury.store.tables import orders, slips

NOTHING_LEFT = _(
    "None of the orders of draft {slip} can go any more: they were cancelled or answered since it "
    "was prepared. Cancel the draft."
)
KEPT_BACK = _("None of the orders of draft {slip} can go now. {reason}")
TOO_LARGE = _(
    "The message of slip {slip} would have {bytes} bytes, and Kafka takes less than {most}: cancel "
    "the draft and prepare slips of fewer orders."
)

PROGRAM: Final = "ecluse"


class Stamp(NamedTuple):
    """When something is done, and by whom."""

    at: datetime
    by: str


class _SlipFile(NamedTuple):
    """The file of a slip."""

    name: str
    gzipped: bytes
    sha256: str


def day_of(at: datetime) -> date:
    """The day of an instant in France."""
    return at.astimezone(ZoneInfo(ZONE)).date()


async def issue_draft(
    connection: AsyncConnection,
    config: TreasuryConfig,
    draft: SlipRow,
    judged: Sequence[Waiting],
    stamp: Stamp,
    given: GivenNumbers | None,
) -> SlipRow:
    """Issue a draft with those of its orders that nothing keeps from it.

    Raises:
        SlipProblem: it cannot be issued, in words.
    """
    kept = [each for each in judged if not each.reasons]
    if not kept:
        reason = next((each.reason for each in judged), None)
        facts = {"slip": draft.slip_id, "reason": reason}
        raise SlipProblem((NOTHING_LEFT if reason is None else KEPT_BACK).render(facts))
    slip = await _numbered(connection, config, draft, kept, stamp, given)
    made = await asyncio.to_thread(_make, slip, config)
    row = replace(
        draft,
        state=SlipState.ISSUED,
        number=slip.number,
        piece_count=len(slip.pieces),
        amount_cents=slip.amount_cents,
        cumulative_cents=slip.cumulative_cents,
        issued_on=slip.issued_on,
        issued_at=stamp.at,
        issued_by=stamp.by,
        file_name=made.name,
        file_sha256=made.sha256,
    )
    traces = await _traces(connection, draft)
    message = issued_message(row, slip.pieces, made.gzipped, traces)
    if len(message.value) >= MESSAGE_BYTES_MAX:
        sizes = {"bytes": Number(len(message.value)), "most": Number(MESSAGE_BYTES_MAX)}
        raise SlipProblem(TOO_LARGE.render({"slip": draft.slip_id, **sizes}))
    await _write(connection, row, slip.pieces, made.gzipped, left_out=len(kept) < draft.piece_count)
    await put(connection, [message], stamp.at)
    return row


async def _traces(connection: AsyncConnection, draft: SlipRow) -> Collection[str | None]:
    """The traces of the orders that a draft holds, each once."""
    columns = orders.c
    pays = draft.slip_type == SlipType.PAYMENT
    its_slip = columns.slip_id if pays else columns.cancelling_slip_id
    asked = select(columns.traceparent).where(
        columns.budget == draft.budget, its_slip == draft.slip_id
    )
    return (await connection.scalars(asked.distinct())).all()


async def _numbered(
    connection: AsyncConnection,
    config: TreasuryConfig,
    draft: SlipRow,
    kept: Sequence[Waiting],
    stamp: Stamp,
    given: GivenNumbers | None,
) -> Slip:
    settings = config.of(draft.budget)
    assert settings is not None, "without them its orders are kept back"
    numbers = await take_numbers(
        connection, draft.budget, draft.slip_type, len(kept), settings.numbers, given
    )
    # Behind the locked numbers: no other slip of this series is issued meanwhile.
    before = select(func.coalesce(func.sum(slips.c.amount_cents), 0)).where(
        slips.c.budget == draft.budget,
        slips.c.slip_type == draft.slip_type,
        slips.c.state.in_((SlipState.ISSUED, SlipState.ACCEPTED)),
    )
    before_cents = int((await connection.execute(before)).scalar_one())
    cumulative_cents = before_cents + sum(each.amount_cents for each in kept)
    same_number = select(func.count()).where(
        slips.c.budget == draft.budget,
        slips.c.slip_type == draft.slip_type,
        slips.c.number == numbers.slip,
    )
    slip = Slip(
        budget=draft.budget,
        slip_type=draft.slip_type,
        number=numbers.slip,
        issued_on=day_of(stamp.at),
        cumulative_cents=cumulative_cents,
        pieces=tuple(
            Piece(number, each.order, each.line_cents, each.original)
            for number, each in zip(numbers.pieces, kept, strict=True)
        ),
        correction=(await connection.execute(same_number)).scalar_one(),
    )
    for fault in slip_faults(slip):
        raise SlipProblem(fault)
    return slip


def _make(slip: Slip, config: TreasuryConfig) -> _SlipFile:
    file = write(slip, config, f"{PROGRAM} {version(PROGRAM)}")
    # Without the time, which would make other bytes of the same file.
    return _SlipFile(file.name, compress(file.content, mtime=0), sha256(file.content).hexdigest())


async def _write(
    connection: AsyncConnection,
    row: SlipRow,
    of_slip: Sequence[Piece],
    gzipped: bytes,
    *,
    left_out: bool,
) -> None:
    if left_out:
        await release_orders(connection, row.slip_id, row.budget, row.slip_type)
    await write_pieces(connection, row.slip_id, row.budget, of_slip)
    if left_out:
        await take_orders(connection, row.slip_id, row.budget, row.slip_type)
    members = {each.name: getattr(row, each.name) for each in fields(SlipRow)}
    changed = update(slips).where(slips.c.slip_id == row.slip_id).values(**members, file=gzipped)
    await connection.execute(changed)
