"""An accepted event that was wrong, and what puts it right: docs/for-the-erp.md, row by row."""

import re
from typing import Final, NamedTuple

import pytest

from events.envelope import INBOUND
from tests.builders import (
    IBAN,
    Json,
    Scenario,
    a_collection,
    a_convention,
    a_line,
    a_new_account,
    a_payment,
    a_recovery,
    a_reduction,
    a_rejected_report,
    a_report,
    a_resumption,
    a_suspension,
    a_termination,
    a_transfer,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_amendment,
    an_amount,
    an_award,
    an_instalment,
)
from tests.integration.command import ROOT

PAGE: Final = ROOT / "docs" / "for-the-erp.md"
FINAL: Final = {
    "convention.notified",
    "event.withdrawn",
    "fiscal-year.closed",
    "record.reviewed",
    "recovery.collected",
    "recovery.ordered",
}
"""What the text behind the table speaks of."""
INTERNAL: Final = {"deadline.passed", "fiscal-year.opened"}
"""Not for an ERP."""

VOTED: Final = [a_vote(100)]
AWARDED: Final = [*VOTED, an_award(60)]
BALANCE: Final = an_instalment(40, "balance", documents=[("activity_report", 2022)])
SIGNED: Final = [*AWARDED, a_convention(60, instalments=[an_instalment(20), BALANCE])]
"""60 of 100 under a convention: 20 ordered, 40 once the report is there."""

AS_SIGNED: Final = {"available": 40, "committed": 40, "ordered": 20}
AGAIN: Final = [
    an_award(40, grant="G2", _id="award-2"),
    a_convention(40, convention="C2", grant="G2", instalments=[BALANCE], _id="signed-2"),
]
"""What was left of it, under references of its own."""


class Mistake(NamedTuple):
    """What was accepted by mistake after these events, and the money once it is put right."""

    before: list[Json]
    mistake: Json
    remedy: list[Json]
    money: dict[str, int]


MISTAKES: Final = {
    "budget.voted": Mistake(
        [],
        a_vote(120),
        [a_vote(-20, stage="amendment", _id="difference")],
        {"available": 100},
    ),
    "credits.transferred": Mistake(
        VOTED,
        a_transfer(30),
        [a_transfer(30, from_line=a_line("490"), to_line=a_line("489"), _id="back")],
        {"available": 100},
    ),
    "deliberation.adopted": Mistake(
        VOTED,
        an_award(90),
        [a_withdrawal(), an_award(60, grant="G2", _id="award-2")],
        {"available": 40, "reserved": 60},
    ),
    "deliberation.withdrawn": Mistake(
        AWARDED, a_withdrawal(), AGAIN, {"available": 60, "committed": 40}
    ),
    "convention.signed": Mistake(
        AWARDED,
        a_convention(60, instalments=[an_instalment(20), an_instalment(40, "balance")]),
        [a_termination(), an_award(30, grant="G2", _id="award-2")],
        {"available": 10, "reserved": 30, "ordered": 60},
    ),
    "convention.amended": Mistake(
        SIGNED,
        an_amendment(10, instalments=[BALANCE | {"lines": [an_amount(10)]}]),
        [an_amendment(40, amendment="2", instalments=[BALANCE], _id="amended-2")],
        AS_SIGNED,
    ),
    "commitment.reduced": Mistake(
        SIGNED, a_reduction(15), [an_amendment(40, instalments=[BALANCE])], AS_SIGNED
    ),
    "convention.suspended": Mistake(
        SIGNED, a_suspension(), [a_resumption(), a_report()], {"available": 40, "ordered": 60}
    ),
    "convention.terminated": Mistake(
        SIGNED, a_termination(), AGAIN, {"available": 40, "committed": 40, "ordered": 20}
    ),
    "report.received": Mistake(
        SIGNED,
        a_report(year=2021),
        [a_rejected_report(year=2021), a_report()],
        {"available": 40, "ordered": 60},
    ),
    "report.rejected": Mistake(
        SIGNED, a_rejected_report(), [a_report(_id="again")], {"available": 40, "ordered": 60}
    ),
    "bank-account.changed": Mistake(
        SIGNED,
        a_new_account(),
        [an_acknowledgement("rejected"), a_new_account(IBAN, _id="right")],
        AS_SIGNED,
    ),
    "payment-order.acknowledged": Mistake(
        SIGNED,
        an_acknowledgement("on_hold"),
        [an_acknowledgement("taken_in_charge"), a_payment(20)],
        {"available": 40, "committed": 40, "paid": 20},
    ),
    "payment.executed": Mistake(
        SIGNED,
        a_payment(20),
        [a_recovery(20), a_collection(20)],
        {"available": 60, "committed": 40},
    ),
}


def rows_of_the_page() -> set[str]:
    """The event types that the first column of its table names."""
    part = PAGE.read_text("utf-8").split("| accepted by mistake |")[1].split("\n\n")[0]
    cells = [line.split("|")[1] for line in part.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`([a-z.-]+)`", cell)}


def test_each_type_has_its_row_or_stands_behind_the_table() -> None:
    types = {each.TYPE.removeprefix("ecluse.").removesuffix(".v1") for each in INBOUND}
    the_other_way_round = {"convention.resumed"}
    assert rows_of_the_page() == set(MISTAKES)
    assert types - INTERNAL - FINAL - the_other_way_round == set(MISTAKES)
    behind = PAGE.read_text("utf-8").split("What remains puts nothing in motion")[1]
    assert all(f"`{name}`" in behind.split("\n\n")[0] for name in FINAL)


@pytest.mark.parametrize("name", MISTAKES)
def test_what_was_wrong_is_put_right_by_further_events(name: str) -> None:
    before, mistake, remedy, money = MISTAKES[name]
    ledger = Scenario(*before, mistake)
    assert "accepted" == ledger.answer()
    for event in remedy:
        ledger.tell(event)
        assert "accepted" == ledger.answer(), event
    found = ledger.line()
    found.pop("appropriated")
    assert money == found


def test_a_withdrawal_by_mistake_is_put_right_without_what_was_paid() -> None:
    ledger = Scenario(*SIGNED, a_payment(20), a_withdrawal(), *AGAIN)
    assert {"C/advance": ("paid", 20, 20)} == ledger.orders()
    assert {"appropriated": 100, "available": 40, "committed": 40, "paid": 20} == ledger.line()


def test_what_is_ordered_back_stays_so_and_no_other_recovery_may_ask_it() -> None:
    ledger = Scenario(*SIGNED, a_payment(20), a_recovery(20))
    ledger.tell(a_recovery(20, recovery="right", _id="right"))
    assert "recovery_exceeds" == ledger.answer()


@pytest.mark.parametrize(
    ("stage", "answer"),
    [("initial", "budget_already_voted"), ("amendment", "invalid_value: /data/vote_level")],
)
def test_a_wrong_vote_level_stays(stage: str, answer: str) -> None:
    ledger = Scenario(*VOTED)
    ledger.tell(a_vote(1, stage=stage, vote_level="article", _id="level"))
    assert answer == ledger.answer()


def test_an_order_that_bears_a_wrong_account_is_issued_again_with_the_right_one() -> None:
    before, mistake, remedy, _ = MISTAKES["bank-account.changed"]
    assert {"C/advance": ("rejected", 20, 0), "C/advance/2": ("issued", 20, 0)} == Scenario(
        *before, mistake, *remedy
    ).orders()
