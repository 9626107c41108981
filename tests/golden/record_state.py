"""Keep the state of a release as it writes it: `python -m tests.golden.record_state FOLDER`.

Run it in the checkout of that release, where Java and the jars of deploy/kafka are. It writes, of
the hard year, `hard-year-2023.sql` (the SQLite file of a replay) and `hard-year-2023.topics.jsonl`
(events, journal and state as a worker left them on topics of one partition, one record a line: its
value as text where it is text, else in hexadecimal digits). Later releases show that they make
their own state of it: `test_upgrades.py`, and tests/kafka/test_startup_checks.py.
"""

import json
import sqlite3
import sys
import tempfile
from pathlib import Path

from aiokafka.structs import ConsumerRecord

from events import topics
from services.ledger.application.restore import open_ledger
from services.ledger.files.replay import replay
from services.ledger.files.sqlite import SqliteStore
from tests.builders import BUDGET, Json
from tests.golden.record import HERE
from tests.kafka.brokers import of_jars
from tests.kafka.cluster import Cluster, Sent
from tests.kafka.processes import Worker

EVENTS = HERE / "hard-year-2023.events.jsonl"
RECORDS = len((HERE / "hard-year-2023.journal.jsonl").read_bytes().splitlines())


def as_sql(file: Path) -> str:
    """What a replay of the year leaves in its file."""
    store = SqliteStore(file)
    with EVENTS.open("rb") as stream:
        replay(store, EVENTS.name, stream, open_ledger(store), lambda _bytes: None)
    store.close()
    db = sqlite3.connect(file)
    dump = "\n".join(db.iterdump())
    db.close()
    return dump + "\n"


def row(record: ConsumerRecord) -> Json:
    """A record of a topic, in text."""
    said: Json = {
        "topic": record.topic,
        "offset": record.offset,
        "timestamp_ms": record.timestamp,
        "key": record.key.decode(),
        "headers": [[name, value.decode()] for name, value in record.headers],
    }
    try:
        return said | {"value": None if record.value is None else record.value.decode()}
    except UnicodeDecodeError:
        return said | {"value_hex": record.value.hex()}


def as_topics(folder: Path) -> list[Json]:
    """What a worker leaves on the topics, all decided in one transaction."""
    lines = [line for line in EVENTS.read_bytes().split(b"\n") if line.strip()]
    with of_jars(folder) as broker:
        cluster = Cluster(broker.bootstrap, "", 1)
        cluster.create()
        cluster.write([Sent(0, BUDGET.encode(), line) for line in lines])
        with Worker(cluster, folder) as worker:
            cluster.wait_for_records(RECORDS)
            assert 0 == worker.stop()
        named = (topics.EVENTS, topics.JOURNAL, topics.LEDGER_STATE)
        return [row(record) for name in named for record in cluster.read(name)[0]]


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    out = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as made:
        (out / "hard-year-2023.sql").write_text(as_sql(Path(made) / "ledger.db"), "utf-8")
        rows = [json.dumps(each, ensure_ascii=False) + "\n" for each in as_topics(Path(made))]
        (out / "hard-year-2023.topics.jsonl").write_text("".join(rows), "utf-8")
