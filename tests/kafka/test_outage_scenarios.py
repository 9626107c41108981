"""Outage scenarios, one after the other: what page, command and metric show.

All is real: broker, ledger, projector, PostgreSQL, watch, API, a treasury, a Chromium before the
page, which stays open. With `ECLUSE_TEST_PICTURES=docs/evidence/lag` the pictures go there.
"""

import json
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

import pytest
from playwright.sync_api import Page, expect
from prometheus_client.parser import text_string_to_metric_families

from tests.api.processes import api
from tests.browser.console import Console
from tests.browser.lag_pictures import HEIGHT, WIDTH
from tests.browser.visitor import a_browser, a_visitor
from tests.integration.command import ecluse
from tests.kafka.brokers import Broker
from tests.kafka.cluster import Cluster, a_cluster
from tests.kafka.outage_actors import Budget, Treasury
from tests.kafka.projecting import Projector
from tests.kafka.watcher import Watcher
from tests.kafka.workers import Worker
from tests.read_model.databases import Server

Json = dict[str, Any]
Found = TypeVar("Found")

PARTITIONS: Final = 2
SICK, SOUND = 0, 1
BAD: Final = "mandat-0044"
"""The event at which the ledger fails."""

SHOWN_S: Final = 15.0
"""Within which the page, the command and the metric say what is wrong."""

MENDED_S: Final = 60.0
"""Within which all is well again once it is mended: consumers whose session has ended join anew."""

POLL_S: Final = 0.2


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


def in_another_thread(work: Callable[[], Found]) -> Found:
    """Do it in another thread: the browser's loop runs in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


@dataclass
class Stack:
    """All that runs, and what is asked of it."""

    cluster: Cluster
    postgresql: Server
    watch: Watcher
    treasury: Treasury
    page: Page
    sick: Budget
    sound: Budget
    pictures: Path

    def publish(self, *events: Json) -> None:
        """As a careful sender does."""
        in_another_thread(lambda: self.cluster.publish(events))

    def asked(self) -> tuple[int, Json]:
        """What `ecluse lag --json` says, and its exit code."""
        url = f"http://127.0.0.1:{self.watch.port}"
        text = in_another_thread(lambda: ecluse("lag", "--json", "--url", url))
        # It runs in this process, where the treasury's own client may say something at any time.
        answers = [line for line in text.out.splitlines() if line.startswith(b"{")]
        return text.code, json.loads(answers[-1]) if answers else {}

    def states(self) -> set[tuple[str, str]]:
        """The metric: the states in which a stage's partitions are, with the stage."""
        return {
            (labels["stage"], labels["state"])
            for labels, figure in self.samples("ecluse_consumer_state")
            if figure
        }

    def samples(self, name: str) -> list[tuple[Json, float]]:
        """A metric of the watch: labels and figures."""
        families = text_string_to_metric_families(self.watch.get("/metrics")[1])
        found = [each for family in families for each in family.samples]
        return [(each.labels, each.value) for each in found if each.name == name]

    def until(self, is_so: Callable[[], Found | None], why: str, limit_s: float) -> Found:
        """The first that is found; else what the command said last."""
        until_s = time.monotonic() + limit_s
        while True:
            found = is_so()
            if found:
                return found
            assert time.monotonic() < until_s, f"not {why}: {self.asked()}"
            time.sleep(POLL_S)

    def is_well(self) -> None:
        """Wait until nothing is wrong: neither for the command nor on the page."""
        self.until(lambda: self.asked()[0] == 0, "well", MENDED_S)
        expect(self.page.locator("h1")).to_contain_text("received", timeout=SHOWN_S * 1000)

    def tells(self, outage: Outage, since_s: float) -> Json:
        """Within 15 seconds command, metric and page show what is wrong; the stage, as shown."""
        stages: list[Json] = []

        def of_command() -> bool:
            code, board = self.asked()
            stages[:] = [each for each in board.get("stages", []) if each["stage"] == outage.stage]
            found = [(each["state"], each["rule"]) for each in stages]
            return (code, found) == (1, [(outage.state, outage.rule)])

        def left_s() -> float:
            return since_s + SHOWN_S - time.monotonic()

        self.until(of_command, f"shown by the command: {outage}", left_s())
        self.until(
            lambda: (outage.stage, outage.state) in self.states(),
            f"shown by the metric: {outage}",
            left_s(),
        )
        headline = self.page.locator("h1")
        expect(headline).to_contain_text(outage.headline, timeout=max(1.0, left_s() * 1000))
        print(f"{outage.picture}: shown after {time.monotonic() - since_s:.1f} s")
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
def a_stack(
    broker: Broker, prefix: str, postgresql: Server, folder: Path, pictures: Path
) -> Iterator[Stack]:
    """Two budgets, each on a partition of its own, are voted and decided on; somebody looks on."""
    cluster = a_cluster(broker, prefix, PARTITIONS)
    url = postgresql.a_read_model()
    sick, sound = (Budget(number, PARTITIONS) for number in (SICK, SOUND))
    cluster.publish([sick.vote(), sound.vote(), *sick.grants(3), *sound.grants(2)])
    with ExitStack() as stack:
        stack.enter_context(Worker(cluster, folder, "ledger-1", fault=f"decide:{BAD}"))
        stack.enter_context(Projector(cluster.settings, url, folder, ECLUSE_INSTANCE="projector-1"))
        watch = stack.enter_context(
            Watcher(broker.bootstrap, prefix, folder, ECLUSE_INSTANCE="watch-1")
        )
        treasury = stack.enter_context(Treasury(cluster))
        env = {
            "ECLUSE_BOOTSTRAP_SERVERS": cluster.bootstrap,
            "ECLUSE_TOPIC_PREFIX": cluster.prefix,
            "ECLUSE_DATABASE_URL": url,
            "ECLUSE_ACCESS_URL": f"sqlite+aiosqlite:///{folder / 'access.db'}",
            "ECLUSE_WATCH_URL": f"http://127.0.0.1:{watch.port}",
            "ECLUSE_AUTH": "off",
        }
        address = stack.enter_context(api(folder / "api.log", **env)).address
        browser = stack.enter_context(a_browser())
        visitor = stack.enter_context(a_visitor(browser, Console(address, "", []), "en", key=None))
        page = visitor.page
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        assert 200 == visitor.go("/console/lag")
        page.evaluate("window.stillThere = true")
        stack_under_test = Stack(cluster, postgresql, watch, treasury, page, sick, sound, pictures)
        stack_under_test.is_well()
        yield stack_under_test
        assert page.evaluate("window.stillThere"), "the page was never loaded again"
        assert [] == visitor.messages


@pytest.mark.timeout(300)
def test_each_outage_is_shown_by_page_command_and_metric(
    broker: Broker, prefix: str, postgresql_server: Server, tmp_path: Path
) -> None:
    pictures = Path(os.environ.get("ECLUSE_TEST_PICTURES", tmp_path / "pictures"))
    pictures.mkdir(parents=True, exist_ok=True)
    with a_stack(broker, prefix, postgresql_server, tmp_path, pictures) as stack_under_test:
        for outage in (
            the_treasury_is_gone,
            a_partition_is_held,
            postgresql_is_down,
            lambda it: the_broker_is_down(it, broker),
        ):
            began_s = time.monotonic()
            outage(stack_under_test)
            stack_under_test.is_well()
            print(f"{time.monotonic() - began_s:.1f} s in all")


def the_treasury_is_gone(stack_under_test: Stack) -> None:
    stack_under_test.treasury.leaves()
    left_s = time.monotonic()
    stack_under_test.publish(*stack_under_test.sick.grants(2), *stack_under_test.sound.grants(3))
    treasury = stack_under_test.tells(TREASURY_GONE, left_s)
    assert (0, True) == (treasury["members"], treasury["behind"] >= 5), treasury
    assert treasury["oldest_event_at"] is not None, "the watch read the orders that wait"
    stack_under_test.keep_picture(TREASURY_GONE)
    stack_under_test.treasury.comes()


def a_partition_is_held(stack_under_test: Stack) -> None:
    award, _ = stack_under_test.sick.grant()
    bad_s = time.monotonic()
    stack_under_test.publish(
        award | {"id": BAD}, *stack_under_test.sick.grants(3), *stack_under_test.sound.grants(2)
    )
    ledger = stack_under_test.tells(HELD, bad_s)
    [held] = [each for each in ledger["partitions"] if each["held"] is not None]
    assert (SICK, BAD) == (held["partition"], held["held"]["event_id"])
    assert ledger["oldest_event_at"] is not None
    others = {each["state"] for each in ledger["partitions"] if each["partition"] == SOUND}
    assert {"OK", "NO TRAFFIC"} >= others, "the other partition goes on"
    expect(stack_under_test.page.locator("[data-live=partitions-ledger]")).to_contain_text(BAD)
    stack_under_test.keep_picture(HELD)
    in_another_thread(
        lambda: stack_under_test.cluster.quarantine(
            SICK, held["held"]["offset"], by="Ada", why="it fails"
        )
    )
    stack_under_test.publish(*stack_under_test.sick.grant())


def postgresql_is_down(stack_under_test: Stack) -> None:
    stack_under_test.postgresql.crash()
    try:
        down_s = time.monotonic()
        stack_under_test.publish(
            *stack_under_test.sick.grants(2), *stack_under_test.sound.grants(2)
        )
        first = stack_under_test.tells(POSTGRESQL_DOWN, down_s)
        stack_under_test.publish(
            *stack_under_test.sick.grants(2), *stack_under_test.sound.grants(2)
        )

        def more() -> Json | None:
            [projector] = [
                each
                for each in stack_under_test.asked()[1]["stages"]
                if each["stage"] == "projector"
            ]
            is_known = projector["oldest_event_at"] is not None
            return projector if is_known and projector["behind"] > first["behind"] else None

        projector = stack_under_test.until(more, "farther behind", SHOWN_S)
        # Unknown, where it was asked before the projector had reported.
        assert first["oldest_event_at"] in {None, projector["oldest_event_at"]}
        assert {"retrying"} == {each["doing"] for each in projector["partitions"]}
        stack_under_test.keep_picture(POSTGRESQL_DOWN)
    finally:
        in_another_thread(stack_under_test.postgresql.start_again)


def the_broker_is_down(stack_under_test: Stack, broker: Broker) -> None:
    broker.kill()
    try:
        ledger = stack_under_test.tells(BROKER_DOWN, time.monotonic())

        def of_now() -> Json | None:
            board = stack_under_test.asked()[1]
            return board if (board["orders"], board["outcomes"]) == (None, None) else None

        board = stack_under_test.until(
            of_now, "without figures of the journal: a round later", SHOWN_S
        )
        assert {"UNKNOWN"} == {each["state"] for each in board["stages"]}
        figures = ("members", "behind", "oldest_event_at", "drain_s")
        for stage in board["stages"]:
            assert [None] * 4 == [stage[name] for name in figures], "unknown, and never 0"
        assert [] == stack_under_test.samples("kafka_consumergroup_lag"), "no sample says 0"
        shown = stack_under_test.page.locator(
            "[data-live=stages] tbody .figure"
        ).all_text_contents()
        assert {"—unknown"} == set(shown), "nor does the page say 0"
        assert ledger["latest_event_at"] is not None, "the last that was known"
        stack_under_test.keep_picture(BROKER_DOWN)
    finally:
        broker.restart()
