"""What the list of grants, the page of one, and the search say of the same grant."""

from typing import Final

from playwright.sync_api import Browser, Page, expect

from tests.browser import scenario
from tests.browser.console import Console
from tests.browser.scenario import BUDGET
from tests.browser.test_live import THE_SAME_THEATRE
from tests.browser.visitor import a_visitor
from tests.builders import (
    NEXT_BUDGET,
    a_closing,
    a_line,
    a_payment,
    a_review,
    an_amendment,
    an_amount,
    an_instalment,
)

TO_REVIEW: Final = "1 à vérifier"
ANSWERED: Final = (
    a_payment(3_500_000, "CONV-2023-THEATRE/whole/2", _time="2023-07-21T09:00:00+02:00"),
    a_payment(450_000, "AVIRON-2023/whole", _time="2023-07-21T10:00:00+02:00"),
)
"""No order is open any more: the year may be closed."""


def grants_shown(page: Page) -> dict[str, list[str]]:
    """By the address of a grant, the state in the list, and its sums awarded and carried in."""
    found = {}
    for row in page.locator("[data-live=list] tbody tr").all():
        href = row.locator("th a").get_attribute("href")
        assert href is not None, "each grant has its page"
        sums = [row.locator(f"td[data-name='{name}']").inner_text() for name in COLUMNS]
        found[href] = [row.locator(".badge").first.inner_text(), *sums]
    return found


COLUMNS: Final = ("Attribué", "Reports reçus")


def euros(text: str) -> str:
    """An amount as it stands on a page in French."""
    return f"{text}\u00a0€".replace(" ", "\u202f")


def test_a_grant_is_in_one_state_on_its_page_in_the_list_and_in_the_search(
    browser: Browser, console: Console
) -> None:
    with a_visitor(browser, console) as visitor:
        page = visitor.page
        visitor.go("/console/grants")
        listed = {href: state for href, (state, *_) in grants_shown(page).items()}
        assert {"soldée", "attribuée"} <= {*listed.values()}
        visitor.go("/console/search?q=2023")
        group = page.locator("section", has=page.get_by_role("heading", name="Subventions"))
        found = {
            hit.locator("a").get_attribute("href"): hit.locator(".badge").inner_text()
            for hit in group.locator("li").all()
        }
        assert listed == found
        for href, state in listed.items():
            visitor.go(href)
            expect(page.locator("main header .badge").first).to_have_text(state)


def test_money_carried_over_is_no_second_award(browser: Browser, own_console: Console) -> None:
    with a_visitor(browser, own_console) as visitor:
        page, total = visitor.page, visitor.page.locator("tfoot td[data-name='Attribué']")
        visitor.go("/console/grants")
        awarded = total.inner_text()
        own_console.publish(*ANSWERED, a_closing(["CONV-2023-ORCHESTRE"]))
        visitor.go("/console/grants")
        shown = grants_shown(page)
        old, new = (f"/console/grants/{each}/ORCHESTRE-2023" for each in (BUDGET, NEXT_BUDGET))
        carried, nothing = euros("40 000,00"), euros("0,00")
        assert [euros("120 000,00"), ""] == shown[old][1:]
        assert [nothing, carried] == shown[new][1:]
        expect(total).to_have_text(awarded)
        expect(page.locator("tfoot td[data-name='Reports reçus']")).to_have_text(carried)
        visitor.go(f"/console/beneficiaries/{scenario.ORCHESTRA['siret']}")
        rows = page.locator("tbody tr", has=page.locator(f"a[href='{new}']"))
        sums = [rows.locator(f"td[data-name='{name}']").inner_text() for name in COLUMNS]
        assert [nothing, carried] == sums
        assert [] == visitor.barriers()


def test_a_settled_flag_leaves_the_grant_and_its_badge(
    browser: Browser, own_console: Console
) -> None:
    own_console.publish(THE_SAME_THEATRE)
    with a_visitor(browser, own_console) as visitor:
        page = visitor.page
        visitor.go("/console/grants?search=THEATRE-2023")
        expect(page.locator("tbody")).to_contain_text(TO_REVIEW)
        visitor.go(f"/console/grants/{BUDGET}/THEATRE-2023")
        expect(page.locator("main header")).to_contain_text(TO_REVIEW)
        record = page.locator("#flags + .notices a").get_attribute("href") or ""
        sequence = int(record.rpartition("/")[2])
        own_console.publish(THE_SAME_THEATRE, a_review(sequence, _time="2023-07-20T14:02:16+02:00"))
        expect(page.locator("main header")).not_to_contain_text(TO_REVIEW)
        expect(page.get_by_role("heading", name="À vérifier")).to_have_count(0)
        visitor.go("/console/grants?search=THEATRE-2023")
        expect(page.locator("tbody")).not_to_contain_text(TO_REVIEW)


def test_an_amendment_replaces_only_what_no_order_holds(
    browser: Browser, own_console: Console
) -> None:
    rest = an_amount(4_000_000, line=a_line("510", function="311"))
    own_console.publish(
        an_amendment(
            convention="CONV-2023-ORCHESTRE",
            signed_on="2023-07-20",
            instalments=[an_instalment(name="rest", trigger="notification", lines=[rest])],
            _time="2023-07-20T14:02:15+02:00",
        )
    )
    with a_visitor(browser, own_console) as visitor:
        page = visitor.page
        visitor.go(f"/console/grants/{BUDGET}/ORCHESTRE-2023")
        steps = page.locator("ol.timeline > li", has=page.locator("h4"))
        said = {
            each.locator("h4").inner_text().split()[0]: each.inner_text() for each in steps.all()
        }
        assert "par l'avenant 1" in said["rest"]
        assert "avenant 1" not in said["advance"], "its order stands"
