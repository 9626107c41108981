"""Every page, in both languages: readable by all, in order, on a phone, in the dark.

With `ECLUSE_TEST_EVERY_PICTURE=1` each leaves its picture in build/pictures.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.console import Console
from tests.browser.scenario import BUDGET, THEATRE_IBAN
from tests.browser.treasury import ACCEPTED, DRAFT, REFUSED
from tests.browser.visitor import DESK, PHONE, Visitor, a_visitor
from tests.builders import IBAN

PICTURES: Final = Path(__file__).resolve().parents[2] / "build" / "pictures"


def picture(name: str) -> Path:
    """Where the picture of a page goes."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    return PICTURES / f"{name}.png"


def keep_picture(page: Page, name: str, *, whole: bool = True) -> None:
    """Have a picture of the page where somebody asks for it; it costs a seventh of a test."""
    if "ECLUSE_TEST_EVERY_PICTURE" in os.environ:
        page.screenshot(path=picture(name), full_page=whole)


LINE: Final = "chapter=65&article=65748&function=311&operation=510"
PAGES: Final = {
    "today": (
        "/console/today",
        "daté du 20 juillet 2023 à 14:02:11",
        "dated 20 July 2023 at 14:02:11",
    ),
    "budget": (
        f"/console/budgets/{BUDGET}",
        "Lille, budget principal",
        "Mission locale",
    ),
    "budget-then": (
        f"/console/budgets/{BUDGET}?operation=489&effective_on=2023-06-30&known_at=25",
        "Arrêté au 30 juin 2023, tel que connu à l'enregistrement 25.",
        "As of 30 June 2023, as known at record 25.",
    ),
    "beneficiary": (
        "/console/beneficiaries/82123456400010",
        "comptes certifiés 2022",
        "certified accounts 2022",
    ),
    "grants": ("/console/grants", "5 subventions", "5 grants"),
    "grants-found": ("/console/grants?search=orchestre", "1 subvention", "1 grant"),
    "grants-none": ("/console/grants?search=zzz", "Aucune subvention", "No grant matches"),
    "search": ("/console/search?q=conv", "Mandats", "Payment orders"),
    "search-none": ("/console/search?q=zzz", "Rien ne s", "Nothing is called"),
    "search-empty": ("/console/search", "Ce qu", "What may be searched"),
    "grant": (f"/console/grants/{BUDGET}/LILLE-AVENIRS-2023", "Versements", "Instalments"),
    "grant-waiting": (
        f"/console/grants/{BUDGET}/ORCHESTRE-2023",
        "attend comptes certifiés 2022",
        "waits for certified accounts 2022",
    ),
    "grant-rejected": (f"/console/grants/{BUDGET}/THEATRE-2023", "(rejeté)", "(rejected)"),
    "grant-awarded": (f"/console/grants/{BUDGET}/EPICERIE-2023", "Réservé", "Reserved"),
    "figure": (
        f"/console/figures/{BUDGET}/available?{LINE}",
        "Disponible 240\u202f000,00\u00a0€",
        "Available €240,000.00",
    ),
    "orders": ("/console/orders", "échu depuis 11 jours", "11 days overdue"),
    "orders-all": ("/console/orders?state=all", "payé", "paid"),
    "orders-overdue": (
        "/console/orders?due_until=2023-07-19&older_than_days=30",
        "Tout montrer",
        "Show all",
    ),
    "orders-sorted": ("/console/orders?state=all&sort=-amount", "6 mandats", "6 orders"),
    "plan": ("/console/payment-plan", "Semaine", "Week"),
    "help": ("/console/help", "Réveiller quelqu'un", "Wake somebody"),
    "runbook": (
        "/console/help/EcluseOrdersDue",
        "Des mandats sont échus et non payés.",
        "Payment orders are due and not paid.",
    ),
    "order": (f"/console/orders/{BUDGET}/CONV-2023-THEATRE/whole/2", "FR76…185", "FR76…185"),
    "refused": ("/console/troubles/refused", "Crédits insuffisants", "Insufficient credit"),
    "refused-settled": (
        "/console/troubles/refused?settled=true",
        "Rien n'est encore réglé",
        "Nothing is settled yet",
    ),
    "parked": ("/console/troubles/parked", "CONV-2023-PATRONAGE", "CONV-2023-PATRONAGE"),
    "unreadable": ("/console/troubles/unreadable", "bad_json", "bad_json"),
    "flagged": (
        "/console/troubles/flagged",
        "L'année des justificatifs n'est pas la même partout",
        "condition_year_differs",
    ),
    "record": (f"/console/records/{BUDGET}/13", "Écritures d'engagement", "Commitment entries"),
    "record-refused": (f"/console/records/{BUDGET}/25", "513\u202f500,00\u00a0€", "€513,500.00"),
    "dead-letter": ("/console/records/_dead.0/1", "/data/document/kind", "/data/document/kind"),
    "send-acknowledgement": (
        f"/console/send/acknowledgement/{BUDGET}/CONV-2023-ORCHESTRE/advance?state=rejected",
        "Réponse du comptable",
        "The accountant's answer",
    ),
    "send-payment": (
        f"/console/send/payment/{BUDGET}/CONV-2023-THEATRE/whole/2",
        "Paiement par le comptable",
        "Payment by the treasury",
    ),
    "send-document": (
        f"/console/send/document/{BUDGET}/CONV-2023-ORCHESTRE?kind=certified_accounts&year=2022",
        "Justificatif reçu",
        "Document received",
    ),
    "send-correction": (
        f"/console/send/correction/{BUDGET}/25",
        "Corriger et renvoyer",
        "Correct and send again",
    ),
    "treasury": ("/console/treasury", "Prêts pour un bordereau", "Ready for a slip"),
    "slips": ("/console/treasury/slips", "accepté", "accepted"),
    "slip": (f"/console/treasury/slips/{ACCEPTED}", "coordonnées bancaires", "09"),
    "slip-refused": (f"/console/treasury/slips/{REFUSED}", "SIRET inconnu", "SIRET inconnu"),
    "slip-issue": (
        f"/console/treasury/slips/{DRAFT}?confirm=issue",
        "Émettre ce bordereau",
        "Issue this slip?",
    ),
    "returns": ("/console/treasury/returns", "PESRETOUR_DEP_0705.xml", "new events: 2"),
    "findings": ("/console/treasury/findings", "120,00\u00a0€", "€120.00"),
    "findings-closed": (
        "/console/treasury/findings?closed=true",
        "vu avec le comptable",
        "vu avec le comptable",
    ),
    "reconciliation": (
        "/console/treasury/reconciliation",
        "1 mandat a reçu sa réponse autrement",
        "1 order was answered by other means",
    ),
    "order-on-slip": (
        f"/console/orders/{BUDGET}/CONV-2023-LILLE-AVENIRS/avance",
        "À la trésorerie",
        "At the treasury",
    ),
    "sent": (f"/console/sent/{BUDGET}/nobody", "En route", "It is on its way"),
    "no-such-page": ("/console/grants/nobody/nothing", "Introuvable", "Not found"),
}
"""By its picture's name: the address, and words that must stand there in French and in English."""

REPEATED: Final = frozenset(
    {
        "budget-then",
        "grants-found",
        "grants-none",
        "search-none",
        "search-empty",
        "grant-rejected",
        "grant-awarded",
        "orders-all",
        "orders-overdue",
        "orders-sorted",
        "runbook",
        "refused-settled",
        "flagged",
        "record-refused",
        "send-acknowledgement",
        "send-payment",
        "slip-refused",
        "slip-issue",
        "findings-closed",
        "order-on-slip",
    }
)
"""Pages of a template that another shows too: for `make test-rest`."""

WIDTHS: Final = (1280, 1024, 800)
"""A desk, the narrowest window with tables, a tablet with cards."""

TWICE: Final = {"width": 320, "height": 600}
"""The window of a reader who doubles the size of the text (WCAG 1.4.10)."""

DISPLAYS: Final = """
[...document.querySelectorAll('table, thead, tbody tr, tbody td')]
  .map((each) => getComputedStyle(each).display)
"""
INK_AND_PAPER: Final = """
[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]
"""

LOST: Final = "no-such-page"
OWN_404: Final = "the server responded with a status of 404"
BARRIERS: Final = {
    "color-contrast": "document.querySelector('h1').style.color = '#ddd'",
    "html-has-lang": "document.documentElement.removeAttribute('lang')",
    "svg-img-alt": "document.querySelector('svg[role=img]').removeAttribute('aria-label')",
}
"""By the rule that must find it: what to do to a page."""


@pytest.fixture(scope="module", params=["fr", "en"])
def language(request: pytest.FixtureRequest) -> str:
    """Each page in both."""
    return str(request.param)


@pytest.fixture(scope="module")
def visitor(browser: Browser, console: Console, language: str) -> Iterator[Visitor]:
    """One window in which a language's pages are opened, one after the other."""
    # Words differ by language and colours by the hour: each pair is looked at once.
    colours = "light" if language == "fr" else "dark"
    with a_visitor(browser, console, language) as visitor:
        visitor.page.emulate_media(color_scheme=colours)  # type: ignore[arg-type] # two of three
        yield visitor


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.rest] * (name in REPEATED)) for name in PAGES],
)
def test_a_page(visitor: Visitor, language: str, name: str) -> None:
    path, french, english = PAGES[name]
    visitor.forget()
    visitor.page.set_viewport_size(DESK)  # type: ignore[arg-type] # it wants its own dict
    status, page = visitor.go(path), visitor.page
    assert status == (404 if name == LOST else 200)
    assert page.locator("html").get_attribute("lang") == language
    assert (french if language == "fr" else english) in page.locator("main").inner_text()
    assert 1 == page.locator("h1").count()
    assert "Écluse" in page.title()
    keep_picture(page, f"{name}-{language}")
    assert [] == visitor.barriers()
    assert [] == [width for width in WIDTHS if visitor.reads_tables_sideways(width)]
    assert not visitor.scrolls_sideways(TWICE)
    assert not visitor.scrolls_sideways(PHONE)
    if language == "fr":
        keep_picture(page, f"{name}-phone")
    shown = page.content()
    assert IBAN not in shown
    assert THEATRE_IBAN not in shown
    assert [] == visitor.elsewhere
    assert [] == [each for each in visitor.messages if not (name == LOST and OWN_404 in each)]


@pytest.mark.rest
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_page_says_the_same_without_script(
    browser: Browser, console: Console, language: str
) -> None:
    with a_visitor(browser, console, language, script=False, phone=True) as visitor:
        for name, (path, french, english) in PAGES.items():
            assert visitor.go(path) == (404 if name == LOST else 200)
            text = visitor.page.locator("main").inner_text()
            assert (french if language == "fr" else english) in text, name
            assert not visitor.page.locator(".live-control").count()
        assert [] == visitor.elsewhere


def test_a_barrier_would_be_found(browser: Browser, console: Console) -> None:
    with a_visitor(browser, console) as visitor:
        visitor.go(PAGES["grant"][0])
        for planted in BARRIERS.values():
            visitor.page.evaluate(planted)
        assert BARRIERS.keys() == {each.partition(" ")[0] for each in visitor.barriers()}


def test_what_the_policy_refuses_would_be_noticed(browser: Browser, console: Console) -> None:
    with a_visitor(browser, console) as visitor:
        visitor.go("/console/today")
        refused = "refused by policy: style-src"
        with visitor.page.expect_console_message(lambda found: refused in found.text):
            planted = "document.body.insertAdjacentHTML('beforeend', '<p style=top:0>')"
            visitor.page.evaluate(planted)
        assert any(refused in each for each in visitor.messages)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_to_log_in(browser: Browser, console: Console, language: str) -> None:
    with a_visitor(browser, console, language, key=None) as visitor:
        assert 200 == visitor.go("/console/grants?search=x")
        assert "/console/login?next=" in visitor.page.url
        keep_picture(visitor.page, f"login-{language}", whole=False)
        assert [] == visitor.barriers()
        visitor.page.get_by_label("Clé d'accès" if language == "fr" else "Access key").fill("no")
        visitor.page.get_by_role("button").click()
        assert visitor.page.get_by_role("alert").is_visible()
        assert [] == visitor.barriers()
        assert not visitor.scrolls_sideways(PHONE)
        assert [] == visitor.elsewhere


@pytest.mark.parametrize(
    ("name", "path", "height"),
    [
        ("readme-today", PAGES["today"][0], 1300),
        ("readme-budget", PAGES["budget"][0], 1330),
    ],
)
def test_a_picture_for_the_readme(
    browser: Browser, console: Console, name: str, path: str, height: int
) -> None:
    """Copied by hand to docs/pictures/ when the page has changed: both are in English."""
    with a_visitor(browser, console, "en") as visitor:
        visitor.page.set_viewport_size({"width": 1280, "height": height})
        visitor.go(path)
        visitor.page.screenshot(path=picture(name))
        assert picture(name).stat().st_size < 200_000


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_lists_print_as_tables_black_on_white_without_navigation(
    browser: Browser, console: Console, colours: str
) -> None:
    with a_visitor(browser, console) as visitor:
        page = visitor.page
        page.set_viewport_size(PHONE)  # type: ignore[arg-type] # it wants its own dict
        for name in ("grants", "orders-all", "plan", "grant", "slips"):
            visitor.go(PAGES[name][0])
            page.emulate_media(media="print", color_scheme=colours)  # type: ignore[arg-type]
            displays = page.evaluate(DISPLAYS)
            assert {"table", "table-header-group", "table-row", "table-cell"} == set(displays)
            assert page.locator("h1").is_visible()
            for hidden in ("nav", "form", "button", ".files", "summary"):
                assert not [each for each in page.locator(hidden).all() if each.is_visible()]
            assert ["rgb(0, 0, 0)", "rgb(255, 255, 255)"] == page.evaluate(INK_AND_PAPER)
            page.emulate_media(media="screen")


@pytest.mark.rest
def test_on_paper_no_page_hinders_anybody(browser: Browser, console: Console) -> None:
    with a_visitor(browser, console) as visitor:
        visitor.page.emulate_media(media="print")
        for name, (path, _, _) in PAGES.items():
            visitor.go(path)
            assert [] == visitor.barriers(), name


def test_another_towns_key_sees_nothing_of_this_one(browser: Browser, console: Console) -> None:
    with a_visitor(browser, console, key="test-key-of-another-city") as visitor:
        assert 404 == visitor.go(PAGES["grant"][0])
        assert 404 == visitor.go(PAGES["order"][0])
        assert 404 == visitor.go(PAGES["record"][0])
        assert 200 == visitor.go("/console/grants")
        assert "Aucune subvention." in visitor.page.locator("main").inner_text()
        visitor.go("/console/troubles/unreadable")
        assert "seul un accès à toutes les entités" in visitor.page.locator("main").inner_text()
