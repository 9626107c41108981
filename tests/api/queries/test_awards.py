"""What a grant was given: one figure in lists, pages, files and the search, in both databases."""

from typing import Any

import pytest

from services.api.grants import listing
from services.api.grants import query as grants
from services.api.grants.grant_list import AWARDED, CARRIED_IN, grant_list, grant_sheet
from services.api.search.query import find_hits
from services.ledger.explain.sentences import GRANT_STATES
from services.open_data.conventions import Scope, read
from tests.api.made import Made
from tests.api.queries.asked import BUDGET, LILLE, ask
from tests.builders import (
    a_closing,
    a_concurring_act,
    a_convention,
    a_payment,
    a_vote,
    a_withdrawal,
    an_acknowledgement,
    an_act,
    an_award,
    an_instalment,
    encoded,
)
from tests.read_model.filling import golden, journal_of_events

NEXT = f"{LILLE}-00-2024"


def given(url: str, budget: str, figure: str = "awarded_cents") -> dict[str, int]:
    found = ask(url, lambda conn: grants.list_grants(conn, None, budget=budget))
    return {each.grant: getattr(each, figure) for each in found}


def columns_of(url: str, budget: str, *places: int) -> list[list[Any]]:
    listed = ask(url, lambda conn: grant_list(conn, None, budget))
    return [[row[place] for place in places] for row in grant_sheet(listed).rows]


def page_of(url: str, budget: str, grant: str) -> grants.WholeGrant:
    page = ask(url, lambda conn: grants.one(conn, None, budget, grant))
    assert page is not None
    return page


def amounts_found(url: str, text: str, sought: tuple[str, str, str]) -> list[int | None]:
    hits = ask(url, lambda conn: find_hits(conn, None, text)).hits
    return [hit.amount_cents for hit in hits if (hit.kind, hit.budget, hit.id) == sought]


def test_what_is_carried_over_is_awarded_once_and_received_by_the_next_budget(made: Made) -> None:
    url = made(golden("year-end-2023"))
    assert {"A": 0, "G": 0, "S": 0, "W": 0} == given(url, NEXT)
    carried_in = given(url, NEXT, "carried_in_cents")
    assert {"A": 40_000, "G": 50_000, "S": 25_000, "W": 80_000} == carried_in
    assert {"A": 70_000, "G": 100_001, "S": 25_000} == {
        name: cents for name, cents in given(url, BUDGET).items() if name in {"A", "G", "S"}
    }
    assert {0} == set(given(url, BUDGET, "carried_in_cents").values())


def test_rule_15_an_amendment_that_cites_an_act_raises_the_award(made: Made) -> None:
    url = made(golden("turns-2023"))
    assert {"G": 109_003, "S": 22_222, "W": 7_000, "X": 50_000} == given(url, BUDGET)


@pytest.mark.parametrize(
    ("history", "budget", "awarded_cents", "carried_in_cents"),
    # Of the second, the grants W and X were withdrawn.
    [("year-end-2023", NEXT, 0, 195_000), ("turns-2023", BUDGET, 131_225, 0)],
)
def test_a_withdrawn_grant_is_in_no_total_of_what_was_awarded(
    made: Made, history: str, budget: str, awarded_cents: int, carried_in_cents: int
) -> None:
    url = made(golden(history))
    *rows, total = columns_of(url, budget, AWARDED, CARRIED_IN)
    both = zip(
        given(url, budget).values(), given(url, budget, "carried_in_cents").values(), strict=True
    )
    assert [list(each) for each in both] == rows
    assert [awarded_cents, carried_in_cents] == total
    totals = ask(url, lambda conn: listing.totals(conn, None, budget=budget))
    assert total == [totals.awarded_cents, totals.carried_in_cents]


@pytest.mark.parametrize(("history", "budget"), [("year-end-2023", NEXT), ("turns-2023", BUDGET)])
def test_the_lines_of_a_grant_add_up_to_what_it_was_given(
    made: Made, history: str, budget: str
) -> None:
    url = made(golden(history))
    for figure in ("awarded_cents", "carried_in_cents"):
        for name, cents in given(url, budget, figure).items():
            page = page_of(url, budget, name)
            lines = sum(getattr(each, figure) for each in page.lines)
            assert cents == getattr(page.grant, figure) == lines


@pytest.mark.parametrize(
    ("history", "budget", "grant", "cents"),
    [("year-end-2023", NEXT, "A", 40_000), ("turns-2023", BUDGET, "G", 109_003)],
)
def test_a_search_has_the_same_amount_and_finds_a_grant_by_it(
    made: Made, history: str, budget: str, grant: str, cents: int
) -> None:
    url = made(golden(history))
    for text in (grant, f"{cents // 100},{cents % 100:02}"):
        assert cents in amounts_found(url, text, ("grant", budget, grant))


def test_the_list_of_grants_and_the_open_data_name_one_amount(made: Made) -> None:
    url = made(golden("turns-2023"))
    published = ask(url, lambda conn: read(conn, Scope()))
    assert {22_222} == {each.amount_cents for each in published if each.convention == "S1"}
    assert 22_222 == given(url, BUDGET)["S"]


def test_a_grant_is_in_one_state_wherever_it_is_shown(made: Made) -> None:
    names = {"A": 11_00, "P": 12_00, "W": 13_00, "O": 14_00, "T": 15_00}
    on_report = an_instalment(14_00, documents=[("activity_report", 2022)])
    events = [
        a_vote(),
        *(an_award(cents, grant=name, _id=name) for name, cents in names.items()),
        a_concurring_act(grant="N", act=an_act("2023-04-14"), _id="N"),
        a_convention(12_00, grant="P", convention="P1"),
        a_payment(12_00, "P1/advance"),
        a_withdrawal(grant="W"),
        a_convention(15_00, grant="T", convention="T1"),
        an_acknowledgement("taken_in_charge", "T1/advance"),
        a_convention(grant="O", convention="O1", instalments=[on_report]),
        a_closing("all"),
    ]
    url = made(journal_of_events(map(encoded, events)))

    async def shown(conn: Any) -> list[set[str | None]]:
        found: list[set[str | None]] = []
        for each in await grants.list_grants(conn, None):
            page = await grants.one(conn, None, each.budget, each.grant)
            by_name, by_amount = [
                {
                    hit.state
                    for hit in (await find_hits(conn, None, text)).hits
                    if (hit.kind, hit.budget, hit.id) == ("grant", each.budget, each.grant)
                }
                for text in (each.grant, str((each.awarded_cents + each.carried_in_cents) // 100))
            ]
            assert by_name == (by_amount or by_name), each.grant
            of_state = await grants.list_grants(conn, None, state=each.state)
            assert page is not None
            found.append({each.state, page.grant.state, *by_name})
            assert each in of_state
        return found

    states = ask(url, shown)
    assert {(name,) for name in GRANT_STATES} == {tuple(each) for each in states}
    sheet = grant_sheet(ask(url, lambda conn: grant_list(conn, None, NEXT)))
    assert GRANT_STATES["carried"] in sheet.rows[0]
