"""`python -m bench.treasury`, with few orders: that it measures everything, not how fast."""

from pathlib import Path
from typing import Any, Final

import pytest

from bench.treasury import page
from tests.kafka.bench_runs import measured

ORDERS: Final = 40
LIMIT_S: Final = 240.0

SMALL: Final = {
    "--orders": ORDERS,
    "--return-bytes": 100_000,
    "--topic-orders": 3 * ORDERS,
    "--page-times": 2,
    "--database": "sqlite",
}


@pytest.mark.rest
@pytest.mark.timeout(LIMIT_S + 30)
def test_it_measures_every_part(tmp_path: Path) -> None:
    written = tmp_path / "page.md"
    asked = {**SMALL, "--page": written}
    found = measured("bench.treasury", asked, tmp_path / "build" / "treasury.json", LIMIT_S)
    assert [] == found["aims"], "no aim is of so few"
    slips, taken = found["slips"]["sqlite"], found["returns"]["sqlite"]
    assert (ORDERS, ORDERS) == (slips["pieces"], found["console"]["sqlite"]["waiting"])
    assert ["waiting", "prepare", "issue", "export"] == list(slips["steps"])
    assert taken["file_bytes"] >= 100_000
    assert (4 * taken["pieces"], 0) == (taken["events"], taken["again"]["events"])
    assert 3 * ORDERS == found["caught_up"]["sqlite"]["orders"]
    for part in ("slips", "returns", "caught_up"):
        assert found[part]["sqlite"]["took_s"] > 0
    text = written.read_text(encoding="utf-8")
    assert 4 == text.count("| SQLite |")


def test_an_aim_counts_at_its_own_size_and_what_was_missed_comes_first() -> None:
    found: dict[str, Any] = {
        "sizes": {"console": 5_000, "slips": 4_999},
        "console": {"sqlite": {"p50_ms": 299.9}, "postgresql": {"p50_ms": 300.0}},
        "slips": {"sqlite": {"took_s": 9.0, "peak_bytes": 1}},
    }
    found["aims"] = page.against_aims(found)
    assert [True, False] == [each["met"] for each in found["aims"]]
    assert page.missed(found) == (
        "Missed: < 300 ms for the console's page with 5,000 that wait, PostgreSQL: 300.0"
    )
