"""The lines that a row's events are written in: each is one event of `tests.builders`."""

import pytest

from events.envelope import INBOUND
from tests.builders import (
    NEXT_BUDGET,
    Json,
    a_closing,
    a_collection,
    a_concurring_act,
    a_convention,
    a_deadline,
    a_line,
    a_new_account,
    a_notification,
    a_payment,
    a_recovery,
    a_reduction,
    a_rejected_report,
    a_report,
    a_resumption,
    a_review,
    a_suspension,
    a_termination,
    a_transfer,
    a_vote,
    a_withdrawal,
    a_withdrawn_event,
    an_acknowledgement,
    an_act,
    an_amendment,
    an_amount,
    an_award,
    an_instalment,
)
from tests.unit.tables.event_notation import read_events
from tests.unit.tables.rows import SIGNED, Row, read_table

ON_TWO = [an_amount(60, services={"EMPLOI": 35, "JEUNESSE": 25}), an_amount(40, "490")]
BARE_LINE = a_line(None, function="30")
BOTH = [("activity_report", 2022), ("evaluation", 2021)]

EVENTS: dict[str, Json] = {
    "vote": a_vote(),
    "vote 1_000": a_vote(1_000),
    "supplementary vote 5": a_vote(5, stage="supplementary"),
    "transfer 10 from 489 to 490": a_transfer(10),
    "award 60 on 489 (EMPLOI 35, JEUNESSE 25) + 40 on 490": an_award(lines=ON_TWO),
    "award 1 on 65/65748/30/–": an_award(lines=[an_amount(1, line=BARE_LINE)]),
    "award 9, grant H, without convention": an_award(9, grant="H", requires_convention=False),
    "award 9, instalments [1 9]": an_award(9, instalments=[an_instalment(9, "1")]),
    "award, act 2023-09-01": an_award(act=an_act("2023-09-01")),
    "award, title 'A, b; c', id again": an_award(title="A, b; c", _id="again"),
    "award, interested [A, 'B C'], stated_total_cents 7": an_award(
        interested=["A", "B C"], stated_total_cents=7
    ),
    "convention 5, no bank_account, next year": a_convention(
        5, bank_account=..., budget=NEXT_BUDGET
    ),
    "convention [advance 60, balance 40 against activity_report 2022 and evaluation 2021 "
    "with ceiling]": a_convention(
        instalments=[an_instalment(60), an_instalment(40, "balance", documents=BOTH, ceiling=True)]
    ),
    "amendment [rest 7 on 490 at notification]": an_amendment(
        instalments=[
            an_instalment(name="rest", trigger="notification", lines=[an_amount(7, "490")])
        ]
    ),
    "amendment 7": an_amendment(7),
    "notification": a_notification(),
    "reduction 3 on 490": a_reduction(lines=[an_amount(3, "490")]),
    "report": a_report(),
    "report evaluation 2021, eligible_cost_cents 7": a_report(
        "evaluation", 2021, eligible_cost_cents=7
    ),
    "rejected report evaluation 2022": a_rejected_report("evaluation"),
    "new account": a_new_account(),
    "C/advance/2 rejected": an_acknowledgement("rejected", "C/advance/2"),
    "payment 40": a_payment(40),
    "payment 40 of C/balance": a_payment(40, "C/balance"),
    "recovery 30, recovery S": a_recovery(30, recovery="S"),
    "recovery 30 on 489": a_recovery(lines=[an_amount(30)]),
    "collection": a_collection(),
    "closing all": a_closing("all"),
    "closing [C, D]": a_closing(["C", "D"]),
    "deadline parked, event {source urn:a, id b}": a_deadline(
        "parked", event={"source": "urn:a", "id": "b"}
    ),
    "review 4": a_review(4),
    "concurring act": a_concurring_act(),
    "withdrawal, act 2023-09-01": a_withdrawal(act=an_act("2023-09-01")),
    "withdrawn event": a_withdrawn_event(),
    "suspension": a_suspension(),
    "resumption": a_resumption(),
    "termination": a_termination(),
}


@pytest.mark.parametrize("text", EVENTS)
def test_a_line_is_an_event(text: str) -> None:
    assert [EVENTS[text]] == read_events(text)


def test_every_type_that_is_sent_has_a_line() -> None:
    of_the_ledger = {"ecluse.fiscal-year.opened.v1"}
    assert {each.TYPE for each in INBOUND} - of_the_ledger == {
        event["type"] for event in EVENTS.values()
    }


def test_names_and_functions_of_the_module_stand_for_its_events() -> None:
    names = {"SIGNED": SIGNED, "LATE": a_report(), "paid": a_payment, "ORDER": "C/balance"}
    expected = [*SIGNED, a_report(), a_payment(7, "C/balance", _id="x")]
    assert expected == read_events("SIGNED; LATE; paid 7 ORDER, id x", names)


def test_a_table_is_read_row_by_row() -> None:
    text = """
        nothing is paid
            SIGNED
            => 489 for C: 100 ordered;
               C/advance issued 100
        a cent is
            SIGNED;
            payment 1
            => 489 for C: 100 = 99 ordered + 1 paid; C/advance issued 100 (1 paid)
    """
    rest = "489 for C: 100 = 99 ordered + 1 paid; C/advance issued 100 (1 paid)"
    assert [
        Row("nothing is paid", SIGNED, "489 for C: 100 ordered; C/advance issued 100"),
        Row("a cent is", [*SIGNED, a_payment(1)], rest),
    ] == read_table(text, {"SIGNED": SIGNED}, Row)


MISTAKES = {
    "nothing": "",
    "an unknown word": "payed 5",
    "an unknown name": "PAYED",
    "an empty event": "vote; ",
    "euros": "award 5.00",
    "figures without thousands": "vote 1000",
    "a line that is none": "award 5 on all",
    "an unknown state": "C/advance payed",
    "a list that is open": "closing [C",
    "an instalment without amount": "convention [advance]",
    "a member without value": "report, convention",
    "a quote that is open": "award, title 'A",
}


@pytest.mark.parametrize("text", MISTAKES.values(), ids=MISTAKES)
def test_what_is_not_understood_fails(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_events(text)
