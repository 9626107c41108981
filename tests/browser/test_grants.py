"""What the list of grants, the page of one, and the search say of the same grant."""

from typing import Final

from playwright.sync_api import Browser, expect

from tests.browser.console import Console
from tests.browser.scenario import BUDGET
from tests.browser.test_live import THE_SAME_THEATRE
from tests.browser.visitor import a_visitor
from tests.builders import (
    a_line,
    a_review,
    an_amendment,
    an_amount,
    an_instalment,
)

TO_REVIEW: Final = "1 à vérifier"


def test_a_grant_is_in_one_state_on_its_page_in_the_list_and_in_the_search(
    browser: Browser, console: Console
) -> None:
    with a_visitor(browser, console) as visitor:
        page = visitor.page
        visitor.go("/console/grants")
        listed = {
            row.locator("th a").get_attribute("href"): row.locator(".badge").first.inner_text()
            for row in page.locator("[data-live=list] tbody tr").all()
        }
        assert {"soldée", "attribuée"} <= {*listed.values()}
        visitor.go("/console/search?q=2023")
        group = page.locator("section", has=page.get_by_role("heading", name="Subventions"))
        found = {
            hit.locator("a").get_attribute("href"): hit.locator(".badge").inner_text()
            for hit in group.locator("li").all()
        }
        assert listed == found
        for href, state in listed.items():
            visitor.go(str(href))
            expect(page.locator("main header .badge").first).to_have_text(state)


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
