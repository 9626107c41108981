"""A stop while the broker answers nobody: within 15 s, with the right code, and nothing is lost."""

import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from events import topics
from services.runtime.ops.settings import Settings
from tests.api.processes import Running as Process
from tests.api.processes import api
from tests.builders import a_vote, a_vote_and_awards, encoded
from tests.kafka.brokers import Broker
from tests.kafka.cluster import Cluster, budget_on
from tests.kafka.projecting import Projector, a_long_journal, rows, write
from tests.kafka.watcher import Watcher
from tests.kafka.workers import Worker, eventually, wait_for_records

WITHIN_S: Final = 15.0
MANY: Final = 2_500
RECORDS: Final = 6_000
ASLEEP_S: Final = 1.0
"""How long the broker stands still before the process is asked to end: it is in the midst then."""

pytestmark = [pytest.mark.fault, pytest.mark.timeout(180)]


def stopped(
    broker: Broker, stop: Callable[[], int], meanwhile: Callable[[], object] | None = None
) -> None:
    """Freeze the broker, have a process end, and let the broker go on."""
    broker.freeze()
    try:
        if meanwhile is not None:
            meanwhile()
        time.sleep(ASLEEP_S)
        began_s = time.monotonic()
        assert 0 == stop()
        took_s = time.monotonic() - began_s
    finally:
        broker.thaw()
    assert took_s < WITHIN_S


def test_a_ledger_in_the_midst_of_its_work(broker: Broker, prefix: str, tmp_path: Path) -> None:
    """Partition 0 is at work, 1 has nothing to do."""
    cluster = Cluster(broker.bootstrap, prefix, 2)
    cluster.create()
    with Worker(cluster, tmp_path, fault="slow_commit:0.4") as worker:
        worker.wait_for_states(running=2)
        cluster.publish(a_vote_and_awards(budget_on(0, 2), MANY))
        eventually(lambda: cluster.count(topics.JOURNAL) > 3, "nothing in the journal")
        stopped(broker, worker.stop)
        assert [] == worker.logged("task_failed")
    with Worker(cluster, tmp_path, "b") as after:
        journal = wait_for_records(cluster, MANY)
        assert list(range(MANY)) == [record["source"]["offset"] for record in journal[0]]
        assert 0 == after.stop()
    assert cluster.is_settled([topics.JOURNAL, topics.LEDGER_STATE])


def test_a_ledger_that_starts(broker: Broker, prefix: str, tmp_path: Path) -> None:
    """It has joined its group, and opens its partitions."""
    cluster = Cluster(broker.bootstrap, prefix, 2)
    cluster.create()
    with Worker(cluster, tmp_path) as worker:
        worker.wait_for("worker_started")
        stopped(broker, worker.stop)


def test_a_projector_in_the_midst_of_its_work(
    broker: Broker, settings: Settings, sqlite_url: str, tmp_path: Path
) -> None:
    write(settings, a_long_journal(RECORDS))
    with Projector(settings, sqlite_url, tmp_path) as projector:
        projector.until(lambda: rows(sqlite_url) > 0, "the first records")
        stopped(broker, projector.stop)
        projector.start_again()
        projector.until_ready()
        projector.until_rows(sqlite_url, RECORDS, "each record, once")
        assert 0 == projector.stop()


def test_a_watch(broker: Broker, settings: Settings, tmp_path: Path) -> None:
    with Watcher(settings.bootstrap_servers, settings.topic_prefix, tmp_path) as watch:
        watch.until_ready()
        stopped(broker, watch.stop)


def test_an_api_that_sends_an_event(
    broker: Broker, prefix: str, sqlite_url: str, tmp_path: Path
) -> None:
    Cluster(broker.bootstrap, prefix, 2).create()
    where = {
        "ECLUSE_DATABASE_URL": sqlite_url,
        "ECLUSE_BOOTSTRAP_SERVERS": broker.bootstrap,
        "ECLUSE_TOPIC_PREFIX": prefix,
        "ECLUSE_AUTH": "off",
    }
    with api(tmp_path / "log", **where) as process:
        assert 202 == posted(process)
        sending = threading.Thread(target=posted, args=(process,))

        stopped(broker, process.stop, sending.start)
        sending.join()


def posted(process: Process) -> int:
    """The status of an event that is sent; 0 where the connection is cut."""
    headers = {"Content-Type": "application/cloudevents+json"}
    request = urllib.request.Request(f"{process.address}/events", encoded(a_vote()), headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
