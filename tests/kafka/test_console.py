"""The console in Kafka mode: ledger, projector and API as processes, a real Chromium before them.

An event that is published through the broker moves the page that is open.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import Final

import httpx
import pytest
from playwright.sync_api import expect

from tests.api.processes import api
from tests.browser.visitor import a_browser, a_visitor
from tests.browser.world import World
from tests.builders import Json, a_convention, a_vote, an_acknowledgement, an_award, encoded
from tests.kafka.brokers import Broker
from tests.kafka.cluster import Cluster
from tests.kafka.projecting import Projector
from tests.kafka.workers import Worker

VOTED, SIGNED = "2023-06-01T12:00:00+02:00", "2023-06-02T09:30:15+02:00"
LINES: Final = {"content-type": "application/x-ndjson"}
SHOWN_MS: Final = 30_000
"""How long an event may take from being sent until it is on the page."""


def send(url: str, *events: Json) -> None:
    body = b"\n".join(map(encoded, events))
    answer = httpx.post(f"{url}/events", content=body, headers=LINES, timeout=30)
    assert 202 == answer.status_code, answer.text


@pytest.mark.timeout(180)
def test_an_open_page_moves_with_what_is_published(
    broker: Broker, prefix: str, postgresql_url: str, tmp_path: Path
) -> None:
    cluster = Cluster(broker.bootstrap, prefix, 2)
    cluster.create()
    env = {
        "ECLUSE_BOOTSTRAP_SERVERS": cluster.bootstrap,
        "ECLUSE_TOPIC_PREFIX": cluster.prefix,
        "ECLUSE_DATABASE_URL": postgresql_url,
        "ECLUSE_AUTH": "off",
    }
    with ExitStack() as stack:
        stack.enter_context(Worker(cluster, tmp_path))
        stack.enter_context(Projector(cluster.settings, postgresql_url, tmp_path))
        url = stack.enter_context(api(tmp_path / "api.log", **env)).address
        send(url, a_vote(_time=VOTED), an_award(_time=VOTED))
        # Behind all that asks the broker with a loop of its own: the browser keeps one running.
        browser = stack.enter_context(a_browser())
        visitor = stack.enter_context(a_visitor(browser, World(url, "", []), "en", key=None))
        page = visitor.page
        assert 200 == visitor.go("/console/today")
        heading, count = page.locator("h1"), page.locator(".adds")
        expect(heading).to_contain_text("up to date to 1 June 2023 at 12:00:00", timeout=SHOWN_MS)
        page.evaluate("window.stillThere = true")
        send(url, a_convention(_time=SIGNED), an_acknowledgement(_time=SIGNED))
        expect(heading).to_contain_text("up to date to 2 June 2023 at 09:30:15", timeout=SHOWN_MS)
        expect(page.locator("[data-live=waiting]")).to_contain_text("1 order")
        expect(count).to_have_text("The count adds up.")
        expect(page.locator(".sum .whole dd")).to_have_text("4")
        assert page.evaluate("window.stillThere"), "the page was not loaded again"
        assert [] == visitor.heard
