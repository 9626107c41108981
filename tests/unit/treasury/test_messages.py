"""Messages of the ledger as the treasury reads them: those that a ledger writes, and no others."""

import json
from typing import Any

import pytest

from events import topics
from services.treasury.slips.order_messages import (
    CancelledOrder,
    IssuedOrder,
    UnreadableMessage,
    orders_of,
    read_order,
    read_own_refusal,
)
from tests.builders import (
    BUDGET,
    IBAN,
    Scenario,
    a_convention,
    a_payment,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_award,
)
from tests.unit.ledger.wire import Wire

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OURS: dict[str, Any] = {"_source": "urn:ecluse:treasury", "_id": "paid/1"}


def left(topic: str, *events: Any) -> list[bytes]:
    wire = Wire()
    wire.tell(*events)
    return [each.value for each in wire.sent if each.topic == topic and each.value is not None]


def an_order() -> bytes:
    (value,) = left(topics.PAYMENT_ORDERS, a_vote(), an_award(), a_convention())
    return value


def changed(value: bytes, **members: Any) -> bytes:
    return json.dumps(json.loads(value) | members).encode()


def test_an_issued_order_keeps_its_data_as_the_ledger_wrote_it() -> None:
    value = an_order()
    read = read_order(value)
    assert isinstance(read, IssuedOrder)
    assert (BUDGET, "C/advance", 100_000, IBAN) == (
        read.order.budget,
        read.order.payment_order,
        read.order.amount_cents,
        read.order.bank_account.iban,
    )
    assert json.loads(value)["data"] == json.loads(read.data)
    assert read.data in value


def test_a_cancelled_order_is_known_by_budget_and_number() -> None:
    *_, value = left(topics.PAYMENT_ORDERS, a_vote(), an_award(), a_convention(), a_withdrawal())
    assert CancelledOrder(BUDGET, "C/advance") == read_order(value)


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"{",
        b"[]",
        changed(an_order(), type="ecluse.payment-order.lost.v1"),
        changed(an_order(), partitionkey="21590350100017-00-2024"),
        changed(an_order(), data={"payment_order": "C/advance"}),
    ],
    ids=["none", "empty", "cut", "a list", "type", "key", "data"],
)
def test_what_is_no_order_is_said_to_be_none(value: bytes | None) -> None:
    with pytest.raises(UnreadableMessage):
        read_order(value)


def test_a_record_of_the_journal_says_the_same_of_its_orders() -> None:
    signed = a_convention(_traceparent=TRACE)
    events = (a_vote(), an_award(), signed, an_acknowledgement(), a_withdrawal())
    records = [each.seal() for each in Scenario(*events).records]
    of_journal = [each for record in records for each in orders_of(record)]
    of_topic = [read_order(each) for each in left(topics.PAYMENT_ORDERS, *events)]
    assert [IssuedOrder, CancelledOrder] == [type(each) for each in of_journal]
    for ours, published in zip(of_journal, of_topic, strict=True):
        if isinstance(ours, IssuedOrder) and isinstance(published, IssuedOrder):
            assert published.order == ours.order
            assert [TRACE, TRACE] == [ours.traceparent, published.traceparent]
            assert json.loads(published.data) == json.loads(ours.data)
        else:
            assert published == ours


def test_what_is_no_record_is_said_to_be_none() -> None:
    with pytest.raises(UnreadableMessage):
        orders_of(b"{}")


def test_a_refusal_of_an_event_of_the_treasury_is_kept_with_its_words() -> None:
    (value,) = left(topics.REFUSALS, a_vote(), a_payment(order="C/unknown", **OURS))
    refused = read_own_refusal(value)
    assert refused is not None
    assert (BUDGET, "paid/1") == (refused.budget, refused.event_id)
    assert "unknown_payment_order" == refused.facts["code"]
    assert {"fr", "en"} == set(refused.facts["message"])


def long_worded(**sender: Any) -> bytes:
    """A refusal beyond the bounds of its schema: the ledger of 0.1.0 wrote such ones."""
    (value,) = left(topics.REFUSALS, a_vote(), a_payment(order="C/unknown", **sender))
    message = {"fr": "é" * 4_070, "en": "x" * 4_074}
    return changed(value, data=json.loads(value)["data"] | {"message": message})


def test_a_refusal_of_another_senders_event_is_passed_over_whatever_it_says() -> None:
    assert read_own_refusal(long_worded()) is None
    unlike_any = changed(long_worded(), data={"event_source": "urn:other"})
    assert read_own_refusal(unlike_any) is None


def test_a_long_worded_refusal_of_an_own_event_is_kept() -> None:
    refused = read_own_refusal(long_worded(**OURS))
    assert refused is not None
    assert "unknown_payment_order" == refused.facts["code"]
    assert 4_074 == len(refused.facts["message"]["en"])


@pytest.mark.parametrize(
    "event",
    [a_payment(order="C/unknown"), a_convention(**OURS), b"{"],
    ids=["another sender's", "one that waits", "unreadable"],
)
def test_other_answers_of_the_ledger_are_passed_over(event: Any) -> None:
    (value,) = left(topics.REFUSALS, a_vote(), event)
    assert read_own_refusal(value) is None


def test_what_is_no_answer_is_said_to_be_none() -> None:
    with pytest.raises(UnreadableMessage):
        read_own_refusal(b"{}")
