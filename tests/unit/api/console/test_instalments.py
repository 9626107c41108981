"""The timeline of an instalment: planned, on what condition, ordered, paid; and in one word."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.api.console.elements import State
from services.api.grants.conventions import Convention, Document, Instalment, PaidOrder, Want
from services.api.grants.instalments import Step, instalment_status, instalment_view
from services.api.grants.view import is_owed
from services.api.queries.orders import Payment, PaymentOrder
from services.api.queries.rows import MaskedAccount
from services.texts.language import Language
from services.texts.locale_format import LocaleFormat
from tests.builders import BUDGET

TODAY = date(2023, 7, 20)
FR = LocaleFormat(Language.FR)
EN = LocaleFormat(Language.EN)
REPORT = Document("activity_report", 2022, None, date(2023, 6, 26), None, None, 9)
MISSING = Document("certified_accounts", 2022, None, None, None, None, None)


def an_order(state: str = "issued", amount_cents: int = 100_00, **more: Any) -> PaidOrder:
    paid_cents = more.get("paid_cents", amount_cents if state == "paid" else 0)
    name = more.get("name", "C/advance")
    order = PaymentOrder(
        BUDGET, name, "C", "advance", amount_cents, paid_cents, state, date(2023, 6, 12),
        None, more.get("due_on", date(2023, 8, 11)), date(2023, 6, 12), None, None,
        MaskedAccount("FR76…110", None, "H"), None, None, None, 4, 4,
    )  # fmt: skip
    payments = (Payment(6, paid_cents, date(2023, 6, 30), None),) if paid_cents else ()
    return PaidOrder(order, payments)


def an_instalment(*orders: PaidOrder, **more: Any) -> Instalment:
    facts: dict[str, Any] = {
        "instalment": "advance",
        "position": 1,
        "trigger": "signature",
        "ceiling": False,
        "documents": (),
        "planned_cents": 100_00,
        "ordered_cents": sum(each.order.left_cents for each in orders),
        "paid_cents": sum(each.order.paid_cents for each in orders),
        "released_cents": 0,
        "lines": (),
        "orders": orders,
        "waits_for": (),
        "amendment": None,
        "left_out_by": None,
        "sequence": 4,
    }
    return Instalment(**(facts | more))


def a_convention(*instalments: Instalment, **more: Any) -> Convention:
    facts: dict[str, Any] = {
        "budget": BUDGET,
        "convention": "C",
        "grant": "G",
        "stands_alone": False,
        "state": "in_force",
        "beneficiary": None,
        "signatory": None,
        "signed_on": date(2023, 6, 12),
        "starts_on": None,
        "ends_on": None,
        "notified_on": None,
        "effective_on": None,
        "reason": None,
        "carried_from": None,
        "continues": None,
        "is_closed": False,
        "goes_on_in": None,
        "paid_cents": 0,
        "has_bank_account": True,
        "instalments": instalments,
        "obligations": (),
        "documents": (),
        "recoveries": (),
        "sequence": 4,
    }
    return Convention(**(facts | more))


WAITS = an_instalment(trigger="reports", waits_for=(Want("document", "certified_accounts/2022"),))


CUT_SHORT = an_order("cancelled", paid_cents=40_00)


@pytest.mark.parametrize(
    ("convention", "instalment", "status"),
    [
        (a_convention(), an_instalment(an_order("paid")), "paid"),
        (a_convention(), an_instalment(an_order(paid_cents=40_00)), "partly_paid"),
        (a_convention(), an_instalment(an_order()), "ordered"),
        (a_convention(), an_instalment(an_order("on_hold")), "ordered"),
        (a_convention(), an_instalment(an_order("rejected"), ordered_cents=0), "rejected"),
        (a_convention(), an_instalment(), "planned"),
        (a_convention(), WAITS, "waiting"),
        (a_convention(), an_instalment(released_cents=100_00), "released"),
        (a_convention(is_closed=True), an_instalment(released_cents=100_00), "released"),
        (a_convention(is_closed=True), an_instalment(an_order("rejected")), "ended"),
        (a_convention(is_closed=True), an_instalment(an_order("taken_in_charge")), "ordered"),
        (a_convention(is_closed=True, goes_on_in="2024"), an_instalment(), "carried_over"),
        (a_convention(state="terminated"), an_instalment(), "ended"),
        (a_convention(state="terminated"), an_instalment(an_order("paid")), "paid"),
        (
            a_convention(state="withdrawn"),
            an_instalment(CUT_SHORT, ordered_cents=0),
            "ended_in_part",
        ),
    ],
)
def test_how_an_instalment_stands(
    convention: Convention, instalment: Instalment, status: str
) -> None:
    assert status == instalment_status(convention, instalment)


def steps_of(instalment: Instalment, locale: LocaleFormat, today: date = TODAY) -> Sequence[Step]:
    return instalment_view(a_convention(instalment), instalment, today, locale).steps


def said_of(
    instalment: Instalment, locale: LocaleFormat, **convention: Any
) -> list[tuple[str, str]]:
    own = a_convention(instalment, **convention)
    steps = instalment_view(own, instalment, TODAY, locale).steps
    return [(step.how, "; ".join(step.text)) for step in steps]


@pytest.mark.parametrize(
    ("instalment", "convention", "text"),
    [
        ({}, {}, "convention signed 12 June 2023"),
        ({}, {"stands_alone": True}, "grant awarded 12 June 2023"),
        ({"instalment": "G/1"}, {"continues": "G"}, "grant awarded 12 June 2023"),
        ({"amendment": "A"}, {}, "amendment signed 12 June 2023"),
        ({"trigger": "notification"}, {}, "convention notified 12 June 2023"),
    ],
)
def test_rule_19_the_condition_of_an_order_is_dated_by_what_met_it(
    instalment: dict[str, Any], convention: dict[str, Any], text: str
) -> None:
    ordered = an_instalment(an_order(), **instalment)
    assert ("done", text) == said_of(ordered, EN, signed_on=date(2023, 7, 1), **convention)[1]


def test_of_what_has_ended_nothing_is_to_come() -> None:
    settled = an_instalment(trigger="reports", documents=(REPORT,), released_cents=100_00)
    assert [
        ("done", "on documents"),
        ("done", "documents received on 26 June 2023"),
        ("done", "€100.00 released"),
    ] == said_of(settled, EN), "the report proved no cost"
    given_up = an_instalment(trigger="reports", documents=(MISSING,), released_cents=100_00)
    assert ["done", "done"] == [how for how, _ in said_of(given_up, EN)]
    lapsed = an_instalment(an_order("rejected"), ordered_cents=0)
    assert ["done", "done", "wrong"] == [how for how, _ in said_of(lapsed, EN, is_closed=True)]


def test_what_was_carried_over_says_where_it_goes_on() -> None:
    steps = said_of(an_instalment(trigger="reports"), EN, is_closed=True, goes_on_in="2024")
    assert [("done", "on documents"), ("now", "goes on in budget 2024")] == steps


def test_a_paid_instalment_has_all_steps_behind_it() -> None:
    assert said_of(an_instalment(an_order("paid")), FR) == [
        ("done", "à la signature"),
        ("done", "convention signée le 12 juin 2023"),
        ("done", "émis le 12 juin 2023"),
        ("done", "100,00\u00a0€ le 30 juin 2023"),
    ]


def test_what_is_waited_for_is_named() -> None:
    wants = (Want("document", "certified_accounts/2022"), Want("bank_account", "1"))
    waiting = an_instalment(
        trigger="reports", documents=(REPORT, MISSING), waits_for=wants, ceiling=True
    )
    assert said_of(waiting, EN) == [
        ("done", "on documents; capped at the eligible cost"),
        ("now", "waits for certified accounts 2022 and the beneficiary's bank details"),
        ("later", ""),
        ("later", ""),
    ]


def test_an_open_order_says_when_it_is_due() -> None:
    ordered = said_of(an_instalment(an_order("issued", 80_00)), EN)[2:]
    assert ordered == [
        ("done", "issued 12 June 2023; €80.00 of €100.00 planned; due 11 August 2023 (in 22 days)"),
        ("now", ""),
    ]


@pytest.mark.parametrize(
    ("state", "today", "phrase"),
    [
        ("taken_in_charge", date(2023, 8, 11), None),
        ("taken_in_charge", date(2023, 8, 12), "1 day overdue"),
        ("on_hold", date(2023, 9, 10), "30 days overdue"),
        ("paid", date(2023, 9, 10), None),
        ("rejected", date(2023, 9, 10), None),
    ],
)
def test_an_order_that_should_have_been_paid_is_shown_to_be_overdue(
    state: str, today: date, phrase: str | None
) -> None:
    *_, paid = steps_of(an_instalment(an_order(state)), EN, today)
    assert (None if phrase is None else State(phrase, "bad", "bad")) == paid.state


def test_a_rejected_order_stops_its_instalment() -> None:
    again = said_of(an_instalment(an_order("rejected"), ordered_cents=0), EN)
    assert [("wrong", "issued 12 June 2023"), ("later", "")] == again[2:]


def test_a_payment_stays_done_where_the_rest_of_its_order_is_cancelled() -> None:
    ended = an_instalment(CUT_SHORT, ordered_cents=0)
    shown = instalment_view(a_convention(ended, state="withdrawn"), ended, TODAY, EN)
    assert "paid in part, the rest will not take place" == shown.state.text
    assert ("done", ["€40.00 on 30 June 2023"]) == (shown.steps[-1].how, [*shown.steps[-1].text])


def test_orders_before_the_last_are_shown_with_what_became_of_them() -> None:
    again = an_instalment(an_order("rejected"), an_order(name="C/advance/2"))
    orders = [(each.payment_order, each.state) for each in steps_of(again, EN)[2].orders]
    assert [("C/advance/2", "issued"), ("C/advance", "rejected")] == orders


def test_a_report_condition_is_met_on_the_day_of_the_last_document() -> None:
    order = an_order(due_on=date(2023, 8, 25))
    met = an_instalment(order, trigger="reports", documents=(REPORT,))
    assert ("done", "documents received on 26 June 2023") == said_of(met, EN)[1]
    condition = steps_of(met, EN)[1]
    assert [REPORT.sequence] == condition.records, "its record is one step away"


# ------------------------------------------------------------------ what is owed
BY_ITS_TEXT = replace(MISSING, due_on=date(2024, 6, 30))
REJECTED = replace(MISSING, rejected_for="illisible")
OWING = an_instalment(trigger="reports", documents=(MISSING,))
ORDERED = replace(OWING, orders=(an_order("issued"),))
GIVEN_BACK = replace(OWING, orders=(an_order("rejected"),))
PAID_IN_PART = replace(OWING, orders=(CUT_SHORT,))
GIVEN_UP = an_instalment(trigger="reports", documents=(MISSING,), released_cents=100_00)


@pytest.mark.parametrize(
    ("convention", "document", "owed"),
    [
        (a_convention(OWING), MISSING, True),
        (a_convention(OWING), REPORT, False),
        (a_convention(GIVEN_UP), MISSING, False),
        (a_convention(GIVEN_UP), REJECTED, True),
        (a_convention(OWING, goes_on_in="2024"), MISSING, False),
        (a_convention(OWING, state="terminated", paid_cents=1), MISSING, False),
        (a_convention(OWING, state="terminated", paid_cents=1), REJECTED, False),
        (a_convention(ORDERED, state="terminated", paid_cents=1), REJECTED, True),
        (a_convention(GIVEN_BACK, state="terminated", paid_cents=1), REJECTED, False),
        (a_convention(PAID_IN_PART, state="terminated", paid_cents=1), REJECTED, True),
        (a_convention(ORDERED, state="terminated"), REJECTED, False),
        (a_convention(OWING, state="terminated"), REJECTED, False),
        (a_convention(obligations=(BY_ITS_TEXT,)), BY_ITS_TEXT, True),
        (a_convention(obligations=(BY_ITS_TEXT,), state="terminated"), BY_ITS_TEXT, False),
        (
            a_convention(obligations=(BY_ITS_TEXT,), state="withdrawn", paid_cents=1),
            BY_ITS_TEXT,
            True,
        ),
        (
            a_convention(obligations=(BY_ITS_TEXT,), state="terminated", carried_from="2022"),
            BY_ITS_TEXT,
            True,
        ),
        (a_convention(), MISSING, False),
    ],
)
def test_rule_29_a_document_is_owed(convention: Convention, document: Document, owed: bool) -> None:
    assert owed == is_owed(convention, document)
