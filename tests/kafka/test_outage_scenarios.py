"""Outage scenarios, one after the other: what page, command and metric show.

All is real: broker, ledger, projector, PostgreSQL, watch, API, a treasury, a Chromium before the
page, which stays open. With `ECLUSE_TEST_PICTURES=build/lag` the pictures go there.
"""

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import httpx
import pytest
from playwright.sync_api import expect
from prometheus_client.parser import text_string_to_metric_families

from services.projector.engine import SCHEMA
from tests.browser.console import Console
from tests.browser.lag_pictures import HEIGHT, WIDTH
from tests.browser.visitor import Visitor, a_browser, a_visitor
from tests.builders import Json, encoded
from tests.integration.command import real_ecluse
from tests.kafka.brokers import Broker
from tests.kafka.cluster import Cluster
from tests.kafka.commands import UNREACHABLE
from tests.kafka.outage_actors import Budget, Treasury, locked_table
from tests.kafka.processes import Watcher, Worker
from tests.kafka.stack import Stack
from tests.kafka.undisturbed_clock import undisturbed_s
from tests.read_model.databases import Server
from tests.waiting import WAIT_S, Found, eventually

PARTITIONS: Final = 2
SICK, SOUND = 0, 1
BAD: Final = "mandat-0044"
"""The event at which the ledger fails."""

SHOWN_S: Final = 15.0
"""Within which page, command and metric say what is wrong, by `undisturbed_s`."""

POLL_S: Final = 0.2
WAIT_MS: Final = WAIT_S * 1000
LINES: Final = {"content-type": "application/x-ndjson"}


class Outage(NamedTuple):
    """What is wrong, and what is to be said of it."""

    picture: str
    stage: str
    state: str
    rule: str
    headline: str


TREASURY_GONE: Final = Outage(
    "treasury-gone", "treasury", "STOPPED", "no_owner", "The treasury has stopped"
)
HELD: Final = Outage("held-partition", "ledger", "BROKEN", "held", "The ledger cannot go on")
POSTGRESQL_DOWN: Final = Outage(
    "postgresql-down", "projector", "STALLED", "stands_still", "The read model stands still"
)
BROKER_DOWN: Final = Outage(
    "broker-down", "ledger", "UNKNOWN", "cluster_silent", "The watch gets no answer of Kafka."
)
LEDGER_KILLED: Final = Outage("ledger-killed", "ledger", "STOPPED", "no_owner", "The ledger")
NOBODY_KNOWS: Final = "Nobody knows at this moment who is behind."


def in_another_thread(work: Callable[[], Found]) -> Found:
    """Do it in another thread: the browser's loop runs in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


@dataclass
class Watched:
    """All that runs, and what is asked of it."""

    cluster: Cluster
    postgresql: Server
    database: str
    ledger: Worker
    watch: Watcher
    treasury: Treasury
    url: str
    """Where the API answers."""
    visitor: Visitor
    sick: Budget
    sound: Budget
    pictures: Path

    def __post_init__(self) -> None:
        self.page = self.visitor.page

    def publish(self, *events: Json) -> None:
        """As a careful sender does."""
        in_another_thread(lambda: self.cluster.publish(events))

    def asked(self) -> tuple[int, Json]:
        """What `ecluse lag --json` says, and its exit code."""
        # Not in this process: the treasury's own client would log to what a command closes.
        result = real_ecluse("lag", "--json", "--url", self.watch.url)
        return result.code, json.loads(result.out) if result.out else {}

    def projector(self) -> Json:
        """The stage of the read model, as the command says it."""
        [stage] = [each for each in self.asked()[1]["stages"] if each["stage"] == "projector"]
        return dict(stage)

    def states(self) -> set[tuple[str, str]]:
        """The metric: the states in which a stage's partitions are, with the stage."""
        return {
            (labels["stage"], labels["state"])
            for labels, figure in self.samples("ecluse_consumer_state")
            if figure
        }

    def samples(self, name: str) -> list[tuple[dict[str, str], float]]:
        """A metric of the watch: labels and figures."""
        families = text_string_to_metric_families(self.watch.get("/metrics")[1])
        found = [each for family in families for each in family.samples]
        return [(each.labels, each.value) for each in found if each.name == name]

    def until(self, is_so: Callable[[], Found | None], why: str, limit_s: float = WAIT_S) -> Found:
        """The first that is found; else what the command said last."""
        return eventually(is_so, lambda: f"not {why}: {self.asked()}", limit_s, POLL_S)

    def is_well(self) -> None:
        """Wait until nothing is wrong: neither for the command nor on the page."""
        self.until(lambda: self.asked()[0] == 0, "well")
        expect(self.page.locator("h1")).to_contain_text("received", timeout=WAIT_MS)

    def tells(self, outage: Outage, since_s: float) -> Json:
        """Within 15 seconds command, metric and page show what is wrong; the stage, as shown."""
        stages: list[Json] = []

        def of_command() -> bool:
            code, board = self.asked()
            stages[:] = [each for each in board.get("stages", []) if each["stage"] == outage.stage]
            found = [(each["state"], each["rule"]) for each in stages]
            return (code, found) == (1, [(outage.state, outage.rule)])

        self.until(of_command, f"shown by the command: {outage}")
        self.until(
            lambda: (outage.stage, outage.state) in self.states(), f"shown by the metric: {outage}"
        )
        expect(self.page.locator("h1")).to_contain_text(outage.headline, timeout=WAIT_MS)
        shown_s = undisturbed_s() - since_s
        print(f"{outage.picture}: shown after {shown_s:.1f} s")
        assert shown_s < SHOWN_S
        return stages[0]

    def keep_picture(self, outage: Outage) -> None:
        """The whole page as it stands, with the partitions of the stage that it is about."""
        path = self.pictures / f"{outage.picture}.png"
        partitions = self.page.locator(f"[data-live=partitions-{outage.stage}] details")
        partitions.evaluate("(fold) => { fold.open = true; window.scrollTo(0, 0); }")
        self.page.screenshot(path=path, full_page=True)
        partitions.evaluate("(fold) => { fold.open = false; }")
        assert path.stat().st_size


@contextmanager
def watched(own: Stack, postgresql: Server, pictures: Path) -> Iterator[Watched]:
    """Two budgets, each on a partition of its own, are voted and decided on; somebody looks on."""
    url = postgresql.a_read_model()
    sick, sound = (Budget(number, PARTITIONS) for number in (SICK, SOUND))
    own.publish([sick.vote(), sound.vote(), *sick.grants(3), *sound.grants(2)])
    with ExitStack() as running:
        ledger = running.enter_context(own.ledger("ledger-1", fault=f"decide:{BAD}"))
        running.enter_context(own.projector(url, ECLUSE_INSTANCE="projector-1"))
        watch = running.enter_context(own.watch(ECLUSE_INSTANCE="watch-1"))
        treasury = running.enter_context(Treasury(own))
        env = {
            "ECLUSE_ACCESS_URL": f"sqlite+aiosqlite:///{own.folder / 'access.db'}",
            "ECLUSE_WATCH_URL": watch.url,
        }
        address = running.enter_context(own.api(url, **env)).address
        browser = running.enter_context(a_browser())
        visitor = running.enter_context(
            a_visitor(browser, Console(address, "", []), "en", key=None)
        )
        page = visitor.page
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        assert 200 == visitor.go("/console/lag")
        page.evaluate("window.stillThere = true")
        actors = (own, postgresql, url, ledger, watch, treasury, address, visitor, sick, sound)
        it = Watched(*actors, pictures)
        it.is_well()
        yield it
        assert [] == visitor.messages


@pytest.mark.timeout(600)
def test_each_outage_is_shown_by_page_command_and_metric(
    broker: Broker, stack: Stack, postgresql_server: Server
) -> None:
    pictures = Path(os.environ.get("ECLUSE_TEST_PICTURES", stack.folder / "pictures"))
    pictures.mkdir(parents=True, exist_ok=True)
    with watched(stack, postgresql_server, pictures) as it:
        for outage in (
            the_treasury_is_gone,
            a_partition_is_held,
            postgresql_is_down,
            lambda seen: the_broker_is_down(seen, broker),
            the_watch_is_frozen,
        ):
            began_s = time.monotonic()
            outage(it)
            it.is_well()
            print(f"{time.monotonic() - began_s:.1f} s in all")
        page = it.page
        assert page.evaluate("window.stillThere"), "the page was never loaded again"
        the_ledger_is_killed(it)


def the_treasury_is_gone(stack: Watched) -> None:
    stack.treasury.leaves()
    left_s = undisturbed_s()
    stack.publish(*stack.sick.grants(2), *stack.sound.grants(3))
    treasury = stack.tells(TREASURY_GONE, left_s)
    assert (0, True) == (treasury["members"], treasury["behind"] >= 5), treasury
    assert treasury["oldest_event_at"] is not None, "the watch read the orders that wait"
    stack.keep_picture(TREASURY_GONE)
    stack.treasury.comes()


def a_partition_is_held(stack: Watched) -> None:
    award, _ = stack.sick.grant()
    bad_s = undisturbed_s()
    stack.publish(award | {"id": BAD}, *stack.sick.grants(3), *stack.sound.grants(2))
    ledger = stack.tells(HELD, bad_s)
    [held] = [each for each in ledger["partitions"] if each["held"] is not None]
    assert (SICK, BAD) == (held["partition"], held["held"]["event_id"])
    assert ledger["oldest_event_at"] is not None
    others = {each["state"] for each in ledger["partitions"] if each["partition"] == SOUND}
    assert {"OK", "NO TRAFFIC"} >= others, "the other partition goes on"
    expect(stack.page.locator("[data-live=partitions-ledger]")).to_contain_text(BAD)
    stack.keep_picture(HELD)
    in_another_thread(
        lambda: stack.cluster.quarantine(SICK, held["held"]["offset"], by="Ada", why="it fails")
    )
    stack.publish(*stack.sick.grant())


def postgresql_is_down(stack: Watched) -> None:
    """The read model has records in hand that it cannot write: since when they wait is known."""
    with ExitStack() as until_it_crashes:
        lock = locked_table(stack.postgresql, stack.database, f"{SCHEMA}.journal")
        in_another_thread(lambda: until_it_crashes.enter_context(lock))
        stack.publish(*stack.sick.grants(2), *stack.sound.grants(2))
        stack.until(lambda: stack.projector()["oldest_event_at"], "in hand")
        stack.postgresql.crash()
    try:
        down_s = undisturbed_s()
        first = stack.tells(POSTGRESQL_DOWN, down_s)
        stack.publish(*stack.sick.grants(2), *stack.sound.grants(2))

        def more() -> Json | None:
            projector = stack.projector()
            return projector if projector["behind"] > first["behind"] else None

        projector = stack.until(more, "farther behind")
        assert first["oldest_event_at"] == projector["oldest_event_at"] is not None
        assert {"retrying"} == {each["doing"] for each in projector["partitions"]}
        stack.keep_picture(POSTGRESQL_DOWN)
    finally:
        in_another_thread(stack.postgresql.start_again)


def the_watch_is_frozen(stack: Watched) -> None:
    """Nobody answers the command nor Prometheus, and the page says that what it shows is old."""
    with stack.watch.frozen():
        frozen_s = undisturbed_s()
        headline = stack.page.locator("h1")
        expect(headline).to_contain_text(NOBODY_KNOWS, timeout=WAIT_MS)
        assert UNREACHABLE == stack.asked()[0]
        assert undisturbed_s() - frozen_s < SHOWN_S
        assert 0 == stack.watch.get("/metrics", timeout_s=5)[0]


def the_ledger_is_killed(stack: Watched) -> None:
    """The page of today counts what was sent, and does not say that all is well."""
    page, url = stack.page, stack.url
    whole, in_flight = page.locator(".sum .whole dd"), page.locator(".sum dd").last
    before = httpx.get(f"{url}/status", timeout=WAIT_S).json()["received"]
    stack.ledger.kill()
    killed_s = undisturbed_s()
    body = b"\n".join(map(encoded, stack.sound.grant()))
    answer = httpx.post(f"{url}/events", content=body, headers=LINES, timeout=WAIT_S)
    assert 202 == answer.status_code, answer.text
    stack.tells(LEDGER_KILLED, killed_s)
    assert 200 == stack.visitor.go("/console/today")
    expect(page.locator(".verdict")).to_have_class(re.compile("bad"), timeout=WAIT_MS)
    expect(page.locator("h1")).to_contain_text("The ledger")
    expect(in_flight).to_have_text("2", timeout=WAIT_MS)
    expect(whole).to_have_text(str(before + 2))
    status = httpx.get(f"{url}/status", timeout=WAIT_S).json()
    assert ("stage", "ledger", 2) == tuple(
        status[name] for name in ("verdict", "stage", "in_flight")
    )
    stack.ledger.start_again()
    stack.is_well()
    expect(whole).to_have_text(str(before + 2), timeout=WAIT_MS)


def the_broker_is_down(stack: Watched, broker: Broker) -> None:
    broker.kill()
    try:
        ledger = stack.tells(BROKER_DOWN, undisturbed_s())

        def of_now() -> Json | None:
            board = stack.asked()[1]
            return board if (board["orders"], board["outcomes"]) == (None, None) else None

        board = stack.until(of_now, "without figures of the journal: a round later")
        assert {"UNKNOWN"} == {each["state"] for each in board["stages"]}
        figures = ("members", "behind", "oldest_event_at", "drain_s")
        for stage in board["stages"]:
            assert [None] * 4 == [stage[name] for name in figures], "unknown, and never 0"
        assert [] == stack.samples("kafka_consumergroup_lag"), "no sample says 0"
        shown = stack.page.locator("[data-live=stages] tbody .figure")
        expect(shown).to_have_text(["—unknown"] * shown.count(), timeout=WAIT_MS)
        assert ledger["latest_event_at"] is not None, "the last that was known"
        stack.keep_picture(BROKER_DOWN)
    finally:
        broker.restart()
