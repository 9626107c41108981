"""The console in Kafka mode: ledger, projector and API as processes, a real Chromium before them.

An event that is published through the broker moves the page that is open; a ledger that has died
turns it red.
"""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, NamedTuple

import httpx
import pytest
from playwright.sync_api import Locator, expect

from tests.api.processes import api
from tests.browser.console import Console
from tests.browser.visitor import Visitor, a_browser, a_visitor
from tests.builders import Json, a_convention, a_vote, an_acknowledgement, an_award, encoded
from tests.kafka.brokers import Broker
from tests.kafka.cluster import Cluster
from tests.kafka.projecting import Projector
from tests.kafka.watcher import Watcher
from tests.kafka.workers import Worker

VOTED, SIGNED = "2023-06-01T12:00:00+02:00", "2023-06-02T09:30:15+02:00"
LINES: Final = {"content-type": "application/x-ndjson"}
SHOWN_MS: Final = 30_000
"""How long an event may take from being sent until it is on the page."""


def send(url: str, *events: Json) -> None:
    body = b"\n".join(map(encoded, events))
    answer = httpx.post(f"{url}/events", content=body, headers=LINES, timeout=30)
    assert 202 == answer.status_code, answer.text


NOTHING_LOST: Final = "Everything that the ledger has decided is in the accounts."


class Services(NamedTuple):
    """All that decides and shows, as processes, and a page that is open before them."""

    url: str
    ledger: Worker
    visitor: Visitor

    @property
    def first(self) -> Locator:
        """What the page says first."""
        return self.visitor.page.locator(".verdict")


@contextmanager
def the_services(
    cluster: Cluster, database: str, folder: Path, *, watched: bool
) -> Iterator[Services]:
    """Ledger, projector, API and, if it is `watched`, a watch that the API asks."""
    cluster.create()
    env = {
        "ECLUSE_BOOTSTRAP_SERVERS": cluster.bootstrap,
        "ECLUSE_TOPIC_PREFIX": cluster.prefix,
        "ECLUSE_DATABASE_URL": database,
        "ECLUSE_AUTH": "off",
    }
    with ExitStack() as stack:
        ledger = stack.enter_context(Worker(cluster, folder))
        stack.enter_context(Projector(cluster.settings, database, folder))
        if watched:
            # No treasury is missed here; and no internal event adds to what the test sends.
            watch = Watcher(
                cluster.bootstrap,
                cluster.prefix,
                folder,
                ECLUSE_WATCH_TREASURY_GROUP="",
                ECLUSE_WATCH_DEADLINE_EVENTS="false",
            )
            stack.enter_context(watch)
            env["ECLUSE_WATCH_URL"] = f"http://127.0.0.1:{watch.port}"
        url = stack.enter_context(api(folder / "api.log", **env)).address
        send(url, a_vote(_time=VOTED), an_award(_time=VOTED))
        # Behind all that asks the broker with a loop of its own: the browser keeps one running.
        browser = stack.enter_context(a_browser())
        visitor = stack.enter_context(a_visitor(browser, Console(url, "", []), "en", key=None))
        assert 200 == visitor.go("/console/today")
        yield Services(url, ledger, visitor)
        assert [] == visitor.messages


@pytest.mark.timeout(240)
def test_no_page_says_that_all_is_well_while_the_ledger_is_dead(
    broker: Broker, prefix: str, postgresql_url: str, tmp_path: Path
) -> None:
    cluster = Cluster(broker.bootstrap, prefix, 2)
    with the_services(cluster, postgresql_url, tmp_path, watched=True) as services:
        page = services.visitor.page
        well, whole = "All that was received is in the accounts.", page.locator(".sum .whole dd")
        expect(page.locator("h1")).to_have_text(well, timeout=SHOWN_MS)
        expect(whole).to_have_text("2", timeout=SHOWN_MS)
        services.ledger.kill()
        send(services.url, a_convention(_time=SIGNED), an_acknowledgement(_time=SIGNED))
        # Stopped once its session has ended, or stalled before that: never well.
        expect(services.first).to_have_class(re.compile("bad"), timeout=SHOWN_MS)
        expect(page.locator("h1")).to_contain_text("The ledger")
        expect(page.locator(".sum dd").last).to_have_text("2", timeout=SHOWN_MS)
        expect(whole).to_have_text("4")
        status = httpx.get(f"{services.url}/status", timeout=30).json()
        assert ("stage", "ledger", 4, 2) == tuple(
            status[name] for name in ("verdict", "stage", "received", "in_flight")
        )
        assert 200 == services.visitor.go("/console/lag")
        expect(page.locator("h1")).to_contain_text("The ledger")
        assert 200 == services.visitor.go("/console/today")
        with Worker(cluster, tmp_path, "b"):
            expect(page.locator("h1")).to_have_text(well, timeout=SHOWN_MS)
            expect(whole).to_have_text("4", timeout=SHOWN_MS)
