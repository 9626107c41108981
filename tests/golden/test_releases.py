"""What every release wrote is read by this version, with the same figures and the same heads.

`released/VERSION/` holds it; `record_release.py` wrote it. Nothing there is ever edited: where a
test fails, this version breaks what somebody has on disk.
"""

import asyncio
import gzip
import json
from pathlib import Path
from typing import Any, Final, get_args

import pytest
from jsonschema import Draft202012Validator

from events import schemas, topics
from events.envelope import INBOUND
from events.follow_up import ReviewEvent
from services.ledger.domain.journal import Outcome
from services.projector.migrations import prepare_at
from services.treasury.reconciliation.discrepancy import DiscrepancyKind
from services.treasury.slips.order_messages import read_order, read_own_refusal
from services.treasury.store.database import TREASURY_FILE
from tests import silence
from tests.api.environment import HandClock
from tests.api.test_access import a_store, known
from tests.builders import Json, Scenario
from tests.golden.kept_treasury import facts, next_number
from tests.golden.record import HERE
from tests.golden.record_release import (
    ACCESS,
    APART,
    HISTORIES,
    RELEASES,
    TREASURY,
    record_release,
)
from tests.integration.command import ecluse
from tests.read_model.filling import fill, read, rows_of
from tests.treasury.books import book, differences, in_both
from tests.treasury.databases import Opened, in_files
from tests.treasury.test_bookkeeper import YEAR

no_logs = silence.no_logs

VERSIONS: Final = sorted(path for path in RELEASES.iterdir() if path.is_dir())
EACH: Final = [
    pytest.param(path, id=f"{version.name}/{path.name}")
    for version in VERSIONS
    for path in sorted(version.iterdir())
    if path.name not in APART
]
each_history: Final = pytest.mark.parametrize("kept", EACH)
each_release: Final = pytest.mark.parametrize("release", VERSIONS, ids=lambda each: each.name)


def unpacked(kept: Path, name: str, folder: Path) -> Path:
    """A file as the release left it."""
    file = folder / name
    file.write_bytes(gzip.decompress((kept / f"{name}.gz").read_bytes()))
    return file


def summary_of(kept: Path) -> Json:
    found: Json = json.loads((kept / "summary.json").read_bytes())
    return found


def within(before: Any, now: Any) -> bool:
    """True where all that was said is said still; members may have come."""
    if isinstance(before, dict):
        return isinstance(now, dict) and all(
            name in now and within(each, now[name]) for name, each in before.items()
        )
    if isinstance(before, list):
        return isinstance(now, list) and len(before) == len(now) and all(map(within, before, now))
    return bool(before == now)


@each_history
def test_its_database_is_opened_and_goes_on(kept: Path, tmp_path: Path) -> None:
    """Nothing of the file is read a second time; what is new is decided on top of it."""
    db = unpacked(kept, "ledger.db", tmp_path)
    events = HERE / f"{kept.name}.events.jsonl"
    for _again in range(2):
        result = ecluse("replay", events, "--db", db, "--json")
        assert 0 == result.code
        assert within(summary_of(kept), json.loads(result.out))


@each_history
def test_its_journal_is_proved_and_agrees_with_its_seal(kept: Path, tmp_path: Path) -> None:
    export = unpacked(kept, "export.jsonl", tmp_path)
    sealed = ("--seal", kept / "seal.json", "--public-key", kept / "public-key.pem")
    found = ecluse("verify", "--journal", export, *sealed, "--json")
    assert 0 == found.code, found.text
    assert summary_of(kept)["heads"] == json.loads(found.out)["heads"]


@each_history
def test_its_export_is_restored_to_the_same_heads(kept: Path, tmp_path: Path) -> None:
    export, db = unpacked(kept, "export.jsonl", tmp_path), tmp_path / "new.db"
    assert 0 == ecluse("journal", "import", export, "--db", db).code
    again = tmp_path / "again.jsonl"
    made = json.loads(ecluse("journal", "export", again, "--db", db, "--json").out)
    assert within(summary_of(kept)["heads"], made["heads"])
    assert sorted(export.read_bytes().splitlines()) == sorted(again.read_bytes().splitlines())


@each_history
def test_its_read_model_is_brought_to_what_this_version_makes(kept: Path, tmp_path: Path) -> None:
    unpacked(kept, "read-model.db", tmp_path)
    upgraded, anew = (f"sqlite:///{tmp_path}/{name}.db" for name in ("read-model", "anew"))
    for url in (upgraded, anew):
        asyncio.run(prepare_at(url))
    records = gzip.decompress((kept / "export.jsonl.gz").read_bytes()).splitlines()
    fill(anew, records)
    tables = read(anew)
    assert tables["journal"]
    assert tables == read(upgraded)


@each_history
def test_its_messages_fit_the_schemas_and_are_read_by_the_treasury(kept: Path) -> None:
    validators = {
        name.removesuffix(".schema.json"): Draft202012Validator(json.loads(text))
        for name, text in schemas.documents().items()
    }
    lines = gzip.decompress((kept / "messages.jsonl.gz").read_bytes()).splitlines()
    rows = [row for row in map(json.loads, lines) if row["value"] is not None]
    assert rows
    for row in rows:
        message = json.loads(row["value"])
        faults = validators[message["type"]].iter_errors(message)
        assert [] == [error.message for error in faults], message["id"]
        if row["topic"] == topics.PAYMENT_ORDERS:
            read_order(row["value"].encode())
        if row["topic"] == topics.REFUSALS:
            read_own_refusal(row["value"].encode())


@each_release
def test_its_treasury_goes_on_with_the_same_slips_entries_and_numbers(
    release: Path, tmp_path: Path
) -> None:
    kept = release / TREASURY
    url = in_files(tmp_path)
    unpacked(kept, "treasury.db", tmp_path).rename(tmp_path / TREASURY_FILE)

    async def go(both: Opened) -> tuple[Json, int | None]:
        await both.store.prepare()
        await book(both)
        return await facts(both), await next_number(both)

    found, number = asyncio.run(in_both(url, go))
    before = json.loads((kept / "facts.json").read_bytes())
    assert all(before.values())
    assert (before, 2) == (found, number), "the numbers of the cancelled slip are free"


@each_release
def test_its_entries_are_not_booked_again_and_are_no_differences(
    release: Path, tmp_path: Path
) -> None:
    """Though 0.1.0 booked orders on the day of their act, and later versions on their own."""
    url = in_files(tmp_path)
    unpacked(release / TREASURY, "treasury.db", tmp_path).rename(tmp_path / TREASURY_FILE)
    fill(url, rows_of(Scenario(*YEAR)))

    async def go(both: Opened) -> tuple[int, list[DiscrepancyKind]]:
        await both.store.prepare()
        return await book(both), [each.kind for each in await differences(both)]

    made, found = asyncio.run(in_both(url, go))
    of_entries = {kind for kind in found if kind.value.startswith(("entry", "more_entries"))}
    assert (0, set()) == (made, of_entries)


@each_release
def test_its_keys_still_open(release: Path, tmp_path: Path) -> None:
    kept = release / ACCESS
    unpacked(kept, "access.db", tmp_path)
    url = f"sqlite:///{tmp_path}/read.db"
    for name, asked in {"keys.json": "list", "audit.json": "audit"}.items():
        found = json.loads(ecluse("api-keys", asked, "--json", ECLUSE_DATABASE_URL=url).out)
        assert within(json.loads((kept / name).read_bytes()), found)
    shown = json.loads((kept / "key.json").read_bytes())

    async def opens() -> None:
        async with a_store(f"sqlite:///{tmp_path}/access.db", HandClock()) as store:
            caller = await known(store, HandClock()).find_by_bearer(shown["key"])
            assert f"key:{shown['key_id']}" == caller.name

    asyncio.run(opens())


@each_release
def test_what_a_release_kept_has_every_type_and_every_outcome(release: Path) -> None:
    records = [
        json.loads(line)
        for kept in release.iterdir()
        if kept.name not in APART
        for line in gzip.decompress((kept / "export.jsonl.gz").read_bytes()).splitlines()
    ]
    assert set(Outcome) == {record["outcome"] for record in records}
    if release == VERSIONS[-1]:
        types = {record["event"]["type"] for record in records if record["event"]}
        by_persons = {each.TYPE for each in get_args(ReviewEvent)}
        assert {each.TYPE for each in INBOUND} - by_persons <= types


def test_a_release_is_never_recorded_again() -> None:
    for version in VERSIONS:
        with pytest.raises(SystemExit, match="recorded before"):
            record_release(version.name)
        assert {*HISTORIES, *APART} == {path.name for path in version.iterdir()}
