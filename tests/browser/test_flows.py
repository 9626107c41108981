"""What people do: log in, follow a figure to its record, reveal an IBAN, change the language."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from services.api.access.caller import Action
from tests.browser.console import OPERATOR_KEY, Console
from tests.browser.scenario import BUDGET, THEATRE, THEATRE_IBAN, UNREADABLE
from tests.browser.visitor import a_visitor

GROUPED = " ".join(THEATRE_IBAN[at : at + 4] for at in range(0, len(THEATRE_IBAN), 4))
ORDER = f"/console/orders/{BUDGET}/CONV-2023-THEATRE/whole/2"
TEXTS = {
    "fr": {
        "key": "Clé d'accès",
        "log_in": "Se connecter",
        "grants": "Subventions",
        "search": "Rechercher",
        "paid": "25\u202f000,00\u00a0€",
        "record": "Paiement exécuté",
        "reveal": "Montrer l'IBAN entier",
        "log_out": "Se déconnecter",
        "orders": "Mandats",
    },
    "en": {
        "key": "Access key",
        "log_in": "Log in",
        "grants": "Grants",
        "search": "Search",
        "paid": "€25,000.00",
        "record": "Payment executed",
        "reveal": "Show the whole IBAN",
        "log_out": "Log out",
        "orders": "Payment orders",
    },
}


def log_in(page: Page, url: str, texts: dict[str, str], key: str = OPERATOR_KEY) -> None:
    page.goto(f"{url}/console/grants")
    page.get_by_label(texts["key"]).fill(key)
    page.get_by_role("button", name=texts["log_in"]).click()


@pytest.mark.parametrize(
    ("language", "script"), [("fr", True), ("en", False)], ids=["with script", "without script"]
)
def test_from_logging_in_to_the_bytes_behind_a_figure(
    browser: Browser, console: Console, language: str, script: bool
) -> None:
    texts = TEXTS[language]
    with a_visitor(browser, console, language, key=None, script=script) as visitor:
        page = visitor.page
        log_in(page, console.url, texts)
        assert page.url.endswith("/console/grants")
        page.locator("main").get_by_role("searchbox").fill("théâtre")
        page.locator("main").get_by_role("button", name=texts["search"]).click()
        page.get_by_role("link", name=str(THEATRE["name"])).click()
        page.locator("header dl").get_by_role("link", name=texts["paid"]).click()
        assert texts["paid"] in page.locator("h1").inner_text()
        page.locator("tbody a").first.click()
        expect(page.locator("h1")).to_have_text(texts["record"])
        page.locator("details summary").last.click()
        assert "65 63 6c 75 73 65" in page.locator("pre").last.inner_text()  # "ecluse"
        page.get_by_role("navigation").get_by_role("link", name=texts["orders"]).click()
        page.get_by_role("button", name=texts["log_out"]).click()
        assert "/console/login" in page.url
        page.goto(f"{console.url}/console/today")
        assert "/console/login" in page.url
        assert [] == visitor.messages


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_an_operator_reveals_an_iban_on_that_page_alone_and_on_record(
    browser: Browser, own_console: Console, script: bool
) -> None:
    with a_visitor(browser, own_console, script=script) as visitor:
        page = visitor.page
        visitor.go(ORDER)
        assert THEATRE_IBAN not in page.content()
        page.get_by_role("button", name="Montrer l'IBAN entier").click()
        expect(page.get_by_text(GROUPED)).to_be_visible()
        subject = f"{BUDGET}/{THEATRE['siret']}"
        order = {"payment_order": "CONV-2023-THEATRE/whole/2"}
        assert own_console.audit.lines == [("key:operator", Action.IBAN_REVEALED, subject, order)]
        assert [] == visitor.messages
        visitor.go(ORDER)
        assert GROUPED not in page.content()
        assert THEATRE_IBAN not in page.content()
        assert 1 == len(own_console.audit.lines)


def test_an_operator_sees_the_bytes_of_a_dead_letter_with_ibans_masked(
    browser: Browser, own_console: Console
) -> None:
    dead_letter = "/console/records/_dead.0/2"
    with a_visitor(browser, own_console, "en") as visitor:
        page = visitor.page
        visitor.go(dead_letter)
        place = page.locator("dt", has_text="Read from").locator("xpath=following-sibling::dd")
        page.locator("summary", has_text="Technical details").click()
        topic = place.inner_text().partition(",")[0]
        offset = int(place.inner_text().rpartition(" ")[2])
        own_console.original_bytes.places[topic, 0, offset] = UNREADABLE
        page.get_by_role("button", name="Show the raw data").click()
        shown = page.locator("pre").first.inner_text()
        assert '"id":"sans-accolade","iban":"FR76•••••••••••••••••••0110"' in shown
        (line,) = own_console.audit.lines
        assert ("key:operator", Action.BYTES_SHOWN, f"{topic}/0/{offset}", {}) == line
        assert [] == visitor.barriers()
        assert [] == visitor.messages


def test_orders_are_filtered_by_a_form_without_script(browser: Browser, console: Console) -> None:
    with a_visitor(browser, console, "en", script=False) as visitor:
        page, rows = visitor.page, visitor.page.locator("tbody tr")
        visitor.go("/console/orders")
        expect(rows).to_have_count(3)
        page.locator("summary").click()
        page.get_by_label("At least this old (days)").fill("30")
        page.get_by_label("Due from").fill("2023-08-01")
        page.get_by_role("button", name="Filter").click()
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("CONV-2023-ORCHESTRE/advance")
        assert "2023-08-01" == page.get_by_label("Due from").input_value()
        page.get_by_role("link", name="On hold").click()
        expect(page.locator("main")).to_contain_text("No payment order here.")
        page.get_by_role("link", name="Show all").click()
        expect(rows).to_contain_text("AVIRON-2023/whole")


def test_the_language_is_switched_and_kept(browser: Browser, console: Console) -> None:
    with a_visitor(browser, console, "fr") as visitor:
        page = visitor.page
        visitor.go(f"/console/grants/{BUDGET}/ORCHESTRE-2023")
        page.get_by_role("link", name="English").click()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        assert "Instalments" in page.locator("main").inner_text()
        page.get_by_role("link", name="Payment orders").first.click()
        expect(page.locator("html")).to_have_attribute("lang", "en")


def test_the_keyboard_alone_leads_through(browser: Browser, console: Console) -> None:
    with a_visitor(browser, console) as visitor:
        page = visitor.page
        visitor.go("/console/grants")
        page.keyboard.press("Tab")
        skip = page.locator(":focus")
        assert "Aller au contenu" == skip.inner_text()
        assert skip.bounding_box() is not None
        assert 0 <= (skip.bounding_box() or {"y": -1})["y"]
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()
        others = page.get_by_role("navigation", name="Listes").get_by_role("link")
        for each in range(others.count()):
            page.keyboard.press("Tab")
            expect(others.nth(each)).to_be_focused()
        page.keyboard.press("Tab")
        expect(page.locator("main").get_by_role("searchbox")).to_be_focused()
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert "solid" == outline
        page.keyboard.type("Lille Avenirs")
        page.keyboard.press("Enter")
        page.wait_for_url("**search=Lille*")
        page.get_by_role("link", name="Lille Avenirs").focus()
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_have_text("Lille Avenirs")


def test_which_orders_fall_due_is_found_in_two_clicks(browser: Browser, console: Console) -> None:
    with a_visitor(browser, console, script=False) as visitor:
        page = visitor.page
        visitor.go("/console/today")
        waiting = page.locator("section", has=page.locator("#waiting"))
        week = waiting.locator("dl div", has_text="Dus sous 7 jours")
        expect(week).to_contain_text("0 mandat")
        waiting.get_by_role("link", name="Plan de paiement").click()
        expect(page.locator("h1")).to_have_text("Plan de paiement")
        periods = page.locator("section", has=page.locator("#periods")).locator("tbody tr")
        assert [
            ["Échu", "1"],
            ["Sous 7 jours", "0"],
            ["Dans 8 à 30 jours", "1"],
            ["Plus tard", "1"],
        ] == [row.locator("th, td").all_inner_texts()[:2] for row in periods.all()]
        page.get_by_role("link", name="Dans 8 à 30 jours").click()
        rows = page.locator("tbody tr")
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text("CONV-2023-ORCHESTRE/advance")
        expect(page.locator("tfoot")).to_contain_text("1 mandat")


def test_a_list_is_taken_along_as_a_file_with_its_filters(
    browser: Browser, console: Console
) -> None:
    with a_visitor(browser, console, "en", script=False) as visitor:
        page = visitor.page
        visitor.go("/console/orders?state=paid")
        with page.expect_download() as waiting:
            page.get_by_role("link", name="CSV").click()
        text = Path(waiting.value.path()).read_text(encoding="utf-8")
        assert waiting.value.suggested_filename == "payment-orders.csv"
        assert "state,paid" in text.splitlines()
