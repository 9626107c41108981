"""Needs action, as somebody works it off: corrected, withdrawn or reviewed, until it is empty."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.api.processes import embedded
from tests.browser.console import Console
from tests.browser.visitor import Visitor, a_visitor
from tests.builders import (
    BUDGET,
    NEXT_BUDGET,
    Json,
    a_beneficiary,
    a_closing,
    a_convention,
    a_deadline,
    a_report,
    a_vote,
    an_award,
    an_instalment,
    encoded,
)
from tests.waiting import eventually

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
    def shown() -> bool:
        visitor.go(f"/console/troubles/{listing}")
        return text in visitor.page.locator("main").inner_text()

    eventually(shown, f"{listing} is not empty")  # Without script nothing moves by itself.


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


NOW = datetime.now(UTC).isoformat()  # noqa: TID251 # a person has a clock
"""An older event would wait no longer: its deadline has passed."""

WAITING: list[Json | bytes] = [
    *EVENTS[:3],
    a_report(convention="O", _id="mistyped", _time=NOW),
    a_report(convention="O", year=2021, _id="too much", _time=NOW),
]


@pytest.mark.timeout(120)
def test_what_waits_in_vain_is_corrected_or_withdrawn(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"".join(encoded(each) + b"\n" for each in WAITING))
    with embedded(tmp_path / "data", "--load", file, log=tmp_path / "log") as running:
        console = Console(running.address, "", [])
        with a_visitor(browser, console, "en", key=None) as visitor:
            page = visitor.page
            visitor.go("/console/troubles/parked")
            expect(page.locator(".cases > li")).to_have_count(2)
            case = page.locator(".cases > li").filter(has_text="mistyped")
            assert "correct the event or withdraw it" in case.inner_text()
            case.get_by_role("link", name="Correct and send again").click()
            assert [] == visitor.barriers()
            page.get_by_label("Convention", exact=True).fill("C")
            page.get_by_role("button", name="Check").click()
            expect(page.locator("main")).to_contain_text("The ledger would accept it.")
            expect(page.locator("main")).to_contain_text("is withdrawn first")
            page.get_by_role("button", name="Send").click()
            expect(page.locator("h1")).to_have_text("Accepted")
            visitor.go("/console/troubles/parked")
            expect(page.locator(".cases > li")).to_have_count(1)
            page.get_by_role("link", name="Withdraw too much").click()
            assert [] == visitor.barriers()
            page.get_by_label("Reason").fill("Saisi deux fois")
            page.get_by_role("button", name="Check").click()
            expect(page.locator("main")).to_contain_text("The ledger would accept it.")
            page.get_by_role("button", name="Send").click()
            expect(page.locator("h1")).to_have_text("Accepted")
            is_empty(visitor, "parked", "Nothing waits.")
            is_empty(visitor, "refused", "No refused event is left to deal with.")
            page.get_by_role("link", name="Settled (2)").click()
            assert 2 == page.locator(".cases").inner_text().count("Withdrawn by: Record")
            assert [] == visitor.barriers()


OWED = [
    {"kind": "financial_report", "year": 2023, "due_on": "2024-06-30"},
    {"kind": "evaluation", "year": 2023, "due_on": "2024-12-31"},
]
UNPAID = [an_instalment(100, trigger="notification")]
CLOSED: list[Json] = [
    a_vote(),
    an_award(100),
    a_convention(obligations=OWED, instalments=UNPAID),
    an_award(100, grant="G2", _id="second"),
    a_convention(grant="G2", convention="C2", obligations=OWED, instalments=UNPAID),
    a_closing(["C2"], _time="2024-01-31T12:00:00+01:00"),
    a_deadline(convention="C2", kind="report_due", due_on="2023-07-14"),  # refused
]
LATE = "/console/troubles/flagged?reason=report_late"


@pytest.mark.timeout(120)
def test_late_reports_of_every_year_are_listed_and_received_where_they_belong(
    browser: Browser, tmp_path: Path
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"".join(encoded(each) + b"\n" for each in CLOSED))
    with embedded(tmp_path / "data", "--load", file, log=tmp_path / "log") as running:
        console = Console(running.address, "", [])
        with a_visitor(browser, console, "en", key=None) as visitor:
            page = visitor.page
            visitor.go(LATE)
            expect(page.locator(".cases > li")).to_have_count(4)  # The watch says so at once.
            visitor.go("/console/today")
            to_do = page.locator("section", has=page.locator("#todo")).inner_text()
            assert ["Points", "to", "review", "4"] == to_do.split()[-4:]
            names = " ".join(page.locator("#budgets ~ .sheet h3").all_inner_texts())
            years = dict.fromkeys(re.findall(r"\b20\d\d\b", names))
            assert ["2024", "2023"] == list(years), "this year first"
            visitor.go("/console/troubles/refused")
            assert "No refused event is left to deal with." in page.locator("main").inner_text()
            visitor.go(f"/console/grants/{BUDGET}/G2")
            page.get_by_role("link", name="Convention C2 goes on in budget").click()
            assert f"/console/grants/{NEXT_BUDGET}/G2" in page.url
            visitor.go(f"/console/grants/{BUDGET}/G")
            page.get_by_role("link", name="financial report 2023").click()
            page.get_by_role("button", name="Check").click()
            page.get_by_role("button", name="Send").click()
            expect(page.locator("main")).to_contain_text("Accepted")
            visitor.go(LATE)
            expect(page.locator(".cases > li")).to_have_count(3)
            assert [] == visitor.messages
        assert 0 == running.stop()
