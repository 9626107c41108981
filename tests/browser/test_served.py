"""`ecluse serve --embedded`, as a small city runs it: publish an event, and the open page moves."""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Response, expect

from services.dev.local_broker import free_port
from tests.api.processes import embedded
from tests.api.test_loading import answer_at
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


def test_a_page_comes_compressed(browser: Browser, console: Console) -> None:
    with a_visitor(browser, console) as visitor:
        answers: dict[str, Response] = {}

        def note(answer: Response) -> None:
            answers[urlsplit(answer.url).path] = answer

        visitor.page.on("response", note)
        visitor.go("/console/grants")
        for path in ("/console/grants", "/console/static/console.css"):
            headers = answers[path].all_headers()
            assert "gzip" == headers["content-encoding"]
            assert "Accept-Encoding" in headers["vary"]
            assert int(headers["content-length"]) * 2 < len(answers[path].body())


@pytest.mark.timeout(240)
def test_a_page_that_comes_while_files_are_loaded_gives_way_to_the_accounts(
    browser: Browser, tmp_path: Path
) -> None:
    """The file is a pipe, of which the last line comes once the page has been shown."""
    late, port = tmp_path / "year.jsonl", free_port()
    os.mkfifo(late)
    *lines, last = (EXAMPLES / "lille-avenirs-2023.jsonl").read_bytes().splitlines(keepends=True)

    files, log = ("--load", late, "--port", port), tmp_path / "log"
    with ExitStack() as until_the_end, ThreadPoolExecutor() as beside:
        running = embedded(tmp_path / "data", *files, log=log)
        starting = beside.submit(until_the_end.enter_context, running)
        page = until_the_end.enter_context(browser.new_context(locale="fr-FR")).new_page()
        with late.open("wb", buffering=0) as pipe:
            pipe.write(b"".join(lines))
            assert 503 == answer_at(port).status_code
            answer = page.goto(f"http://127.0.0.1:{port}/console/today")
            assert answer is not None
            assert 503 == answer.status
            expect(page.locator("main")).to_contain_text("Écluse charge des événements (")
            pipe.write(last)
        # The page comes again by itself, as the answer asked.
        expect(page.locator("main")).to_contain_text("Tout ce qui a été reçu")
        assert 0 == starting.result().stop()
