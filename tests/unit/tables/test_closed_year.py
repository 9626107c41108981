"""Rule 31: what a closed year still takes, and when all of it is closed out."""

import pytest

from services.ledger.domain.model.answers import Refusal
from tests.builders import (
    BUDGET,
    Json,
    Scenario,
    a_closing,
    a_concurring_act,
    a_convention,
    a_new_account,
    a_notification,
    a_payment,
    a_transfer,
    a_vote,
    an_acknowledgement,
    an_award,
)
from tests.unit.tables.event_notation import read_events
from tests.unit.tables.rows import Row, check, each_row, reader_of
from tests.unit.tables.years import PAID, TAKEN

CLOSED = [*TAKEN, a_closing("all")]
"""The advance of 60 is taken in charge, the balance of 40 carried over."""

OVER = [*PAID, a_closing("all")]
OPEN = "489 for C: 100 = 60 ordered + 40 carried_over; C/advance taken_in_charge 60"
CLOSED_OUT = "489 for C: 100 = 60 paid + 40 carried_over; C/advance paid 60"


def refused(says: str, event: Json, events: list[Json] | None = None) -> Row:
    before = CLOSED if events is None else events
    money = OPEN if events is None else CLOSED_OUT
    return Row(says, [*before, event], f"refused fiscal_year_closed: budget {BUDGET}; {money}")


read_rows = reader_of(globals())

TREASURY_ROWS = read_rows("""
    the open order is paid
        CLOSED; payment 60
        => 489 for C: 100 = 60 paid + 40 carried_over; C/advance paid 60
    it is paid in part
        CLOSED; payment 20
        => 489 for C: 100 = 40 ordered + 20 paid + 40 carried_over;
           C/advance taken_in_charge 60 (20 paid)
    and then the rest
        CLOSED; payment 20; payment 40
        => 489 for C: 100 = 60 paid + 40 carried_over; C/advance paid 60
    the accountant holds it after all
        CLOSED; C/advance on_hold
        => 489 for C: 100 = 60 ordered + 40 carried_over; C/advance on_hold 60
    it is rejected: its money lapses at once, and no order takes its place
        CLOSED; C/advance rejected
        => 489 for C: 100 = 60 available + 40 carried_over; C/advance rejected 60;
           decommitment 489 60 C
    it is rejected when a part is paid
        CLOSED; payment 20; C/advance rejected
        => 489 for C: 100 = 40 available + 20 paid + 40 carried_over;
           C/advance rejected 60 (20 paid); decommitment 489 40 C
    a payment of more than the order
        CLOSED; payment 61
        => refused overpayment: payment_order C/advance, amount_cents 60, paid_cents 0,
           asked_cents 61; 489 for C: 100 = 60 ordered + 40 carried_over;
           C/advance taken_in_charge 60
    a payment that was sent before, again: silence
        CLOSED; payment 20; payment 20
        => duplicate; 489 for C: 100 = 40 ordered + 20 paid + 40 carried_over;
           C/advance taken_in_charge 60 (20 paid)
    an answer from before the closing, again: silence
        CLOSED; C/advance taken_in_charge
        => duplicate; 489 for C: 100 = 60 ordered + 40 carried_over; C/advance taken_in_charge 60
    another payment under a known id
        CLOSED; payment 20; payment 30, id payment.executed/C/advance/20
        => refused event_id_reused: event_id payment.executed/C/advance/20;
           489 for C: 100 = 40 ordered + 20 paid + 40 carried_over;
           C/advance taken_in_charge 60 (20 paid)
""")

REFUSED_ROWS = [
    refused("a vote", a_vote(stage="supplementary")),
    refused("the vote that was sent before, before any look at its id", a_vote(100)),
    refused("a transfer", a_transfer()),
    refused("an award", an_award(grant="H")),
    refused("a concurring act", a_concurring_act()),
    refused("a convention", a_convention(convention="D")),
    refused("a notification", a_notification()),
    refused("a bank account", a_new_account()),
    refused("the closing itself, again", a_closing("all")),
    refused("a payment of an order that never was", a_payment(order="D/advance")),
    refused("when all is paid: a payment", a_payment(1), OVER),
    refused("when all is paid: a payment that was sent before", a_payment(60), OVER),
    refused("when all is paid: an answer", an_acknowledgement("rejected"), OVER),
    refused("when all was paid afterwards", a_payment(60), [*CLOSED, a_payment(60)]),
]

TWO_ORDERS = read_events("""
    vote 100; award 100; convention [first 20, advance 40, third 40]; C/first taken_in_charge;
    payment 20 of C/first; C/advance taken_in_charge; C/third taken_in_charge; closing none
""")
SEVERAL_ROWS = read_rows("""
    an order that was paid before the closing is not open: not even its id is looked at
        TWO_ORDERS; payment 40; payment 20 of C/first
        => refused fiscal_year_closed: budget 21590350100017-00-2023;
           489 for C: 100 = 40 ordered + 60 paid; C/first paid 20; C/advance paid 40;
           C/third taken_in_charge 40
    one that was paid since is still known, while another is open
        TWO_ORDERS; payment 40; payment 40
        => duplicate; 489 for C: 100 = 40 ordered + 60 paid; C/first paid 20; C/advance paid 40;
           C/third taken_in_charge 40
    and takes no more
        TWO_ORDERS; payment 40; payment 1
        => refused overpayment: payment_order C/advance, amount_cents 40, paid_cents 40,
           asked_cents 1; 489 for C: 100 = 40 ordered + 60 paid; C/first paid 20; C/advance paid 40;
           C/third taken_in_charge 40
    nor an answer
        TWO_ORDERS; payment 40; C/advance rejected
        => refused payment_order_closed: payment_order C/advance, state paid;
           489 for C: 100 = 40 ordered + 60 paid; C/first paid 20; C/advance paid 40;
           C/third taken_in_charge 40
""")

ROWS = [*TREASURY_ROWS, *REFUSED_ROWS, *SEVERAL_ROWS]


@each_row([*TREASURY_ROWS, *SEVERAL_ROWS])
def test_rule_31_orders_that_were_open_are_still_paid_or_rejected(row: Row) -> None:
    check(row)


@each_row(REFUSED_ROWS)
def test_rule_31_everything_else_is_refused(row: Row) -> None:
    check(row)


def test_rule_31_a_rejection_goes_all_the_way_in_one_record() -> None:
    scenario = Scenario(*CLOSED, an_acknowledgement("rejected"))
    kinds = [(str(move.kind.origin), str(move.kind.target)) for move in scenario.last.moves]
    assert [("ordered", "committed"), ("committed", "available")] == kinds


KEPT = {"budget", "convention", "convention_progress"}
"""What a closed out year keeps: what its conventions were paid."""


def kinds(scenario: Scenario) -> set[str]:
    """What rows of state the store keeps of the budget."""
    return {key.kind for key, _ in scenario.store.state() if key.budget == BUDGET}


@pytest.mark.parametrize("last", [a_payment(60), an_acknowledgement("rejected")])
def test_rule_31_with_the_last_open_order_all_rows_of_the_year_are_dropped(last: Json) -> None:
    scenario = Scenario(*CLOSED)
    dropped = {"line", "grant", "order", "order_progress", "account", "remembered"}
    assert KEPT | dropped == kinds(scenario)
    scenario.tell(last)
    assert KEPT >= kinds(scenario)
    assert scenario.state.book.closed_out


def test_rule_31_without_an_open_order_they_are_dropped_with_the_closing() -> None:
    scenario = Scenario(*OVER)
    assert KEPT == kinds(scenario)


def test_rule_31_what_waited_is_refused_before_all_is_closed_out() -> None:
    scenario = Scenario(a_notification(convention="X"), *OVER)
    assert KEPT == kinds(scenario)
    assert Refusal.FISCAL_YEAR_CLOSED == (scenario.last.refusal or {})["code"]


def test_a_refusal_of_a_closed_year_is_not_remembered() -> None:
    """Whoever sends it again is sent again; and memory does not grow again."""
    scenario = Scenario(*CLOSED, a_vote(5, _id="late"), a_vote(5, _id="late"))
    assert "fiscal_year_closed" == scenario.answer()
    scenario.tell(a_payment(60, _id="late"))
    assert "accepted" == scenario.answer()


def test_the_figures_of_a_closed_out_year_are_read_from_its_journal() -> None:
    scenario = Scenario(*OVER)
    assert {} == scenario.book.lines
    assert {"appropriated": 100, "paid": 60, "carried_over": 40} == scenario.line()
