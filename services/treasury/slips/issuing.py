"""A draft becomes a slip: numbers, file, message, all in the transaction of its caller."""

import asyncio
from base64 import b64encode
from collections.abc import Collection, Sequence
from datetime import date, datetime
from gzip import compress
from hashlib import sha256
from importlib.metadata import version
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.texts import Number, _
from events.treasury import SlipIssued, SlipPiece
from services.texts.formats import ZONE
from services.treasury.domain.slips import Piece, Slip, SlipProblem, SlipState, SlipType, Waiting
from services.treasury.pes.accountant import TreasuryConfig
from services.treasury.pes.faults import slip_faults
from services.treasury.pes.writer import write
from services.treasury.slips.messages import MESSAGE_BYTES_MAX, apply_issued, issue_message
from services.treasury.slips.numbers import GivenNumbers, choose_numbers
from services.treasury.store.outbox import put
from services.treasury.store.slips import SlipRow, find_slip
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
    erp_numbers: GivenNumbers | None,
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
    slip = await _number(connection, config, draft, kept, stamp, erp_numbers)
    made = await asyncio.to_thread(_make, slip, config)
    data = SlipIssued(
        slip=draft.slip_id,
        budget=slip.budget,
        slip_type=slip.slip_type.value,
        number=slip.number,
        amount_cents=slip.amount_cents,
        cumulative_cents=slip.cumulative_cents,
        pieces=tuple(
            SlipPiece(
                number=each.number, payment_order=each.payment_order, line_cents=each.line_cents
            )
            for each in slip.pieces
        ),
        prepared_at=draft.prepared_at,
        prepared_by=draft.prepared_by,
        issued_on=slip.issued_on,
        issued_at=stamp.at,
        issued_by=stamp.by,
        file_name=made.name,
        file_sha256=made.sha256,
        file=b64encode(made.gzipped).decode(),
    )
    message = issue_message(data, await _traces(connection, draft))
    if len(message.value) >= MESSAGE_BYTES_MAX:
        sizes = {"bytes": Number(len(message.value)), "most": Number(MESSAGE_BYTES_MAX)}
        raise SlipProblem(TOO_LARGE.render({"slip": draft.slip_id, **sizes}))
    await apply_issued(connection, data)
    await put(connection, [message], stamp.at)
    issued = await find_slip(connection, draft.slip_id)
    assert issued is not None, "it was issued just now"
    return issued


async def _traces(connection: AsyncConnection, draft: SlipRow) -> Collection[str | None]:
    """The traces of the orders that a draft holds, each once."""
    columns = orders.c
    pays = draft.slip_type == SlipType.PAYMENT
    its_slip = columns.slip_id if pays else columns.cancelling_slip_id
    asked = select(columns.traceparent).where(
        columns.budget == draft.budget, its_slip == draft.slip_id
    )
    return (await connection.scalars(asked.distinct())).all()


async def _number(
    connection: AsyncConnection,
    config: TreasuryConfig,
    draft: SlipRow,
    kept: Sequence[Waiting],
    stamp: Stamp,
    erp_numbers: GivenNumbers | None,
) -> Slip:
    settings = config.find_budget(draft.budget)
    assert settings is not None, "without them its orders are kept back"
    numbers = await choose_numbers(
        connection, draft.budget, draft.slip_type, len(kept), settings.numbers, erp_numbers
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
