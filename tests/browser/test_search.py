"""Finding, following and copying, as people do it."""

import re
from typing import Final

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.console import Console
from tests.browser.scenario import BUDGET, LILLE_AVENIRS
from tests.browser.visitor import PHONE, a_visitor

CLICKS_MAX: Final = 4
RECORD: Final = f"/console/records/{BUDGET}/8"


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_why_the_balance_of_lille_avenirs_was_paid_and_when(
    browser: Browser, console: Console, script: bool
) -> None:
    """With the console alone, in French: no more than four clicks."""
    with a_visitor(browser, console, script=script, phone=not script) as visitor:
        page = visitor.page
        visitor.go("/console/today")
        clicks = 0

        page.get_by_role("searchbox", name="Rechercher partout").fill("  LILLE avénirs ")
        page.get_by_role("button", name="Rechercher").click()
        clicks += 1
        expect(page.locator("h1")).to_have_text("Lille Avenirs")  # It is the only one of that name.

        page.get_by_role("link", name="CONV-2023-LILLE-AVENIRS/solde").first.click()
        clicks += 1
        why = page.locator("section[aria-labelledby=why]")
        for phrase in (
            "26 juin 2023",
            "rapport d'activité 2022",
            "condition remplie",
            "pris en charge",
            "17 juillet 2023",
            "Paiement exécuté",
        ):
            expect(why).to_contain_text(phrase)

        why.get_by_role("link", name="Enregistrement 8").click()
        clicks += 1
        expect(page.locator("h1")).to_have_text("Justificatif reçu")
        trail = page.get_by_role("navigation", name="Fil d'Ariane")
        expect(trail.get_by_role("link", name="LILLE-AVENIRS-2023")).to_be_visible()
        lit = page.locator("nav.ways [aria-current]")
        expect(lit).to_have_text("Subventions")
        assert clicks <= CLICKS_MAX
        assert [] == visitor.messages


@pytest.mark.parametrize("size", [PHONE, {"width": 320, "height": 600}], ids=["phone", "twice"])
def test_the_search_is_at_hand_in_a_small_window(
    browser: Browser, console: Console, size: dict[str, int]
) -> None:
    with a_visitor(browser, console, "en") as visitor:
        page = visitor.page
        page.set_viewport_size(size)  # type: ignore[arg-type] # it wants its own dict
        visitor.go("/console/today")
        box = page.get_by_role("searchbox", name="Search everything")
        place = box.bounding_box()
        assert place is not None
        assert place["width"] > 150
        box.fill("chœur")
        box.press("Enter")
        expect(page.locator("main")).to_contain_text("Nothing is called “chœur”")
        assert "chœur" == box.input_value()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_date_that_cannot_be_read_is_marked_in_its_form(
    browser: Browser, console: Console, language: str
) -> None:
    with a_visitor(browser, console, language) as visitor:
        page = visitor.page
        assert 422 == visitor.go("/console/orders?due_from=soon&state=all")
        field = page.get_by_label("Échéance à partir du" if language == "fr" else "Due from")
        expect(field).to_be_visible()
        expect(field).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.locator("tbody tr").first).to_be_visible()
        assert [] == visitor.barriers()
        assert not visitor.scrolls_sideways(PHONE)


def test_ids_and_commands_are_copied(browser: Browser, console: Console) -> None:
    with a_visitor(browser, console, "en") as visitor:
        page = visitor.page
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        visitor.go(f"/console/grants/{LILLE_AVENIRS}")
        page.get_by_role("button", name="Copy LILLE-AVENIRS-2023").click()
        assert "LILLE-AVENIRS-2023" == page.evaluate("navigator.clipboard.readText()")
        visitor.go(RECORD)
        page.get_by_text("Technical details").click()
        page.get_by_role("button", name="Copy as curl").click()
        copied = page.evaluate("navigator.clipboard.readText()")
        address = f"{console.url}/budgets/{BUDGET}/journal/8"
        assert f"curl -H \"Authorization: Bearer $KEY\" '{address}'" == copied
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        assert [] == visitor.barriers()
        assert [] == visitor.messages


def test_without_script_nothing_is_offered_to_copy(browser: Browser, console: Console) -> None:
    with a_visitor(browser, console, "en", script=False) as visitor:
        visitor.go(RECORD)
        assert 0 == visitor.page.get_by_role("button", name=re.compile("Copy")).count()
