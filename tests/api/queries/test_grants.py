"""A grant's page: schedule, what each instalment waits for, money by line, acts, flags, records."""

from typing import Any

import pytest

from services.api.grants import query as grants
from services.api.grants.grant_list import grant_list
from tests.api.made import Made
from tests.api.queries.asked import BUDGET, CARRIED, HISTORIES, YEAR, ask, connected
from tests.builders import (
    Json,
    a_collection,
    a_concurring_act,
    a_convention,
    a_new_account,
    a_notification,
    a_payment,
    a_recovery,
    a_rejected_report,
    a_report,
    a_suspension,
    a_termination,
    a_vote,
    an_acknowledgement,
    an_award,
    an_instalment,
    encoded,
)
from tests.read_model.filling import journal_of, journal_of_events

REPORT = ("activity_report", 2022)
ON_REPORTS = an_instalment(60_000, "balance", documents=[REPORT])
TWO = [an_instalment(40_000, "advance"), ON_REPORTS]


def page_of(made: Made, events: list[Json], grant: str = "G") -> grants.WholeGrant:
    url = made(journal_of_events(map(encoded, events)))
    found = ask(url, lambda conn: grants.one(conn, None, BUDGET, grant))
    assert found is not None
    return found


def wants_of(page: grants.WholeGrant, instalment: str) -> list[tuple[str, str]]:
    (convention,) = page.conventions
    (found,) = [each for each in convention.instalments if each.instalment == instalment]
    return [(each.kind, each.id) for each in found.waits_for]


def a_notified(amount_cents: int) -> Json:
    return an_instalment(amount_cents, "advance", trigger="notification")


START = [a_vote(), an_award()]


@pytest.mark.parametrize(
    ("events", "instalment", "wants"),
    [
        ([a_convention(instalments=TWO)], "advance", []),
        ([a_convention(instalments=TWO)], "balance", [("document", "activity_report/2022")]),
        ([a_convention(instalments=TWO), a_report()], "balance", []),
        (
            [
                a_convention(instalments=TWO, bank_account=...),
                a_report(),
                a_rejected_report(),
            ],
            "balance",
            [("document", "activity_report/2022"), ("bank_account", "37887770800040")],
        ),
        (
            [a_convention(instalments=[a_notified(100_000)])],
            "advance",
            [("notification", "C")],
        ),
        ([a_convention(instalments=[a_notified(100_000)]), a_notification()], "advance", []),
        (
            [a_convention(instalments=TWO), a_suspension()],
            "balance",
            [("document", "activity_report/2022"), ("resumption", "C")],
        ),
        ([a_convention(instalments=TWO), a_termination()], "balance", []),
    ],
)
def test_an_instalment_waits_for_what_has_not_come(
    made_in_files: Made, events: list[Json], instalment: str, wants: list[tuple[str, str]]
) -> None:
    assert wants == wants_of(page_of(made_in_files, START + events), instalment)


def test_an_instalment_has_planned_ordered_paid_and_released(made: Made) -> None:
    ceiling = an_instalment(60_000, "balance", documents=[REPORT], ceiling=True)
    events = [
        a_vote(),
        an_award(),
        a_convention(instalments=[an_instalment(40_000, "advance"), ceiling]),
        a_payment(25_000),
        a_report(eligible_cost_cents=90_000),
    ]
    page = page_of(made, events)
    (convention,) = page.conventions
    figures = [
        (
            each.instalment,
            each.planned_cents,
            each.ordered_cents,
            each.paid_cents,
            each.released_cents,
            [paid.amount_cents for order in each.orders for paid in order.payments],
        )
        for each in convention.instalments
    ]
    assert [
        ("advance", 40_000, 15_000, 25_000, 0, [25_000]),
        ("balance", 60_000, 50_000, 0, 10_000, []),
    ] == figures


@pytest.mark.parametrize(
    ("events", "reserved", "remaining", "ordered", "paid", "released"),
    [
        ([], 100_000, 0, 0, 0, 0),
        ([a_convention(80_000)], 20_000, 0, 80_000, 0, 0),
        ([a_convention(80_000), a_payment(80_000)], 20_000, 0, 0, 80_000, 0),
        ([a_convention(80_000), a_termination()], 0, 0, 80_000, 0, 0),
        ([a_convention(instalments=TWO), a_termination()], 0, 0, 40_000, 0, 60_000),
    ],
)
def test_a_grants_money_stands_by_line_and_stage(
    made: Made,
    events: list[Json],
    reserved: int,
    remaining: int,
    ordered: int,
    paid: int,
    released: int,
) -> None:
    (line,) = page_of(made, START + events).lines
    assert (100_000, reserved) == (line.awarded_cents, line.reserved_cents)
    assert (remaining, ordered, paid, released) == (
        line.remaining_cents,
        line.ordered_cents,
        line.paid_cents,
        line.released_cents,
    )
    assert line.budget_line is not None
    assert 100_000 == line.budget_line.appropriated_cents


@pytest.mark.parametrize("history", HISTORIES, ids=lambda path: path.name.split(".")[0])
async def test_what_all_grants_of_a_line_have_reserved_is_what_the_line_has(
    made_in_files: Made, history: Any
) -> None:
    url = made_in_files(journal_of(history))
    async with connected(url) as conn:
        of_grants: dict[Any, int] = {}
        of_lines: dict[Any, int] = {}
        for grant in await grants.list_grants(conn, None):
            page = await grants.one(conn, None, grant.budget, grant.grant)
            assert page is not None
            for line in page.lines:
                key = (grant.budget, line.line)
                of_grants[key] = of_grants.get(key, 0) + line.reserved_cents
                assert line.budget_line is not None
                of_lines[key] = line.budget_line.reserved_cents
    assert of_lines
    assert of_lines == of_grants


def test_a_grants_page_has_its_acts_flags_and_the_journal_behind_it(made: Made) -> None:
    url = made(journal_of(YEAR))
    page = ask(url, lambda conn: grants.one(conn, None, BUDGET, "LILLE-AVENIRS-2023"))
    assert page is not None
    assert ["award", "concurring"] == [each.role for each in page.acts]
    assert ["condition_year_differs"] == [each.verdict.code for each in page.flags]
    assert list(range(2, 11)) == [each.sequence for each in page.records]
    assert 1 == page.grant.flags
    assert [("avance", True), ("solde", True)] == [
        (each.instalment, bool(each.orders)) for each in page.conventions[0].instalments
    ]


@pytest.mark.parametrize(
    ("search", "found"),
    [("lille avenirs", 1), ("LILLE-AVENIRS", 1), ("37887770800040", 1), ("50%", 0), ("_", 0)],
)
def test_grants_are_searched_in_what_people_know_of_them(
    made: Made, search: str, found: int
) -> None:
    url = made(journal_of(YEAR))
    listed = ask(url, lambda conn: grants.list_grants(conn, None, search=search))
    assert found == len(listed)


def test_the_list_has_signature_instalments_and_the_days_of_the_payments(
    made: Made,
) -> None:
    url = made(journal_of(*CARRIED))
    (of_2023,) = ask(url, lambda conn: grant_list(conn, None, BUDGET))
    (of_2024,) = ask(url, lambda conn: grant_list(conn, None, "21590350100017-00-2024"))
    assert (2, "2023-05-15") == (of_2023.instalments, str(of_2023.signed_on))
    assert 113180000 == of_2023.grant.carried_over_cents == of_2024.grant.paid_cents
    assert of_2023.first_paid_on is not None
    assert of_2024.first_paid_on is not None
    assert (2023, 2024) == (of_2023.first_paid_on.year, of_2024.first_paid_on.year)


def test_a_grant_that_is_only_announced_is_not_in_the_published_list(made_in_files: Made) -> None:
    url = made_in_files(journal_of_events(map(encoded, [a_vote(), a_concurring_act()])))
    assert 1 == len(ask(url, lambda conn: grants.list_grants(conn, None)))
    assert () == ask(url, lambda conn: grant_list(conn, None, BUDGET))


def test_a_convention_that_took_over_a_grant_alone_has_all_that_stood_before(
    made: Made,
) -> None:
    alone = an_award(
        100_000,
        requires_convention=False,
        instalments=[an_instalment(40_000, "advance", trigger="notification"), ON_REPORTS],
    )
    signed = a_convention(instalments=TWO)
    page = page_of(made, [a_vote(), alone, signed, an_acknowledgement(), a_payment(40_000)])
    (convention,) = page.conventions
    assert ("C", "G", False) == (
        convention.convention,
        convention.continues,
        convention.stands_alone,
    )
    assert (60_000, 40_000) == (page.grant.remaining_cents, page.grant.paid_cents)
    assert [2, 3, 4, 5] == [each.sequence for each in page.records]


FOR_THE_REST = [
    a_vote(9_000_000),
    a_new_account(),
    an_award(
        1_000_000,
        requires_convention=False,
        instalments=[an_instalment(500_000, "1"), an_instalment(500_000, "2", documents=[REPORT])],
    ),
    a_payment(7, "G/1"),
    an_award(1_300_001, grant="H"),
    a_convention(instalments=[an_instalment(500_000, "1", trigger="notification")]),
]
"""A convention for what is held back of a grant; both have an instalment of one id."""


@pytest.mark.parametrize(
    "steps",
    [
        [*FOR_THE_REST, a_recovery(7, convention="G"), a_collection(7, convention="G")],
        [*FOR_THE_REST, a_recovery(7, convention="G"), a_collection(7)],
        [*FOR_THE_REST[:5], a_recovery(7, convention="G"), FOR_THE_REST[5], a_collection(7)],
    ],
    ids=["by the grant", "by both", "ordered before"],
)
def test_rule_13_a_convention_for_the_rest_has_the_recoveries_that_name_the_grant(
    made: Made, steps: list[Json]
) -> None:
    (convention,) = page_of(made, steps).conventions
    assert [("ordered", 7), ("collected", 7)] == [
        (each.step, each.amount_cents) for each in convention.recoveries
    ]


def test_a_convention_for_the_rest_shows_what_the_grant_had_ordered_beside_its_own(
    made: Made,
) -> None:
    page = page_of(made, [*FOR_THE_REST, a_notification()])
    (convention,) = page.conventions
    assert [
        ("G/1", ["G/1"], 499_993, 7, ()),
        ("1", ["C/1"], 500_000, 0, ()),
    ] == [
        (
            each.instalment,
            [paid.order.payment_order for paid in each.orders],
            each.ordered_cents,
            each.paid_cents,
            each.waits_for,
        )
        for each in convention.instalments
    ]
    assert (999_993, 7) == (page.grant.ordered_cents, page.grant.paid_cents)


def test_what_the_grant_had_ordered_is_awaited_again_once_it_was_rejected(made: Made) -> None:
    page = page_of(made, [*FOR_THE_REST, an_acknowledgement("rejected", "G/1"), a_suspension()])
    assert [("resumption", "C")] == wants_of(page, "G/1")
    assert 2 == len(page.conventions[0].instalments)


def test_what_was_rejected_before_the_signature_is_the_convention_s_to_plan(made: Made) -> None:
    events = [*FOR_THE_REST]
    events.insert(4, an_acknowledgement("rejected", "G/1"))
    page = page_of(made, [*events, a_suspension()])
    assert [] == wants_of(page, "G/1")
