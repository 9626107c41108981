"""A ledger without Kafka is proved and sealed, deadline events of its own watch included."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import pytest

from services.due.deadline_events import WATCH
from services.embedded.ledger_process import EmbeddedLedger, EventFile
from tests.api.embedded_ledger import in_a_ledger
from tests.builders import (
    Json,
    a_closing,
    a_convention,
    a_report,
    a_vote,
    an_acknowledgement,
    an_award,
    an_instalment,
    encoded,
)
from tests.integration.command import CARRY_OVER, EXAMPLE, ecluse

EXAMPLES = [
    (EXAMPLE,),
    (EXAMPLE.with_name("lille-avenirs-single-payments.jsonl"),),
    CARRY_OVER,
    (EXAMPLE.with_name("one-of-each.ndjson"),),
]
AFTER_ALL = datetime(2030, 1, 1, tzinfo=UTC)


def serve(folder: Path, *files: Path, until: datetime = AFTER_ALL) -> Path:
    """Load files as `serve --embedded` does, and let deadlines pass; the ledger's database."""

    async def go(ledger: EmbeddedLedger) -> None:
        await ledger.write_deadline_events(lambda: until)

    in_a_ledger(folder, go, [EventFile(each, each.name) for each in files])
    return folder / "ledger.db"


def inputs_of_watch(db: Path) -> list[Json]:
    with sqlite3.connect(db) as store:
        rows = [
            json.loads(value) for (value,) in store.execute("SELECT value FROM internal_events")
        ]
    store.close()
    return [row for row in rows if row["source"] == WATCH]


def assert_proved_and_sealed(db: Path) -> None:
    proof = json.loads(ecluse("verify", "--db", db, "--json").out)
    assert ([], True) == (proof["findings"], proof["proved"])
    key, seal = db.with_name("key.pem"), db.with_name("seal.json")
    key.unlink(missing_ok=True)
    seal.unlink(missing_ok=True)
    ecluse("seal", "--new-key", key)
    assert 0 == ecluse("seal", "--db", db, "--key", key, "-o", seal).code
    assert 0 == ecluse("verify", "--db", db, "--seal", seal).code


def test_each_example_is_here() -> None:
    folder = EXAMPLE.parent
    assert {*folder.glob("*.jsonl"), *folder.glob("*.ndjson")} == {*chain(*EXAMPLES)}


@pytest.mark.parametrize("files", EXAMPLES, ids=lambda files: files[0].stem)
def test_each_example_is_proved_and_sealed_when_its_deadlines_have_passed(
    files: Sequence[Path], tmp_path: Path
) -> None:
    db = serve(tmp_path, *files)
    assert inputs_of_watch(db)
    assert_proved_and_sealed(db)


def a_year(year: int) -> list[Json]:
    """An award whose first instalment is paid, whose balance goes on; a report owed next June."""
    name, budget = f"C{year}", f"21590350100017-00-{year}"
    dated: Json = {"budget": budget, "_time": f"{year}-06-01T12:00:00+02:00"}
    balance = an_instalment(40_000, "balance", documents=[("activity_report", year)])
    owed = [{"kind": "financial_report", "year": year, "due_on": f"{year + 1}-06-30"}]
    return [
        a_vote(1_000_000, _id=f"vote/{year}", **dated),
        an_award(grant=name, **dated),
        a_convention(
            grant=name,
            convention=name,
            signed_on=f"{year}-05-15",
            instalments=[an_instalment(60_000), balance],
            obligations=owed,
            **dated,
        ),
        a_report(convention="NOWHERE", _id=f"waits/{year}", **dated),
        an_acknowledgement(order=f"{name}/advance", **dated),
    ]


def the_end_of(year: int, carry_over: str) -> Json:
    closed_on = f"{year + 1}-01-31"
    more: Json = {"budget": f"21590350100017-00-{year}", "_time": f"{closed_on}T18:00:00+01:00"}
    return a_closing(carry_over, closed_on=closed_on, _id=f"closing/{year}", **more)


def test_two_closed_years_are_proved_and_sealed(tmp_path: Path) -> None:
    """Loaded year by year, each with its deadlines; of the second closed year nothing goes on."""
    years = [
        (2023, [*a_year(2023), the_end_of(2023, "all")]),
        (2024, [*a_year(2024), the_end_of(2024, "none")]),
        (2025, a_year(2025)),
    ]
    for year, events in years:
        file = tmp_path / f"{year}.jsonl"
        file.write_bytes(b"".join(encoded(each) + b"\n" for each in events))
        db = serve(tmp_path, file, until=datetime(year + 1, 12, 31, tzinfo=UTC))
        assert_proved_and_sealed(db)
    kinds = [row["data"]["kind"] for row in inputs_of_watch(db)]
    assert {"payment_due", "parked", "report_due"} == set(kinds)


@pytest.fixture(scope="module")
def served_once(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return serve(tmp_path_factory.mktemp("served"), EXAMPLE).read_bytes()


OF_THE_WATCH = "CAST(value AS TEXT) LIKE '%urn:ecluse:watch%'"
FIRST = f"(SELECT min(number) FROM internal_events WHERE {OF_THE_WATCH})"
BEHIND = "(SELECT max(number) + 1 FROM internal_events)"
AGAIN = f"INSERT INTO internal_events SELECT {BEHIND}, value FROM internal_events WHERE number = "
PLANTED = [
    (
        "a row of the watch says something else",
        (
            "UPDATE internal_events SET value = CAST(replace(CAST(value AS TEXT),"
            f" '_due', '_duel') AS BLOB) WHERE number = {FIRST}"
        ),
        "source_differs",
    ),
    (
        "a row of the watch is gone",
        f"DELETE FROM internal_events WHERE number = {FIRST}",
        "no_such_source",
    ),
    ("a row of the watch waits to be read", AGAIN + FIRST, "not_yet_journalled"),
    (
        "no record read a row of the watch",
        (
            AGAIN + f"{FIRST}; UPDATE positions SET next_offset = {BEHIND}"
            " WHERE topic = 'ecluse.internal-events.v1'"
        ),
        "not_journalled",
    ),
    (
        "a row is nobody's",
        (
            "UPDATE internal_events SET value = CAST(replace(CAST(value AS TEXT),"
            f" 'urn:ecluse:watch', 'urn:nobody') AS BLOB) WHERE number = {FIRST}"
        ),
        "message_unexpected source_differs",
    ),
]


@pytest.mark.parametrize(
    ("statements", "codes"), [row[1:] for row in PLANTED], ids=[row[0] for row in PLANTED]
)
def test_what_is_changed_among_its_rows_is_found(
    statements: str, codes: str, served_once: bytes, db: Path
) -> None:
    db.write_bytes(served_once)
    with sqlite3.connect(db) as store:
        store.executescript(statements)
    store.close()
    proof = json.loads(ecluse("verify", "--db", db, "--json").out)
    assert set(codes.split()) == set(proof["codes"])
    assert all("fiscal-year.opened" not in each["en"] for each in proof["findings"])
