"""A replay killed with SIGKILL goes on where its last commit stood, as if nothing had happened."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from tests.city.three_years import a_city
from tests.faults import year
from tests.integration.command import COMMAND, ecluse, environment, real_ecluse
from tests.property.checker import Row, check
from tests.waiting import eventually

HERE = "tests/faults/test_kills.py"
BATCH_LINES = 5
CITY_BESIDE = 60
"""Grants of each budget behind the city's three years, which are closed while it is killed."""

WATCHED_KILLS, TIMED_KILLS = 5, 2
POLL_S = 0.002  # Less than a batch takes; who looks without a pause takes a core from the replay.

pytestmark = pytest.mark.fault


def asked(path: Path, query: str) -> list[tuple[Any, ...]]:
    """What SQLite alone reads in the file, whoever wrote it."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            return db.execute(query).fetchall()
    except sqlite3.OperationalError:
        return []  # The file, or its tables, are not there yet.


def rows_in(path: Path) -> list[Row]:
    rows = asked(path, "SELECT budget, sequence, record FROM journal ORDER BY position")
    return [(budget, sequence, record) for budget, sequence, record in rows]


def count_in(path: Path) -> int:
    return sum(count for (count,) in asked(path, "SELECT count(*) FROM journal"))


def started(file: Path, db: Path) -> subprocess.Popen[bytes]:
    args = ["replay", str(file), "--db", str(db), "--batch-lines", str(BATCH_LINES), "--json"]
    return subprocess.Popen(
        [*COMMAND, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(ECLUSE_LOG_LEVEL="ERROR"),
    )


def killed(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.communicate()


def wait_for_rows(process: subprocess.Popen[bytes], db: Path, count: int) -> None:
    """Until the journal holds `count` records."""
    eventually(
        lambda: process.poll() is not None or count_in(db) >= count,
        f"no {count} records",
        pause_s=POLL_S,
    )


@pytest.mark.timeout(400)
def test_a_replay_killed_at_any_moment_resumes_to_the_same_journal(tmp_path: Path) -> None:
    seed = int(os.environ.get("ECLUSE_FAULT_SEED") or random.SystemRandom().randrange(10**9))
    print(f"run again: ECLUSE_FAULT_SEED={seed} .venv/bin/pytest {HERE} -k killed")
    chance = random.Random(seed)
    file, db, calm = tmp_path / "year.jsonl", tmp_path / "killed.db", tmp_path / "calm.db"
    city = a_city()
    lines = [*chain(*city.files()), *year.lines(grants=CITY_BESIDE)]
    file.write_bytes(b"".join(line + b"\n" for line in lines))
    undisturbed = ecluse("replay", file, "--db", calm, "--json", ECLUSE_LOG_LEVEL="ERROR")
    expected = rows_in(calm)
    assert len(expected) > 2_500
    stood, places = 0, set()
    for kill in range(TIMED_KILLS + WATCHED_KILLS):
        process = started(file, db)
        if kill < WATCHED_KILLS:
            wait_for_rows(process, db, stood + chance.randint(1, len(expected) // 8))
            time.sleep(chance.uniform(0.0, 0.01))
        else:
            time.sleep(chance.uniform(0.0, 0.7))
        killed(process)
        left = rows_in(db)
        print(f"kill {kill + 1}: {len(left)} of {len(expected)} records stand")
        assert stood <= len(left), "what was committed stays"
        assert expected[: len(left)] == left, "what stands is the beginning of the same journal"
        stood = len(left)
        places.add(stood)
        if stood:
            tail = ecluse("journal", "tail", "--db", db, "-n", 3, "--json")
            assert [row[2] for row in left[-3:]] == tail.out.splitlines()
    assert len(places - {0, len(expected)}) > 2, "kills landed while there was work to do"
    output, _ = started(file, db).communicate()
    assert undisturbed.out == output, "heads, balances, orders and lists are the same"
    assert expected == rows_in(db)
    handled = sum(1 for line in lines if line.strip()) + len(city.carried_cents)
    check(rows_in(db), handled, json.loads(output))
    assert b"" == real_ecluse("journal", "tail", "--db", db, "--budget", "none", "--json").out
