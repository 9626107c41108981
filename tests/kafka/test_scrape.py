"""Every query of rules and dashboards on a real Prometheus that scrapes a real stack."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from hashlib import shake_256
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, NamedTuple, Self
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml
from sqlalchemy import insert

from events.topics import SLIPS
from services.dev.local_broker import free_port, parent_death_prefix
from services.runtime.ops.clock import wall_clock
from services.treasury.store.database import TreasuryStore, treasury_address
from services.treasury.store.outbox import Outgoing, put
from services.treasury.store.tables import findings, slips
from tests.builders import BUDGET, a_notification, a_payment, encoded
from tests.integration.command import COMMAND, MIXED, TIMEOUT_S, environment
from tests.kafka.cluster import Cluster, Sent
from tests.kafka.stack import Stack
from tests.observability.written import FOLDER, alarms, metrics_of, program, queries, rules
from tests.waiting import WAIT_S, eventually

PARTITIONS: Final = 2
FOUND_S: Final = 180.0
"""How long it may take until each query has found something."""

AGAIN: Final = a_payment(1)
"""Sent again and again it is a duplicate: traffic that changes nothing."""

BACKLOG: Final = 12_000
SLIP_BYTES: Final = 10_000
COMMIT_S: Final = 0.4
"""How much longer a commit takes here: time enough to see what is only while records wait."""

NEVER: Final = {
    "EcluseOutcomesDoNotAddUp",
    "EcluseEventTwice",
    "EcluseBalancesDiffer",
    "EcluseJournalFault",
    "EclusePartitionHeld",
    "EcluseConsumerRewound",
    "EcluseReadModelDown",
}
"""What must not even be about to ring where nothing is wrong."""


STOP_S: Final = 20
RINGS: Final = {
    "stage": "ledger",
    "group": "g",
    "job": "ledger",
    "instance": "a",
    "figure": "b",
    "name": "c",
}
"""Labels that an alarm's words may name."""


class Prometheus:
    """Leaving it ends the process."""

    def __init__(self, folder: Path, targets: Mapping[str, Sequence[str]], key: str) -> None:
        self._port = free_port()
        self._folder = folder
        at = folder / "prometheus"
        shutil.copytree(FOLDER, at)
        (at / "keys" / "api").write_text(key + "\n")
        config = yaml.safe_load((at / "prometheus.yml").read_text(encoding="utf-8"))
        # Not five seconds, and not one: in that a target has to answer on a slow machine too.
        config["global"] = {f"{name}_interval": "2s" for name in ("scrape", "evaluation")}
        for job in config["scrape_configs"]:
            job["static_configs"] = [{"targets": list(targets[job["job_name"]])}]
        (at / "prometheus.yml").write_text(yaml.safe_dump(config))
        (at / "rules" / "ringing.yml").write_text(yaml.safe_dump(ringing()))
        self._log = folder / "prometheus.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *parent_death_prefix(),
                    program("prometheus"),
                    f"--config.file={at / 'prometheus.yml'}",
                    f"--storage.tsdb.path={folder / 'tsdb'}",
                    f"--web.listen-address=127.0.0.1:{self._port}",
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> Self:
        eventually(self._is_ready, lambda: self._log.read_text()[-2000:])
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _is_ready(self) -> bool:
        assert self._process.poll() is None, self._log.read_text()[-2000:]
        try:
            with urlopen(f"http://127.0.0.1:{self._port}/-/ready", timeout=WAIT_S) as answer:
                return bool(HTTPStatus.OK == answer.status)
        except OSError:
            return False

    def ask(self, path: str, **parameters: str) -> Any:
        """The data of an answer; what it refuses is an error with its words."""
        where = f"http://127.0.0.1:{self._port}/api/v1/{path}?{urlencode(parameters)}"
        try:
            with urlopen(where, timeout=WAIT_S) as answer:
                return json.load(answer)["data"]
        except HTTPError as refusal:
            raise AssertionError(f"{parameters}: {refusal.read().decode()}") from refusal

    def query(self, expr: str) -> list[dict[str, Any]]:
        """What a query gives now; what is not a number is nothing."""
        found = self.ask("query", query=expr)
        if found["resultType"] == "scalar":
            found["result"] = [{"metric": {}, "value": found["result"]}]
        return [each for each in found["result"] if each["value"][1] != "NaN"]

    def targets(self) -> dict[str, str]:
        """What each target's last scrape ended with, "" for well; by its job."""
        found = self.ask("targets")["activeTargets"]
        return {
            each["labels"]["job"]: "" if each["health"] == "up" else each["lastError"] or "unknown"
            for each in found
        }

    def names(self) -> set[str]:
        """Every metric that it has."""
        return set(self.ask("label/__name__/values"))

    def rules(self) -> list[dict[str, Any]]:
        """Every rule, with its health."""
        groups = self.ask("rules")["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def alerts(self) -> list[dict[str, Any]]:
        """What rings, with its words filled in."""
        found: list[dict[str, Any]] = self.ask("alerts")["alerts"]
        return found


def ringing() -> dict[str, Any]:
    """Every alarm under another name, ringing at once: to see its words filled in."""
    expr = "vector(75)"
    for label, value in RINGS.items():
        expr = f'label_replace({expr}, "{label}", "{value}", "", "")'
    rules = [
        {"alert": f"Ringing{name}", "expr": expr, "annotations": rule["annotations"]}
        for name, rule in alarms().items()
    ]
    return {"groups": [{"name": "ringing", "rules": rules}]}


class Scraped(NamedTuple):
    """The stack's cluster, and the Prometheus over all of it."""

    cluster: Cluster
    prometheus: Prometheus

    def send_again(self, count: int = 1) -> None:
        """An event that the ledger knows."""
        self.cluster.write([self.cluster.sent(AGAIN)] * count)


def traffic() -> Iterator[bytes]:
    """Events with every outcome; what is parked is of today, so that it stays so."""
    today = datetime.fromtimestamp(wall_clock(), UTC).isoformat()
    yield from map(encoded, MIXED)
    yield encoded(a_notification(convention="E", _id="waits", _time=today))
    yield encoded(AGAIN)


def a_key(database: str) -> str:
    """A key to the API that reads all, as an operator makes it for Prometheus."""
    done = subprocess.run(
        [*COMMAND, "api-keys", "create", "prometheus", "--read", "all", "--json"],
        capture_output=True,
        env=environment(ECLUSE_DATABASE_URL=database),
        timeout=TIMEOUT_S,
        check=True,
    )
    return str(json.loads(done.stdout)["key"])


async def what_waits(url: str) -> None:
    """An open finding, a slip without an answer and a message that no topic takes, since now."""
    now = datetime.fromtimestamp(wall_clock(), UTC)
    finding = {"finding_id": "f", "kind": "unknown_piece", "facts": {}, "opened_at": now}
    slip = {
        "slip_id": f"{BUDGET}/1",
        "budget": BUDGET,
        "slip_type": "01",
        "state": "issued",
        "piece_count": 1,
        "amount_cents": 1,
        "prepared_at": now,
        "prepared_by": "anne",
        "issued_at": now,
        "exported_at": now,
        "exported_by": "anne",
    }
    too_large = Outgoing("too large", SLIPS, BUDGET, shake_256().digest(SLIP_BYTES))
    store = TreasuryStore(url)
    async with store.transaction() as connection:
        await put(connection, [too_large], now)
        await connection.execute(insert(findings), [finding])
        await connection.execute(insert(slips), [slip])
    await store.dispose()


@contextmanager
def a_stack(cluster: Stack) -> Iterator[Prometheus]:
    """Ledger, projector, treasury, watch and API as processes, and a Prometheus that asks them."""
    folder = cluster.folder
    database = f"sqlite:///{folder / 'read-model.db'}"
    with ExitStack() as stack:
        ledger = stack.enter_context(cluster.ledger(fault=f"slow_commit:{COMMIT_S}"))
        projector = stack.enter_context(cluster.projector(database))
        of_treasury = {"ECLUSE_DATABASE_URL": database}
        own = treasury_address(database, None)
        treasury = stack.enter_context(cluster.treasury(own, **of_treasury))
        treasury.until_ready()
        cluster.alter(SLIPS, max_message_bytes=str(SLIP_BYTES // 2))
        asyncio.run(what_waits(own))
        watch = stack.enter_context(cluster.watch())
        served = cluster.api(database, ECLUSE_AUTH="on")
        targets = {
            "ledger": [f"127.0.0.1:{ledger.port}"],
            "projector": [f"127.0.0.1:{projector.port}"],
            "treasury": [f"127.0.0.1:{treasury.port}"],
            "watch": [f"127.0.0.1:{watch.port}"],
            "api": [stack.enter_context(served).address.removeprefix("http://")],
        }
        yield stack.enter_context(Prometheus(folder, targets, a_key(database)))


@pytest.fixture(scope="module")
def scraped(module_stack: Stack) -> Iterator[Scraped]:
    """The stack with traffic of every kind on it, until each target has answered."""
    program("prometheus")
    cluster = module_stack
    with a_stack(cluster) as prometheus:
        key = AGAIN["data"]["budget"].encode()
        place = cluster.sent(AGAIN).partition
        cluster.write([Sent(place, key, raw) for raw in traffic()])
        wanted = dict.fromkeys(("ledger", "projector", "treasury", "watch", "api"), "")
        eventually(
            lambda: prometheus.targets() == wanted, lambda: f"{prometheus.targets()}", FOUND_S
        )
        yield Scraped(cluster, prometheus)


def not_found(scraped: Scraped, asked: set[str]) -> set[str]:
    """Those that find nothing for three minutes, while records wait and are worked off."""
    missing = set(asked)
    scraped.send_again(BACKLOG)

    def nothing_is_missing() -> bool:
        scraped.send_again()
        missing.difference_update([each for each in missing if scraped.prometheus.query(each)])
        return not missing

    with suppress(AssertionError):
        eventually(nothing_is_missing, "", FOUND_S, 0.0)
    return missing


@pytest.mark.timeout(720)
def test_every_query_of_the_dashboards_and_every_metric_asked_for_finds_something(
    scraped: Scraped,
) -> None:
    asked = {query.expr for query in queries()}
    metrics = set().union(*map(metrics_of, {rule["expr"] for rule in rules()} | asked))
    assert set() == not_found(scraped, asked | metrics)
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    # Rules are evaluated by turns of their own, behind what they are made of.
    eventually(
        lambda: recorded <= scraped.prometheus.names(), "not all rules are recorded", FOUND_S
    )


@pytest.mark.timeout(720)
def test_every_rule_is_evaluated_and_none_rings_that_must_not(scraped: Scraped) -> None:
    def evaluated() -> bool:
        return all(rule["health"] == "ok" for rule in scraped.prometheus.rules())

    eventually(evaluated, "not all rules are evaluated")

    def known() -> bool:
        about_to_ring = {each["labels"]["alertname"] for each in scraped.prometheus.alerts()}
        assert set() == about_to_ring & NEVER
        return not about_to_ring & {"EcluseFigureUnknown", "EcluseLatenessUnknown"}

    eventually(known, "something is unknown", FOUND_S)
    # Rules are evaluated by turns of their own: an alarm's may see what this one's does not yet.
    eventually(lambda: scraped.prometheus.query("ecluse:watch_whole"), "no watch is whole", FOUND_S)


@pytest.mark.timeout(720)
def test_the_texts_of_every_alarm_are_filled_in(scraped: Scraped) -> None:
    def ringing() -> dict[str, dict[str, str]]:
        rings = scraped.prometheus.alerts()
        names = {each["labels"]["alertname"]: each["annotations"] for each in rings}
        return {name: all_texts for name, all_texts in names.items() if name.startswith("Ringing")}

    eventually(lambda: len(ringing()) == len(alarms()), "not all ring")
    all_texts = [text for each in ringing().values() for text in each.values()]
    assert [] == [text for text in all_texts if "<" in text or "{{" in text]
