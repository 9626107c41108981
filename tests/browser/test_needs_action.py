"""Needs action, as somebody works it off: corrected, marked as reviewed, and then it is empty."""

import json
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.processes import embedded
from tests.browser.console import Console
from tests.browser.visitor import Visitor, a_visitor
from tests.builders import BUDGET, Json, a_beneficiary, a_convention, a_vote, an_award, encoded

EVENTS: list[Json | bytes] = [
    a_vote(100_000),
    an_award(100_000),
    # Flagged; without an account no order is issued, which would be overdue by now.
    a_convention(beneficiary=a_beneficiary(name="Avenirs de Lille"), bank_account=...),
    an_award(5_000, grant="H"),  # refused: no credit
    b"{",
]
CREDIT = a_vote(5_000, stage="supplementary", _id="budget supplémentaire")
AGAIN = an_award(5_000, grant="H", _id="again")


def publish(address: str, *events: Json) -> None:
    for event in events:
        kind = {"content-type": "application/cloudevents+json"}
        answer = httpx.post(f"{address}/events", content=json.dumps(event).encode(), headers=kind)
        assert 202 == answer.status_code, answer.text


def mark_as_reviewed(page: Page, comment: str) -> None:
    page.get_by_text("Mark as reviewed").first.click()
    page.get_by_label("Comment, if you wish").fill(comment)
    page.get_by_role("button", name="Mark as reviewed").click()


def is_empty(visitor: Visitor, listing: str, text: str) -> None:
    page = visitor.page
    for _ in range(50):  # Without script nothing moves by itself.
        visitor.go(f"/console/troubles/{listing}")
        if text in page.locator("main").inner_text():
            return
        page.wait_for_timeout(100)
    pytest.fail(f"{listing} is not empty")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_the_lists_shrink_to_nothing(browser: Browser, tmp_path: Path, script: bool) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"".join(encoded(each) + b"\n" for each in EVENTS))
    with embedded(tmp_path / "data", "--load", file, log=tmp_path / "log") as running:
        console = Console(running.address, "", [])
        with a_visitor(browser, console, "en", key=None, script=script) as visitor:
            page = visitor.page
            assert 200 == visitor.go("/console/troubles/refused")
            expect(page.locator(".cases > li")).to_have_count(1)
            publish(running.address, CREDIT, AGAIN)
            is_empty(visitor, "refused", "No refused event is left to deal with.")
            page.get_by_role("link", name="Settled (1)").click()
            page.get_by_role("link", name="Record 6", exact=True).click()
            assert "again" in page.locator("main").inner_text()
            for listing, text in (
                ("unreadable", "No dead letter is left to deal with."),
                ("flagged", "Nothing is left to review."),
            ):
                visitor.go(f"/console/troubles/{listing}")
                mark_as_reviewed(page, "Vu avec le service")
                assert f"/console/troubles/{listing}?pending=" in page.url
                is_empty(visitor, listing, text)
                page.get_by_role("link", name="Settled (1)").click()
                shown = page.locator(".cases").inner_text()
                assert "Reviewed by Open access (demonstration)" in shown
                assert "Vu avec le service" in shown
                assert not script or [] == visitor.barriers()
            visitor.go(f"/console/grants/{BUDGET}/G")
            assert "to review" not in page.locator("main").inner_text().lower()
            visitor.go("/console/today")
            assert "Nothing needs action." in page.locator("main").inner_text()
            assert [] == visitor.messages
        assert 0 == running.stop()
