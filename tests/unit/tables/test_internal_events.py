"""Rule 32: what an internal event says, what left with a closing, and what becomes of it."""

import json
from itertools import pairwise
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

from jsonschema import Draft202012Validator

from events import schemas, topics
from events.codec import ReceivedEvent, decode
from events.envelope import SourceKind
from events.unreadable import Unreadable
from services.ledger.domain.fiscal_year import openings
from tests.builders import (
    BUDGET,
    NEXT_BUDGET,
    OTHER_IBAN,
    Json,
    Scenario,
    a_bank_account,
    a_beneficiary,
    a_closing,
    a_convention,
    a_new_account,
    a_notification,
    a_payment,
    a_report,
    a_vote,
    an_acknowledgement,
    an_act,
    an_amount,
    an_award,
    an_instalment,
    encoded,
)
from tests.unit.ledger.test_internal_events_leave import YEAR
from tests.unit.ledger.wire import by_topic, handled
from tests.unit.tables.test_opening_alone import ALONE_YEAR
from tests.unit.tables.years import BALANCE, HALVES, NEXT, PAID, REJECTED, REPORT, TAKEN

ROOT = Path(__file__).resolve().parents[3]


def a_internal_event() -> Json:
    """The internal event of a convention of which nearly everything is known."""
    [internal_event] = Scenario(
        *TAKEN,
        a_notification(),
        a_report(eligible_cost_cents=95),
        a_report("evaluation", 2021),
        a_closing("all", _correlationid="year end"),
    ).internal_events()
    return internal_event


def test_rule_32_an_internal_event_says_who_wrote_it_to_whom_and_why() -> None:
    internal_event = a_internal_event()
    del internal_event["data"]
    assert {
        "specversion": "1.0",
        "id": "ade4a439-da5d-5863-8dcb-df280a3af4c7",
        "source": "urn:ecluse:ledger",
        "type": "ecluse.fiscal-year.opened.v1",
        "time": "2024-01-31T18:00:00+01:00",
        "partitionkey": NEXT_BUDGET,
        "datacontenttype": "application/json",
        "causationid": "fiscal-year.closed",
        "correlationid": "year end",
    } == internal_event


def test_rule_32_an_internal_event_carries_the_trace_of_its_closing_or_none() -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    [traced] = Scenario(*TAKEN, a_closing("all", _traceparent=trace)).internal_events()
    assert trace == traced["traceparent"]
    [untraced] = Scenario(*TAKEN, a_closing("all")).internal_events()
    assert not {"traceparent", "correlationid"} & set(untraced)


def test_rule_32_the_id_of_an_internal_event_is_the_uuid5_that_the_contract_says() -> None:
    namespace = uuid5(NAMESPACE_URL, "urn:ecluse:letters")
    contract = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
    assert f"`{namespace}`" in contract
    who = f"{BUDGET}\0urn:test\0fiscal-year.closed\0C"
    assert str(uuid5(namespace, who)) == a_internal_event()["id"]


def test_rule_32_an_internal_event_is_what_its_schema_allows() -> None:
    name = "ecluse.fiscal-year.opened.v1"
    schema = Draft202012Validator(json.loads(schemas.documents()[f"{name}.schema.json"]))
    for year in (TAKEN, REJECTED, ALONE_YEAR):
        [internal_event] = Scenario(*year, a_closing("all")).internal_events()
        assert [] == [error.message for error in schema.iter_errors(internal_event)]
        assert isinstance(
            decode(encoded(internal_event), source_kind=SourceKind.INTERNAL_EVENTS), ReceivedEvent
        )
        answer = decode(encoded(internal_event))
        assert isinstance(answer, Unreadable)
        assert "unknown_type: /type" == answer.reason


def test_rule_32_an_internal_event_says_all_that_the_next_year_needs() -> None:
    assert {
        "budget": NEXT_BUDGET,
        "closed_budget": BUDGET,
        "closing": {"source": "urn:test", "id": "fiscal-year.closed"},
        "closed_on": "2024-01-31",
        "grant": "G",
        "award": {
            "act": an_act(),
            "title": "Subvention 2023",
            "beneficiary": a_beneficiary(),
            "requires_convention": True,
            "year_awards_cents": 100,
        },
        "acts": [an_act()],
        "convention": "C",
        "stands_alone": False,
        "state": "in_force",
        "beneficiary": a_beneficiary(),
        "bank_account": a_bank_account(),
        "signed_on": "2023-05-15",
        "notified_on": "2023-05-20",
        "paid_cents": 0,
        "ordered_cents": 60,
        "lines": [an_amount(40)],
        "instalments": [
            {
                "instalment": "advance",
                "trigger": "signature",
                "ceiling": False,
                "lines": [],
                "orders": 1,
            },
            BALANCE | {"orders": 0},
        ],
        "former_instalments": [],
        "obligations": [],
        "documents": [
            {"document": {"kind": "evaluation", "year": 2021}, "received_on": "2023-06-26"},
            {
                "document": {"kind": "activity_report", "year": 2022},
                "received_on": "2023-06-26",
                "eligible_cost_cents": 95,
            },
        ],
    } == a_internal_event()["data"]


def test_rule_32_a_rejected_order_is_reported_with_its_day_and_what_is_unpaid() -> None:
    scenario = Scenario(*HALVES, a_payment(10), an_acknowledgement("rejected"), a_closing("all"))
    advance = scenario.internal_events()[0]["data"]["instalments"][0]
    assert {
        "instalment": "advance",
        "trigger": "signature",
        "ceiling": False,
        "lines": [an_amount(50)],
        "orders": 1,
        "due_again_on": "2023-07-14",
        "paid_order": "C/advance",
    } == advance


def test_rule_21_what_is_issued_again_keeps_its_day_and_names_the_rejected_order() -> None:
    scenario = Scenario(*REJECTED, a_closing("all"))
    scenario.deliver()
    scenario.tell(a_new_account(**NEXT, _time="2024-03-01T12:00:00+01:00"))
    [change] = scenario.last.payment_orders
    assert change.issued is not None
    assert ("C/advance/2", "2023-07-14") == (
        change.order.payment_order,
        change.order.due_on.isoformat(),
    )
    assert ("C/advance", "2024-03-01") == (change.issued["previous"], change.issued["issued_on"])
    assert OTHER_IBAN == change.issued["bank_account"]["iban"]


def test_rule_21_the_count_goes_on_over_several_years() -> None:
    years = [BUDGET, NEXT_BUDGET, "21590350100017-00-2025", "21590350100017-00-2026"]
    scenario = Scenario(*REJECTED)
    for budget, following in pairwise(years):
        scenario.tell(a_closing("all", budget=budget))
        scenario.deliver()
        if following != years[2]:  # A year passes in which nothing happens.
            scenario.tell(a_new_account(budget=following))
            number = 2 if following == NEXT_BUDGET else 3
            order = f"C/advance/{number}"
            scenario.tell(an_acknowledgement("rejected", order, budget=following))
    assert {"C/advance/2": ("rejected", 60, 0)} == scenario.orders(NEXT_BUDGET)
    assert {} == scenario.orders(years[2])
    assert {"C/advance/3": ("rejected", 60, 0)} == scenario.orders(years[3])


def test_rule_22_what_was_had_adds_up_over_several_years() -> None:
    third = an_instalment(30, "third", documents=[("evaluation", 2024)], ceiling=True)
    scenario = Scenario(
        a_vote(100),
        an_award(100),
        a_convention(
            instalments=[
                an_instalment(50),
                an_instalment(20, "balance", documents=[("activity_report", 2023)]),
                third,
            ]
        ),
        an_acknowledgement(),
        a_payment(50),
        a_closing("all"),
    )
    scenario.deliver()
    scenario.tell(REPORT)
    scenario.tell(an_acknowledgement(order="C/balance", **NEXT))
    scenario.tell(a_closing("all", **NEXT))
    scenario.deliver()
    [_, internal_event] = scenario.internal_events()
    said = internal_event["data"]
    assert (50, 20) == (said["paid_cents"], said["ordered_cents"])
    last = "21590350100017-00-2025"
    scenario.tell(a_report("evaluation", 2024, budget=last, eligible_cost_cents=90))
    assert {"C/third": ("issued", 20, 0)} == scenario.orders(last)


def test_rule_32_nothing_is_written_for_what_has_nothing_remaining() -> None:
    paid = [a_vote(100), an_award(100), a_convention(), an_acknowledgement(), a_payment(100)]
    assert [] == Scenario(*paid, a_closing("all")).internal_events()
    assert [] == Scenario(*paid, a_closing(["C"])).internal_events()


def test_rule_32_an_internal_event_is_decided_once() -> None:
    scenario = Scenario(*PAID, a_closing("all"))
    scenario.deliver()
    scenario.delivered = 0
    [again] = scenario.deliver()
    assert "duplicate" == str(again.outcome)


def test_the_account_of_an_internal_event_pays_others_that_waited_for_it() -> None:
    """A convention of the new year to the same body waits for an account.

    The internal event brings it.
    """
    scenario = Scenario(*PAID, a_closing("all"))
    for event in (
        a_vote(50, **NEXT),
        an_award(50, grant="H", **NEXT),
        a_convention(50, convention="D", grant="H", bank_account=..., **NEXT),
    ):
        scenario.tell(event)
    scenario.deliver()
    assert {"D/advance": ("issued", 50, 0)} == scenario.orders(NEXT_BUDGET)


def test_what_the_new_year_knows_of_an_account_is_newer_than_an_internal_event() -> None:
    scenario = Scenario(*PAID, a_closing("all"), a_new_account(**NEXT))
    scenario.deliver()
    scenario.tell(REPORT)
    [change] = scenario.last.payment_orders
    assert change.issued is not None
    assert OTHER_IBAN == change.issued["bank_account"]["iban"]


def test_an_entry_of_the_new_year_rests_on_the_award_of_the_old_one() -> None:
    scenario = Scenario(*PAID, a_closing("all"))
    scenario.deliver()
    scenario.tell(a_report(year=2023, eligible_cost_cents=90, **NEXT))
    [entry] = scenario.last.commitment_entries
    assert ("decommitment", 10, {"number": None} | an_act()) == (
        str(entry["kind"]),
        entry["amount_cents"],
        entry["act"],
    )


def test_rule_32_a_department_that_is_paid_is_not_reported_again() -> None:
    """What is left of a rejected order says nothing of the departments whose share was paid."""
    shared = an_amount(60, services={"EMPLOI": 10, "JEUNESSE": 50})
    scenario = Scenario(
        a_vote(60),
        an_award(60),
        a_convention(instalments=[an_instalment(lines=[shared])]),
        a_payment(10),
        an_acknowledgement("rejected"),
        a_closing("all"),
    )
    [internal_event] = scenario.internal_events()
    [advance] = internal_event["data"]["instalments"]
    assert [an_amount(50, services={"JEUNESSE": 50})] == advance["lines"]


ALONE = an_award(100, requires_convention=False)


def test_rule_13_the_one_instalment_of_an_award_has_no_ceiling() -> None:
    [internal_event] = Scenario(a_vote(100), ALONE, a_closing("all")).internal_events()
    assert {
        "instalment": "1",
        "trigger": "signature",
        "ceiling": False,
        "lines": [an_amount(100)],
        "orders": 0,
    } == internal_event["data"]["instalments"][0]


def test_rule_32_what_a_closing_moved_tells_which_internal_events_left_with_it() -> None:
    wire = handled(*YEAR)
    sent = by_topic(wire.tell(a_closing("all")))
    [internal_event] = sent[topics.INTERNAL_EVENTS]
    closing = wire.decided[-1].record
    event = a_closing("all")
    said = openings(closing.budget, event["source"], event["id"], closing.moves)
    assert [(json.loads(internal_event.value or b"")["id"], NEXT_BUDGET, "C")] == said
