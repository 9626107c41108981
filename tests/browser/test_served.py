"""`ecluse serve --embedded`, as a small city runs it: publish an event, and the open page moves."""

import json
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.api.processes import embedded
from tests.browser.console import Console
from tests.browser.visitor import a_visitor
from tests.builders import a_report
from tests.read_model.filling import EXAMPLES

REPORT = a_report(
    convention="CONV-2023-LILLE-AVENIRS",
    year=2023,
    received_on="2024-06-14",
    _id="rapport-activite-2023",
    _time="2024-07-14T10:30:00+02:00",
)


@pytest.mark.timeout(240)
def test_the_year_served_from_one_process_moves_with_what_is_published(
    browser: Browser, tmp_path: Path
) -> None:
    year = EXAMPLES / "lille-avenirs-2023.jsonl"
    data, log = tmp_path / "data", tmp_path / "log"
    with embedded(data, "--load", year, log=log) as running:
        console = Console(running.address, "", [])
        with a_visitor(browser, console, "en", key=None) as visitor:
            page = visitor.page
            assert 200 == visitor.go("/console")
            first = page.locator(".verdict")
            expect(first).to_contain_text("All that was received is in the accounts.")
            # What the year owes by 30 June 2024 did not come: the internal event has said so.
            expect(first).to_contain_text("Latest event dated 1 July 2024 at 00:00:00.")
            assert "Open access on this machine" in page.locator("main").inner_text()
            assert "The count adds up." in page.locator("main").inner_text()
            page.evaluate("window.stillThere = true")
            event = json.dumps(REPORT).encode()
            kind = {"content-type": "application/cloudevents+json"}
            answer = httpx.post(f"{running.address}/events", content=event, headers=kind)
            assert 202 == answer.status_code, answer.text
            expect(first).to_contain_text("Latest event dated 14 July 2024 at 10:30:00.")
            assert page.evaluate("window.stillThere"), "the page was not loaded again"
            assert [] == visitor.messages
            assert [] == visitor.barriers()
            assert 200 == visitor.go("/console/lag")
            expect(page.locator("h1")).to_have_text("One process: nothing can queue.")
        assert 0 == running.stop()
