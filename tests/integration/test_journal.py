"""`ecluse journal` from outside: the last records, and one whole."""

import json
import sqlite3
from pathlib import Path

import pytest

from tests.builders import BUDGET, IBAN, Json
from tests.integration.command import MIXED, ecluse
from tests.integration.test_tables import unfolded


def test_the_tail_of_the_journal_is_the_records_own_bytes(mixed: Path, db: Path) -> None:
    ecluse("replay", mixed, "--db", db)
    records = ecluse("journal", "tail", "--db", db, "-n", 99, "--json").out.splitlines()
    assert len(MIXED) == len(records)
    last = ecluse("journal", "tail", "--db", db, "-n", 2, "--budget", BUDGET, "--json")
    assert records[6:8] == last.out.splitlines(), "the dead letters stand in a chain of their own"
    for record in map(json.loads, records):
        shown = ecluse(
            "journal", "show", record["budget"], record["sequence"], "--db", db, "--json"
        )
        assert record == json.loads(shown.out)
        assert shown.out.rstrip(b"\n") in records


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        (
            "fr",
            (
                "En attente de la signature de la convention D",
                "refusé ",
                "engagement juridique",
                "en instance",
            ),
        ),
        (
            "en",
            (
                "Waits for the signature of convention D",
                "refused",
                "bad_json",
                "not a strict JSON",
                "1,000.00",
            ),
        ),
    ],
)
def test_people_read_the_journal_as_a_table(
    mixed: Path, db: Path, language: str, texts: tuple[str, ...]
) -> None:
    ecluse("replay", mixed, "--db", db)
    result = ecluse("--lang", language, "journal", "tail", "--db", db)
    assert [] == [each for each in texts if each not in unfolded(result.text)]
    assert "C/advance" in ecluse("journal", "show", BUDGET, 4, "--db", db).text


def test_a_record_that_is_not_there_is_reported(mixed: Path, db: Path) -> None:
    ecluse("replay", mixed, "--db", db)
    result = ecluse("--lang", "fr", "journal", "show", BUDGET, 99, "--db", db)
    assert (3, b"") == (result.code, result.out)
    assert f"{BUDGET}/99\u00a0: il n'y a pas d'enregistrement à cette place" in result.err


SHOWN = {
    "fr": {
        3: ("Mouvements", "disponible", "réservé", "engagement comptable", "1\u202f000,00\u00a0€"),
        1: ("attend", "En attente de la signature de la convention D."),
        2: ("ouverture de crédits", "disponible", "1\u202f000,00\u00a0€"),
        4: ("À vérifier", "name_differs", "Le bénéficiaire", "Mandats"),
        8: ("Refus", "overpayment", "refusé"),
    },
    "en": {
        3: ("Moves", "available", "reserved", "accounting commitment", "€1,000.00"),
        1: ("waits for", "Waits for the signature of convention D."),
        2: ("opening of credits", "available", "€1,000.00"),
        4: ("To review", "name_differs", "The beneficiary", "Payment orders"),
        8: ("Refusal", "overpayment", "refused"),
    },
}


@pytest.mark.parametrize("language", SHOWN)
def test_people_read_one_record(mixed: Path, db: Path, language: str) -> None:
    ecluse("replay", mixed, "--db", db)
    for sequence, texts in SHOWN[language].items():
        result = ecluse("journal", "show", BUDGET, sequence, "--db", db, "--lang", language)
        text = unfolded(result.text)
        assert [] == [each for each in texts if each not in text]
        assert f"mixed.jsonl, {'ligne' if language == 'fr' else 'line'}" in text
        assert '"specversion": "1.0"' in text
        assert IBAN not in text
    dead = ecluse("journal", "show", "_dead.0", 1, "--db", db, "--lang", language)
    assert "bad_json" in dead.text
    assert "JSON strict" in dead.text or "strict JSON" in dead.text


@pytest.mark.parametrize(
    ("language", "texts"),
    [("fr", "nope\u00a0: le journal n'a pas d'enregistrement"), ("en", "nope: the journal has no")],
)
def test_a_budget_without_records_is_reported(
    mixed: Path, db: Path, language: str, texts: str
) -> None:
    ecluse("replay", mixed, "--db", db)
    result = ecluse("journal", "tail", "--db", db, "--budget", "nope", "--lang", language)
    assert (0, True) == (result.code, texts in result.text)


def damaged(db: Path, record: Json | bytes) -> None:
    text = record if isinstance(record, bytes) else json.dumps(record).encode()
    with sqlite3.connect(db) as store:
        store.execute("UPDATE journal SET record = ? WHERE sequence = 2", (text,))
    store.close()


@pytest.mark.parametrize("record", [b"{", b"{}", b'{"event":null}', b"[]"])
def test_a_damaged_record_exits_3_with_a_sentence(mixed: Path, db: Path, record: bytes) -> None:
    ecluse("replay", mixed, "--db", db)
    damaged(db, record)
    for args in (("tail",), ("show", BUDGET, 2)):
        result = ecluse("journal", *args, "--db", db)
        assert (3, b"") == (result.code, result.out)
        assert "Stopped: journal " in result.err
        assert "Traceback" not in result.err
