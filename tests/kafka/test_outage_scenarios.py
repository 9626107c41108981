"""The nights that an operator fears, one after the other: what page, command and metric say.

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
from tests.browser.lag_pictures import HEIGHT, WIDTH
from tests.browser.visitor import a_browser, a_visitor
from tests.browser.world import World
from tests.integration.command import ecluse
from tests.kafka.brokers import Broker
from tests.kafka.cluster import Cluster, a_cluster
from tests.kafka.nights import Budget, Treasury
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

TOLD_S: Final = 15.0
"""Within which the page, the command and the metric say what is wrong."""

MENDED_S: Final = 60.0
"""Within which all is well again once it is mended: consumers whose session has ended join anew."""

LOOK_S: Final = 0.2


class Night(NamedTuple):
    """What is wrong, and what is to be said of it."""

    picture: str
    stage: str
    state: str
    rule: str
    headline: str


TREASURY_GONE: Final = Night(
    "treasury-gone", "treasury", "STOPPED", "no_owner", "The treasury has stopped"
)
HELD: Final = Night("held-partition", "ledger", "BROKEN", "held", "The ledger cannot go on")
POSTGRESQL_DOWN: Final = Night(
    "postgresql-down", "projector", "STALLED", "stands_still", "The read model stands still"
)
BROKER_DOWN: Final = Night(
    "broker-down", "ledger", "UNKNOWN", "cluster_silent", "The watch gets no answer of Kafka."
)


def aside(work: Callable[[], Found]) -> Found:
    """Do it in another thread: the browser's loop runs in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


@dataclass
class House:
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
        aside(lambda: self.cluster.publish(events))

    def asked(self) -> tuple[int, Json]:
        """What `ecluse lag --json` says, and its exit code."""
        said = ecluse("lag", "--json", "--url", f"http://127.0.0.1:{self.watch.port}")
        # It runs in this process, where the treasury's own client may say something at any time.
        answers = [line for line in said.out.splitlines() if line.startswith(b"{")]
        return said.code, json.loads(answers[-1]) if answers else {}

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
            time.sleep(LOOK_S)

    def is_well(self) -> None:
        """Wait until nothing is wrong: neither for the command nor on the page."""
        self.until(lambda: self.asked()[0] == 0, "well", MENDED_S)
        expect(self.page.locator("h1")).to_contain_text("received", timeout=TOLD_S * 1000)

    def tells(self, night: Night, since_s: float) -> Json:
        """Within 15 seconds command, metric and page say what is wrong; the stage, as told."""
        told: list[Json] = []

        def of_command() -> bool:
            code, board = self.asked()
            told[:] = [each for each in board.get("stages", []) if each["stage"] == night.stage]
            found = [(each["state"], each["rule"]) for each in told]
            return (code, found) == (1, [(night.state, night.rule)])

        def left_s() -> float:
            return since_s + TOLD_S - time.monotonic()

        self.until(of_command, f"told by the command: {night}", left_s())
        self.until(
            lambda: (night.stage, night.state) in self.states(),
            f"told by the metric: {night}",
            left_s(),
        )
        headline = self.page.locator("h1")
        expect(headline).to_contain_text(night.headline, timeout=max(1.0, left_s() * 1000))
        print(f"{night.picture}: told after {time.monotonic() - since_s:.1f} s")
        return told[0]

    def keep_picture(self, night: Night) -> None:
        """The whole page as it stands, with the partitions of the stage that it is about."""
        path = self.pictures / f"{night.picture}.png"
        partitions = self.page.locator(f"[data-live=partitions-{night.stage}] details")
        partitions.evaluate("(fold) => { fold.open = true; window.scrollTo(0, 0); }")
        self.page.screenshot(path=path, full_page=True)
        partitions.evaluate("(fold) => { fold.open = false; }")
        assert path.stat().st_size


@contextmanager
def a_house(
    broker: Broker, prefix: str, postgresql: Server, folder: Path, pictures: Path
) -> Iterator[House]:
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
        visitor = stack.enter_context(a_visitor(browser, World(address, "", []), "en", key=None))
        page = visitor.page
        page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
        assert 200 == visitor.go("/console/lag")
        page.evaluate("window.stillThere = true")
        house = House(cluster, postgresql, watch, treasury, page, sick, sound, pictures)
        house.is_well()
        yield house
        assert page.evaluate("window.stillThere"), "the page was never loaded again"
        assert [] == visitor.heard


@pytest.mark.timeout(300)
def test_each_night_is_told_by_page_command_and_metric(
    broker: Broker, prefix: str, postgresql_server: Server, tmp_path: Path
) -> None:
    pictures = Path(os.environ.get("ECLUSE_TEST_PICTURES", tmp_path / "pictures"))
    pictures.mkdir(parents=True, exist_ok=True)
    with a_house(broker, prefix, postgresql_server, tmp_path, pictures) as house:
        for night in (
            the_treasury_is_gone,
            a_partition_is_held,
            postgresql_is_down,
            lambda it: the_broker_is_down(it, broker),
        ):
            began_s = time.monotonic()
            night(house)
            house.is_well()
            print(f"{time.monotonic() - began_s:.1f} s in all")


def the_treasury_is_gone(house: House) -> None:
    house.treasury.leaves()
    left_s = time.monotonic()
    house.publish(*house.sick.grants(2), *house.sound.grants(3))
    treasury = house.tells(TREASURY_GONE, left_s)
    assert (0, True) == (treasury["members"], treasury["behind"] >= 5), treasury
    assert treasury["oldest_event_at"] is not None, "the watch read the orders that wait"
    house.keep_picture(TREASURY_GONE)
    house.treasury.comes()


def a_partition_is_held(house: House) -> None:
    award, _ = house.sick.grant()
    bad_s = time.monotonic()
    house.publish(award | {"id": BAD}, *house.sick.grants(3), *house.sound.grants(2))
    ledger = house.tells(HELD, bad_s)
    [held] = [each for each in ledger["partitions"] if each["held"] is not None]
    assert (SICK, BAD) == (held["partition"], held["held"]["event_id"])
    assert ledger["oldest_event_at"] is not None
    others = {each["state"] for each in ledger["partitions"] if each["partition"] == SOUND}
    assert {"OK", "NO TRAFFIC"} >= others, "the other partition goes on"
    expect(house.page.locator("[data-live=partitions-ledger]")).to_contain_text(BAD)
    house.keep_picture(HELD)
    aside(lambda: house.cluster.set_aside(SICK, held["held"]["offset"], by="Ada", why="it fails"))
    house.publish(*house.sick.grant())


def postgresql_is_down(house: House) -> None:
    house.postgresql.crash()
    try:
        down_s = time.monotonic()
        house.publish(*house.sick.grants(2), *house.sound.grants(2))
        first = house.tells(POSTGRESQL_DOWN, down_s)
        house.publish(*house.sick.grants(2), *house.sound.grants(2))

        def more() -> Json | None:
            [projector] = [
                each for each in house.asked()[1]["stages"] if each["stage"] == "projector"
            ]
            is_known = projector["oldest_event_at"] is not None
            return projector if is_known and projector["behind"] > first["behind"] else None

        projector = house.until(more, "farther behind", TOLD_S)
        # Unknown, where it was asked before the projector had told.
        assert first["oldest_event_at"] in {None, projector["oldest_event_at"]}
        assert {"retrying"} == {each["doing"] for each in projector["partitions"]}
        house.keep_picture(POSTGRESQL_DOWN)
    finally:
        aside(house.postgresql.start_again)


def the_broker_is_down(house: House, broker: Broker) -> None:
    broker.kill()
    try:
        ledger = house.tells(BROKER_DOWN, time.monotonic())

        def of_now() -> Json | None:
            board = house.asked()[1]
            return board if (board["orders"], board["outcomes"]) == (None, None) else None

        board = house.until(of_now, "without figures of the journal: a round later", TOLD_S)
        assert {"UNKNOWN"} == {each["state"] for each in board["stages"]}
        figures = ("members", "behind", "oldest_event_at", "drain_s")
        for stage in board["stages"]:
            assert [None] * 4 == [stage[name] for name in figures], "unknown, and never 0"
        assert [] == house.samples("kafka_consumergroup_lag"), "no sample says 0"
        shown = house.page.locator("[data-live=stages] tbody .figure").all_text_contents()
        assert {"—unknown"} == set(shown), "nor does the page say 0"
        assert ledger["latest_event_at"] is not None, "the last that was known"
        house.keep_picture(BROKER_DOWN)
    finally:
        broker.restart()
