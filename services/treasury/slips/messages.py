"""Messages of issued and cancelled slips, and the tables made again of them."""

from base64 import b64decode
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

import msgspec
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.envelope import Envelope
from events.texts import _
from events.topics import SLIPS
from events.treasury import TREASURY, SlipCancelled, SlipIssued
from services.runtime.ops.errors import ClusterError
from services.treasury.domain.slips import SlipProblem, SlipState, SlipType, serial_of
from services.treasury.slips.numbers import DRAFTS, SlipNumbers, continue_series_at, free, use
from services.treasury.store.database import inserting
from services.treasury.store.outbox import Outgoing
from services.treasury.store.slips import (
    SlipRow,
    cancel_slip,
    find_slip,
    its_orders,
    list_orders,
    list_slips,
    note_exported,
    note_taken_back,
    piece_numbers,
    place_of,
    release_orders,
    take_orders,
    write_pieces,
)
from services.treasury.store.tables import compared, orders, slips

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
    """Delete the mark that the tables were compared with the topics."""
    await connection.execute(delete(compared))


async def check_compared(connection: AsyncConnection) -> None:
    """Check that slips may be made of these tables.

    Raises:
        SlipProblem: the mark is absent.
    """
    if (await connection.execute(select(compared.c.topic))).first() is None:
        raise SlipProblem(NOT_COMPARED)


ISSUED_TWICE = _(
    "slip {number} was issued twice: the topic holds {slip} (file {file}, {cents} cents), and the "
    "tables hold {other} (file {other_file}, {other_cents} cents). Nothing was changed: ask the "
    "accountant which of them he has"
)
ON_TWO_SLIPS = _(
    "order {order} is on this slip and on slip {other}, and both were issued. Nothing was changed: "
    "ask the accountant which of them he has"
)

MESSAGE_BYTES_MAX: Final = 16 * 1024 * 1024
"""A slip's message stays below: a topic must take it in one record."""

RESTORED: Final = "restore"
"""Who exported a slip that was restored: nobody knows whether it left, so it counts as sent."""


IN_BOTH: Final = (
    *("budget", "slip_type", "number", "amount_cents", "cumulative_cents"),
    *("prepared_at", "prepared_by", "issued_on", "issued_at", "issued_by"),
    *("file_name", "file_sha256"),
)
"""Members of a message that are columns of the slip."""


class _MessageType(msgspec.Struct):
    type: str


_read_type = msgspec.json.Decoder(_MessageType).decode
_read_issued = msgspec.json.Decoder(Envelope[SlipIssued]).decode
_read_cancelled = msgspec.json.Decoder(Envelope[SlipCancelled]).decode


def issue_id(slip_id: str) -> str:
    """The id of the message that a slip is issued."""
    return f"{slip_id}/issued"


def issue_message(data: SlipIssued, traces: Collection[str | None]) -> Outgoing:
    """The message of a slip that is issued.

    Args:
        data: the slip with its file.
        traces: the traces of its orders, each once. Where it is one, the message goes on with it.
    """
    (traceparent,) = traces if len(traces) == 1 else (None,)
    return _outgoing(data, issue_id(data.slip), data.issued_at, traceparent)


def cancel_message(data: SlipCancelled) -> Outgoing:
    """The message of an issued slip that is cancelled."""
    return _outgoing(data, f"{data.slip}/cancelled", data.cancelled_at)


def _outgoing(
    data: SlipIssued | SlipCancelled,
    message_id: str,
    at: datetime,
    traceparent: str | None = None,
) -> Outgoing:
    envelope = Envelope(
        specversion="1.0",
        id=message_id,
        source=TREASURY,
        type=data.TYPE,
        time=at,
        subject=data.slip,
        partitionkey=data.budget,
        datacontenttype="application/json",
        traceparent=traceparent,
        data=data,
    )
    return Outgoing(envelope.id, SLIPS, data.budget, msgspec.json.encode(envelope))


async def is_known(connection: AsyncConnection, message: bytes) -> bool:
    """True where the tables hold the slip that a message is about, as the message says it."""
    if _read_type(message).type == SlipIssued.TYPE:
        data = _read_issued(message).data
        known = await find_slip(connection, data.slip)
        return known is not None and _is_same(known, data)
    known = await find_slip(connection, _read_cancelled(message).data.slip)
    return known is not None and known.state is SlipState.CANCELLED


async def restore_slips(connection: AsyncConnection, messages: Iterable[bytes]) -> int:
    """Write the rows of issued and cancelled slips that are missing; return how many were new.

    The messages come in their order, and the payment orders are in the tables already. A message
    that is read again changes nothing, and rows that are known stay. A slip counts as exported:
    nobody knows that it did not leave. Drafts with its id or its orders are given up: they were
    made of tables that did not know it.

    Raises:
        ClusterError: two slips have one id, or an order is on two; nothing may be kept then.
    """
    restored = 0
    for message in messages:
        if _read_type(message).type == SlipIssued.TYPE:
            restored += await _restore_issued(connection, _read_issued(message).data)
        else:
            await _restore_cancelled(connection, _read_cancelled(message).data)
    return restored


def _is_same(known: SlipRow, data: SlipIssued) -> bool:
    return all(getattr(known, name) == getattr(data, name) for name in IN_BOTH)


async def _restore_issued(connection: AsyncConnection, data: SlipIssued) -> bool:
    known = await find_slip(connection, data.slip)
    if known is not None and known.number is not None and _is_same(known, data):
        return False
    same_number = (slips.c.number == data.number) & (slips.c.state != SlipState.CANCELLED)
    of_series = (slips.c.budget == data.budget) & (slips.c.slip_type == data.slip_type)
    same_id = (slips.c.slip_id == data.slip) & slips.c.number.is_not(None)
    for other in await list_slips(connection, same_id | (of_series & same_number)):
        raise ClusterError(data.slip, ISSUED_TWICE.render(_name_both(other, data)))
    if known is not None:
        await cancel_slip(connection, data.slip, data.budget, known.slip_type)
    if await apply_issued(connection, data) < len(data.pieces):
        await _take_from_drafts(connection, data, SlipType(data.slip_type))
    # Its message left before anybody could export it, so no message says whether that was done.
    await note_exported(connection, data.slip, data.issued_at, RESTORED)
    return True


def _name_both(other: SlipRow, data: SlipIssued) -> dict[str, object]:
    return {
        "number": data.number,
        "slip": data.slip,
        "cents": data.amount_cents,
        "file": data.file_name,
        "other": other.slip_id,
        "other_cents": other.amount_cents,
        "other_file": other.file_name,
    }


async def apply_issued(connection: AsyncConnection, data: SlipIssued) -> int:
    """Write the rows of an issued slip: when it is issued, and when tables are restored.

    Return how many of its orders stood on no slip. Orders of its draft that it does not have wait
    again. That it was exported is noted by whoever exports it, or restores it.
    """
    slip_type = SlipType(data.slip_type)
    row = {name: getattr(data, name) for name in IN_BOTH} | {
        "slip_id": data.slip,
        "state": SlipState.ISSUED,
        "piece_count": len(data.pieces),
        "file": b64decode(data.file),
    }
    written = inserting(connection, slips).values(row)
    over_draft = {name: written.excluded[name] for name in row}
    issued = written.on_conflict_do_update(index_elements=[slips.c.slip_id], set_=over_draft)
    names = [each.payment_order for each in data.pieces]
    left_out = set(await list_orders(connection, data.slip)).difference(names)
    await release_orders(connection, data.slip, data.budget, slip_type, sorted(left_out))
    await connection.execute(issued)
    await write_pieces(connection, data.slip, data.budget, data.pieces)
    await use(
        connection,
        data.budget,
        slip_type,
        SlipNumbers(data.number, [each.number for each in data.pieces]),
    )
    await continue_series_at(connection, data.budget, DRAFTS, serial_of(data.slip) + 1)
    return await take_orders(connection, data.slip, data.budget, slip_type, names)


async def _take_from_drafts(
    connection: AsyncConnection, data: SlipIssued, slip_type: SlipType
) -> None:
    place = place_of(slip_type)
    elsewhere = its_orders(data.slip, data.budget) & (place != data.slip)
    asked = select(orders.c.payment_order, place).where(elsewhere)
    names = []
    for order, other in (await connection.execute(asked)).all():
        draft = await find_slip(connection, other)
        assert draft is not None, "an order stands on it"
        if draft.number is not None and not _may_come_again(draft, data, slip_type):
            raise ClusterError(data.slip, ON_TWO_SLIPS.render({"order": order, "other": other}))
        if draft.state is SlipState.PREPARED:
            await cancel_slip(connection, other, data.budget, slip_type)
        elif draft.number is not None:
            of_it = (connection, other, data.budget, order)
            await note_taken_back(*of_it, rejected=True)
        names.append(order)
    await take_orders(connection, data.slip, data.budget, slip_type, names)


def _may_come_again(former: SlipRow, data: SlipIssued, slip_type: SlipType) -> bool:
    """True where the accountant may have rejected an order's piece, and this slip takes it back.

    No message says that he did; of slips that pay an order stands on one, however it went.
    """
    takes_back = slip_type is SlipType.CANCELLATION
    return takes_back and former.issued_at is not None and former.issued_at < data.issued_at


async def _restore_cancelled(connection: AsyncConnection, data: SlipCancelled) -> None:
    slip = await find_slip(connection, data.slip)
    if slip is not None and slip.state is not SlipState.CANCELLED:
        await apply_cancelled(connection, data)


async def apply_cancelled(connection: AsyncConnection, data: SlipCancelled) -> None:
    """Note that an issued slip is cancelled: when it is, and when tables are restored."""
    slip_type = SlipType(data.slip_type)
    await cancel_slip(connection, data.slip, data.budget, slip_type)
    if data.numbers_are_free:
        numbers = SlipNumbers(data.number, await piece_numbers(connection, data.slip))
        await free(connection, data.budget, slip_type, numbers)
