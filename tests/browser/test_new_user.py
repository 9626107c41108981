"""What somebody asks who knows neither Écluse nor Kafka: the console alone, in French.

Each path counts its clicks; why the balance was paid is in test_search.
"""

from datetime import UTC, datetime
from typing import Final

from playwright.sync_api import Browser, Locator, expect

from tests.browser.console import Console
from tests.browser.visitor import Visitor, a_visitor
from tests.builders import a_line, a_transfer

MONDAY: Final = datetime(2023, 8, 7, 8, 0, tzinfo=UTC)
"""Of the week in which the orchestra's advance is due."""


class Clicks:
    """The clicks of one path."""

    def __init__(self, visitor: Visitor) -> None:
        assert 200 == visitor.go("/console/today")
        self.made = 0

    def on(self, target: Locator) -> None:
        """Click, and count it."""
        target.click()
        self.made += 1


def test_what_is_left_on_operation_489(browser: Browser, console: Console) -> None:
    with a_visitor(browser, console) as visitor:
        page, clicks = visitor.page, Clicks(visitor)
        page.get_by_role("searchbox", name="Rechercher partout").fill("489")
        clicks.on(page.get_by_role("button", name="Rechercher"))
        expect(page.get_by_label("Opération")).to_have_value("489")
        expect(page.locator("main")).to_contain_text("Mission locale")
        available = page.get_by_label("Total").locator("dd").nth(1)
        expect(available).to_have_text("0,00\u00a0€")
        assert 1 == clicks.made


def test_which_orders_fall_due_this_week(browser: Browser, own_console: Console) -> None:
    own_console.clock.now = MONDAY
    with a_visitor(browser, own_console) as visitor:
        page, clicks = visitor.page, Clicks(visitor)
        tile = page.locator("dl div").filter(has_text="Dus sous 7 jours")
        expect(tile).to_contain_text("80\u202f000,00\u00a0€")
        clicks.on(tile.get_by_role("link", name="1 mandat"))
        row = page.locator("tbody tr")
        expect(row).to_have_count(1)
        expect(row).to_contain_text("Orchestre des Quais")
        expect(row).to_contain_text("11/08/2023")
        assert 1 == clicks.made
        clicks.on(page.get_by_role("link", name="Plan de paiement"))
        week = page.get_by_role("row").filter(has_text="cette semaine")
        expect(week).to_contain_text("07/08/2023")
        expect(week).to_contain_text("80\u202f000,00\u00a0€")
        assert 2 == clicks.made


def test_what_must_be_done_about_the_refused_transfer(
    browser: Browser, own_console: Console
) -> None:
    investment = a_line() | {"chapter": "204", "article": "20422"}
    own_console.publish(
        a_transfer(40_000_000, from_line=a_line("510", function="311"), to_line=investment)
    )
    with a_visitor(browser, own_console) as visitor:
        page, clicks = visitor.page, Clicks(visitor)
        clicks.on(page.get_by_role("link", name="Événements refusés"))
        case = page.locator(".cases > li").filter(has_text="Virement de crédits")
        expect(case).to_contain_text("400\u202f000,00\u00a0€ demandés, il manque")
        expect(case).to_contain_text("Que faire : Votez ou virez des crédits")
        cases = page.locator(".cases > li").all_inner_texts()
        assert [1, 1, 1] == [each.count("Que faire") for each in cases]
        assert 1 == clicks.made
        clicks.on(case.get_by_role("link", name="Corriger et renvoyer"))
        amount = page.get_by_label("Montant")
        expect(amount).to_have_value("400\u202f000,00")
        # "Vérifier" and "Envoyer" follow, as with a payment: test_by_hand.
        expect(page.get_by_role("button", name="Vérifier")).to_be_visible()
        assert 2 == clicks.made
