"""Figures of the console against the journal, however many moves and grants there are."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from services.api.budgets.moves import STAGES_ASKED, moves_behind, moves_of_figure
from services.api.grants import money as grant_money
from services.api.grants import query as grants
from tests.api.made import Made
from tests.api.queries.asked import CARRIED, HISTORIES, ask, connected
from tests.api.reads.answers import get
from tests.builders import (
    BUDGET,
    a_convention,
    a_line,
    a_termination,
    a_transfer,
    a_vote,
    an_amount,
    an_award,
    encoded,
)
from tests.read_model.filling import journal_of, journal_of_events

TRANSFERS: Final = 600
NEXT: Final = re.compile(r'<a href="([^"]+)" rel="next">')
AFTER: Final = re.compile(r'data-name="Figure after">([^<]+)<')
HEADING: Final = re.compile(r'<span class="nobreak">([^<]+)</span></h1>')


@cache
def a_busy_year() -> list[bytes]:
    """1,000 euros, moved to and fro in cents, then 70,000 euros more."""
    there, back = (a_line(), a_line("490")), (a_line("490"), a_line())
    events: list[Any] = [a_vote(100_000)]
    for number in range(TRANSFERS):
        origin, target = (there, back)[number % 2]
        events.append(a_transfer(1, _id=f"t{number}", from_line=origin, to_line=target))
    extra = {"stage": "supplementary", "vote_level": ..., "_id": "more"}
    events.append(a_vote(7_000_000, **extra))
    return journal_of_events(encoded(each) for each in events)


def pages(url: str, path: str) -> list[str]:
    """This page and all that follow it."""

    found: list[str] = []
    while path:
        (answer,) = get(url, path, headers={"accept": "text/html"})
        assert 200 == answer.status_code, path
        found.append(answer.text)
        following = NEXT.search(answer.text)
        path = "" if following is None else following[1].replace("&amp;", "&")
    return found


@pytest.mark.parametrize(
    ("stage", "line", "pages_shown"),
    [("appropriated", {}, 7), ("available", a_line(), 4)],
    ids=["the whole budget", "one line"],
)
def test_a_figure_is_the_sum_of_all_its_moves_and_each_page_goes_on(
    made: Made, stage: str, line: dict[str, str], pages_shown: int
) -> None:
    url = made(a_busy_year())
    shown = pages(url, f"/console/figures/{BUDGET}/{stage}?{urlencode(line)}")
    assert ["€71,000.00"] * pages_shown == [HEADING.findall(page)[0] for page in shown]
    after = [each for page in shown for each in AFTER.findall(page)]
    # A transfer takes from one line and gives to the other: the budget sees both, a line its own.
    to_and_fro = ["€999.99", "€1,000.00"] * (TRANSFERS if stage == "appropriated" else 300)
    assert ["€1,000.00", *to_and_fro, "€71,000.00"] == after
    assert "opening of credits → Available" in shown[0]
    assert "−\u202f€0.01" in shown[0]


def test_an_amount_below_zero_stands_out_in_figure_and_bar(made: Made) -> None:
    # The chapter has the credit that one of its lines lacks.
    vote = a_vote(appropriations=[an_amount(100_000), an_amount(100_000, "490")])
    events = [vote, an_award(150_000)]
    url = made(journal_of_events(encoded(each) for each in events))
    (page,) = pages(url, f"/console/grants/{BUDGET}/G")
    assert 'class="below"' in page
    assert "−€500.00" in page
    assert '<rect class="fill-below"' in page
    (figure,) = pages(url, f"/console/figures/{BUDGET}/available?{urlencode(a_line())}")
    assert '<span class="below">−€500.00</span>' in figure


@pytest.mark.parametrize("history", [*([each] for each in HISTORIES), list(CARRIED)])
async def test_the_moves_of_a_figure_are_those_that_change_it(
    made: Made, history: Sequence[Any]
) -> None:
    async with connected(made(journal_of(*history))) as connection:
        compared = 0
        budgets = {each.budget for each in await grants.list_grants(connection, None)}
        for budget in sorted(budgets):
            whole = await moves_behind(connection, None, budget=budget)
            for stage in sorted(STAGES_ASKED):
                expected = [each for each in whole if each.change_cents(stage)]
                found = await moves_of_figure(connection, None, budget=budget, stage=stage)
                assert expected == found.moves
                assert sum(each.change_cents(stage) for each in expected) == found.figure_cents
                compared += 1
        assert compared >= len(STAGES_ASKED)


def a_terminated_year() -> list[bytes]:
    return journal_of_events(
        encoded(each)
        for each in (
            a_vote(100_000),
            an_award(50_000),
            a_convention(30_000),
            a_termination(),
            an_award(20_000, grant="2023/40", _id="second"),
        )
    )


@pytest.mark.parametrize(
    "journal",
    [*(journal_of(each) for each in HISTORIES), journal_of(*CARRIED), a_terminated_year()],
)
async def test_what_the_list_reserves_is_what_the_grant_reserves(
    made: Made, journal: list[bytes]
) -> None:
    async with connected(made(journal)) as connection:
        keys = [(each.budget, each.grant) for each in await grants.list_grants(connection, None)]
        shown = {}
        for key in keys:
            one = await grants.one(connection, None, *key)
            assert one is not None
            shown[key] = sum(each.reserved_cents for each in one.lines)
        listed = dict(await grant_money.sum_reserved(connection, keys))
    assert shown
    assert shown == listed


def test_nothing_stays_reserved_once_a_convention_is_terminated(made_in_files: Made) -> None:
    url = made_in_files(a_terminated_year())
    reserved = ask(url, lambda c: grant_money.sum_reserved(c, [(BUDGET, "G"), (BUDGET, "2023/40")]))
    assert {(BUDGET, "G"): 0, (BUDGET, "2023/40"): 20_000} == reserved
    (page,) = pages(url, "/console/grants")
    assert "Reserved €200.00" in page  # of the other grant alone
    assert 1 == page.count("Reserved")


def test_a_grant_whose_reference_has_a_slash_has_its_page(made_in_files: Made) -> None:
    url = made_in_files(a_terminated_year())
    (listed,) = pages(url, "/console/grants")
    hrefs = re.findall(r'href="(/console/grants/[^"]+)"', listed)
    assert f"/console/grants/{BUDGET}/2023%2F40" in hrefs
    for href in hrefs:
        (page,) = pages(url, href)
        assert "<h1" in page
