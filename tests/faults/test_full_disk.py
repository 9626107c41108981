"""A full disk under the ledger's own file: nothing is half written, and all goes on with room."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from services.due.deadline_events import WATCH
from tests.api.embedded_ledger import journal_in
from tests.api.processes import embedded
from tests.api.test_embedded import post, readable
from tests.integration.command import EXAMPLE, real_ecluse
from tests.kafka.faults.storage import Disk, why_no_disk

ROOM_BYTES = 64 * 1024 * 1024
REQUESTS = 50


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    reason = why_no_disk()
    if reason is not None:
        pytest.skip(reason)
    with Disk(tmp_path / "disk", ROOM_BYTES) as disk:
        yield disk


def test_a_replay_on_a_full_disk_says_so_and_is_whole_once_there_is_room(
    disk: Disk, tmp_path: Path
) -> None:
    whole = real_ecluse("replay", "--json", "--db", tmp_path / "whole.db", EXAMPLE)
    assert 0 == whole.code
    replay = ("replay", "--json", "--db", disk.folder / "ledger.db", EXAMPLE)
    disk.fill()
    without = real_ecluse(*replay)
    assert without.code not in {0, None}
    assert "Traceback" not in without.err
    assert "full" in without.err
    disk.free()
    again = real_ecluse(*replay)
    assert (0, whole.out) == (again.code, again.out)


def test_an_export_on_a_full_disk_says_so_and_is_whole_once_there_is_room(
    disk: Disk, tmp_path: Path
) -> None:
    db = tmp_path / "ledger.db"
    assert 0 == real_ecluse("replay", "--json", "--db", db, EXAMPLE).code
    whole, file = tmp_path / "whole.ndjson", disk.folder / "journal.ndjson"
    assert 0 == real_ecluse("journal", "export", whole, "--db", db).code
    disk.fill()
    without = real_ecluse("journal", "export", file, "--db", db)
    assert without.code not in {0, None}
    assert "Traceback" not in without.err
    disk.free()
    assert 0 == real_ecluse("journal", "export", file, "--db", db).code
    assert whole.read_bytes() == file.read_bytes()


def test_a_service_whose_disk_fills_keeps_no_event_in_part_and_goes_on_with_room(
    disk: Disk, tmp_path: Path
) -> None:
    data, lines = disk.folder / "data", readable(EXAMPLE.read_bytes().splitlines())
    with embedded(data, log=tmp_path / "log") as running:
        assert 202 == post(running, lines[:4]).status_code
        disk.fill()
        answer = post(running, lines[4:])
        assert (503, "not_published") == (answer.status_code, answer.json()["code"])
        assert "le disque ou la base est plein" in answer.json()["detail"]
        disk.free()
        assert 202 == post(running, lines[4:]).status_code
        assert 0 == running.stop()
    assert 0 == real_ecluse("verify", "--db", data / "ledger.db").code
    records = [json.loads(each) for each in journal_in(data)]
    kept = [each["event"]["id"] for each in records if each["event"]["source"] != WATCH]
    assert [json.loads(line)["id"] for line in lines] == kept


def test_a_log_without_room_stops_no_service_and_says_later_what_it_lacks(
    disk: Disk, tmp_path: Path
) -> None:
    log, lines = disk.folder / "log", readable(EXAMPLE.read_bytes().splitlines())
    with embedded(tmp_path / "data", log=log) as running:
        disk.fill()
        for _ in range(REQUESTS):  # Each has its line; the last page of the file takes some.
            assert 200 == httpx.get(f"{running.address}/budgets").status_code
        assert 202 == post(running, lines).status_code
        disk.free()
        assert 200 == httpx.get(f"{running.address}/budgets").status_code
        assert 0 == running.stop()
    (note,) = [json.loads(each) for each in log.read_text().splitlines() if "_lost" in each]
    assert (True, "error") == (note["lines"] > REQUESTS / 2, note["level"])
