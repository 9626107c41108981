"""The state of execution of a budget against what the API and the journal say of it."""

import re
from datetime import UTC, datetime
from html import unescape
from typing import Final

import pytest

from services.api.budgets.chart import LATER as AFTER_DECEMBER
from services.api.budgets.chart import year_sums
from services.api.budgets.moves import sum_by_day
from services.texts.language import Language
from services.texts.locale_format import LocaleFormat
from tests.api.environment import LILLE_KEY, HandClock
from tests.api.made import Made
from tests.api.queries.asked import CARRIED, HISTORIES, ask
from tests.api.reads.answers import BUDGET, YEAR, get
from tests.api.reads.two_entities import LILLE_BUDGET, ROUBAIX_BUDGET, both
from tests.builders import NEXT_BUDGET, a_line, a_vote, an_amount, an_award, encoded
from tests.read_model.filling import journal_of, journal_of_events

PAGE: Final = {"accept": "text/html"}
EURO: Final = LocaleFormat(Language.EN)
FOOT: Final = re.compile(r"<tfoot>.*?</tfoot>", re.DOTALL)
AMOUNT: Final = re.compile(r">(-?€[\d,.]+)</a>")
STAGES: Final = ("appropriated", "available", "reserved", "committed", "ordered", "paid")


LATER_ON: Final = HandClock(datetime(2025, 6, 1, tzinfo=UTC))


def page(url: str, path: str, language: str = "en") -> str:
    """The text of a page, asked when all years are over."""
    (answer,) = get(url, path, headers=PAGE, language=language, clock=LATER_ON)
    assert 200 == answer.status_code, path
    return unescape(answer.text)


def total(text: str) -> list[str]:
    """The amounts of the first total on a page."""
    return AMOUNT.findall(FOOT.findall(text)[0])


@pytest.mark.parametrize("history", HISTORIES, ids=lambda path: path.name.partition(".")[0])
def test_the_total_of_the_page_is_that_of_the_execution_statement(made: Made, history: str) -> None:
    url = made(journal_of(history))  # type: ignore[arg-type] # a path of a history
    (listed,) = get(url, "/budgets")
    budgets = [each["budget"] for each in listed.json()["items"]]
    assert budgets
    for budget in budgets:
        (statement,) = get(url, f"/budgets/{budget}/execution")
        of_all = statement.json()["total"]
        names = [*STAGES, *(["carried_over"] if of_all["carried_over_cents"] else [])]
        shown = page(url, f"/console/budgets/{budget}")
        assert [EURO.money(of_all[f"{name}_cents"]) for name in names] == total(shown)
        for chapter in statement.json()["chapters"]:
            rates = [chapter[f"{name}_per_mille"] for name in ("committed", "ordered", "paid")]
            assert all(EURO.rate(each) in shown for each in rates if each is not None)


@pytest.mark.parametrize("history", [*HISTORIES, *CARRIED[:1]], ids=lambda path: path.name)
def test_the_last_month_of_the_chart_is_what_the_balances_say(made: Made, history: str) -> None:
    url = made(journal_of(history))  # type: ignore[arg-type] # a path of a history
    (lines,) = get(url, "/balances/lines?limit=1000")
    for budget in {each["budget"] for each in lines.json()["items"]}:
        rows = [each for each in lines.json()["items"] if each["budget"] == budget]
        days = ask(url, lambda conn, of=budget: sum_by_day(conn, None, budget=of, codes={}))  # type: ignore[misc]
        year = int(budget[-4:])
        sums = year_sums(year, days, days[-1].effective_on) if days else None
        paid = sum(each["paid_cents"] for each in rows)
        ordered = paid + sum(each["ordered_cents"] for each in rows)
        if sums is None:
            assert (0, 0) == (ordered, paid)
            continue
        last = max(at for at in range(AFTER_DECEMBER + 1) if sums.paid_cents[at] is not None)
        assert (ordered, paid) == (sums.ordered_cents[last], sums.paid_cents[last])


def test_as_of_a_day_and_as_known_at_a_record(made: Made) -> None:
    url = made(journal_of(YEAR))
    address = f"/console/budgets/{BUDGET}"
    voted, paid = "€2,263,600.00", "€1,131,800.00"
    nothing = "€0.00"
    asked = page(url, f"{address}?effective_on=2023-06-30&known_at=6")
    assert "As of 30 June 2023, as known at record 6." in asked
    assert [voted, nothing, nothing, paid, nothing, paid] == total(asked)
    assert 'value="2023-06-30"' in asked
    # The paid half is that of the first order; its link keeps the moment, and so do its moves.
    (href,) = re.findall(r'href="(/console/figures/[^"]*/paid\?effective_on[^"]*)"', asked)[:1]
    assert href.endswith("paid?effective_on=2023-06-30&known_at=6")
    moves = page(url, href)
    assert f"{paid}</span></h1>" in moves
    assert "As of 30 June 2023, as known at record 6." in moves
    assert [voted, voted] == total(page(url, f"{address}?known_at=1"))[:2]


def test_an_empty_form_asks_for_nothing_and_a_broken_day_is_refused(made_in_files: Made) -> None:
    url = made_in_files(journal_of(YEAR))
    empty = f"/console/budgets/{BUDGET}?chapter=&operation=&effective_on=&known_at="
    assert "the last one" in page(url, empty)
    (refused,) = get(url, f"/console/budgets/{BUDGET}?effective_on=30/06/2023", headers=PAGE)
    assert 422 == refused.status_code
    assert "A filter cannot be read" in refused.text
    assert 'name="effective_on" type="date" aria-invalid="true"' in refused.text
    assert "the last one" in refused.text, "the page is shown without it"


def test_what_is_left_on_an_operation(made: Made) -> None:
    url = made(journal_of(YEAR))
    shown = page(url, f"/console/budgets/{BUDGET}?operation=489", language="fr")
    assert "1\u202f355\u202f600,00\u00a0€" in FOOT.findall(shown)[0]
    assert '<option value="489" selected>' in shown
    options = re.findall(r'<option value="(\d+)"', shown.partition('id="operation"')[2])
    assert ["489", "490", "1978"] == options
    assert "Autres charges de gestion courante" in shown
    (lines, chapters) = get(
        url, "/balances/lines?operation=489", "/balances/chapters?operation=489"
    )
    assert ["489"] == [each["line"]["operation"] for each in lines.json()["items"]]
    assert [135560000] == [each["paid_cents"] for each in chapters.json()["items"]]
    (none,) = get(url, "/balances/lines?article=65748&function=62")
    assert [] == none.json()["items"]


def test_lines_without_a_function_are_not_those_of_their_article(made: Made) -> None:
    bare = {name: code for name, code in a_line(None).items() if name != "function"}
    amounts = [an_amount(100_00, line=bare), an_amount(1_00)]
    url = made(journal_of_events([encoded(a_vote(appropriations=amounts))]))
    figures = f"/console/figures/{BUDGET}/available?chapter=65&article=65748"
    assert "€101.00</span></h1>" in page(url, figures)
    assert "€100.00</span></h1>" in page(url, f"{figures}&function=&operation=")
    assert "€1.00</span></h1>" in page(url, f"{figures}&function=61&operation=489")
    assert "€1.00</span></h1>" in page(url, f"/console/figures/{BUDGET}/available?operation=489")


def test_a_line_below_zero_stands_first(made_in_files: Made) -> None:
    votes = a_vote(appropriations=[an_amount(100), an_amount(100, "490")])
    award = an_award(150)  # Credits are controlled by chapter: its line is overdrawn.
    url = made_in_files(journal_of_events(map(encoded, [votes, award])))
    shown = page(url, f"/console/budgets/{BUDGET}")
    first, _, rest = shown.partition('id="chapters"')
    assert "Overdrawn lines" in first
    assert "65/65748/61/489" in first
    assert "65/65748/61/490" not in first
    assert 'class="badge bad"' in rest


def test_the_year_before_stands_beside_it_where_there_is_one(made: Made) -> None:
    url = made(journal_of(*CARRIED))
    later = page(url, f"/console/budgets/{NEXT_BUDGET}")
    assert "Paid, 2023" in later
    assert "Paid, 2022" not in page(url, f"/console/budgets/{BUDGET}")
    (row,) = re.findall(r'<th scope="row">December</th>.*?</tr>', later, re.DOTALL)
    assert ["€1,131,800.00"] * 4 == re.findall(r"€[\d,.]+", row)


def test_the_list_leads_to_the_only_budget(made_in_files: Made) -> None:
    url = made_in_files(both())
    (alone, of_all) = (
        get(url, "/console/budgets", key=LILLE_KEY, headers=PAGE)[0],
        page(url, "/console/budgets"),
    )
    assert (303, f"/console/budgets/{LILLE_BUDGET}") == (
        alone.status_code,
        alone.headers["location"],
    )
    for budget in (LILLE_BUDGET, ROUBAIX_BUDGET):
        assert f'href="/console/budgets/{budget}"' in of_all


def test_the_newest_year_stands_first_in_the_list(made_in_files: Made) -> None:
    listed = page(made_in_files(journal_of(*CARRIED)), "/console/budgets")
    assert listed.index(f"/console/budgets/{NEXT_BUDGET}") < listed.index(BUDGET)


def test_without_a_budget_the_list_says_so(made_in_files: Made) -> None:
    assert "No budget that this access may see." in page(made_in_files([]), "/console/budgets")
