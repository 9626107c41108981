"""`python -m bench.kafka`, with few events: that it measures everything, not how fast."""

from pathlib import Path
from typing import Any, Final

import pytest

from bench.kafka import page
from bench.kafka.answers import CONNECTIONS, MIX
from bench.kafka.figures import AIMS
from bench.kafka.stream import budgets_of, opening_events
from tests.kafka.bench_runs import measured
from tests.kafka.cluster import Cluster
from tests.waiting import run

EVENTS: Final = 400
FAUST_EVENTS: Final = 200
LIMIT_S: Final = 480.0
"""It starts some thirty processes one after the other: 75 s alone, and several times that on a busy
machine; a Faust agent that stands still is given 90 s, and started once more."""

SMALL: Final = {
    "--events": EVENTS,
    "--faust-events": FAUST_EVENTS,
    "--rounds": 1,
    "--latency-s": 1,
    "--asked-s": 1,
    "--visible-s": 1,
    "--page-times": 3,
    "--burst-events": EVENTS,
}
CONTENDERS: Final = ("ledger_one", "ledger_two", "bare", "faust", "faust_patient")
RATIOS: Final = ("ratio_to_bare", "ratio_to_faust", "ratio_to_faust_patient", "ratio_two_to_one")


def check_read_model(found: dict[str, Any]) -> None:
    """That each figure is of work that was done."""
    opened = opening_events(budgets_of(EVENTS))
    assert EVENTS + opened == found["to_postgresql"]["records"]
    assert EVENTS + opened <= found["to_sqlite"]["records"], "with those that came later"
    for table in ("to_postgresql", "to_postgresql_by_two", "to_sqlite"):
        assert min(found[table]["records_per_s"], found[table]["peak_bytes"]) > 0
    visible, reads = found["visible"], found["reads"]
    assert 0 == visible["missing"] == visible["journal"]["missing"]
    assert 0 < visible["p50_ms"] <= visible["p99_ms"] <= visible["max_ms"]
    assert visible["journal"]["p50_ms"] < visible["p50_ms"], "the journal lies on the way"
    assert visible["looks_per_event"] >= 1
    assert list(MIX) == list(reads["each"])
    assert reads["reads"] >= CONNECTIONS


def check_console(found: dict[str, Any]) -> None:
    """Every page that there is was asked for, on both databases."""
    assert EVENTS + opening_events(budgets_of(EVENTS)) == found["records"]
    for database in ("postgresql", "sqlite"):
        pages = found[database]["pages"]
        assert {"today", "grants", "a grant", "a payment order", "a record"} <= pages.keys()
        for row in (*pages.values(), *found[database]["searches"].values()):
            assert 0 < row["p50_ms"] <= row["p99_ms"]
        assert not pages.keys() & set(found[database]["missing"])


def check_watch(found: dict[str, Any]) -> None:
    """The same; so few events are drained before the page could promise anything."""
    for row in (found["alone"], found["watched"]):
        assert (EVENTS, 1, True) == (row["events"], len(row["rounds"]), row["events_per_s"] > 0)
    assert pytest.approx(100 * (1 - found["ratios"][0])) == found["watch_cost_percent"]
    assert min(found["watch_peak_bytes"], found["watch_cpu_us_per_event"]) > 0
    assert min(found["behind_at_end"], found["caught_up_s"], found["burst"]["took_s"]) >= 0
    assert EVENTS == found["burst"]["events"]


def check_security(found: dict[str, Any]) -> None:
    """Both drained all events, and the ratio is that of their paces."""
    for row in (found["plain"], found["secured"]):
        assert (EVENTS, 1) == (row["events"], len(row["rounds"]))
    pace = found["secured"]["events_per_s"] / found["plain"]["events_per_s"]
    assert [pytest.approx(pace)] == found["ratios"]
    assert found["security_ratio"] == found["ratios"][0]


@pytest.mark.timeout(LIMIT_S + 30)
def test_it_measures_every_contender(nowhere: Cluster, tmp_path: Path) -> None:
    asked = {**SMALL, "--bootstrap": nowhere.bootstrap}
    found = measured("bench.kafka", asked, tmp_path / "build" / "bench.json", LIMIT_S)
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
    for row in found["replay"].values():
        assert EVENTS + found["opening_events"] == row["events"]
        assert min(row["events_per_s"], row["cpu_us_per_event"], row["peak_bytes"]) > 0
    assert found["replay_events_per_s"] == found["replay"]["memory"]["events_per_s"]
    check_read_model(found["read_model"])
    made = found["read_model"]
    assert found["postgresql_records_per_s"] == made["to_postgresql"]["records_per_s"]
    assert found["sqlite_records_per_s"] == made["to_sqlite"]["records_per_s"]
    assert found["api_reads_per_s"] == made["reads"]["apart"]["read"]["reads_per_s"] > 0
    assert found["api_read_cpu_ms"] == made["reads"]["apart"]["read"]["cpu_ms"] > 0
    check_console(found["console"])
    check_watch(found["watch"])
    check_security(found["security"])
    text = page.page(found)
    assert [] == [name for name in page.NAMES.values() if f"| {name} |" not in text]
    parts = (
        "`ecluse replay`, sqlite",
        "`GET /events/{id}`",
        "| a payment order |",
        "| with the watch |",
        "| by SASL_SSL |",
    )
    assert [] == [each for each in parts if each not in text]
    assert [] == [name for name in run(nowhere.listed()) if name.startswith("bench-")]
