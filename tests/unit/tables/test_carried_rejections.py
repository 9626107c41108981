"""Rules 24, 29 and 32: documents that did not do, and orders paid in part, in the next year."""

from typing import Any

import pytest

from events import topics
from events.journal import read_record
from services.ledger.application.handle import RawRecord
from services.ledger.domain.journal import Source
from tests.builders import (
    NEXT_BUDGET,
    Json,
    Scenario,
    a_closing,
    a_convention,
    a_deadline,
    a_new_account,
    a_payment,
    a_recovery,
    a_reduction,
    a_rejected_report,
    a_report,
    a_termination,
    a_vote,
    an_acknowledgement,
    an_amendment,
    an_award,
    an_instalment,
    encoded,
)
from tests.unit.tables.rows import facts_of, flags_of
from tests.unit.tables.test_signed_for_the_rest import ABOVE, HALF, REST
from tests.unit.tables.years import NEXT, Row, check, next_money

ACTIVITY, ACCOUNTS = ("activity_report", 2022), ("certified_accounts", 2022)
AGAIN: dict[str, Any] = {"_id": "again"}
DUE = a_deadline("report_due", due_on="2023-06-30", **NEXT)
REJECTION = a_rejected_report(**NEXT)
REJECTED = an_acknowledgement("rejected", "C/report")
WAITS = an_instalment(40, "rest", trigger="notification")
OPENED = next_money({"committed": 40}, {"remaining": 40})


def signed(*instalments: Json) -> list[Json]:
    return [a_vote(100), an_award(100), a_convention(instalments=list(instalments))]


SETTLED_BY = {
    each: an_instalment(30, each[0], documents=[each], ceiling=True)
    for each in (ACTIVITY, ACCOUNTS)
}
SETTLED = [
    *signed(WAITS, an_instalment(60, "report", documents=[ACTIVITY], ceiling=True)),
    a_report(eligible_cost_cents=0),
]
"""Accounts that prove nothing leave nothing to pay, and no order."""
PART_PAID = [
    *signed(an_instalment(100, "report", documents=[ACTIVITY])),
    a_report(),
    a_payment(60, "C/report"),
    REJECTED,
]
"""The order was sent back when 60 of its 100 cents were paid."""


def late(*documents: tuple[str, int]) -> list[tuple[str, Json]]:
    named = [{"kind": kind, "year": year} for kind, year in documents]
    return [("report_late", {"convention": "C", "documents": named, "due_on": "2023-06-30"})]


def rests(order: str = "C/report", convention: str = "C") -> list[tuple[str, Json]]:
    facts = {
        "convention": convention,
        "document": {"kind": "activity_report", "year": 2022},
        "payment_order": order,
    }
    return [("report_rejected_after_order", facts)]


ROWS = [
    Row(
        "a document rejected before the closing is open where it had left nothing to pay",
        [*SETTLED, a_rejected_report()],
        "accepted",
        OPENED,
        after=[DUE],
        flags=late(ACTIVITY),
    ),
    Row(
        "two of them: both are open",
        [
            *signed(WAITS, *(SETTLED_BY[each] for each in (ACTIVITY, ACCOUNTS))),
            a_report(eligible_cost_cents=0),
            a_report(*ACCOUNTS, eligible_cost_cents=0),
            a_rejected_report(),
            a_rejected_report(*ACCOUNTS),
        ],
        "accepted",
        OPENED,
        after=[DUE],
        flags=late(ACTIVITY, ACCOUNTS),
    ),
    Row(
        "it has come again: nothing is late",
        [*SETTLED, a_rejected_report()],
        "accepted",
        OPENED,
        after=[a_report(**NEXT, **AGAIN), DUE],
    ),
    Row(
        "one that had left nothing to pay is rejected in the new year",
        SETTLED,
        "accepted",
        OPENED,
        after=[REJECTION, DUE],
        flags=late(ACTIVITY),
    ),
    Row(
        "what had left nothing to pay, and was not rejected, is done",
        SETTLED,
        "accepted",
        OPENED,
        after=[DUE],
    ),
    Row(
        "what is settled pays nothing when its document comes again",
        [*SETTLED, a_rejected_report()],
        "accepted",
        OPENED,
        after=[a_report(eligible_cost_cents=100, **NEXT, **AGAIN)],
    ),
    Row(
        "a document is rejected on which an order rests that an earlier year paid in part",
        PART_PAID,
        "accepted",
        OPENED,
        after=[REJECTION],
        flags=rests(),
    ),
    Row(
        "its re-issue, sent back with nothing paid of it, changes nothing of that",
        PART_PAID,
        "accepted",
        next_money({"committed": 40}, {"remaining": 40}, report_2=("rejected", 40, 0)),
        after=[
            a_new_account(**NEXT),
            an_acknowledgement("rejected", "C/report/2", **NEXT),
            REJECTION,
        ],
        flags=rests(),
    ),
    Row(
        "an open re-issue is the last that rests on it",
        PART_PAID,
        "accepted",
        next_money({"ordered": 40}, {"ordered": 40}, report_2=("issued", 40, 0)),
        after=[a_new_account(**NEXT), REJECTION],
        flags=rests("C/report/2"),
    ),
    Row(
        "an amendment of the new year that plans it anew leaves that order behind",
        PART_PAID,
        "accepted",
        OPENED,
        after=[
            an_amendment(
                instalments=[an_instalment(40, "report", documents=[ACTIVITY, ACCOUNTS])], **NEXT
            ),
            REJECTION,
        ],
    ),
    Row(
        "so does its new order, sent back with nothing paid of it",
        PART_PAID,
        "accepted",
        next_money({"committed": 40}, {"remaining": 40}, report_2=("rejected", 40, 0)),
        after=[
            an_amendment(instalments=[an_instalment(40, "report", documents=[ACTIVITY])], **NEXT),
            an_acknowledgement("rejected", "C/report/2", **NEXT),
            REJECTION,
        ],
    ),
    Row(
        "an amendment of the closed year has left it behind already",
        [
            *PART_PAID,
            an_amendment(instalments=[an_instalment(40, "report", documents=[ACTIVITY, ACCOUNTS])]),
        ],
        "accepted",
        OPENED,
        after=[REJECTION],
    ),
    Row(
        "where a reduction took all that was left, the paid part rests on the document too",
        [
            *signed(WAITS, an_instalment(60, "report", documents=[ACTIVITY])),
            a_report(),
            a_payment(10, "C/report"),
            REJECTED,
            a_reduction(50),
        ],
        "accepted",
        OPENED,
        after=[REJECTION],
        flags=rests(),
    ),
    Row(
        "terminated in the new year, it owes what was rejected behind the part that was paid",
        PART_PAID,
        "accepted",
        next_money({"available": 40}, {"released": 40}),
        after=[a_termination(**NEXT), REJECTION, DUE],
        flags=late(ACTIVITY),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.says)
def test_rules_24_and_29_say_in_the_next_year_what_they_said_in_this_one(row: Row) -> None:
    check(row)


def test_rule_32_an_opening_says_what_was_rejected_settled_and_paid_in_part() -> None:
    schedule = [
        WAITS,
        an_instalment(30, "ceiling", documents=[ACTIVITY], ceiling=True),
        an_instalment(30, "report", documents=[ACCOUNTS]),
    ]
    scenario = Scenario(
        *signed(*schedule),
        *(a_report(*ACCOUNTS), a_payment(10, "C/report"), REJECTED, a_reduction(20)),
        a_report(eligible_cost_cents=0),
        *(a_rejected_report(*ACCOUNTS), a_rejected_report("evaluation"), a_rejected_report()),
        a_rejected_report(*ACCOUNTS, **AGAIN),
        a_rejected_report("financial_report"),
        a_report("financial_report", _id="came"),
        a_closing("all"),
    )
    [opening] = scenario.internal_events()
    documents = [{"kind": kind, "year": 2022} for kind in (ACCOUNTS[0], "evaluation", ACTIVITY[0])]
    assert documents == opening["data"]["rejected"]
    [_, ceiling, report] = opening["data"]["instalments"]
    settled = {"trigger": "reports", "lines": [], "settled": True}
    assert ceiling == settled | {
        "instalment": "ceiling",
        "ceiling": True,
        "documents": [documents[2]],
        "orders": 0,
    }
    assert report == settled | {
        "instalment": "report",
        "ceiling": False,
        "documents": [documents[0]],
        "orders": 1,
        "paid_order": "C/report",
    }
    assert [] == opening["data"]["former_instalments"]


def test_rule_32_what_earlier_years_paid_in_part_and_rejected_goes_on_over_several_years() -> None:
    scenario = Scenario(*PART_PAID, a_rejected_report("evaluation"), a_closing("all"))
    scenario.deliver()
    scenario.tell(a_closing("all", **NEXT, _id="second"))
    [first, second] = [each["data"] for each in scenario.internal_events()]
    assert first["rejected"] == second["rejected"]
    assert first["instalments"] == second["instalments"]


def test_rule_31_a_closed_year_keeps_the_order_of_an_earlier_one_that_was_paid_in_part() -> None:
    scenario = Scenario(*PART_PAID, a_closing("all"))
    scenario.deliver()
    scenario.tell(a_closing("none", **NEXT, _id="second"))
    assert scenario.ledger.budgets[NEXT_BUDGET].book.closed_out
    scenario.tell(REJECTION)
    assert rests() == flags_of(scenario)


def test_rule_24_a_convention_that_goes_on_under_another_name_names_the_order_as_it_was() -> None:
    scenario = Scenario(*PART_PAID, a_closing("all"))
    for event in (
        a_vote(50, **NEXT),
        an_award(50, **NEXT),
        a_convention(instalments=[an_instalment(50, trigger="notification")], **NEXT),
    ):
        scenario.tell(event)
    scenario.deliver()
    scenario.tell(a_rejected_report(**NEXT | {"convention": "C@2023"}))
    assert rests(convention="C@2023") == flags_of(scenario)


HELD = an_instalment(HALF, "1", documents=[ACTIVITY])
ALONE = an_award(
    2 * HALF,
    requires_convention=False,
    instalments=[HELD, an_instalment(HALF, "2", trigger="notification")],
)
OF_GRANT: list[Json] = [
    *(ABOVE[0], ABOVE[1], ALONE, a_report(convention="G"), a_payment(7, "G/1")),
    an_acknowledgement("rejected", "G/1"),
]
"""The grant's order was sent back when a part of it was paid."""
ABOVE_THE_LIMIT = ABOVE[3]


def test_rule_24_a_convention_for_the_rest_leaves_behind_what_its_grant_had_planned_anew() -> None:
    rest = an_instalment(HALF, "2", trigger="notification")
    planned = [an_instalment(HALF - 7, "1", documents=[ACTIVITY]), rest]
    scenario = Scenario(
        *OF_GRANT,
        an_amendment(convention="G", instalments=planned),
        *(ABOVE_THE_LIMIT, REST, an_acknowledgement("rejected", "G/1/2"), a_rejected_report()),
    )
    assert "accepted" == scenario.answer()
    assert [] == flags_of(scenario)


def test_rule_24_what_the_grant_was_paid_in_part_rests_on_its_document_for_the_rest_too() -> None:
    again, sent_back = a_new_account(_id="again"), an_acknowledgement("rejected", "G/1/2")
    scenario = Scenario(*OF_GRANT, again, ABOVE_THE_LIMIT, REST, sent_back, a_rejected_report())
    assert rests("G/1") == flags_of(scenario)


def test_rule_32_a_recovery_names_the_grant_whose_order_was_rejected_before_the_closing() -> None:
    """No instalment bears its name any more: an amendment has planned all of it anew."""
    anew = an_amendment(instalments=[an_instalment(2 * HALF - 7, "x", trigger="notification")])
    scenario = Scenario(
        *OF_GRANT[:-1],
        *(ABOVE_THE_LIMIT, REST, OF_GRANT[-1], anew, a_closing("all")),
    )
    [opening] = scenario.internal_events()
    assert "G" == opening["data"]["replaced"]
    assert ["x"] == [each["instalment"] for each in opening["data"]["instalments"]]
    assert [] == opening["data"]["former_instalments"], "what the grant planned never comes again"
    scenario.deliver()
    scenario.tell(a_recovery(3, **NEXT | {"convention": "G"}))
    facts = {"convention": "C", "room_cents": 0, "asked_cents": 3}
    assert ("recovery_exceeds", facts) == (scenario.answer(), facts_of(scenario))


def test_rule_32_a_grant_of_which_nothing_was_drawn_is_not_named_in_the_next_year() -> None:
    whole = an_award(2 * HALF, requires_convention=False, instalments=[HELD])
    scenario = Scenario(*ABOVE[:2], whole, REST, a_closing("all"))
    [opening] = scenario.internal_events()
    assert "replaced" not in opening["data"]


def test_rule_32_an_opening_of_before_may_name_the_grant_in_its_instalments_alone() -> None:
    """As those of 0.1.0 do, which another version may read: from the topic, or a journal."""
    scenario = Scenario(*OF_GRANT[:-1], ABOVE_THE_LIMIT, REST, OF_GRANT[-1], a_closing("all"))
    [opening] = scenario.internal_events()
    assert "G" == opening["data"].pop("replaced")
    raw = RawRecord(encoded(opening), Source(topics.INTERNAL_EVENTS, 0, 0))
    later = Scenario()
    later.ledger.handle(raw)
    [row] = later.ledger.commit_batch([]).records
    convention = later.ledger.budgets[NEXT_BUDGET].book.conventions["C"]
    assert "G/1" == convention.schedule[0].instalment
    assert convention.also_recovered_as == "G" == read_record(row.record).former_grant


def test_rule_32_a_cent_that_waits_for_documents_goes_on() -> None:
    scenario = Scenario(*signed(an_instalment(1, documents=[ACTIVITY])), a_closing("all"))
    assert [1] == [
        line["amount_cents"]
        for opening in scenario.internal_events()
        for each in opening["data"]["instalments"]
        for line in each["lines"]
    ]
