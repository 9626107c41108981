"""Rules 27 and 31: what was paid in a closed year may still be asked back, and is revenue then."""

import pytest

from services.ledger.application.handle import RawRecord
from services.ledger.application.restore import VERSIONS, open_ledger
from services.ledger.domain.journal import Source
from tests.builders import (
    BUDGET,
    Json,
    Scenario,
    a_closing,
    a_collection,
    a_payment,
    a_recovery,
    a_vote,
    an_acknowledgement,
    an_amount,
    encoded,
)
from tests.kept_state import kept, one_by_one
from tests.unit.tables.rows import Row, check, each_row, facts_of
from tests.unit.tables.test_closed_year import CLOSED, OPEN, OVER
from tests.unit.tables.test_closing import CARRIED, PAID, TAKEN, carried, stands

ORDERED = a_recovery(20)
AFTER = [*OVER, ORDERED]
PARTLY = [*TAKEN, a_payment(20), a_closing("all")]
"""Of the advance 20 are paid, and 40 still ordered."""

PARTLY_PAID = carried(share={"ordered": 40, "paid": 20}, order=("taken_in_charge", 60, 20))


def exceeds(room_cents: int, asked_cents: int) -> Json:
    return {"convention": "C", "room_cents": room_cents, "asked_cents": asked_cents}


def revenue(amount_cents: int, recovery: str = "R") -> list[tuple[str, Json]]:
    facts = {"convention": "C", "recovery": recovery, "amount_cents": amount_cents}
    return [("recovery_is_revenue", facts)]


ROWS = [
    Row("money is asked back", AFTER, "accepted", CARRIED, entries=[]),
    Row(
        "it comes: revenue, and no credit is reopened",
        [*AFTER, a_collection(20)],
        "accepted",
        CARRIED,
        flags=revenue(20),
        entries=[],
    ),
    Row(
        "it comes on a day of the closed year: revenue all the same",
        [*AFTER, a_collection(20, on="2023-12-31")],
        "accepted",
        CARRIED,
        flags=revenue(20),
    ),
    Row(
        "it was asked back before the closing",
        [*PAID, ORDERED, a_closing("all"), a_collection(15)],
        "accepted",
        CARRIED,
        flags=revenue(15),
    ),
    Row(
        "it had come before the closing: that was no revenue, and is not paid any more",
        [*PAID, ORDERED, a_collection(20), a_closing("all"), a_recovery(41, recovery="S")],
        "recovery_exceeds",
        stands(
            {"available": 20, "paid": 40, "carried_over": 40},
            {"released": 20, "paid": 40, "carried_over": 40},
            advance=("paid", 60, 60),
        ),
        facts=exceeds(40, 41),
    ),
    Row(
        "all that was paid may be asked back, and no cent more",
        [*OVER, a_recovery(61)],
        "recovery_exceeds",
        CARRIED,
        facts=exceeds(60, 61),
    ),
    Row(
        "what is asked back already counts",
        [*AFTER, a_recovery(41, recovery="S")],
        "recovery_exceeds",
        CARRIED,
        facts=exceeds(40, 41),
    ),
    Row(
        "what came back is not paid any more",
        [*AFTER, a_collection(20), a_recovery(41, recovery="S")],
        "recovery_exceeds",
        CARRIED,
        facts=exceeds(40, 41),
    ),
    Row(
        "more comes than was asked back",
        [*AFTER, a_collection(21)],
        "recovery_exceeds",
        CARRIED,
        facts=exceeds(20, 21),
    ),
    Row(
        "money comes that nobody asked back: it waits for nothing any more",
        [*OVER, a_collection(1)],
        "recovery_exceeds",
        CARRIED,
        facts=exceeds(0, 1),
    ),
    Row(
        "a line on which nothing was paid",
        [*OVER, a_recovery(lines=[an_amount(5, "490")])],
        "recovery_exceeds",
        CARRIED,
        facts=exceeds(0, 5),
    ),
    Row(
        "by lines",
        [*OVER, a_recovery(lines=[an_amount(60)]), a_collection(lines=[an_amount(60)])],
        "accepted",
        CARRIED,
        flags=revenue(60),
    ),
    Row(
        "a convention that the budget never knew is not waited for",
        [*OVER, a_recovery(5, convention="X")],
        "unknown_convention",
        CARRIED,
        facts={"convention": "X"},
    ),
    Row(
        "nor is one of which money comes",
        [*OVER, a_collection(5, convention="X")],
        "unknown_convention",
        CARRIED,
        facts={"convention": "X"},
    ),
    Row("asked back twice under one id: silence", [*AFTER, ORDERED], "duplicate", CARRIED),
    Row(
        "asked back before the closing, and sent again: silence",
        [*PAID, ORDERED, a_closing("all"), ORDERED],
        "duplicate",
        CARRIED,
    ),
    Row(
        "another sum under a known id",
        [*AFTER, a_recovery(5, _id=ORDERED["id"])],
        "event_id_reused",
        CARRIED,
        facts={"event_id": ORDERED["id"]},
    ),
    Row(
        "while an order is open, what was paid of it may be asked back",
        [*PARTLY, a_recovery(20)],
        "accepted",
        PARTLY_PAID,
    ),
    Row(
        "what is ordered is not paid",
        [*PARTLY, a_recovery(21)],
        "recovery_exceeds",
        PARTLY_PAID,
        facts=exceeds(20, 21),
    ),
    Row(
        "of an order that is paid after the closing too",
        [*PARTLY, a_payment(40), a_recovery(60), a_collection(60)],
        "accepted",
        CARRIED,
        flags=revenue(60),
    ),
    Row(
        "nothing was paid, nothing can be asked back",
        [*CLOSED, a_recovery(1)],
        "recovery_exceeds",
        OPEN,
        facts=exceeds(0, 1),
    ),
]


@each_row(ROWS)
def test_rule_31_recoveries_of_a_closed_year_are_decided_and_move_nothing(row: Row) -> None:
    scenario = check(row)
    assert [] == list(scenario.last.moves)


def rows_of(scenario: Scenario) -> list[tuple[str, str]]:
    return [(key.kind, key.key) for key, _ in scenario.store.state() if key.budget == BUDGET]


def test_rule_31_a_closed_out_year_keeps_what_was_paid_and_the_ids_of_recoveries() -> None:
    scenario = Scenario(
        *PAID, ORDERED, a_closing("all"), a_collection(5), a_collection(5, _id="more")
    )
    kinds = [kind for kind, _ in rows_of(scenario)]
    assert {"budget", "convention", "convention_progress", "remembered"} == set(kinds)
    assert 3 == len(scenario.state.memory.lasting) == len(scenario.state.memory.remembered)
    convention = scenario.book.conventions["C"]
    assert (60 - 10, 10) == (convention.paid_cents(), convention.recoveries["R"].outstanding_cents)


def test_rule_31_no_convention_becomes_unknown_though_nothing_was_paid_of_it() -> None:
    scenario = Scenario(*CLOSED, an_acknowledgement("rejected"))
    assert scenario.book.closed_out
    scenario.tell(a_recovery(1))
    assert ("recovery_exceeds", exceeds(0, 1)) == (scenario.answer(), facts_of(scenario))
    scenario.tell(a_recovery(1, convention="X", _id="other"))
    assert "unknown_convention" == scenario.answer()


def test_rule_31_a_year_is_closed_out_once_however_many_recoveries_follow() -> None:
    scenario = Scenario(*OVER)
    scenario.ledger.handle(RawRecord(encoded(ORDERED), Source("test", 0, 99)))
    assert {} == scenario.ledger.commit_batch([]).ended


@pytest.mark.parametrize("other", ["vote", "recovery"])
def test_rule_31_an_id_that_was_closed_out_may_be_used_by_a_recovery(other: str) -> None:
    used = a_vote(100)["id"] if other == "vote" else ORDERED["id"]
    scenario = Scenario(*PAID, ORDERED, a_closing("all"), a_recovery(7, recovery="S", _id=used))
    assert ("accepted" if other == "vote" else "event_id_reused") == scenario.answer()


def test_rule_31_an_id_that_is_closed_out_and_used_again_in_one_batch_is_kept_once() -> None:
    scenario = Scenario(*PAID, ORDERED)
    closing = a_closing("all")
    for number, event in enumerate((closing, a_recovery(7, recovery="S", _id=closing["id"])), 98):
        scenario.ledger.handle(RawRecord(encoded(event), Source("test", 0, number)))
    scenario.store.commit(scenario.ledger.commit_batch([]), VERSIONS)
    assert kept(scenario.ledger.budgets) == one_by_one(scenario.store.state())
    scenario.ledger = open_ledger(scenario.store)
    scenario.tell(a_recovery(8, _id=closing["id"]))
    assert "event_id_reused" == scenario.answer()


def test_rule_31_ids_remembered_after_a_restart_stand_beside_those_that_were_kept() -> None:
    vote = a_vote(100)["id"]
    scenario = Scenario(*PAID, ORDERED, a_collection(5), a_closing("all"))
    for number, event in enumerate((a_recovery(7, recovery="S", _id=vote), a_collection(6))):
        scenario.ledger = open_ledger(scenario.store)
        scenario.tell(event)
        assert kept(scenario.ledger.budgets) == one_by_one(scenario.store.state())
        assert 3 + number == len(scenario.state.memory.remembered)


def test_rule_31_a_closed_out_year_is_restored_with_its_recoveries() -> None:
    scenario = Scenario(*AFTER, a_collection(5))
    scenario.ledger = open_ledger(scenario.store)
    assert "duplicate" == str(scenario.tell(a_collection(5))[0].outcome)
    scenario.tell(a_collection(16, _id="more"))
    assert "recovery_exceeds" == scenario.answer()
