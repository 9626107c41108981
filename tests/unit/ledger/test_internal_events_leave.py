"""A closing's internal events leave with it, for the partition of the budget that they open."""

import json

from events import topics
from services.ledger.application.outbound_messages import STRUCTURED
from tests.builders import (
    BUDGET,
    NEXT_BUDGET,
    a_closing,
    a_payment,
    an_instalment,
)
from tests.unit.ledger.wire import Wire, balances, by_topic, handled, read
from tests.unit.tables.event_notation import read_events

LATER = an_instalment(40_000, "later", documents=[("evaluation", 2023)])
YEAR = read_events("""
    vote; award; convention [advance 60_000, later 40_000 against evaluation 2023];
    C/advance taken_in_charge
""")


def test_an_internal_event_leaves_for_the_budget_that_it_opens() -> None:
    wire = handled(*YEAR)
    [internal_event] = by_topic(wire.tell(a_closing("all")))[topics.INTERNAL_EVENTS]
    assert (NEXT_BUDGET.encode(), NEXT_BUDGET, STRUCTURED) == (
        internal_event.key,
        internal_event.home,
        internal_event.headers,
    )
    text = json.loads(internal_event.value or b"")
    assert (NEXT_BUDGET, NEXT_BUDGET) == (text["partitionkey"], text["data"]["budget"])


def test_all_else_leaves_where_its_event_was_read() -> None:
    sent = handled(*YEAR).tell(a_closing("all"))
    assert {None} == {each.home for each in sent if each.topic != topics.INTERNAL_EVENTS}


def test_nothing_carried_over_no_internal_event() -> None:
    assert topics.INTERNAL_EVENTS not in by_topic(handled(*YEAR).tell(a_closing("none")))


def test_a_carry_over_leaves_as_an_entry() -> None:
    sent = handled(*YEAR).tell(a_closing("all"))
    [entry] = map(read, by_topic(sent)[topics.COMMITMENT_ENTRIES])
    assert ("carry_over", 40_000, "2024-01-31") == (
        entry["data"]["kind"],
        entry["data"]["amount_cents"],
        entry["data"]["effective_on"],
    )


def test_the_last_balances_leave_of_a_year_closed_out_in_the_same_batch() -> None:
    wire = Wire()
    sent = wire.tell(*YEAR, a_closing("all"), a_payment(60_000))
    assert wire.ledger.budgets[BUDGET].book.closed_out
    rows = [message["data"]["balance"] for message in balances(sent).values()]
    for row in rows:
        assert (60_000, 40_000) == (row["paid_cents"], row["carried_over_cents"])
    assert {True, False} == {"convention" in row for row in rows}


def test_an_outstanding_order_is_named_to_who_closes() -> None:
    [answer] = handled(*YEAR[:-1]).tell(a_closing("all"))
    text = read(answer)["data"]
    assert ("orders_outstanding", {"payment_orders": ["C/advance"]}) == (
        text["code"],
        text["facts"],
    )
    assert "C/advance" in text["message"]["fr"]
