"""Messages of the ledger as the treasury reads them: payment orders, and answers to its events."""

from typing import Any, Final

import msgspec

from events.journal import RecordHead
from events.outbound import EventRefused, PaymentOrderCancelled, PaymentOrderIssued
from events.treasury import TREASURY

CANCELLED: Final = "cancelled"
"""The state of an order of which the rest must not be paid."""


class UnreadableMessage(ValueError):
    """A record is no message of the ledger: a bug of ours, or a writer that has no right there."""


class IssuedOrder(msgspec.Struct, frozen=True):
    """A payment order that was issued, with its data as the ledger wrote it."""

    order: PaymentOrderIssued
    data: bytes
    traceparent: str | None = None
    """Of the event that issued it."""


class CancelledOrder(msgspec.Struct, frozen=True):
    """A payment order of which the rest must not be paid."""

    budget: str
    payment_order: str


class OwnRefusal(msgspec.Struct, frozen=True):
    """The ledger's refusal of an event of the treasury."""

    budget: str
    event_id: str
    facts: dict[str, Any]
    """Its code, its facts and its message in both languages, as `own_events.refusal` holds them."""


class _Envelope(msgspec.Struct):
    partitionkey: str
    type: str
    data: msgspec.Raw
    traceparent: str | None = None


class _Order(msgspec.Struct):
    payment_order: str
    state: str
    beneficiary: dict[str, Any] | None = None
    """Of an order that the record issued, which stands there whole."""


class _Sender(msgspec.Struct):
    event_source: str


class _Message(msgspec.Struct):
    fr: str
    en: str


class _RefusalData(msgspec.Struct):
    """A refusal without the bounds of its schema: whoever writes may have broken them."""

    budget: str
    event_id: str
    code: str
    facts: dict[str, Any]
    message: _Message


_envelope: Final = msgspec.json.Decoder(_Envelope)
_issued: Final = msgspec.json.Decoder(PaymentOrderIssued)
_cancelled: Final = msgspec.json.Decoder(PaymentOrderCancelled)
_order: Final = msgspec.json.Decoder(_Order)
_head: Final = msgspec.json.Decoder(RecordHead)
_sender: Final = msgspec.json.Decoder(_Sender)
_refusal: Final = msgspec.json.Decoder(_RefusalData)


def read_order(value: bytes | None) -> IssuedOrder | CancelledOrder:
    """A message of `ecluse.payment-orders.v1`.

    Raises:
        UnreadableMessage: it is none.
    """
    envelope = _read(_envelope, value)
    order: IssuedOrder | CancelledOrder
    if envelope.type == PaymentOrderIssued.TYPE:
        issued = _read(_issued, envelope.data)
        order, budget = (
            IssuedOrder(issued, bytes(envelope.data), envelope.traceparent),
            issued.budget,
        )
    elif envelope.type == PaymentOrderCancelled.TYPE:
        cancelled = _read(_cancelled, envelope.data)
        order, budget = CancelledOrder(cancelled.budget, cancelled.payment_order), cancelled.budget
    else:
        raise UnreadableMessage(f"no type of a payment order: {envelope.type}")
    if budget != envelope.partitionkey:
        raise UnreadableMessage(f"an order of {budget} among those of {envelope.partitionkey}")
    return order


def orders_of(record: bytes) -> list[IssuedOrder | CancelledOrder]:
    """The orders that a record of the journal issued or cancelled, as its messages would have them.

    Raises:
        UnreadableMessage: it is no record.
    """
    found: list[IssuedOrder | CancelledOrder] = []
    head = _read(_head, record)
    traceparent = None if head.event is None else head.event.traceparent
    for raw in head.payment_orders or ():
        order = _read(_order, raw)
        if order.beneficiary is not None:
            found.append(IssuedOrder(_read(_issued, raw), bytes(raw), traceparent))
        elif order.state == CANCELLED:
            found.append(CancelledOrder(head.budget, order.payment_order))
    return found


def read_own_refusal(value: bytes | None) -> OwnRefusal | None:
    """A message of `ecluse.refusals.v1`; None unless an event of the treasury was refused.

    Raises:
        UnreadableMessage: it is none.
    """
    envelope = _read(_envelope, value)
    if envelope.type != EventRefused.TYPE:
        return None
    if _read(_sender, envelope.data).event_source != TREASURY:
        return None  # Whatever else it says: a sender's event must hold nobody's partition.
    refused = _read(_refusal, envelope.data)
    message = {"fr": refused.message.fr, "en": refused.message.en}
    facts = {"code": refused.code, "facts": refused.facts, "message": message}
    return OwnRefusal(refused.budget, refused.event_id, facts)


def _read(decoder: "msgspec.json.Decoder[Any]", raw: Any) -> Any:
    try:
        return decoder.decode(raw or b"")
    except msgspec.MsgspecError as error:
        raise UnreadableMessage(str(error)) from error
