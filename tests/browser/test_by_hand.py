"""A town without a program for it: its treasurer and its finance officer send events by hand."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.processes import embedded
from tests.browser import scenario
from tests.browser.console import Console
from tests.browser.scenario import BUDGET, THEATRE_IBAN
from tests.browser.test_pages import keep_picture
from tests.browser.visitor import PHONE, Visitor, a_visitor
from tests.builders import IBAN


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """The scenario's year in one process, as a small town runs it."""
    folder = tmp_path_factory.mktemp("town")
    year = folder / "year.jsonl"
    year.write_bytes(b"\n".join([*scenario.the_year(), *scenario.the_others()]) + b"\n")
    with embedded(folder / "data", "--load", year, log=folder / "log") as running:
        yield Console(running.address, "", [])


def sees_no_barrier(visitor: Visitor) -> None:
    """The page is for everybody, on a phone too, and says no account whole."""
    assert [] == visitor.barriers()
    assert not visitor.scrolls_sideways(PHONE)
    assert IBAN not in visitor.page.content()
    assert THEATRE_IBAN not in visitor.page.content()
    assert [] == visitor.messages


def send(page: Page) -> None:
    page.get_by_role("button", name="Envoyer").click()


@pytest.mark.timeout(180)
def test_the_treasurer_takes_an_order_in_charge_and_pays_it_without_script(
    browser: Browser, town: Console
) -> None:
    with a_visitor(browser, town, key=None, script=False) as visitor:
        page = visitor.page
        visitor.go(f"/console/orders/{BUDGET}/AVIRON-2023/whole")
        page.get_by_role("link", name="Pris en charge").click()
        page.get_by_label("Date").fill("2023-07-20")
        page.get_by_role("button", name="Vérifier").click()
        expect(page.locator("main")).to_contain_text("Le grand livre l'accepterait.")
        send(page)
        expect(page.locator("h1")).to_have_text("Accepté")
        page.get_by_role("link", name="AVIRON-2023/whole").click()
        expect(page.locator("main header .badge").first).to_have_text("pris en charge")
        page.get_by_role("link", name="Payé", exact=True).click()
        assert "4\u202f500,00" == page.get_by_label("Montant").input_value()
        page.get_by_role("button", name="Vérifier").click()
        expect(page.locator("main")).to_contain_text("Soldes qui changeraient")
        send(page)
        page.get_by_role("link", name="AVIRON-2023/whole").click()
        expect(page.locator("main header .badge").first).to_have_text("payé")
        assert 0 == page.get_by_role("link", name="Pris en charge").count()


@pytest.mark.timeout(180)
def test_a_rejected_order_is_issued_again_by_new_bank_details(
    browser: Browser, town: Console
) -> None:
    with a_visitor(browser, town, key=None) as visitor:
        page = visitor.page
        rejected = "CONV-2023-ORCHESTRE/advance"
        visitor.go(f"/console/orders/{BUDGET}/{rejected}")
        page.get_by_role("link", name="Rejeté").click()
        page.get_by_label("Date").fill("2023-07-20")
        page.get_by_role("button", name="Vérifier").click()
        send(page)
        expect(page.locator("h1")).to_have_text("Accepté")
        visitor.go("/console/today")
        page.get_by_role("link", name="Mandats rejetés, à réémettre").click()
        expect(page.locator("nav.tabs [aria-current]")).to_contain_text("Rejeté, à réémettre 1")
        expect(page.locator("nav.tabs")).to_contain_text("Rejeté 1")
        page.get_by_role("link", name=rejected).click()
        expect(page.locator("main")).to_contain_text("Attendu : de nouvelles coordonnées bancaires")
        sees_no_barrier(visitor)
        page.get_by_role("link", name="Saisir de nouvelles coordonnées bancaires").click()
        page.get_by_label("IBAN").fill(THEATRE_IBAN)
        page.get_by_label("Titulaire").fill("Orchestre")
        page.get_by_role("button", name="Vérifier").click()
        assert THEATRE_IBAN not in page.locator("main").inner_text()
        send(page)
        expect(page.locator("h1")).to_have_text("Accepté")
        visitor.go(f"/console/orders/{BUDGET}/{rejected}")
        expect(page.locator("main")).to_contain_text("Un autre mandat a été émis à sa place")
        page.get_by_role("link", name=f"{rejected}/2").click()
        expect(page.locator("main header .badge").first).to_have_text("émis")


@pytest.mark.timeout(180)
def test_the_finance_officer_corrects_a_refused_payment(browser: Browser, town: Console) -> None:
    with a_visitor(browser, town, key=None) as visitor:
        page = visitor.page
        visitor.go("/console/troubles/refused?reason=overpayment")
        page.get_by_role("link", name="Corriger et renvoyer").click()
        amount = page.get_by_label("Montant")
        assert "990\u202f000,00" == amount.input_value()
        amount.fill("35.000")
        page.get_by_role("button", name="Vérifier").click()
        expect(page.locator(".fault")).to_contain_text("35000")
        assert "35.000" == amount.input_value(), "what was typed stays"
        assert [] == visitor.barriers()
        visitor.forget()  # The browser notes the answer 422.
        amount.fill("35 000")
        page.get_by_role("button", name="Vérifier").click()
        expect(page.locator("main")).to_contain_text("Le grand livre l'accepterait.")
        expect(page.locator("main")).to_contain_text("35\u202f000,00\u00a0€")
        keep_picture(page, "send-check-fr")
        sees_no_barrier(visitor)
        send(page)
        expect(page.locator("h1")).to_have_text("Accepté")
        keep_picture(page, "sent-accepted-fr")
        sees_no_barrier(visitor)
        visitor.go("/console/troubles/refused?reason=overpayment")
        expect(page.locator("main")).to_contain_text("Réglé (1)")
