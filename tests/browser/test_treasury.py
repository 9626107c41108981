"""A day of the finance office at the treasury, without script: from the order to its file."""

from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import insert

from services.api.access.caller import Action
from services.treasury.store.database import TREASURY_FILE, TreasuryStore
from services.treasury.store.tables import orders
from tests.api.treasury_scene import issued
from tests.browser import scenario
from tests.browser.console import READER_KEY, Console
from tests.browser.scenario import BUDGET, GROCERY
from tests.browser.test_pages import keep_picture
from tests.browser.visitor import PHONE, a_visitor
from tests.builders import (
    IBAN,
    OTHER_IBAN,
    Json,
    a_convention,
    a_line,
    a_new_account,
    an_act,
    an_amount,
    an_instalment,
)
from tests.treasury.return_files import Line, Mandat, Paid, a_return, a_slip
from tests.waiting import run_apart

CONVENTION: Final = "CONV-2023-EPICERIE"
ORDER: Final = f"{CONVENTION}/whole"
CODES: Final = {"IdPost": "059999", "CodColl": "350"}


def the_convention() -> Json:
    """The grocery's convention, signed: its whole grant is ordered."""
    line = a_line("732", function="424")
    return a_convention(
        grant="EPICERIE-2023",
        convention=CONVENTION,
        acts=[an_act("2023-06-30", "Conseil municipal de Lille", number="23/201")],
        beneficiary=GROCERY,
        bank_account={"iban": IBAN, "holder": GROCERY["name"]},
        signed_on="2023-07-18",
        instalments=[an_instalment(name="whole", lines=[an_amount(3_400_000, line=line)])],
        _id="convention-epicerie",
        _time="2023-07-18T10:00:00+02:00",
    )


async def order_at(database: str, row: dict[str, Any]) -> None:
    """The order in the tables of the treasury beside this read model."""
    folder = Path(database.partition("///")[2]).parent
    store = TreasuryStore(f"sqlite:///{folder / TREASURY_FILE}")
    try:
        async with store.transaction() as connection:
            await connection.execute(insert(orders), [row])
    finally:
        await store.dispose()


@pytest.fixture
def town(own_console: Console) -> Console:
    """The scenario's console, where the grocery's order waits for a slip."""
    event = the_convention()
    own_console.publish(event)
    history: list[Json | bytes] = [*scenario.the_year(), *scenario.the_others(), event]
    (row,) = [each for each in issued(history) if each["payment_order"] == ORDER]
    run_apart(order_at(own_console.database, row))
    return own_console


def test_an_order_goes_on_a_slip_and_its_file_is_taken_on_record(
    browser: Browser, town: Console
) -> None:
    with a_visitor(browser, town, script=False) as visitor:
        page = visitor.page
        visitor.go("/console/today")
        page.get_by_role("navigation").get_by_role("link", name="Trésorerie").click()
        expect(page.get_by_role("row", name=ORDER)).to_contain_text("prêt")
        page.get_by_role("link", name="Préparer").click()
        expect(page.locator("#prepare")).to_contain_text("1 mandat, 34\u202f000,00\u00a0€")
        page.get_by_role("button", name="Préparer").click()
        expect(page.locator("h1")).to_have_text("Brouillon de bordereau")
        page.get_by_role("link", name="Émettre").click()
        page.get_by_role("button", name="Émettre").click()
        expect(page.locator("main")).to_contain_text("émis")
        page.get_by_role("link", name="Télécharger le flux PES").click()
        expect(page.locator("#confirm")).to_contain_text("IBAN entiers")
        with page.expect_download() as download:
            page.get_by_role("button", name="Télécharger").click()
        assert IBAN.encode() in Path(download.value.path()).read_bytes()
        assert [Action.SLIP_PREPARED, Action.SLIP_ISSUED, Action.SLIP_EXPORTED] == [
            line[1] for line in town.audit.lines
        ]
        visitor.go(f"/console/orders/{BUDGET}/{ORDER}")
        expect(page.locator("main")).to_contain_text("À la trésorerie")
        assert IBAN not in page.content()
        assert [] == visitor.messages


def test_a_replaced_account_is_confirmed_by_a_form(browser: Browser, town: Console) -> None:
    account = {"iban": OTHER_IBAN, "holder": GROCERY["name"]}
    town.publish(the_convention(), a_new_account(beneficiary=GROCERY, bank_account=account))
    path = f"/console/treasury?budget={BUDGET}"
    with a_visitor(browser, town, key=READER_KEY, script=False) as visitor:
        visitor.go(path)
        expect(visitor.page.get_by_role("row", name=ORDER)).to_contain_text("FR76…0185")
        assert 0 == visitor.page.get_by_role("link", name="Confirmer").count()
    with a_visitor(browser, town) as visitor:
        page = visitor.page
        visitor.go(path)
        page.get_by_role("row", name=ORDER).get_by_role("link", name="Confirmer").click()
        form = page.locator("#confirm")
        expect(form).to_contain_text("FR76…0110")
        expect(form).to_contain_text("FR76…0185")
        keep_picture(page, "treasury-confirm")
        assert [] == visitor.barriers()
        assert not visitor.scrolls_sideways(PHONE)
        form.get_by_role("button", name="Confirmer").click()
        expect(page.get_by_role("row", name=ORDER)).to_contain_text("prêt")
        assert Action.ORDER_CONFIRMED == town.audit.lines[-1][1]
        assert [IBAN in page.content(), OTHER_IBAN in page.content()] == [False, False]
        assert [] == visitor.messages


def a_file(number: int) -> bytes:
    """A return in which the accountant has paid the grocery's order, on this piece."""
    line = Line("34000.00", (Paid("34000.00"),), count="1", total="34000.00")
    return a_return(a_slip(Mandat(number, (line,))), head=CODES)


def test_a_file_of_the_accountant_is_brought_by_who_may(
    browser: Browser, town: Console, tmp_path: Path
) -> None:
    """Without script, in the file chooser of the browser; what became of it stands on the page."""
    file = tmp_path / "PESRETOUR.xml"
    file.write_bytes(a_file(999))
    path = "/console/treasury/returns"
    with a_visitor(browser, town, key=READER_KEY, script=False) as visitor:
        visitor.go(path)
        assert 0 == visitor.page.locator("input[type=file]").count()
    with a_visitor(browser, town, script=False) as visitor:
        page = visitor.page
        visitor.go(path)
        page.get_by_role("button", name="Déposer le fichier").click()
        assert page.url.endswith(path), "the browser itself asks for a file"
        page.locator("input[type=file]").set_input_files(file)
        page.get_by_role("button", name="Déposer le fichier").click()
        answer = page.get_by_role("status")
        expect(answer).to_contain_text("PESRETOUR.xml")
        expect(answer).to_contain_text("constats nouveaux")
        assert (Action.RETURN_TAKEN, "PESRETOUR.xml") == town.audit.lines[-1][1:3]
        page.locator("input[type=file]").set_input_files(
            {"name": "x.xml", "mimeType": "text/xml", "buffer": b"<html/>"}
        )
        page.get_by_role("button", name="Déposer le fichier").click()
        expect(page.get_by_role("status")).to_contain_text("Refusé")
        keep_picture(page, "treasury-brought")
        assert [] == visitor.messages
    with a_visitor(browser, town, "en") as visitor:
        visitor.go(path)
        visitor.page.locator("input[type=file]").set_input_files(file)
        visitor.page.get_by_role("button", name="Take the file").click()
        expect(visitor.page.get_by_role("status")).to_contain_text("new events: 0")
        assert [] == visitor.barriers()
        assert not visitor.scrolls_sideways(PHONE)


def test_what_is_to_be_confirmed_hinders_nobody(browser: Browser, town: Console) -> None:
    with a_visitor(browser, town, "en") as visitor:
        visitor.go(f"/console/treasury?budget={BUDGET}&prepare=01")
        expect(visitor.page.locator("#prepare")).to_contain_text("€34,000.00")
        keep_picture(visitor.page, "treasury-prepare-en")
        assert [] == visitor.barriers()
        assert not visitor.scrolls_sideways(PHONE)
        assert [] == visitor.messages


def test_a_finding_is_closed_with_a_reason_by_who_may(browser: Browser, town: Console) -> None:
    path = "/console/treasury/findings"
    with a_visitor(browser, town, key=READER_KEY, script=False) as visitor:
        visitor.go(path)
        assert 0 == visitor.page.get_by_text("Clore").count()
    with a_visitor(browser, town, script=False) as visitor:
        page = visitor.page
        visitor.go(path)
        page.locator("summary", has_text="Clore").click()
        page.get_by_label("Ce qui a été fait").fill("Remboursement vu avec le comptable.")
        page.get_by_role("button", name="Clore le constat").click()
        expect(page.locator("main")).to_contain_text("Aucun constat n'est ouvert.")
        page.get_by_role("link", name="Clos", exact=True).click()
        expect(page.locator("main")).to_contain_text("Remboursement vu avec le comptable.")
        assert Action.FINDING_CLOSED == town.audit.lines[-1][1]
        assert [] == visitor.messages


def test_an_order_that_was_answered_by_other_means_is_no_difference(
    browser: Browser, town: Console
) -> None:
    with a_visitor(browser, town) as visitor:
        page = visitor.page
        visitor.go("/console/treasury/reconciliation")
        expect(page.locator("main")).to_contain_text("1 mandat a reçu sa réponse autrement")
        named = page.locator(".cases a[href*='/console/orders/']").all_inner_texts()
        assert {"CONV-2023-LILLE-AVENIRS/avance"} == {*named}, "its return alone is in doubt"
