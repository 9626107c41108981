"""`ecluse verify` from outside: over a database and an exported file, for people and programs."""

import json
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from services.ledger.domain import order_issuing
from tests.builders import BUDGET, Json, a_vote, encoded
from tests.golden.record import HERE
from tests.integration.command import CARRY_OVER, EXAMPLE, ecluse
from tests.integration.test_tables import unfolded
from tests.verifier.settled import CARRIED

CHANGES = HERE / "turns-2023.journal.jsonl"
YEARS = HERE / "year-end-2023.events.jsonl"


def verified(*args: object) -> Json:
    result = ecluse("verify", "--json", *args)
    row: Json = json.loads(result.out)
    assert result.code == (0 if row["proved"] else 1)
    return row


@pytest.mark.parametrize("events", [EXAMPLE, YEARS, *CARRY_OVER], ids=lambda file: file.name)
def test_what_a_replay_says_is_proved_from_its_database(events: Path, db: Path) -> None:
    replayed = json.loads(ecluse("replay", events, "--db", db, "--json").out)
    assert replayed == verified("--db", db, "--figures")["figures"]


def test_a_database_and_its_export_are_proved_alike(exported: Path, db: Path) -> None:
    stored, from_file = verified("--db", db), verified("--journal", exported)
    assert stored["proved"]
    assert stored["counted"] == from_file["counted"]
    assert stored["heads"] == from_file["heads"]
    notes = [{each["code"] for each in row["not_proved"]} for row in (stored, from_file)]
    assert {"order", "unreadable"} == notes[1] - notes[0]
    assert {"tracing", "decisions", "published", "sources", "ends", "as_it_stands"} == notes[0]


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        (
            "fr",
            ("hash_differs", "il a été changé", "Ce que cela ne prouve pas", " défauts\u00a0: "),
        ),
        ("en", ("hash_differs", "it was changed", "What this does not prove", " defects: ")),
    ],
)
def test_people_read_what_is_wrong_and_where(
    exported: Path, language: str, texts: tuple[str, ...]
) -> None:
    lines = exported.read_bytes().splitlines(keepends=True)
    lines[3] = lines[3].replace(b'"amount_cents":100000', b'"amount_cents":100001', 1)
    exported.write_bytes(b"".join(lines))
    result = ecluse("verify", "--journal", exported, "--lang", language)
    text = unfolded(result.text)
    assert 1 == result.code
    assert [] == [each for each in texts if each not in text]
    assert "exported.jsonl/4" in text


def test_one_budget_alone_is_proved(db: Path) -> None:
    ecluse("replay", YEARS, "--db", db)
    row = verified("--db", db, "--budget", BUDGET)
    assert row["proved"]
    assert [BUDGET] == list(row["heads"])
    dead = verified("--db", db, "--budget", "_dead.0")
    assert {"dead_letter": 1} == {name: n for name, n in dead["counted"]["outcomes"].items() if n}


# Text of the bytes of an internal event, and bytes of text again.
TEXT, QUOTED = (
    "cast(value AS TEXT)",
    "UPDATE internal_events SET value = cast({} AS BLOB) WHERE number = 0",
)

UPDATES = [
    (
        "a record stands under another budget",
        "UPDATE journal SET budget = 'x' WHERE position = 3",
        "key_differs",
    ),
    (
        "a record stands under another number",
        "UPDATE journal SET sequence = 99 WHERE position = 3",
        "key_differs",
    ),
    ("a record is gone", "DELETE FROM journal WHERE position = 3", "sequence_broken"),
    (
        "the bytes of a dead letter are others",
        "UPDATE dead_letters SET value = x'00' WHERE sequence = 1",
        "message_differs",
    ),
    (
        "the reason of a dead letter is another",
        "UPDATE dead_letters SET reason = 'x' WHERE sequence = 1",
        "message_differs",
    ),
    ("a dead letter is gone", "DELETE FROM dead_letters", "message_missing"),
    (
        "a dead letter is of no record",
        "UPDATE dead_letters SET sequence = 99",
        "message_unexpected",
    ),
    (
        "an internal event is gone",
        "DELETE FROM internal_events WHERE number = 0",
        "message_missing",
    ),
    ("an internal event is no JSON", QUOTED.format("'{'"), "message_malformed"),
    (
        "an internal event is there twice",
        (
            "INSERT INTO internal_events"
            " SELECT number + 1000, value FROM internal_events WHERE number = 0"
        ),
        "message_twice",
    ),
    (
        "an internal event says something else",
        QUOTED.format(f"replace({TEXT}, '\"amount_cents\":', '\"amount_cents\":1')"),
        "message_differs",
    ),
    (
        "an internal event is of no closing",
        QUOTED.format(f'replace({TEXT}, \'"id":"\', \'"id":"x\')'),
        "message_unexpected",
    ),
]


@pytest.mark.parametrize(
    ("statement", "code"), [each[1:] for each in UPDATES], ids=[each[0] for each in UPDATES]
)
def test_whatever_is_changed_in_a_database_is_found(statement: str, code: str, db: Path) -> None:
    ecluse("replay", YEARS, "--db", db)
    with sqlite3.connect(db) as store:
        assert store.execute(statement).rowcount > 0
    store.close()
    assert code in verified("--db", db)["codes"]


def test_a_year_that_is_opened_behind_another_line_of_its_file_is_found(
    tmp_path: Path, db: Path
) -> None:
    """Each chain is whole; only the order of the two says that money came too late (rules, 32)."""
    file, other = tmp_path / "years.jsonl", "37887770800057-00-2023"
    events = [*CARRIED, a_vote(budget=other), a_vote(1, stage="supplementary", budget=other)]
    file.write_bytes(b"".join(encoded(each) + b"\n" for each in events))
    ecluse("replay", file, "--db", db)
    assert verified("--db", db)["proved"]
    with sqlite3.connect(db) as store:
        opened = "CAST(record AS TEXT) LIKE '%fiscal-year.opened%'"
        assert 1 == store.execute(f"UPDATE journal SET position = 999 WHERE {opened}").rowcount
    store.close()
    assert {"opened_too_late": 1} == verified("--db", db)["codes"]
    assert verified("--db", db, "--budget", BUDGET)["proved"]


def test_a_large_dead_letter_is_kept_by_its_beginning(tmp_path: Path, db: Path) -> None:
    file = tmp_path / "large.jsonl"
    file.write_bytes(b"[" * (2 * 1024 * 1024) + b"\n")
    ecluse("replay", file, "--db", db)
    assert verified("--db", db)["proved"]
    with sqlite3.connect(db) as store:
        store.execute("UPDATE dead_letters SET value = x'00'")
    store.close()
    assert ["message_differs"] == list(verified("--db", db)["codes"])


def test_a_database_without_internal_events_is_an_older_one(mixed: Path, db: Path) -> None:
    ecluse("replay", mixed, "--db", db)
    with sqlite3.connect(db) as store:
        store.execute("DROP TABLE internal_events")
    store.close()
    assert verified("--db", db)["proved"]
    with sqlite3.connect(db) as store:
        assert (
            []
            == store.execute(
                "SELECT * FROM sqlite_master WHERE name = 'internal_events'"
            ).fetchall()
        )
    store.close()


def test_an_imported_journal_has_no_dead_letters_and_no_internal_events_that_were_read(
    db: Path,
) -> None:
    ecluse("replay", YEARS, "--db", db)
    with sqlite3.connect(db) as store:
        (records,) = store.execute("SELECT count(*) FROM journal").fetchone()
        store.execute("DELETE FROM dead_letters")
        store.execute("DELETE FROM internal_events")
        store.execute("DELETE FROM positions")
        imported = ("ecluse.import", 0, records, "imported")
        store.execute("INSERT INTO positions VALUES (?, ?, ?, ?)", imported)
    store.close()
    row = verified("--db", db)
    assert row["proved"]
    (note,) = [each for each in row["not_proved"] if each["code"] == "imported"]
    assert records == note["count"]
    # What is read behind it is held against the tables again.
    ecluse("replay", YEARS, "--db", db)
    assert verified("--db", db)["proved"]
    with sqlite3.connect(db) as store:
        assert store.execute("DELETE FROM dead_letters").rowcount > 0
    store.close()
    assert {"message_missing": 1} == verified("--db", db)["codes"]


def test_an_internal_event_that_was_not_read_yet_is_counted(db: Path, tmp_path: Path) -> None:
    ecluse("replay", YEARS, "--db", db)
    lines = ecluse("journal", "tail", "-n", 999, "--json", "--db", db).out.splitlines(keepends=True)
    closed = [line for line in lines if json.loads(line)["budget"] == BUDGET]
    file = tmp_path / "closed.jsonl"
    file.write_bytes(b"".join(closed))
    row = verified("--journal", file)
    assert row["proved"]
    (internal_events,) = [each for each in row["not_proved"] if each["code"] == "internal_events"]
    assert internal_events["count"] > 0
    assert str(internal_events["count"]) in internal_events["fr"]


@pytest.mark.parametrize(
    ("args", "code", "texts"),
    [
        (("--journal", "nowhere"), 3, "nowhere: No such file"),
        (("--journal", "."), 3, ".: Is a directory"),
        (("--db", "nowhere"), 3, "nowhere: no such database"),
        (("--db", str(EXAMPLE)), 3, "file is not a database"),
        (("--db", "OTHER"), 3, "a database of another program"),
        (("--db", "x", "--journal", "y"), 2, "name two journals"),
        (("--journal", str(CHANGES), "--budget", "x"), 3, "x: the journal"),
    ],
    ids=["no file", "a folder", "no database", "no SQLite", "another's", "two", "no such budget"],
)
def test_what_cannot_be_read_is_named(
    args: tuple[str, ...], code: int, texts: str, tmp_path: Path
) -> None:
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as store:
        store.execute("CREATE TABLE t (a)")
    store.close()
    result = ecluse("verify", *(str(other) if each == "OTHER" else each for each in args))
    assert (code, b"") == (result.code, result.out)
    assert texts in result.err
    assert "Traceback" not in result.err


def test_the_present_rules_decide_the_same(db: Path) -> None:
    ecluse("replay", YEARS, "--db", db)
    result = verified("--db", db, "--redecide")["redecided"]
    assert (0, [], {"1": result["records"]}) == (
        result["differing"],
        result["differences"],
        result["rules_versions"],
    )


def with_another_delay(run: Callable[[], Any]) -> Any:
    with pytest.MonkeyPatch.context() as rules:
        rules.setattr(order_issuing, "PAYMENT_DELAY", timedelta(days=30))
        return run()


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("fr", ("Décidé autrement", "au journal", "2023-06-14")),
        ("en", ("Decided otherwise", "now")),
    ],
)
def test_other_rules_are_shown_as_a_difference(
    db: Path, language: str, texts: tuple[str, ...]
) -> None:
    ecluse("replay", EXAMPLE, "--db", db)
    result = with_another_delay(
        lambda: ecluse("verify", "--db", db, "--redecide", "--lang", language, COLUMNS="1000")
    )
    assert 1 == result.code
    assert [] == [each for each in texts if each not in result.text]
    row = json.loads(
        with_another_delay(lambda: ecluse("verify", "--db", db, "--redecide", "--json")).out
    )
    assert row["proved"], "the journal holds; its decisions would be others"
    assert row["redecided"]["differing"] == len(row["redecided"]["differences"]) > 0


def test_a_journal_that_is_not_proved_is_not_decided_again(exported: Path) -> None:
    lines = exported.read_bytes().splitlines(keepends=True)
    exported.write_bytes(b"".join(lines[:3] + lines[4:]))
    result = ecluse("verify", "--journal", exported, "--redecide")
    assert 1 == result.code
    assert "A journal that is not proved is not decided again." in result.text
    assert "redecided" not in verified("--journal", exported, "--redecide")


def test_the_help_names_what_proves() -> None:
    lines = ecluse("--help").text.splitlines()
    panel = takewhile(str.strip, lines[lines.index("Prove") + 1 :])
    commands = [line.split()[0] for line in panel if not line.startswith("   ")]
    assert {"verify", "seal"} <= set(commands)


@pytest.mark.parametrize("content", [b"", b"\n  \n"], ids=["no byte", "blank lines"])
@pytest.mark.parametrize("option", ["--journal", "--budget"])
def test_a_journal_without_a_record_is_not_proved(
    content: bytes, option: str, tmp_path: Path
) -> None:
    file = tmp_path / "journal.jsonl"
    file.write_bytes(content)
    more = [] if option == "--journal" else [option, BUDGET]
    result = ecluse("verify", "--journal", file, *more, "--lang", "en")
    assert (3, b"") == (result.code, result.out)
    assert ("The journal is empty." if not more else "has no record") in result.err


def test_a_database_without_a_record_is_not_proved(tmp_path: Path) -> None:
    events = tmp_path / "none.jsonl"
    events.write_bytes(b"")
    ecluse("replay", events, "--db", tmp_path / "none.db")
    assert 3 == ecluse("verify", "--db", tmp_path / "none.db").code
