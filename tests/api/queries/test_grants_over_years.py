"""Grants over the end of a year: lapsed, carried over, under another name."""

from functools import partial
from itertools import chain

import pytest

from services.api.grants import query as grants
from services.api.grants.grant_list import grant_list
from services.api.grants.records import whole_records
from services.api.grants.timeline import Subject, timeline
from services.texts.language import Language
from services.texts.locale_format import LocaleFormat
from tests.api.made import Made
from tests.api.queries.asked import BUDGET, ask, connected
from tests.api.queries.test_grants import FOR_THE_REST, ON_REPORTS, REPORT, START, TWO, a_notified
from tests.builders import (
    NEXT_BUDGET,
    Json,
    a_closing,
    a_convention,
    a_new_account,
    a_payment,
    a_report,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_award,
    an_instalment,
    encoded,
)
from tests.read_model.filling import journal_of_events

A_CLOSED_YEAR = [
    a_vote(9_000_000),
    an_award(grant="CARRIED"),
    a_convention(instalments=TWO, grant="CARRIED"),
    a_payment(40_000),
    an_award(grant="UNSIGNED"),
    an_award(grant="UNPAID"),
    a_convention(instalments=[ON_REPORTS], grant="UNPAID", convention="U"),
    an_award(grant="PAID"),
    a_convention(60_000, grant="PAID", convention="P"),
    a_payment(60_000, "P/advance"),
    an_award(grant="OPEN"),
    a_convention(grant="OPEN", convention="O"),
    an_acknowledgement("taken_in_charge", "O/advance"),
    an_award(grant="FELL"),
    a_withdrawal(grant="FELL"),
    a_closing(["C"]),
]
ENDED = {
    "CARRIED": "carried_over",
    "UNSIGNED": "lapsed",
    "UNPAID": "lapsed",
    "PAID": "paid",
    "OPEN": "awarded",
    "FELL": "withdrawn",
}


async def test_a_closed_year_leaves_no_grant_awarded_but_those_that_are_still_to_be_paid(
    made: Made,
) -> None:
    url = made(journal_of_events(map(encoded, A_CLOSED_YEAR)))
    async with connected(url) as conn:
        states: list[str | None] = [None, *sorted({*ENDED.values()}), "carried"]
        found = [
            await grants.list_grants(conn, None, budget=BUDGET, state=state) for state in states
        ]
        pages = [await grants.one(conn, None, BUDGET, each.grant) for each in found[0]]
        rows = [*found, [page.grant for page in pages if page is not None]]
        everything, *by_state, of_pages = [
            [(each.grant, each.state) for each in some] for some in rows
        ]
    assert ENDED == dict(everything) == dict(of_pages)
    assert sorted(ENDED.items()) == sorted(chain.from_iterable(by_state))


@pytest.mark.parametrize(
    ("grant", "moved"),
    [("UNSIGNED", []), ("UNPAID", ["Committed, not ordered → Available €600.00"])],
)
async def test_rule_30_the_journal_of_a_grant_that_lapsed_ends_with_the_closing(
    made: Made, grant: str, moved: list[str]
) -> None:
    """What it gave back of other grants' reservations is not shown."""
    url = made(journal_of_events(map(encoded, A_CLOSED_YEAR)))
    async with connected(url) as conn:
        page = await grants.one(conn, None, BUDGET, grant)
        assert page is not None
        records = await whole_records(conn, BUDGET, [each.sequence for each in page.records])
        names = {name for each in page.conventions for name in each.names}
        last = timeline(records, Subject(names), LocaleFormat(Language.EN))[-1]
    assert ("Fiscal year closed", moved) == (last.title, [*last.texts])


def test_a_convention_that_goes_on_under_another_number_is_shown_under_it(made: Made) -> None:
    following: Json = {"budget": NEXT_BUDGET}
    events = [
        *START,
        a_convention(instalments=TWO),
        an_acknowledgement(),
        a_payment(40_000),
        a_vote(**following),
        an_award(7, **following),
        a_convention(instalments=[a_notified(7)], **following),
        a_withdrawal(**following),
        a_closing("all"),
    ]
    url = made(journal_of_events(map(encoded, events)))
    found = ask(url, lambda conn: grants.one(conn, None, NEXT_BUDGET, "G"))
    assert found is not None
    assert [("C", "withdrawn", None), ("C@2023", "withdrawn", BUDGET)] == [
        (each.convention, each.state, each.carried_from) for each in found.conventions
    ]
    assert 60_007 == found.grant.released_cents


def test_what_the_grant_had_ordered_is_found_in_the_year_into_which_it_is_carried(
    made: Made,
) -> None:
    following: Json = {"budget": NEXT_BUDGET}
    closed = [
        *FOR_THE_REST,
        an_acknowledgement("rejected", "G/1"),
        a_vote(**following),
        an_award(7, **following),
        a_closing("all"),
    ]
    later = [
        a_new_account(_id="new", **following),
        an_acknowledgement(order="G@2023/1/2", **following),
        a_payment(499_993, "G@2023/1/2", **following),
    ]
    url = made(journal_of_events(map(encoded, closed), map(encoded, later)))
    found = ask(url, lambda conn: grants.one(conn, None, NEXT_BUDGET, "G"))
    assert found is not None
    (convention,) = found.conventions
    assert ("C", "G@2023", "in_force") == (
        convention.convention,
        convention.continues,
        convention.state,
    )
    assert ["G@2023/1", "1"] == [each.instalment for each in convention.instalments]
    assert 499_993 == found.grant.paid_cents
    types = [each.event_type for each in found.records]
    assert {"ecluse.payment-order.acknowledged.v1", "ecluse.payment.executed.v1"} <= set(types)
    (listed,) = ask(url, lambda conn: grant_list(conn, None, NEXT_BUDGET))
    assert listed.first_paid_on is not None


def test_an_opening_that_a_ceiling_cuts_is_in_force(made: Made) -> None:
    whole = an_instalment(100_000, documents=[REPORT], ceiling=True)
    closed = [
        *START,
        a_convention(instalments=[whole], bank_account=...),
        a_report(eligible_cost_cents=60_000),
        a_closing("all"),
        a_new_account(budget=NEXT_BUDGET),
    ]
    url = made(journal_of_events(map(encoded, closed)))
    found = ask(url, lambda conn: grants.one(conn, None, NEXT_BUDGET, "G"))
    assert found is not None
    assert ("in_force", 60_000, 40_000) == (
        found.conventions[0].state,
        found.grant.ordered_cents,
        found.grant.released_cents,
    )


def test_acts_and_flags_of_a_renamed_convention_are_not_shown_on_the_grant_of_the_other(
    made: Made,
) -> None:
    following: Json = {"budget": NEXT_BUDGET}
    closed = [
        *START,
        a_convention(instalments=TWO),
        an_acknowledgement(),
        a_vote(**following),
        an_award(7, grant="H", **following),
        a_convention(instalments=[a_notified(7)], grant="H", **following),
        a_closing("all"),
    ]
    url = made(journal_of_events(map(encoded, closed)))
    flags = {}
    for name in ("G", "H"):
        found = ask(url, partial(grants.one, entities=None, budget=NEXT_BUDGET, grant=name))
        assert found is not None
        flags[name] = [each.verdict.code for each in found.flags]
    assert {"G": ["convention_renamed"], "H": []} == flags


def test_figures_of_many_grants_are_asked_in_parts(
    made_in_files: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    awards = [an_award(10_000, grant=f"G{number}") for number in range(5)]
    signed = [
        a_convention(10_000 - number, convention=f"C{number}", grant=f"G{number}")
        for number in range(5)
    ]
    url = made_in_files(journal_of_events(map(encoded, [a_vote(), *awards, *signed])))
    monkeypatch.setattr(grants, "KEYS_MAX", 2)
    found = ask(url, lambda conn: grants.list_grants(conn, None))
    assert [(f"G{number}", 10_000 - number) for number in range(5)] == [
        (each.grant, each.ordered_cents) for each in found
    ]
