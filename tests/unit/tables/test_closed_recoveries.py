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
    encoded,
)
from tests.kept_state import kept, one_by_one
from tests.unit.tables.rows import Row, check, each_row, facts_of, reader_of
from tests.unit.tables.test_closed_year import CLOSED, OVER
from tests.unit.tables.years import PAID, TAKEN

ORDERED = a_recovery(20)
AFTER = [*OVER, ORDERED]
PARTLY = [*TAKEN, a_payment(20), a_closing("all")]
"""Of the advance 20 are paid, and 40 still ordered."""


def exceeds(room_cents: int, asked_cents: int) -> Json:
    return {"convention": "C", "room_cents": room_cents, "asked_cents": asked_cents}


read_rows = reader_of(globals())

ROWS = read_rows("""
    money is asked back
        AFTER
        => 489 for C: 100 = 60 paid + 40 carried_over; C/advance paid 60; no entries
    it comes: revenue, and no credit is reopened
        AFTER; collection 20
        => flag recovery_is_revenue: convention C, recovery R, amount_cents 20;
           489 for C: 100 = 60 paid + 40 carried_over; C/advance paid 60; no entries
    it comes on a day of the closed year: revenue all the same
        AFTER; collection 20, on 2023-12-31
        => flag recovery_is_revenue: convention C, recovery R, amount_cents 20;
           489 for C: 100 = 60 paid + 40 carried_over; C/advance paid 60
    it was asked back before the closing
        PAID; ORDERED; closing all; collection 15
        => flag recovery_is_revenue: convention C, recovery R, amount_cents 15;
           489 for C: 100 = 60 paid + 40 carried_over; C/advance paid 60
    it had come before the closing: that was no revenue, and is not paid any more
        PAID; ORDERED; collection 20; closing all; recovery 41, recovery S
        => refused recovery_exceeds: convention C, room_cents 40, asked_cents 41;
           489 for C: 100 = 20 available + 40 paid + 40 carried_over; C/advance paid 60
    all that was paid may be asked back, and no cent more
        OVER; recovery 61
        => refused recovery_exceeds: convention C, room_cents 60, asked_cents 61;
           489 for C: 100 = 60 paid + 40 carried_over; C/advance paid 60
    what is asked back already counts
        AFTER; recovery 41, recovery S
        => refused recovery_exceeds: convention C, room_cents 40, asked_cents 41;
           489 for C: 100 = 60 paid + 40 carried_over; C/advance paid 60
    what came back is not paid any more
        AFTER; collection 20; recovery 41, recovery S
        => refused recovery_exceeds: convention C, room_cents 40, asked_cents 41;
           489 for C: 100 = 60 paid + 40 carried_over; C/advance paid 60
    more comes than was asked back
        AFTER; collection 21
        => refused recovery_exceeds: convention C, room_cents 20, asked_cents 21;
           489 for C: 100 = 60 paid + 40 carried_over; C/advance paid 60
    money comes that nobody asked back: it waits for nothing any more
        OVER; collection 1
        => refused recovery_exceeds: convention C, room_cents 0, asked_cents 1;
           489 for C: 100 = 60 paid + 40 carried_over; C/advance paid 60
    a line on which nothing was paid
        OVER; recovery 5 on 490
        => refused recovery_exceeds: convention C, room_cents 0, asked_cents 5;
           489 for C: 100 = 60 paid + 40 carried_over; C/advance paid 60
    by lines
        OVER; recovery 60 on 489; collection 60 on 489
        => flag recovery_is_revenue: convention C, recovery R, amount_cents 60;
           489 for C: 100 = 60 paid + 40 carried_over; C/advance paid 60
    a convention that the budget never knew is not waited for
        OVER; recovery 5, convention X
        => refused unknown_convention: convention X; 489 for C: 100 = 60 paid + 40 carried_over;
           C/advance paid 60
    nor is one of which money comes
        OVER; collection 5, convention X
        => refused unknown_convention: convention X; 489 for C: 100 = 60 paid + 40 carried_over;
           C/advance paid 60
    asked back twice under one id: silence
        AFTER; ORDERED
        => duplicate; 489 for C: 100 = 60 paid + 40 carried_over; C/advance paid 60
    asked back before the closing, and sent again: silence
        PAID; ORDERED; closing all; ORDERED
        => duplicate; 489 for C: 100 = 60 paid + 40 carried_over; C/advance paid 60
    another sum under a known id
        AFTER; recovery 5, id recovery.ordered/C/20
        => refused event_id_reused: event_id recovery.ordered/C/20;
           489 for C: 100 = 60 paid + 40 carried_over; C/advance paid 60
    while an order is open, what was paid of it may be asked back
        PARTLY; recovery 20
        => 489 for C: 100 = 40 ordered + 20 paid + 40 carried_over;
           C/advance taken_in_charge 60 (20 paid)
    what is ordered is not paid
        PARTLY; recovery 21
        => refused recovery_exceeds: convention C, room_cents 20, asked_cents 21;
           489 for C: 100 = 40 ordered + 20 paid + 40 carried_over;
           C/advance taken_in_charge 60 (20 paid)
    of an order that is paid after the closing too
        PARTLY; payment 40; recovery 60; collection 60
        => flag recovery_is_revenue: convention C, recovery R, amount_cents 60;
           489 for C: 100 = 60 paid + 40 carried_over; C/advance paid 60
    nothing was paid, nothing can be asked back
        CLOSED; recovery 1
        => refused recovery_exceeds: convention C, room_cents 0, asked_cents 1;
           489 for C: 100 = 60 ordered + 40 carried_over; C/advance taken_in_charge 60
""")


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
    assert (60 - 10, 10) == (convention.paid_cents, convention.recoveries["R"].outstanding_cents)


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
