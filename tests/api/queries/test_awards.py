"""The award of a grant: one figure in lists, pages, files and the search, in both databases."""

from typing import Any

import pytest

from services.api.grants import listing
from services.api.grants import query as grants
from services.api.search.query import searched
from services.api.statements.grant_list import AWARDED, grant_list, grant_sheet
from services.open_data.conventions import Scope, read
from tests.api.made import Made
from tests.api.queries.asked import BUDGET, LILLE, ask
from tests.read_model.filling import golden

NEXT = f"{LILLE}-00-2024"


def awarded(url: str, budget: str) -> dict[str, int]:
    found = ask(url, lambda conn: grants.listed(conn, None, budget=budget))
    return {each.grant: each.awarded_cents for each in found}


def montants(url: str, budget: str) -> list[Any]:
    listed = ask(url, lambda conn: grant_list(conn, None, budget))
    return [row[AWARDED] for row in grant_sheet(listed).rows]


def page_of(url: str, budget: str, grant: str) -> grants.WholeGrant:
    page = ask(url, lambda conn: grants.one(conn, None, budget, grant))
    assert page is not None
    return page


def amounts_found(url: str, text: str, sought: tuple[str, str, str]) -> list[int | None]:
    hits = ask(url, lambda conn: searched(conn, None, text)).hits
    return [hit.amount_cents for hit in hits if (hit.kind, hit.budget, hit.id) == sought]


def test_what_is_carried_over_is_awarded_in_the_next_budget(made: Made) -> None:
    url = made(golden("year-end-2023"))
    assert {"A": 40_000, "G": 50_000, "S": 25_000, "W": 80_000} == awarded(url, NEXT)
    assert {"A": 70_000, "G": 100_001, "S": 25_000} == {
        name: cents for name, cents in awarded(url, BUDGET).items() if name in {"A", "G", "S"}
    }


def test_rule_15_an_amendment_that_cites_an_act_raises_the_award(made: Made) -> None:
    url = made(golden("turns-2023"))
    assert {"G": 109_003, "S": 22_222, "W": 7_000, "X": 50_000} == awarded(url, BUDGET)


@pytest.mark.parametrize(
    ("history", "budget", "total_cents"),
    # Of the second, the grants W and X were withdrawn.
    [("year-end-2023", NEXT, 195_000), ("turns-2023", BUDGET, 131_225)],
)
def test_a_withdrawn_grant_is_in_no_total_of_what_was_awarded(
    made: Made, history: str, budget: str, total_cents: int
) -> None:
    url = made(golden(history))
    *rows, total = montants(url, budget)
    assert [*awarded(url, budget).values()] == rows
    assert total_cents == total
    totals = ask(url, lambda conn: listing.totals(conn, None, budget=budget))
    assert total_cents == totals.awarded_cents


@pytest.mark.parametrize(("history", "budget"), [("year-end-2023", NEXT), ("turns-2023", BUDGET)])
def test_the_lines_of_a_grant_add_up_to_what_it_was_awarded(
    made: Made, history: str, budget: str
) -> None:
    url = made(golden(history))
    for name, cents in awarded(url, budget).items():
        page = page_of(url, budget, name)
        assert cents == page.grant.awarded_cents == sum(each.awarded_cents for each in page.lines)


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
    assert 22_222 == awarded(url, BUDGET)["S"]
