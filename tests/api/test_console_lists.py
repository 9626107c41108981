"""The lists of the console: whose they are, what they count, and in which language they say it."""

import re
from html import unescape

import pytest

from services.api.budgets import page as budget_pages
from tests.api.environment import ALL_KEY, LILLE_KEY
from tests.api.made import Made
from tests.api.queries.asked import CARRIED
from tests.api.reads.answers import get
from tests.api.reads.two_entities import LILLE_BUDGET, ROUBAIX_BUDGET, both
from tests.builders import (
    BUDGET,
    NEXT_BUDGET,
    a_closing,
    a_convention,
    a_deadline,
    a_payment,
    a_report,
    a_vote,
    a_withdrawal,
    an_award,
    an_instalment,
    encoded,
)
from tests.read_model.filling import GOLDEN, fill, golden, journal_of, journal_of_events


def page(url: str, path: str, key: str = ALL_KEY, language: str = "en") -> tuple[int, str]:
    (answer,) = get(url, path, key=key, language=language, headers={"accept": "text/html"})
    return answer.status_code, answer.text


@pytest.mark.parametrize("name", ["grants", "orders"])
def test_a_list_by_a_budget_of_another_entity_is_none(name: str, sqlite_url: str) -> None:
    fill(sqlite_url, both())
    path = f"/console/{name}?budget="
    assert 404 == page(sqlite_url, path + ROUBAIX_BUDGET, LILLE_KEY)[0]
    assert 200 == page(sqlite_url, path + LILLE_BUDGET, LILLE_KEY)[0]


@pytest.mark.parametrize(
    ("language", "phrase"),
    [("fr", "(retrait par l&#39;assemblée)"), ("en", "(withdrawn by its assembly)")],
)
def test_why_a_grant_fell_is_shown_in_the_language_of_the_page(
    language: str, phrase: str, sqlite_url: str
) -> None:
    events = [a_vote(), an_award(), a_withdrawal()]
    fill(sqlite_url, journal_of_events(map(encoded, events)))
    status, text = page(sqlite_url, f"/console/grants/{BUDGET}/G", language=language)
    assert 200 == status
    assert phrase in text


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("fr", r"1.312,25.€<span class=.under.>sans 2 retirées<"),
        ("en", r"€1,312\.25<span class=.under.>without 2 that were withdrawn<"),
    ],
)
def test_a_total_leaves_out_grants_that_were_withdrawn_and_says_so(
    language: str, shown: str, sqlite_url: str
) -> None:
    fill(sqlite_url, golden("turns-2023"))
    _, text = page(sqlite_url, "/console/grants", language=language)
    assert re.search(shown, text)


def test_money_that_is_carried_over_stands_apart_from_what_was_awarded(sqlite_url: str) -> None:
    fill(sqlite_url, golden("year-end-2023"))
    totals = [
        page(sqlite_url, f"/console/grants?budget={budget}")[1].partition("<tfoot>")[2]
        for budget in (BUDGET, NEXT_BUDGET)
    ]
    for foot, carried_in in zip(totals, ("€0.00", "€1,950.00"), strict=True):
        assert f'data-name="Carried in">{carried_in}</td>' in foot
    assert 'data-name="Awarded">€0.00</td>' in totals[1], "the new year awarded nothing"


def test_an_order_before_the_last_is_shown_with_what_became_of_it(sqlite_url: str) -> None:
    fill(sqlite_url, journal_of(GOLDEN / "hard-year-2023.events.jsonl"))
    _, text = page(sqlite_url, f"/console/grants/{BUDGET}/AVENIRS")
    assert ">CONV-1/advance/2</a>" in text
    assert ">CONV-1/advance (rejected)</a>" in text


@pytest.mark.parametrize("path", ["/console/today", "/console/grants"])
def test_the_newest_year_comes_first(path: str, sqlite_url: str) -> None:
    fill(sqlite_url, journal_of(*CARRIED))
    places = [page(sqlite_url, path)[1].partition("<h1>")[2]]
    years = re.findall(r'href="/console/(?:budgets|grants)/\d+-00-(\d{4})', places[0])
    assert ["2024", "2023"] == list(dict.fromkeys(years))


def test_nobody_has_to_correct_a_deadline_of_our_own(sqlite_url: str) -> None:
    events = [a_vote(), a_closing("none"), a_deadline(), a_payment(1)]
    fill(sqlite_url, journal_of_events(map(encoded, events)))
    advised = {
        number: "What to do" in page(sqlite_url, f"/console/records/{BUDGET}/{number}")[1]
        for number in (3, 4)
    }
    assert {3: False, 4: True} == advised
    _, text = page(sqlite_url, "/console/troubles/refused")
    assert f"/console/records/{BUDGET}/3" not in text


def test_money_carried_into_a_closed_year_is_refused_where_a_person_sees_it(
    sqlite_url: str,
) -> None:
    """No year has it: neither the one that it left, nor the one that could not take it."""
    events = [
        a_vote(budget=NEXT_BUDGET, _id="next"),
        a_closing("none", budget=NEXT_BUDGET, closed_on="2025-01-31", _id="closed first"),
        *(a_vote(), an_award()),
        a_convention(instalments=[an_instalment(trigger="notification")]),
        a_closing(["C"]),
    ]
    fill(sqlite_url, journal_of_events(map(encoded, events)))
    record = f"/console/records/{NEXT_BUDGET}/3"
    _, listed = page(sqlite_url, "/console/troubles/refused")
    assert record in listed
    for text in (listed, page(sqlite_url, record)[1]):
        assert "award and sign it again in the current year" in text
        assert "/console/send/" not in text, "nobody else may send it"
    _, today = page(sqlite_url, "/console/today")
    assert re.search(r"Refused events</a> <span class=.count.>1<", today), "as in the list"


def test_a_document_that_waited_in_vain_is_sent_again_under_the_right_number(
    sqlite_url: str,
) -> None:
    events = [a_vote(), a_report(convention="C0NV"), a_closing("none")]
    fill(sqlite_url, journal_of_events(map(encoded, events)))
    _, text = page(sqlite_url, f"/console/records/{BUDGET}/4")
    assert "check its convention" in text


NEXT = BUDGET.replace("2023", "2024")
OPTION = re.compile(r'<option (?:value="([^"]+)"(?: selected)?|disabled)>([^<]+)</option>')
PAGES = ("/console/grants", "/console/orders", "/console/payment-plan")


def offered(url: str, path: str) -> list[str]:
    """The budgets that the filter of a page offers, and what it says besides."""
    (answer,) = get(url, path, headers={"accept": "text/html"})
    assert 200 == answer.status_code
    field = answer.text.partition('<select id="budget"')[2].partition("</select>")[0]
    return [budget or unescape(text) for budget, text in OPTION.findall(field)]


@pytest.mark.parametrize("path", PAGES)
def test_the_newest_year_stands_first(path: str, made_in_files: Made) -> None:
    assert [NEXT, BUDGET] == offered(made_in_files(journal_of(*CARRIED)), path)


@pytest.mark.parametrize("path", PAGES)
def test_older_budgets_that_are_left_out_are_said_to_be_there(
    path: str, made_in_files: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = made_in_files(journal_of(*CARRIED))
    monkeypatch.setattr(budget_pages, "BUDGETS_CHOSEN", 1)
    expected = [NEXT, BUDGET, "… older ones: under Budgets"]
    assert expected == offered(url, f"{path}?budget={BUDGET}")
