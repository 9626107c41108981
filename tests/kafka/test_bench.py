"""`python -m bench.kafka`, with few events: that it measures everything, not how fast."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from bench.kafka import page
from bench.kafka.figures import AIMS
from tests.integration.command import ROOT, environment
from tests.kafka.brokers import Broker
from tests.kafka.cluster import run

EVENTS: Final = 400
FAUST_EVENTS: Final = 200
LIMIT_S: Final = 150.0
SMALL: Final = {
    "--events": EVENTS,
    "--faust-events": FAUST_EVENTS,
    "--rounds": 1,
    "--latency-s": 2,
}
CONTENDERS: Final = ("ledger_one", "ledger_two", "bare", "faust", "faust_patient")
RATIOS: Final = ("ratio_to_bare", "ratio_to_faust", "ratio_to_faust_patient", "ratio_two_to_one")


def topics_of(broker: Broker) -> list[str]:
    async def ask() -> list[str]:
        admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
        await admin.start()
        try:
            return [str(name) for name in await admin.list_topics()]
        finally:
            await admin.close()

    return run(ask())


@pytest.mark.timeout(LIMIT_S + 30)
def test_it_measures_every_contender(broker: Broker, tmp_path: Path) -> None:
    file = tmp_path / "build" / "bench.json"
    asked = {**SMALL, "--bootstrap": broker.bootstrap, "--out": file}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "bench.kafka",
            "--json",
            *(str(e) for pair in asked.items() for e in pair),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(),
        timeout=LIMIT_S,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found == json.loads(file.read_text(encoding="utf-8"))
    for name in CONTENDERS:
        row = found[name]
        assert (FAUST_EVENTS if name.startswith("faust") else EVENTS) == row["events"]
        assert min(row["seconds"], row["events_per_s"], row["peak_bytes"]) > 0, name
        # So few events may take less than the 10 ms in which a system counts processor time.
        assert row["cores"] >= 0, name
        assert 1 == len(row["rounds"]), name
    assert min(found[ratio] for ratio in RATIOS) > 0
    assert [aim.key for aim in AIMS] == [row["key"] for row in found["aims"]]
    assert found["events_per_s"] == found["ledger_one"]["events_per_s"]
    restore, latency, steps = found["restore"], found["latency"], found["steps"]
    assert EVENTS + found["opening_events"] == restore["journal_records"]
    assert restore["state_records"] > 0
    assert 0 < latency["p50_ms"] <= latency["p99_ms"] <= latency["max_ms"]
    assert 0 == latency["missing"]
    assert min(steps["us_per_event"][name] for name in ("decode", "decide", "messages")) > 0
    assert pytest.approx(steps["cpu_us_per_event"]) == sum(steps["us_per_event"].values())
    said = page.page(found)
    assert [] == [name for name in page.NAMES.values() if f"| {name} |" not in said]
    assert [] == [name for name in topics_of(broker) if name.startswith("bench-")]
