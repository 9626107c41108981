"""Good input, one row a case: what looks odd and is allowed all the same (rules 1 and 2)."""

import json
from typing import NamedTuple

from events.strict_json import NESTING_MAX
from tests.builders import (
    Json,
    a_bank_account,
    a_beneficiary,
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
    encoded,
)
from tests.unit.tables.bad_records import MEBIBYTE, nested, padded, with_attribute

EACH_TYPE: list[Json] = [
    a_vote(),
    a_transfer(),
    an_award(),
    a_withdrawal(),
    a_convention(),
    a_notification(),
    an_amendment(),
    a_suspension(),
    a_resumption(),
    a_termination(),
    a_report(),
    a_rejected_report(),
    a_new_account(),
    an_acknowledgement(),
    a_payment(),
    a_reduction(),
    a_recovery(),
    a_collection(),
    a_deadline(),
    a_closing(),
    a_review(),
    a_withdrawn_event(),
]
"""One event of each type that the world may say, in the order of the grant's life."""


class Good(NamedTuple):
    """One case: what is particular about it, and the bytes."""

    name: str
    value: bytes


def good(name: str, event: Json) -> Good:
    return Good(name, encoded(event))


BYTES = [
    *(good(str(event["type"]), event) for event in EACH_TYPE),
    Good("exactly 1 MiB", padded(MEBIBYTE)),
    Good("a byte less than 1 MiB", padded(MEBIBYTE - 1)),
    Good("64 levels", nested(NESTING_MAX)),
    Good("many brackets, not deep", with_attribute(b"[" + b"[]," * 100 + b"{}]")),
    Good("JSON on many lines", json.dumps(a_vote(), indent=2).encode()),
    Good("JSON with the line breaks of Windows", encoded(a_vote()).replace(b",", b",\r\n")),
    Good("a carriage return behind the event", encoded(a_vote()) + b"\r"),
    Good("spaces and tabs around the event", b" \t" + encoded(a_vote()) + b"\t "),
    Good("names in another order", json.dumps(a_vote(), sort_keys=True).encode()),
    Good("escaped characters", json.dumps(an_award(title="Théâtre – 2ᵉ année")).encode()),
    Good("characters as they are", encoded(an_award(title="Théâtre – 2ᵉ année"))),
    Good(
        "an escaped internal event in a value",
        encoded(a_report()).replace(b"activity_report", b"activity\\u005freport"),
    ),
    Good("a pair of surrogates", with_attribute(b'"\\ud83d\\ude00"')),
    Good("a backslash before u0000", with_attribute(b'"\\\\u0000"')),
    Good("a line break, escaped", encoded(an_award(title="first\nsecond\r\nthird"))),
    Good(
        "characters beside those of control",
        encoded(a_notification(convention=" ~\u00a0\u200d\u202f")),
    ),
    Good("a float in an unknown attribute", with_attribute(b"1e2")),
    Good("an integer of 4,000 digits in an unknown attribute", with_attribute(b"9" * 4_000)),
    Good("the same name in two objects", with_attribute(b'[{"a":1},{"a":1}]')),
]

ENVELOPE = [
    good("an unknown attribute", a_vote(_comment="seen by the council")),
    good("an unknown attribute that holds an object", a_vote(_comment={"colour": ["red"]})),
    good("an unknown attribute that is null", a_vote() | {"comment": None}),
    good("data's media type", a_vote(_datacontenttype="application/json")),
    good("a trace", a_vote(_traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")),
    good("where it comes from", a_vote(_correlationid="a", _causationid="b", _subject="c")),
    good(
        "optional attributes that are null",
        a_vote()
        | dict.fromkeys(
            ("subject", "datacontenttype", "correlationid", "causationid", "traceparent")
        ),
    ),
    good("an id of 500 characters", a_vote(_id="x" * 500)),
    good("a time in UTC", a_vote(_time="2023-06-01T10:00:00Z")),
    good("a time in small letters", a_vote(_time="2023-06-01t10:00:00z")),
    good("a time with fractions", a_vote(_time="2023-06-01T12:00:00.123456+02:00")),
    good("a time finer than a microsecond", a_vote(_time="2023-06-01T10:00:00.123456789Z")),
    good("a time west of Greenwich", a_vote(_time="2023-06-01T12:00:00-04:00")),
    good("the first time there is", a_vote(_time="0001-01-01T00:00:00+14:00")),
    good("the last time there is", a_vote(_time="9999-12-31T23:59:59-12:00")),
    good("a closing that carries over what it names", a_closing(["C", "D"])),
    good("a closing that carries over all", a_closing("all")),
    good("the last year there is", a_closing("none", budget="21590350100017-00-2199")),
    good("a budget code in capitals", a_vote(budget="21590350100017-EAU-2023")),
]

AMOUNTS = [
    good("one cent", a_vote(1)),
    good("the largest amount", a_vote(2**53 - 1)),
    good("a later vote that takes away", a_vote(-5, stage="amendment")),
    good("the largest amount taken away", a_vote(1 - 2**53, stage="supplementary")),
]

DAYS = [
    good("29 February of a leap year", a_payment(executed_on="2024-02-29")),
    good("the first day of the contract", a_payment(executed_on="1900-01-01")),
    good("the last day of the contract", a_payment(executed_on="2199-12-31")),
    good("the years 1900 and 2199", a_convention(stated_condition_years=[1900, 2199])),
]

PERSONS_AND_BANKS = [
    good("La Poste", an_award(beneficiary=a_beneficiary(siret="35600000049837"))),
    good("La Poste's head office", an_award(beneficiary=a_beneficiary(siret="35600000000048"))),
    good("a representative", an_award(beneficiary=a_beneficiary(representative="K. Harizi"))),
    good("an account with an internal event", a_new_account("FR1420041010050500013M02606")),
    good("an account in Monaco", a_new_account("MC5811222000010123456789030")),
    good("an account in Germany", a_new_account("DE89370400440532013000")),
    good("a BIC", a_new_account(bank_account=a_bank_account() | {"bic": "CMCIFR2A"})),
    good(
        "a BIC of a branch", a_new_account(bank_account=a_bank_account() | {"bic": "CMCIFR2AXXX"})
    ),
    good("a title of 4,000 characters", an_award(title="x" * 4_000)),
    good("a reference of 100 characters", an_award(grant="é" * 100)),
]

A_REPORT = [("activity_report", 2022)]
TWO_YEARS = [("activity_report", 2022), ("activity_report", 2023)]

ACTS_AND_SCHEDULES = [
    good(
        "a line without function", a_vote(appropriations=[an_amount(5, line=a_line(function=None))])
    ),
    good(
        "lines that differ by operation", a_vote(appropriations=[an_amount(5), an_amount(5, None)])
    ),
    good("a later vote without level", a_vote(stage="supplementary")),
    good("a vote by operation", a_vote(vote_level="operation")),
    good("a concurring act", a_concurring_act()),
    good(
        "departments that share a line", an_award(lines=[an_amount(5, services={"E": 2, "J": 3})])
    ),
    good("no department shares the line", an_award(lines=[an_amount(5, services={})])),
    good("a slash in the reference of a grant", an_award(grant="2023/40")),
    good("a slash in an act's number", an_award(act=an_act(number="2023/40"))),
    good("an award that stands alone", an_award(requires_convention=False)),
    good("with instalments", an_award(requires_convention=False, instalments=[an_instalment()])),
    good("councillors with an interest", an_award(interested=["K. Harizi"], recused=[])),
    good(
        "an instalment at the report", a_convention(instalments=[an_instalment(documents=A_REPORT)])
    ),
    good("reports of two years", a_convention(instalments=[an_instalment(documents=TWO_YEARS)])),
    good(
        "an instalment at the notification",
        a_convention(instalments=[an_instalment(trigger="notification", ceiling=True)]),
    ),
    good(
        "two instalments",
        a_convention(instalments=[an_instalment(50), an_instalment(50, "balance")]),
    ),
    good(
        "what a convention may say",
        a_convention(
            signatory="K. Harizi",
            stated_total_cents=100_000,
            stated_condition_years=[],
            obligations=[{"kind": "evaluation", "year": 2023, "due_on": "2024-06-30"}],
        ),
    ),
    good("an amendment that plans nothing any more", an_amendment(instalments=[])),
    good("an amendment with the act that allows it", an_amendment(act=an_act("2023-09-01"))),
    good("an act that a court annulled", a_withdrawal(cause="annulled")),
    good("a recovery by line", a_recovery(lines=[an_amount(5), an_amount(5, "490")])),
    good("a report's deadline", a_deadline("report_due")),
    good("the deadline of what waits", a_deadline("parked", event={"source": "s", "id": "i"})),
    good("an order on hold", an_acknowledgement("on_hold", reason={"code": "12", "label": "RIB"})),
]

NULLS = [
    good("a transfer without act", a_transfer(act=None)),
    good("an act without number", a_vote(act=an_act(number=None))),
    good(
        "a line with two codes",
        a_vote(
            appropriations=[an_amount(5, line=a_line() | {"function": None, "operation": None})]
        ),
    ),
    good("a later vote whose level is null", a_vote(stage="amendment", vote_level=None)),
    good(
        "an award",
        an_award(
            published_on=None,
            interested=None,
            recused=None,
            stated_total_cents=None,
            requires_convention=None,
            instalments=None,
            conditions_year=None,
            beneficiary=a_beneficiary(representative=None),
            lines=[an_amount(5) | {"services": None}],
        ),
    ),
    good("a concurring act whose lines are null", an_award(role="concurring", lines=None)),
    good(
        "a convention",
        a_convention(
            bank_account=None,
            signatory=None,
            stated_total_cents=None,
            stated_condition_years=None,
            obligations=None,
            instalments=[an_instalment() | {"documents": None}],
        ),
    ),
    good("a bank account", a_new_account(bank_account=a_bank_account() | {"bic": None})),
    good("a report", a_report(eligible_cost_cents=None)),
    good("an acknowledgement", an_acknowledgement(reason=None)),
    good("a payment", a_payment(bank_reference=None)),
    good("an amendment", an_amendment(act=None)),
    good("a recovery in one sum", a_recovery(lines=None, amount_cents=5)),
    good("a recovery by line", a_recovery(lines=[an_amount(5)], amount_cents=None)),
    good("a deadline", a_deadline(convention=None, event=None)),
]
"""An explicit null says what absence says."""

GOOD_INPUT: list[Good] = [
    *BYTES,
    *ENVELOPE,
    *AMOUNTS,
    *DAYS,
    *PERSONS_AND_BANKS,
    *ACTS_AND_SCHEDULES,
    *(Good(f"null: {row.name}", row.value) for row in NULLS),
]
