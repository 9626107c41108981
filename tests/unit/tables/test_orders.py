"""Rules 12, 20 and 25: the life of a payment order between the ledger and the treasury."""

from collections.abc import Iterator

import pytest

from tests.builders import (
    IBAN,
    OTHER_IBAN,
    SIRET,
    Json,
    Scenario,
    a_beneficiary,
    a_concurring_act,
    a_convention,
    a_line,
    a_new_account,
    a_payment,
    a_report,
    a_vote,
    an_acknowledgement,
    an_act,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.rows import SIGNED, TWO_LINES_SIGNED, Row, check, each_row, reader_of

TAKEN, HELD, REJECTED = (
    an_acknowledgement(state) for state in ("taken_in_charge", "on_hold", "rejected")
)
PART, REST, ALL = a_payment(40), a_payment(60), a_payment(100)

# What leads to each state of the order, and how much of it is paid by then.
STATES: dict[str, tuple[list[Json], int]] = {
    "issued": ([], 0),
    "taken_in_charge": ([TAKEN], 0),
    "on_hold": ([TAKEN, HELD], 0),
    "issued, paid in part": ([PART], 40),
    "taken_in_charge, paid in part": ([TAKEN, PART], 40),
    "on_hold, paid in part": ([TAKEN, HELD, PART], 40),
    "rejected": ([REJECTED], 0),
    "rejected, paid in part": ([PART, REJECTED], 40),
    "paid": ([ALL], 100),
}
# A row a state, a column an event: the state that follows, or the refusal.
CLOSED, TOO_MUCH = "payment_order_closed", "overpayment"
TABLE: dict[str, tuple[str, str, str, str, str, str]] = {
    "issued": ("taken_in_charge", "on_hold", "rejected", "issued", "paid", TOO_MUCH),
    "taken_in_charge": (
        "taken_in_charge",
        "on_hold",
        "rejected",
        "taken_in_charge",
        "paid",
        TOO_MUCH,
    ),
    "on_hold": ("taken_in_charge", "on_hold", "rejected", "on_hold", "paid", TOO_MUCH),
    "rejected": (CLOSED, CLOSED, CLOSED, CLOSED, CLOSED, CLOSED),
    "paid": (CLOSED, CLOSED, CLOSED, TOO_MUCH, TOO_MUCH, TOO_MUCH),
}


def _state_rows() -> Iterator[Row]:
    for situation, (before, paid) in STATES.items():
        state = situation.split(",")[0]
        left = 100 - paid
        events = {
            "is taken in charge": an_acknowledgement(_id="new"),
            "is put on hold": an_acknowledgement("on_hold", _id="new"),
            "is rejected": an_acknowledgement("rejected", _id="new"),
            "is paid in part": a_payment(1, _id="new"),
            "is paid what is left, or all again": a_payment(left or 100, _id="new"),
            "is paid a cent too much": a_payment(left + 1, _id="new"),
        }
        for (what, event), after in zip(events.items(), TABLE[state], strict=True):
            says = f"{situation}: the order {what}"
            yield _state_row(says, [*before, event], (state, paid), after)


def _state_row(says: str, events: list[Json], before: tuple[str, int], after: str) -> Row:
    state, paid = before
    asked = events[-1]["data"].get("amount_cents", 0)
    if after == CLOSED:
        answer = f"refused {CLOSED}: payment_order C/advance, state {state}; "
    elif after == TOO_MUCH:
        figures = f"amount_cents 100, paid_cents {paid}, asked_cents {asked}"
        answer = f"refused {TOO_MUCH}: payment_order C/advance, {figures}; "
    else:
        answer, state, paid = "", after, paid + asked
    left = "committed" if state == "rejected" else "ordered"
    stages = {0: f"100 {left}", 100: "100 paid"}.get(
        paid, f"100 = {100 - paid} {left} + {paid} paid"
    )
    order = f"C/advance {state} 100 ({paid} paid)"
    return Row(says, [*SIGNED, *events], f"{answer}489 for C: {stages}; {order}; no entries")


STATE_ROWS = list(_state_rows())

read_rows = reader_of(globals())

NEVER_ISSUED = read_rows("""
    a payment of an order that was never issued is refused, not parked
        SIGNED; payment 100 of C/balance
        => refused unknown_payment_order: payment_order C/balance; 489 for C: 100 ordered;
           C/advance issued 100
    an acknowledgement of an order that was never issued, before anything else was said
        C/advance taken_in_charge
        => refused unknown_payment_order: payment_order C/advance; no money
    two payments make the order
        SIGNED; PART; REST
        => 489 for C: 100 paid; C/advance paid 100
""")

ROWS = [*STATE_ROWS, *NEVER_ISSUED]


@each_row(STATE_ROWS)
def test_rule_20_every_state_of_an_order_meets_every_event_of_the_treasury(row: Row) -> None:
    check(row)


@each_row(NEVER_ISSUED)
def test_rule_20_only_what_was_issued_is_paid(row: Row) -> None:
    check(row)


def test_rule_20_payments_fill_the_lines_in_their_order_each_full_before_the_next() -> None:
    def after_each(*payments: int) -> list[tuple[int, int]]:
        scenario, seen = Scenario(*TWO_LINES_SIGNED), []
        for index, amount_cents in enumerate(payments):
            scenario.tell(a_payment(amount_cents, _id=f"payment {index}"))
            seen.append((scenario.line("489").get("paid", 0), scenario.line("490").get("paid", 0)))
        assert {"granted": 60, "paid": 60} == scenario.convention("C", "489")
        assert {"granted": 40, "paid": 40} == scenario.convention("C", "490")
        return seen

    assert [(50, 0), (60, 20), (60, 40)] == after_each(50, 30, 20)
    assert [(60, 0), (60, 40)] == after_each(60, 40)
    assert [(60, 40)] == after_each(100)


def issued_rows(scenario: Scenario) -> list[Json]:
    """Every order as the treasury was sent it."""
    return [
        change.row(record.budget)
        for record in scenario.records
        for change in record.payment_orders
        if change.issued is not None
    ]


def test_rule_25_an_issued_order_carries_all_that_the_treasury_needs() -> None:
    scenario = Scenario(
        a_vote(100),
        an_award(100, act=an_act(number="2023/40"), title="Subvention 2023 – Lille Avenirs"),
        a_concurring_act(act=an_act("2023-04-13", "Conseil municipal de Lille")),
        a_convention(
            beneficiary=a_beneficiary(representative="Martin DAVID-BROCHEN"),
            instalments=[an_instalment(lines=[an_amount(100, services={"EMPLOI": 100})])],
            # In UTC it is still the day before: the order is of the day that the sender gives.
            _time="2023-05-16T00:30:00+02:00",
        ),
    )
    expected = {
        "payment_order": "C/advance",
        "budget": "21590350100017-00-2023",
        "convention": "C",
        "instalment": "advance",
        "amount_cents": 100,
        "paid_cents": 0,
        "state": "issued",
        "due_on": "2023-07-14",
        "lines": [
            {
                "line": a_line(),
                "amount_cents": 100,
                "services": [{"code": "EMPLOI", "amount_cents": 100}],
            }
        ],
        "beneficiary": {
            "name": "Lille Avenirs",
            "siret": SIRET,
            "representative": "Martin DAVID-BROCHEN",
        },
        "bank_account": {"iban": IBAN, "bic": None, "holder": "Lille Avenirs"},
        "acts": [
            {"body": "Conseil municipal", "number": "2023/40", "date": "2023-04-12"},
            {"body": "Conseil municipal de Lille", "number": None, "date": "2023-04-13"},
        ],
        "title": "Subvention 2023 – Lille Avenirs",
        "issued_on": "2023-05-16",
        "previous": None,
    }
    assert [expected] == issued_rows(scenario)


def test_rule_12_a_bank_account_never_alters_an_order_already_issued() -> None:
    scenario = Scenario(*SIGNED, TAKEN, a_new_account(OTHER_IBAN))
    assert [] == scenario.last.payment_orders
    assert [] == scenario.last.moves
    assert [IBAN] == [order["bank_account"]["iban"] for order in issued_rows(scenario)]
    scenario.tell(REJECTED)
    scenario.tell(a_report())
    assert [IBAN, OTHER_IBAN] == [order["bank_account"]["iban"] for order in issued_rows(scenario)]


@pytest.mark.parametrize(
    ("time", "issued_on"),
    [("2023-01-01T00:00:00+01:00", "2023-01-01"), ("2022-12-31T23:00:00Z", "2022-12-31")],
)
def test_an_order_is_issued_on_the_day_that_the_event_writes_by_its_own_offset(
    time: str, issued_on: str
) -> None:
    """One moment, two spellings: docs/contract.md asks for French local time."""
    scenario = Scenario(a_vote(100), an_award(100), a_convention(100, _time=time))
    issued = scenario.last.payment_orders[0].issued
    assert issued is not None
    assert issued_on == issued["issued_on"]
