"""Each state of a consumer, from its cause until page, metric and command say so: within 15 s.

A real watch and a real console before a real broker; the members of the groups are a test's own,
and do what a ledger, a treasury or a projector does when it is faulty. The causes come side by
side, in one scenario. Those of a whole stack are in test_outage_scenarios.py: a treasury that
leaves, a held partition, a database and a broker that are away.

The seconds count from when nothing more has to happen:

- never seen, just watched: watch and console answer. Nobody was ever in that group; all orders are
  taken, and more than ten minutes old: which the watch has not seen, so it is no state of theirs.
- slow: more comes than the member takes.
- rewound: the broker has the offset that lies back.
- stalled: the first order that will not be taken stands in its topic.
- stopped: the member is gone without a word; its session lasts for another ten seconds.
- old: the watch stands still (SIGSTOP).
"""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, ExitStack
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from events.topics import EVENTS, PAYMENT_ORDERS
from tests.api.processes import api
from tests.kafka.brokers import Broker
from tests.kafka.cluster import Cluster, a_cluster
from tests.kafka.faulty_consumers import LEDGER, PROJECTOR, TREASURY, FaultyConsumers
from tests.kafka.forked import ECLUSE
from tests.kafka.lag_displays import COMMAND, METRIC, PAGE, Displays, PartitionStatus, Row, Shown
from tests.kafka.running import Running
from tests.kafka.watcher import Watcher
from tests.read_model.databases import in_a_file

PARTITIONS: Final = 2
SHOWN_S: Final = 15.0
MORE_S: Final = 10.0
"""For so long beyond it is listened, so that it can be said how much too late it was."""

READY_S: Final = 60.0
POLL_S: Final = 0.1
QUIET_FOR_S: Final = 10.0

OLD: Final = "old"
FOLLOWED: Final = "command that follows"
TEXT_WHEN_OLD: Final = "La surveillance en est restée à"
"""What `ecluse lag --watch` says of a watch that was there and does not answer."""

pytestmark = pytest.mark.timeout(240)  # What is not shown is waited for, each time.

Seconds = Mapping[str, float | None]
"""Who said it how long after its cause; None: not in time, nor `MORE_S` later."""


class Case(NamedTuple):
    """A state, and the text that shows it."""

    stage: str
    state: str
    rule: str
    on_page: tuple[str, str]

    def is_shown(self, by: str, shown: Shown) -> bool:
        """Whether one of them says so."""
        texts: dict[str, tuple[str, ...]] = {
            PAGE: self.on_page,
            METRIC: (self.stage, self.state),
            COMMAND: (self.stage, self.state, self.rule),
        }
        return texts[by] in shown.stages


NEVER_SEEN, JUST_WATCHED = "never seen", "just watched"
SLOW, REWOUND, STALLED, STOPPED = "slow", "rewound", "stalled", "stopped"
CASES: Final = {
    NEVER_SEEN: Case(PROJECTOR, "UNKNOWN", "never_seen", ("Base de lecture", "inconnu")),
    JUST_WATCHED: Case(TREASURY, "OK", "keeps_up", ("Trésorerie", "OK")),
    SLOW: Case(LEDGER, "SLOW", "falls_behind", ("Grand livre", "prend du retard")),
    REWOUND: Case(TREASURY, "REWOUND", "went_back", ("Trésorerie", "a reculé")),
    STALLED: Case(TREASURY, "STALLED", "stands_still", ("Trésorerie", "n'avance plus")),
    STOPPED: Case(PROJECTOR, "STOPPED", "no_owner", ("Base de lecture", "ne tourne plus")),
}

WELL: Final = {"OK", "NO TRAFFIC", "sans trafic"}
QUIET: Final[tuple[Row, ...]] = ((LEDGER, "internal-events", 0), (TREASURY, "payment-orders", 1))
"""Partitions of which all is done and to which nothing comes, in groups with a faulty consumer."""


class Scenario:
    """The events of a scenario, and what is shown of them."""

    def __init__(
        self, days: FaultyConsumers, watch: Watcher, displays: Displays, follower: Running
    ) -> None:
        self.displays: Final = displays
        self.seconds: Final[dict[str, Seconds]] = {}
        self.too_early: Final[list[tuple[str, str]]] = []
        """Cases that were shown before their cause, and by which display."""
        self.frozen_s = 0.0
        self._days = days
        self._watch = watch
        self._follower = follower

    async def passes(self) -> None:
        """From when watch and console answer until all was shown."""
        up_s = time.monotonic()
        await asyncio.gather(self._shown(NEVER_SEEN, up_s), self._shown(JUST_WATCHED, up_s))
        await asyncio.gather(self._of_the_ledger(), self._of_treasury(), self._of_projector())
        await self._of_the_watch()

    async def _of_the_ledger(self) -> None:
        self._days.ledger.at_once = 2
        self._days.rates[EVENTS] = 5
        await self._shown_after_its_cause(SLOW)

    async def _of_treasury(self) -> None:
        treasury = self._days.treasury
        await treasury.go_back()
        await self._shown_after_its_cause(REWOUND)
        treasury.at_once = 500
        await self._is_well(CASES[JUST_WATCHED])
        treasury.commits = False
        await self._days.one_comes(PAYMENT_ORDERS)
        self._days.rates[PAYMENT_ORDERS] = 1
        await self._shown_after_its_cause(STALLED)

    async def _of_projector(self) -> None:
        projector = self._days.projector
        await projector.start()
        await self._is_well(Case(PROJECTOR, "OK", "keeps_up", ("Base de lecture", "OK")))
        await projector.stop()
        await self._shown_after_its_cause(STOPPED)

    async def _of_the_watch(self) -> None:
        with self._watch.frozen():
            self.frozen_s = time.monotonic()
            is_so = dict.fromkeys(self.displays.samples, _is_old)
            shown, followed_s = await asyncio.gather(
                self._listen(is_so, self.frozen_s), self._followed_s()
            )
        self.seconds[OLD] = {**shown, FOLLOWED: followed_s}

    async def _followed_s(self) -> float | None:
        """After how long the command that shows the watch to somebody says that it is old."""
        while (passed_s := time.monotonic() - self.frozen_s) <= SHOWN_S + MORE_S:
            if TEXT_WHEN_OLD in self._follower.printed():
                return passed_s
            await asyncio.sleep(POLL_S)
        return None

    # ------------------------------------------------------------ what is waited for

    async def _is_well(self, case: Case) -> None:
        """Until all say so, now."""

        def is_so() -> bool:
            samples = self.displays.samples.items()
            return all(each and case.is_shown(by, each[-1].shown) for by, each in samples)

        async with asyncio.timeout(READY_S):
            while not is_so():  # noqa: ASYNC110 # what others do in this very test
                await asyncio.sleep(POLL_S)

    async def _shown_after_its_cause(self, name: str) -> None:
        """Until all say what has just been caused, and nobody said before."""
        for by, samples in self.displays.samples.items():
            if any(CASES[name].is_shown(by, each.shown) for each in samples):
                self.too_early.append((name, by))
        await self._shown(name, time.monotonic())

    async def _shown(self, name: str, since_s: float) -> None:
        is_so = {by: partial(CASES[name].is_shown, by) for by in self.displays.samples}
        self.seconds[name] = await self._listen(is_so, since_s)

    async def _listen(
        self, is_so: Mapping[str, Callable[[Shown], bool]], since_s: float
    ) -> Seconds:
        """Until all have said so, or it is much too late."""
        while True:
            found = {
                by: self.displays.first_s(by, says_so, since_s) for by, says_so in is_so.items()
            }
            if None not in found.values() or time.monotonic() > since_s + SHOWN_S + MORE_S:
                return found
            await asyncio.sleep(POLL_S)


def _is_old(shown: Shown) -> bool:
    return shown.old


def the_stack(stack: ExitStack, cluster: Cluster, folder: Path) -> tuple[Watcher, str, Running]:
    """The watch, where the console is, and a command that follows; all of them answer."""
    # No deadline events: nobody here decides, and what comes to a quiet topic is not quiet.
    watch = Watcher(cluster.bootstrap, cluster.prefix, folder, ECLUSE_WATCH_DEADLINE_EVENTS="false")
    stack.enter_context(watch)
    url = f"http://127.0.0.1:{watch.port}"
    env = {
        "ECLUSE_BOOTSTRAP_SERVERS": cluster.bootstrap,
        "ECLUSE_TOPIC_PREFIX": cluster.prefix,
        "ECLUSE_DATABASE_URL": in_a_file(folder / "read.db"),
        "ECLUSE_WATCH_URL": url,
        "ECLUSE_AUTH": "off",
    }
    console = stack.enter_context(api(folder / "api.log", **env)).address
    watch.until(lambda: 200 == watch.get("/lag")[0], "it answers")
    follows = (ECLUSE, "lag", "--watch", "--lang", "fr", "--url", url)
    wide = {"COLUMNS": "200"}
    follower = stack.enter_context(Running(follows, folder, "lag", 0, wide, keeps_output=True))
    shown = partial(folder.glob, "lag-*.out")
    follower.until(lambda: any(each.stat().st_size for each in shown()), "it shows the watch")
    return watch, console, follower


async def a_scenario(cluster: Cluster, folder: Path) -> Scenario:
    """One scenario, from its beginning to its end."""
    days = FaultyConsumers(cluster)
    async with AsyncExitStack() as members:
        with ExitStack() as stack:
            for member in (days.ledger, days.treasury, days.projector):
                members.push_async_callback(member.stop)
            await days.write_what_was_before()
            await asyncio.gather(days.ledger.start(), days.treasury.start())
            await days.all_is_taken()
            # In a thread: meanwhile the members go on.
            watch, console, follower = await asyncio.to_thread(the_stack, stack, cluster, folder)
            scenario = Scenario(days, watch, Displays(watch, cluster.prefix, console), follower)
            async with asyncio.TaskGroup() as meanwhile:
                beside = [
                    meanwhile.create_task(each)
                    for each in (days.come(), scenario.displays.listen())
                ]
                await scenario.passes()
                for each in beside:
                    each.cancel()
    return scenario


@pytest.fixture(scope="module")
def scenario(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """The one scenario of this module."""
    folder = tmp_path_factory.mktemp("scenario")
    cluster = a_cluster(broker, f"lag-states-{os.getpid()}.", PARTITIONS)
    return asyncio.run(a_scenario(cluster, folder))


@pytest.mark.parametrize("name", CASES)
def test_a_state_is_shown_within_15_seconds_by_page_metric_and_command(
    scenario: Scenario, name: str
) -> None:
    seconds = scenario.seconds[name]
    print(f"{name}: {figures(seconds)}")
    assert {PAGE, METRIC, COMMAND} == seconds.keys()
    assert {} == too_late(seconds)
    assert [] == [by for early, by in scenario.too_early if early == name], "shown before its cause"


def test_a_quiet_topic_never_seems_late(scenario: Scenario) -> None:
    for by, samples in scenario.displays.samples.items():
        for row in QUIET:
            shown = [
                (each.at_s, each.shown.rows[row])
                for each in samples
                if each.at_s < scenario.frozen_s and row in each.shown.rows
            ]
            for_s = shown[-1][0] - shown[0][0]
            print(f"{by}: {row} is quiet, shown {len(shown)} times in {for_s:.1f} s")
            assert for_s >= QUIET_FOR_S, "while others of its group were faulty"
            assert [] == [each for _, each in shown if not is_well(each)]


def test_a_frozen_watch_is_shown_as_old_within_15_seconds(scenario: Scenario) -> None:
    """Of the metric: nobody answers Prometheus, which keeps that as `up`."""
    seconds = scenario.seconds[OLD]
    print(f"{OLD}: {figures(seconds)}")
    assert {PAGE, METRIC, COMMAND, FOLLOWED} == seconds.keys()
    assert {} == too_late(seconds)


def is_well(status: PartitionStatus) -> bool:
    return status.state in WELL and status.behind == 0


def too_late(seconds: Seconds) -> Seconds:
    return {by: each for by, each in seconds.items() if each is None or each > SHOWN_S}


def figures(seconds: Seconds) -> str:
    """`page 11.2 s, metric 10.9 s, command 11.0 s`."""
    return ", ".join(
        f"{by} not" if each is None else f"{by} {each:.1f} s" for by, each in seconds.items()
    )
