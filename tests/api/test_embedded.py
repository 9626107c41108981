"""All of Écluse in one process: decides at once, projects, and loses nothing when it is killed."""

import asyncio
import contextlib
import json
import os
import random
import signal
import threading
import time
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from events.codec import decode
from events.envelope import SourceKind
from events.unreadable import Unreadable
from services.due.deadline_events import WATCH
from services.embedded.journal_readers import EmbeddedProjector
from services.projector.engine import make_engine
from services.projector.migrations import prepare
from services.projector.rows.fold import Fold
from services.runtime.kafka.publishing import Message
from tests.api.embedded_ledger import journal_in
from tests.api.processes import STOP_S, Running, embedded
from tests.faults import year
from tests.integration.command import EXAMPLE, ecluse
from tests.read_model.filling import Tables, fill, journal_of_events, read
from tests.waiting import WAIT_S, eventually

HERE = "tests/api/test_embedded.py"
KILLS = 3
CHUNK_LINES = 25
LAST_DAY = "2024-06-30T22:00:00Z"
"""When the last thing that the example owes is overdue."""
LINES = {"Content-Type": "application/x-ndjson"}

pytestmark = [pytest.mark.rest, pytest.mark.fault, pytest.mark.timeout(180)]


def readable(lines: list[bytes]) -> list[bytes]:
    """What POST /events takes: the rest it would answer with its faults."""
    return [
        line
        for line in lines
        if line.strip() and not isinstance(decode(line, source_kind=SourceKind.EVENTS), Unreadable)
    ]


def post(running: Running, lines: list[bytes]) -> httpx.Response:
    body = b"".join(line + b"\n" for line in lines)
    return httpx.post(f"{running.address}/events", content=body, headers=LINES, timeout=60)


def tables_of(url: str) -> Tables:
    """Without what tells who wrote, and when."""
    found = read(url)
    for row in found["positions"]:
        row.pop("generation", None)
        row.pop("last_timestamp_ms", None)
    return found


def projected_anew(records: list[bytes], folder: Path) -> Tables:
    url = f"sqlite+aiosqlite:///{folder / 'anew.db'}"

    async def go() -> None:
        engine = make_engine(url)
        await prepare(engine)
        await engine.dispose()

    asyncio.run(go())
    fill(url, records)
    return tables_of(url)


def test_killed_while_it_decides_it_goes_on_as_if_nothing_had_happened(tmp_path: Path) -> None:
    seed = int(os.environ.get("ECLUSE_FAULT_SEED") or random.SystemRandom().randrange(10**9))
    print(f"run again: ECLUSE_FAULT_SEED={seed} .venv/bin/pytest {HERE} -k killed")
    chance, data = random.Random(seed), tmp_path / "data"
    lines = readable(year.lines(grants=10))
    chunks = [lines[at : at + CHUNK_LINES] for at in range(0, len(lines), CHUNK_LINES)]
    done, killed_at = 0, []
    for kill in range(KILLS + 1):
        last = kill == KILLS
        with embedded(data, log=tmp_path / "log") as running:
            upto = len(chunks) if last else done + len(chunks) // (KILLS + 1)
            while done < upto:
                assert 202 == post(running, chunks[done]).status_code
                done += 1
            if last:
                assert 0 == running.stop()
                break
            sending = threading.Thread(target=_unheard, args=(running, chunks[done]))
            sending.start()
            time.sleep(chance.uniform(0.0, 0.08))
            running.kill()
            sending.join()
            killed_at.append(len(journal_in(data)))
    print(f"killed with {killed_at} records of {len(journal_in(data))}")
    assert KILLS == len(killed_at)
    records = journal_in(data)
    clean = journal_of_events(lines)
    assert len(records) >= len(clean)
    expected, found = projected_anew(records, tmp_path), tables_of(f"sqlite:///{data / 'read.db'}")
    for name, rows in expected.items():
        if name != "positions":
            assert rows == found[name], name
    assert _accepted(clean) == _accepted(records), "sent again, an event is a duplicate"


def _unheard(running: Running, chunk: list[bytes]) -> None:
    # Killed before it answered: the next one hears all of it again.
    with contextlib.suppress(httpx.HTTPError):
        post(running, chunk)


def _accepted(records: list[bytes]) -> list[str]:
    """What was sent; that days have passed meanwhile, nobody sent."""
    phrase = [json.loads(record) for record in records]
    sent = [each for each in phrase if each["event_source"] != WATCH]
    return [each["event"]["id"] for each in sent if each["outcome"] == "accepted"]


def test_events_are_decided_and_shown_at_once_and_after_a_restart(tmp_path: Path) -> None:
    data, log = tmp_path / "data", tmp_path / "log"
    with embedded(data, "--load", EXAMPLE, log=log) as running:
        last = {"2023-07-17T07:00:00Z", LAST_DAY}  # The internal event comes a moment later.
        assert _ready(running)["latest_event_time"] in last
        answer = post(running, EXAMPLE.read_bytes().splitlines())
        assert 202 == answer.status_code
        before = _outcomes(running, answer.json()["events"])
        assert [("accepted", ["accepted", "duplicate"])] * 10 == before
        second = ecluse("serve", "--embedded", "--data", data, "--port", 0)
        assert (3, True) == (second.code, "another" in second.err), "one works there"
        assert 0 == running.stop()
    with embedded(data, "--load", EXAMPLE, log=log) as running:
        assert before == _outcomes(running, answer.json()["events"]), "a file is loaded once"
        assert 0 == running.stop()
    assert "access_is_not_checked" in log.read_text()


def test_days_that_have_passed_are_shown_once_it_runs(tmp_path: Path) -> None:
    """Two documents of the example are owed by 30 June 2024, and never came."""
    data, log = tmp_path / "data", tmp_path / "log"
    for _ in range(2):
        with embedded(data, "--load", EXAMPLE, log=log) as running:
            flagged = eventually(lambda: _flags(running, "report_late"), "nothing passes here")
            assert 0 == running.stop()
        assert ["LILLE-AVENIRS-2023"] * 2 == flagged
    sources = [json.loads(raw)["event_source"] for raw in journal_in(data)]
    assert 1 == sources.count(WATCH), "nor is it published again after a restart"


def _flags(running: Running, code: str) -> list[str]:
    """The grants that have this flag."""
    found = httpx.get(f"{running.address}/review-flags", params={"code": code}, timeout=60).json()
    return [each["grant"] for each in found["items"]]


def _ready(running: Running) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{running.address}/readyz", timeout=60).json()
    return found


def _outcomes(running: Running, events: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
    """Of each event what it became, and what became of each time it was said."""
    with httpx.Client(base_url=running.address, timeout=60) as client:
        found = [client.get(event["outcome"]).json() for event in events]
    return [
        (identity["outcome"], [record["outcome"] for record in identity["records"]])
        for (identity,) in found
    ]


def test_access_is_checked_and_requests_under_way_are_answered_after_sigterm(
    tmp_path: Path,
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    asked = ("Mairie", "--read", "all", "--publish", "all", "--data", data, "--json")
    made = json.loads(ecluse("api-keys", "create", *asked).out)
    bearer = {"Authorization": f"Bearer {made['key']}"}
    lines, log = readable(year.lines(grants=20)), tmp_path / "log"
    first, rest = lines[0] + b"\n", b"\n".join(lines[1:])
    of_body = {"Expect": "100-continue", "Content-Length": str(len(first + rest))}
    with embedded(data, log=log, ECLUSE_AUTH="on") as running:
        place = running.address.removeprefix("http://")
        assert 401 == httpx.get(f"{running.address}/metrics").status_code
        assert 200 == httpx.get(f"{running.address}/metrics", headers=bearer).status_code
        with contextlib.closing(HTTPConnection(place, timeout=WAIT_S)) as client:
            client.request("POST", "/events", headers=bearer | LINES | of_body)
            assert b" 100 " in client.sock.recv(1000), "it is being read"
            client.send(first)
            running.process.send_signal(signal.SIGTERM)
            eventually(lambda: "api_draining" in log.read_text(), "it goes on")
            client.send(rest)
            assert 202 == client.getresponse().status
        assert 0 == running.process.wait(STOP_S)
    assert len(lines) <= len(journal_in(data))
    assert made["key"] not in log.read_text()


async def test_dead_letters_of_a_loaded_file_can_be_read_as_they_were(tmp_path: Path) -> None:
    # The one test that looks inside.
    from services.embedded.ledger_process import EmbeddedLedger, EventFile  # noqa: PLC0415

    file = tmp_path / "bad.jsonl"
    file.write_bytes(b'{"specversion":\n' + EXAMPLE.read_bytes())

    engine = make_engine(f"sqlite:///{tmp_path / 'read.db'}")
    ledger = EmbeddedLedger(tmp_path / "ledger.db", engine)
    await ledger.open([EventFile(file, file.name)])
    async with engine.connect() as connection:
        row = (
            await connection.execute(
                text("SELECT source_topic, source_partition, source_offset FROM dead_letters")
            )
        ).one()
    found = await ledger.original_bytes(*row)
    await ledger.close()
    await engine.dispose()
    assert b'{"specversion":' == found


async def test_tables_that_could_not_be_written_catch_up_by_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.embedded import ledger_process  # noqa: PLC0415 # as above

    monkeypatch.setattr(ledger_process, "RETRY_S", 0.01)
    lines = EXAMPLE.read_bytes().splitlines()
    url = f"sqlite:///{tmp_path / 'read.db'}"
    failures = iter([OSError("no space left"), OSError("no space left")])

    async def fail_twice(self: EmbeddedProjector, fold: Fold, records: Sequence[bytes]) -> None:
        for failure in failures:
            raise failure
        await project(self, fold, records)

    project = EmbeddedProjector._project
    engine = make_engine(url)
    ledger = ledger_process.EmbeddedLedger(tmp_path / "ledger.db", engine)
    await ledger.open()
    monkeypatch.setattr(EmbeddedProjector, "_project", fail_twice)
    await ledger.publish([Message(b"", line) for line in lines[:5]])
    await ledger.publish([Message(b"", line) for line in lines[5:]])
    await asyncio.wait(ledger._works, timeout=WAIT_S)
    await ledger.close()
    await engine.dispose()
    assert len(lines) == len(tables_of(url)["journal"])
