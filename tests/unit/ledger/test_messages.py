"""What leaves of each decision: which messages, on which topic, under which key and id."""

from datetime import datetime
from typing import Any

import pytest
from cloudevents.core.bindings import kafka
from cloudevents.core.bindings.kafka import KafkaMessage

from events import topics
from events.outbound import OUTBOUND
from services.ledger.application.outbound_messages import OutboundRecord
from tests.builders import (
    BUDGET,
    IBAN,
    SIRET,
    Json,
    a_beneficiary,
    a_convention,
    a_line,
    a_new_account,
    a_notification,
    a_payment,
    a_report,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.ledger.wire import TOPIC_OF, balances, by_topic, handled, messages_of_the_last, read
from tests.unit.test_models_of_what_leaves import ROWS

SIGNED = [a_vote(), an_award(), a_convention()]
LINE = a_line()
ACT = {"body": "Conseil municipal", "number": None, "date": "2023-04-12"}


def only(sent: list[OutboundRecord], topic: str) -> Json:
    (message,) = by_topic(sent)[topic]
    return read(message)


def test_every_type_that_leaves_has_a_topic() -> None:
    assert [each.TYPE for each in OUTBOUND] == list(TOPIC_OF)


def test_a_commitment_entry_leaves_whole_for_the_finance_erp() -> None:
    sent = messages_of_the_last(a_vote(), an_award(_correlationid="année 2023"))
    assert {
        "specversion": "1.0",
        "source": "urn:ecluse:ledger",
        "type": "ecluse.commitment-entry.recorded.v1",
        "datacontenttype": "application/json",
        "id": f"{BUDGET}/2/1",
        "time": "2023-06-01T12:00:00+02:00",
        "partitionkey": BUDGET,
        "causationid": "deliberation.adopted/G/award",
        "correlationid": "année 2023",
        "data": {
            "entry_id": f"{BUDGET}/2/1",
            "budget": BUDGET,
            "kind": "accounting_commitment",
            "line": LINE,
            "amount_cents": 100_000,
            "act": ACT,
            "convention": None,
            "effective_on": "2023-04-12",
            "sequence": 2,
        },
    } == only(sent, topics.COMMITMENT_ENTRIES)
    assert {topics.COMMITMENT_ENTRIES, topics.BALANCES} == set(by_topic(sent))


def test_each_entry_of_a_record_is_a_message_of_its_own() -> None:
    lines = [an_amount(60_000), an_amount(40_000, "490")]
    wire = handled(a_vote(), an_award(lines=lines, requires_convention=False))
    entries = wire.each(topics.COMMITMENT_ENTRIES)
    assert [f"{BUDGET}/2/{index}" for index in (1, 2, 3, 4)] == [each["id"] for each in entries]
    assert ["accounting_commitment"] * 2 + ["legal_commitment"] * 2 == [
        each["data"]["kind"] for each in entries
    ]


def test_an_issued_order_carries_all_that_the_treasury_needs() -> None:
    traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    sent = messages_of_the_last(*SIGNED[:-1], a_convention(_traceparent=traceparent))
    assert {
        "specversion": "1.0",
        "source": "urn:ecluse:ledger",
        "type": "ecluse.payment-order.issued.v1",
        "datacontenttype": "application/json",
        "id": f"{BUDGET}/C/advance/issued",
        "time": "2023-06-01T12:00:00+02:00",
        "partitionkey": BUDGET,
        "causationid": "convention.signed/G/C",
        "traceparent": traceparent,
        "data": {
            "payment_order": "C/advance",
            "budget": BUDGET,
            "convention": "C",
            "instalment": "advance",
            "amount_cents": 100_000,
            "paid_cents": 0,
            "state": "issued",
            "due_on": "2023-07-14",
            "lines": [{"line": LINE, "amount_cents": 100_000, "services": None}],
            "beneficiary": {"name": "Lille Avenirs", "siret": SIRET, "representative": None},
            "bank_account": {"iban": IBAN, "bic": None, "holder": "Lille Avenirs"},
            "acts": [ACT],
            "title": "Subvention 2023",
            "issued_on": "2023-06-01",
            "previous": None,
        },
    } == only(sent, topics.PAYMENT_ORDERS)


def test_an_order_issued_again_is_another_message_that_names_the_first() -> None:
    wire = handled(*SIGNED, an_acknowledgement("rejected"), a_new_account())
    orders = wire.each(topics.PAYMENT_ORDERS)
    assert [f"{BUDGET}/C/advance/issued", f"{BUDGET}/C/advance/2/issued"] == [
        each["id"] for each in orders
    ]
    assert [None, "C/advance"] == [each["data"]["previous"] for each in orders]


@pytest.mark.parametrize("state", ["taken_in_charge", "on_hold", "rejected"])
def test_what_the_accountant_says_of_an_order_is_not_sent_back_to_it(state: str) -> None:
    sent = messages_of_the_last(*SIGNED, an_acknowledgement(state))
    assert topics.PAYMENT_ORDERS not in by_topic(sent)


def test_a_cancelled_order_leaves_with_its_lines_and_without_what_only_a_payment_needs() -> None:
    sent = messages_of_the_last(*SIGNED, a_payment(30_000), a_withdrawal())
    message = only(sent, topics.PAYMENT_ORDERS)
    assert ("ecluse.payment-order.cancelled.v1", f"{BUDGET}/C/advance/cancelled") == (
        message["type"],
        message["id"],
    )
    assert "cancelled" == message["data"]["state"]
    assert (100_000, 30_000) == (message["data"]["amount_cents"], message["data"]["paid_cents"])
    assert 100_000 == message["data"]["lines"][0]["amount_cents"]
    assert "bank_account" not in message["data"]


def test_a_refused_event_is_answered_with_its_code_its_facts_and_what_to_do() -> None:
    event = an_award(100_001)
    message = only(messages_of_the_last(a_vote(), event), topics.REFUSALS)
    assert ("ecluse.event.refused.v1", f"{BUDGET}/2", event["id"]) == (
        message["type"],
        message["id"],
        message["causationid"],
    )
    text = message["data"].pop("message")
    assert {
        "budget": BUDGET,
        "event_id": event["id"],
        "event_source": "urn:test",
        "sequence": 2,
        "code": "insufficient_credit",
        "facts": {
            "level": "chapter",
            "group": "65",
            "available_cents": 100_000,
            "asked_cents": 100_001,
            "shortfall_cents": 1,
        },
    } == message["data"]
    assert "1 000,01 €".replace(" ", "\u202f", 1).replace(" ", "\u00a0") in text["fr"]
    assert "€1,000.01" in text["en"]


def test_a_refused_event_moves_nothing_and_nothing_else_leaves() -> None:
    assert [topics.REFUSALS] == list(by_topic(messages_of_the_last(a_vote(), an_award(100_001))))


def test_a_parked_event_is_answered_with_what_it_waits_for() -> None:
    event = a_convention()
    message = only(messages_of_the_last(a_vote(), event), topics.REFUSALS)
    assert ("ecluse.event.parked.v1", f"{BUDGET}/2") == (message["type"], message["id"])
    assert {
        "budget": BUDGET,
        "event_id": event["id"],
        "event_source": "urn:test",
        "sequence": 2,
        "message": {
            "fr": "En attente de la délibération qui attribue la subvention G.",
            "en": "Waits for the deliberation that awards grant G.",
        },
        "waits_for": {"kind": "grant", "id": "G"},
    } == message["data"]


def test_a_woken_event_is_the_cause_of_what_leaves_of_it_not_the_one_that_woke_it() -> None:
    late = a_convention(_time="2023-05-02T08:00:00+02:00", _correlationid="own")
    wire = handled(a_vote(), late)
    sent = wire.tell(an_award(_correlationid="other"))
    order = only(sent, topics.PAYMENT_ORDERS)
    assert (late["id"], late["time"], "own") == (
        order["causationid"],
        order["time"],
        order["correlationid"],
    )
    assert "2023-05-02" == order["data"]["issued_on"]
    assert {late["id"]} == {each["causationid"] for each in balances(sent).values()}


def test_a_woken_event_that_is_refused_is_answered_then() -> None:
    wire = handled(a_vote(), a_convention(beneficiary=a_beneficiary(siret="21590350100017")))
    refused = only(wire.tell(an_award()), topics.REFUSALS)
    assert ("beneficiary_differs", f"{BUDGET}/4") == (refused["data"]["code"], refused["id"])
    assert "convention.signed/G/C" == refused["causationid"]


@pytest.mark.parametrize(
    "event",
    [*SIGNED, an_award(100_001, grant="H"), a_report(convention="unknown")],
    ids=lambda event: event["id"],
)
def test_of_a_duplicate_nothing_leaves(event: Json) -> None:
    wire = handled(*SIGNED, event)
    assert [] == wire.tell(event)


def test_a_fact_that_moves_no_money_leaves_nothing() -> None:
    reports = an_instalment(documents=[("activity_report", 2022)])
    before = [a_vote(), an_award(), a_convention(instalments=[reports])]
    wire = handled(*before)
    assert [] == wire.tell(a_notification(), a_report("evaluation"), a_new_account(IBAN))


TIMES = [
    "2023-06-01T12:00:00+02:00",
    "2023-06-01T12:00:00Z",
    "2023-06-01t12:00:00.5z",
    "2023-06-01T12:00:00.123456-11:30",
    "0001-01-01T00:00:00-00:00",
    "9999-12-31T23:59:59.999999+23:59",
]


@pytest.mark.parametrize("time", TIMES)
def test_the_time_of_a_message_is_the_instant_and_the_offset_of_its_cause(time: str) -> None:
    (message, *_) = handled(a_vote(_time=time)).each(topics.BALANCES)
    event_time, asked = (
        datetime.fromisoformat(message["time"]),
        datetime.fromisoformat(time.upper()),
    )
    assert (asked, asked.utcoffset()) == (event_time, event_time.utcoffset())


def test_what_the_tracing_attributes_lack_the_message_lacks() -> None:
    (message, *_) = handled(a_vote(_subject="s", _causationid="before")).each(topics.BALANCES)
    assert {"correlationid", "traceparent", "subject"}.isdisjoint(message)
    assert "budget.voted/initial" == message["causationid"]


def test_two_budgets_may_use_the_same_numbers() -> None:
    other = "21590350100017-00-2024"
    first = handled(*SIGNED)
    sent = [*first.sent, *handled(*(_of_budget(event, other) for event in SIGNED)).sent]
    ids = [read(each)["id"] for each in sent]
    assert len(set(ids)) == len(ids)
    keys = {each.key for each in sent if each.topic != topics.BALANCES}
    assert {BUDGET.encode(), other.encode()} == keys


def _of_budget(event: Json, budget: str) -> Json:
    return event | {"partitionkey": budget, "data": event["data"] | {"budget": budget}}


def test_the_cloudevents_sdk_reads_what_leaves() -> None:
    events = [*SIGNED, an_award(1, grant="H"), a_report(convention="unknown"), a_withdrawal()]
    wire = handled(*events, b"{")
    seen: set[Any] = set()
    for each in wire.sent:
        if each.topic == topics.DEAD_LETTERS:
            continue
        assert each.value is not None
        headers = {name: content or b"" for name, content in each.headers}
        event = kafka.from_structured_event(KafkaMessage(headers, each.key, each.value))
        assert "urn:ecluse:ledger" == event.get_source()
        seen.add(event.get_type())
    assert set(TOPIC_OF) == seen


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.says)
def test_what_leaves_of_each_row_of_the_rules_fits_the_language(row: Any) -> None:
    wire = handled(*row.events)
    for each in wire.sent:
        if each.value is not None:
            read(each)
