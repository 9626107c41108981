"""What is left on operation 489? The console answers in four clicks, with and without script."""

from typing import Final

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.console import Console
from tests.browser.test_pages import keep_picture
from tests.browser.visitor import PHONE, a_visitor
from tests.builders import a_vote

NEXT_YEAR: Final = "21590350100017-00-2024"


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_what_is_left_on_an_operation(browser: Browser, console: Console, script: bool) -> None:
    with a_visitor(browser, console, "fr", script=script) as visitor:
        page = visitor.page
        visitor.go("/console/today")
        named = page.get_by_role("heading", name="Exercice 2023 – Lille, budget principal")
        expect(named).to_be_visible()
        page.get_by_role("navigation").get_by_role("link", name="Budgets").click()
        page.locator("summary").first.click()
        page.get_by_label("Opération").select_option("510")
        page.get_by_role("button", name="Afficher").click()
        available = page.get_by_label("Total").locator("dd").nth(1)
        expect(available).to_have_text("240\u202f000,00\u00a0€")
        assert "510" == page.get_by_label("Opération").input_value()
        # The figure leads to its moves, which name the operation.
        available.get_by_role("link").click()
        expect(page.locator("h1")).to_contain_text("240\u202f000,00\u00a0€")
        expect(page.locator("dl.facts")).to_contain_text("510")
        assert [] == visitor.messages


def test_a_chapter_is_opened_by_its_code_and_the_chart_has_its_figures(
    browser: Browser, console: Console
) -> None:
    with a_visitor(browser, console, "en") as visitor:
        page = visitor.page
        visitor.go("/console/budgets/21590350100017-00-2023")
        page.locator("tbody th").get_by_role("link", name="65", exact=True).first.click()
        assert page.url.endswith("?chapter=65")
        expect(page.get_by_role("table", name="Chapter 65")).to_be_visible()
        page.get_by_text("The figures of the chart").click()
        months = page.get_by_role("table", name="Ordered and paid by month").locator("tbody tr")
        expect(months).to_have_count(12)
        expect(months.nth(11)).to_contain_text("—")  # It is July.
        assert [] == visitor.messages


@pytest.mark.parametrize("language", ["fr", "en"])
def test_several_budgets_are_listed_for_everybody(
    browser: Browser, own_console: Console, language: str
) -> None:
    own_console.publish(a_vote(budget=NEXT_YEAR))
    with a_visitor(browser, own_console, language) as visitor:
        page = visitor.page
        page.emulate_media(color_scheme="light" if language == "fr" else "dark")
        visitor.go("/console/budgets")
        years = page.locator("main h2").get_by_role("link", name="Lille")
        expect(years).to_have_count(2)
        expect(years.first).to_contain_text("2024")
        keep_picture(page, f"budgets-{language}")
        assert [] == visitor.barriers()
        assert not visitor.scrolls_sideways(PHONE)
        assert [] == visitor.messages
