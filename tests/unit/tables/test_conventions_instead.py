"""Rule 13: a convention signed for a grant that did without; and what its text says of itself."""

from typing import Any

from events.codec import Received, decode
from events.conventions import ConventionSigned
from services.ledger.domain.model.conventions import EarlierYears
from services.ledger.domain.model.schedules import signed_convention
from tests.builders import (
    Json,
    Scenario,
    a_convention,
    a_line,
    a_new_account,
    a_notification,
    a_payment,
    a_recovery,
    a_report,
    a_vote,
    an_acknowledgement,
    an_amount,
    an_award,
    an_instalment,
    encoded,
)
from tests.unit.tables.rows import Money, Row, check, each_row

LINE_489 = a_line()


def an_award_alone(amount_cents: int = 100_000, **more: Any) -> Json:
    return an_award(amount_cents, requires_convention=False, **more)


ALONE = [a_vote(), an_award_alone()]
ALONE_WAITS = Money(
    {"489": {"appropriated": 100_000, "committed": 100_000}},
    {"G": {"489": {"granted": 100_000, "remaining": 100_000}}},
)
ALONE_ORDERED = Money(
    {"489": {"appropriated": 100_000, "ordered": 100_000}},
    {"G": {"489": {"granted": 100_000, "ordered": 100_000}}},
    {"G/1": ("issued", 100_000, 0)},
)
REPLACED = Money(
    {"489": {"appropriated": 100_000, "committed": 100_000}},
    {"C": {"489": {"granted": 100_000, "remaining": 100_000}}},
)
REPLACED_ORDERED = Money(
    {"489": {"appropriated": 100_000, "ordered": 100_000}},
    {"C": {"489": {"granted": 100_000, "ordered": 100_000}}},
    {"C/advance": ("issued", 100_000, 0)},
)
BY_NOTIFICATION = [an_instalment(trigger="notification")]
BY_REPORT = [an_instalment(documents=[("evaluation", 2022)])]


def exceeds(line: Json, award_cents: int, asked_cents: int, convention: str = "C") -> Json:
    return {
        "convention": convention,
        "line": line,
        "award_cents": award_cents,
        "asked_cents": asked_cents,
    }


INSTEAD_ROWS = [
    Row(
        "a convention of the same amount replaces the schedule and the id, no second commitment",
        [*ALONE, a_convention(bank_account=...)],
        "accepted",
        REPLACED,
        entries=[],
    ),
    Row(
        "a smaller convention releases the difference",
        [*ALONE, a_convention(60_000, bank_account=...)],
        "accepted",
        Money(
            {"489": {"appropriated": 100_000, "available": 40_000, "committed": 60_000}},
            {"C": {"489": {"granted": 100_000, "remaining": 60_000, "released": 40_000}}},
        ),
        entries=[("decommitment", "489", 40_000, "C")],
    ),
    Row(
        "a convention that leaves out a line releases all of it",
        [
            a_vote(),
            an_award_alone(lines=[an_amount(60_000), an_amount(40_000, "490")]),
            a_convention(60_000, bank_account=...),
        ],
        "accepted",
        Money(
            {
                "489": {"appropriated": 100_000, "available": 40_000, "committed": 60_000},
                "490": {},
            },
            {
                "C": {
                    "489": {"granted": 60_000, "remaining": 60_000},
                    "490": {"granted": 40_000, "released": 40_000},
                }
            },
        ),
        entries=[("decommitment", "490", 40_000, "C")],
    ),
    Row(
        "a larger convention",
        [*ALONE, a_convention(100_001)],
        "exceeds_award",
        ALONE_WAITS,
        facts=exceeds(LINE_489, 100_000, 100_001),
    ),
    Row(
        "a convention on a line that the award does not have",
        [*ALONE, a_convention(instalments=[an_instalment(lines=[an_amount(1, "490")])])],
        "exceeds_award",
        ALONE_WAITS,
        facts=exceeds(a_line("490"), 0, 1),
    ),
    Row(
        "what the award has beyond its convention is released, so a second one finds nothing",
        [*ALONE, a_convention(60_000, bank_account=...), a_convention(1, convention="D")],
        "exceeds_award",
        Money(
            {"489": {"appropriated": 100_000, "available": 40_000, "committed": 60_000}},
            {"C": {"489": {"granted": 100_000, "remaining": 60_000, "released": 40_000}}},
        ),
        facts=exceeds(LINE_489, 0, 1, "D"),
    ),
    Row(
        "something is ordered: too late for a convention",
        [*ALONE, a_new_account(), a_convention()],
        "convention_exists",
        ALONE_ORDERED,
        facts={"convention": "C"},
    ),
    Row(
        "something is paid: too late for a convention",
        [*ALONE, a_new_account(), a_payment(100_000, "G/1"), a_convention()],
        "convention_exists",
        Money(
            {"489": {"appropriated": 100_000, "paid": 100_000}},
            {"G": {"489": {"granted": 100_000, "paid": 100_000}}},
            {"G/1": ("paid", 100_000, 100_000)},
        ),
        facts={"convention": "C"},
    ),
    Row(
        "the only order was rejected: nothing is ordered",
        [*ALONE, a_new_account(), an_acknowledgement("rejected", "G/1"), a_convention()],
        "accepted",
        Money(
            REPLACED_ORDERED.lines,
            REPLACED_ORDERED.conventions,
            {"G/1": ("rejected", 100_000, 0), "C/advance": ("issued", 100_000, 0)},
        ),
    ),
    Row(
        "what was paid of the rejected order is ordered money: too late",
        [
            *ALONE,
            a_new_account(),
            a_payment(1, "G/1"),
            an_acknowledgement("rejected", "G/1"),
            a_convention(99_999),
        ],
        "convention_exists",
        Money(
            {"489": {"appropriated": 100_000, "committed": 99_999, "paid": 1}},
            {"G": {"489": {"granted": 100_000, "remaining": 99_999, "paid": 1}}},
            {"G/1": ("rejected", 100_000, 1)},
        ),
        facts={"convention": "C"},
    ),
    Row(
        "the rejected order of the grant stays closed after the convention",
        [
            *ALONE,
            a_new_account(),
            an_acknowledgement("rejected", "G/1"),
            a_convention(bank_account=...),
            a_payment(100_000, "G/1"),
        ],
        "payment_order_closed",
        Money(
            REPLACED_ORDERED.lines,
            REPLACED_ORDERED.conventions,
            {"G/1": ("rejected", 100_000, 0), "C/advance": ("issued", 100_000, 0)},
        ),
        facts={"payment_order": "G/1", "state": "rejected"},
    ),
    Row(
        "the number of the convention is the reference of the grant",
        [*ALONE, a_convention(convention="G")],
        "convention_exists",
        ALONE_WAITS,
        facts={"convention": "G"},
    ),
    Row(
        "the reference of a grant that has its convention remains a known number",
        [
            a_vote(200_000),
            an_award_alone(),
            a_convention(bank_account=...),
            an_award(grant="H"),
            a_convention(convention="G", grant="H"),
        ],
        "convention_exists",
        Money(
            {"489": {"appropriated": 200_000, "reserved": 100_000, "committed": 100_000}},
            REPLACED.conventions,
        ),
        facts={"convention": "G"},
    ),
    Row(
        "the notification of the grant stays: the convention that waits for one pays at once",
        [*ALONE, a_notification(convention="G"), a_convention(instalments=BY_NOTIFICATION)],
        "accepted",
        REPLACED_ORDERED,
    ),
    Row(
        "the reports received on the grant stay: the convention that waits for them pays at once",
        [
            *ALONE,
            a_report("evaluation", convention="G"),
            a_convention(instalments=BY_REPORT),
        ],
        "accepted",
        REPLACED_ORDERED,
    ),
    Row(
        "the grant's reference no longer stands for a convention",
        [*ALONE, a_convention(bank_account=...), a_notification(convention="G")],
        "waits for convention G",
        REPLACED,
    ),
]


def years_differ(deliberation: int | None, *convention: int) -> tuple[str, Json]:
    facts = {"deliberation": deliberation, "convention": list(convention)}
    return ("condition_year_differs", facts)


def figures_differ(of: str, stated_cents: int, sum_cents: int, **where: Any) -> tuple[str, Json]:
    return (
        "figures_differ",
        {"of": of, **where, "stated_cents": stated_cents, "sum_cents": sum_cents},
    )


def by_reports(*years: int, **more: Any) -> Json:
    documents = [("activity_report", year) for year in years]
    return a_convention(instalments=[an_instalment(documents=documents)], **more)


AWARD_2022 = [a_vote(), an_award(conditions_year=2022)]
AWARD_NO_YEAR = [a_vote(), an_award()]
YEAR_ROWS = [
    Row(
        "one year everywhere",
        [*AWARD_2022, by_reports(2022, stated_condition_years=[2022])],
        "accepted",
        REPLACED,
    ),
    Row(
        "the deliberation says 2022, the schedule waits for 2023",
        [*AWARD_2022, by_reports(2023)],
        "accepted",
        REPLACED,
        flags=[years_differ(2022, 2023)],
    ),
    Row(
        "the schedule waits for 2022, the text also says 2023",
        [*AWARD_2022, by_reports(2022, stated_condition_years=[2023, 2022])],
        "accepted",
        REPLACED,
        flags=[years_differ(2022, 2022, 2023)],
    ),
    Row(
        "no words name a year, the schedule waits for two: a plan may",
        [*AWARD_NO_YEAR, by_reports(2023, 2022)],
        "accepted",
        REPLACED,
    ),
    Row(
        "the deliberation says one of the two for which the schedule waits",
        [*AWARD_2022, by_reports(2023, 2022)],
        "accepted",
        REPLACED,
    ),
    Row(
        "the convention's words name a year for which its schedule does not wait",
        [*AWARD_NO_YEAR, by_reports(2022, stated_condition_years=[2023])],
        "accepted",
        REPLACED,
        flags=[years_differ(None, 2022, 2023)],
    ),
    Row(
        "the deliberation says a year, the schedule waits for no document",
        [*AWARD_2022, a_convention(bank_account=...)],
        "accepted",
        REPLACED,
    ),
    Row(
        "act and convention name two years, the schedule waits for no document",
        [*AWARD_2022, a_convention(bank_account=..., stated_condition_years=[2023])],
        "accepted",
        REPLACED,
        flags=[years_differ(2022, 2023)],
    ),
    Row(
        "the deliberation gives no year, the convention one",
        [*AWARD_NO_YEAR, by_reports(2023)],
        "accepted",
        REPLACED,
    ),
    Row(
        "documents that are owed, but that no money waits for, have years of their own",
        [
            *AWARD_2022,
            by_reports(
                2022, obligations=[{"kind": "evaluation", "year": 2023, "due_on": "2024-06-30"}]
            ),
        ],
        "accepted",
        REPLACED,
    ),
    Row(
        "the total that the convention states is not the sum of its instalments",
        [
            *AWARD_NO_YEAR,
            a_convention(
                stated_total_cents=99_999,
                bank_account=...,
                instalments=[an_instalment(60_000, "A"), an_instalment(40_000, "B")],
            ),
        ],
        "accepted",
        REPLACED,
        flags=[figures_differ("total", 99_999, 100_000)],
    ),
    Row(
        "the total that the convention states is the sum of its instalments",
        [*AWARD_NO_YEAR, a_convention(stated_total_cents=100_000)],
        "accepted",
        REPLACED_ORDERED,
    ),
    Row(
        "the services of an instalment's line do not add up to it",
        [
            *AWARD_NO_YEAR,
            a_convention(
                instalments=[an_instalment(lines=[an_amount(100_000, services={"EMPLOI": 90_000})])]
            ),
        ],
        "accepted",
        REPLACED_ORDERED,
        flags=[figures_differ("services", 100_000, 90_000, instalment="advance", line=LINE_489)],
    ),
]

ROWS = [*INSTEAD_ROWS, *YEAR_ROWS]


@each_row(INSTEAD_ROWS)
def test_rule_13_a_convention_may_replace_a_grant_without_one(row: Row) -> None:
    check(row)


@each_row(YEAR_ROWS)
def test_figures_and_years_that_disagree_are_flagged_and_the_money_goes_on(row: Row) -> None:
    check(row)


def test_rule_13_a_recovery_may_not_name_a_grant_that_was_replaced_whole() -> None:
    scenario = Scenario(*AWARD_NO_YEAR, a_convention(), a_payment(100_000))
    scenario.tell(a_recovery(3, convention="G"))
    assert "waits for convention G" == scenario.answer()
    scenario.tell(a_recovery(3, _id="by its number"))
    assert "accepted" == scenario.answer()


def test_rule_13_what_replaces_a_grant_is_due_after_its_own_signature() -> None:
    scenario = Scenario(*ALONE, a_new_account(_id="late"), an_acknowledgement("rejected", "G/1"))
    scenario.tell(a_convention(signed_on="2023-07-01"))
    due = {each["payment_order"]: each["due_on"] for each in scenario.summary()["payment_orders"]}
    assert {"G/1": "2023-06-11", "C/advance": "2023-08-30"} == due


def test_what_replaces_a_grant_keeps_what_earlier_years_paid_and_ordered_of_it() -> None:
    """Not their ids, nor what that year awarded: it has a schedule, and a text, of its own."""
    book = Scenario(*ALONE).book
    book.conventions["G"].earlier = EarlierYears(10, 20, {"1": "G@2022/1"}, 30)
    received = decode(encoded(a_convention()))
    assert isinstance(received, Received)
    assert isinstance(received.envelope.data, ConventionSigned)
    assert EarlierYears(10, 20) == signed_convention(book, received.envelope.data, 9).earlier
