"""`ecluse personal-data find`: no place of a name is missed, in files and in a read model."""

import json
from gzip import compress
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import make_url

from services.cli.commands.personal_data import _addresses
from services.projector.tables import metadata
from services.runtime.kafka.topic_catalogue import read_catalogue
from tests.builders import Json, a_beneficiary, a_convention, a_vote, an_award, encoded
from tests.integration.command import ROOT, ecluse, written
from tests.read_model import databases
from tests.read_model.filling import fill, journal_of_events
from tests.treasury.databases import in_files
from tests.treasury.sent_slips import a_slip_row, at_desk

sqlite_url = databases.sqlite_url
NAME = "Zoé Lefèvre"
EVENTS: Final[list[Json | bytes]] = [
    a_vote(),
    an_award(
        beneficiary=a_beneficiary(representative=NAME), interested=["M. LEFÈVRE Zoé"], recused=[]
    ),
    a_convention(signatory="zoe lefevre"),
    b'{"sent by mistake": "Zo\\u00e9 Lef\\u00e8vre"',
]


def found(*args: object) -> Json:
    result = ecluse("personal-data", "find", NAME, "--json", *args)
    assert (0, "") == (result.code, result.err)
    answer: Json = json.loads(result.out)
    return answer


def test_every_place_in_a_ledgers_file_is_listed(tmp_path: Path, db: Path) -> None:
    ecluse("replay", written(tmp_path / "events.jsonl", *EVENTS), "--db", db)
    answer = found("--db", db)
    assert {"journal", "state", "dead_letters", "positions"} <= set(answer["searched"])
    journal = [each for each in answer["places"] if each["where"] == "journal"]
    assert [
        "record/event/data/beneficiary/representative",
        "record/event/data/interested/0",
        "record/event/data/signatory",
    ] == sorted(each["member"] for each in journal if "/event/data" in each["member"])
    assert "dead_letters" in {each["where"] for each in answer["places"]}


def test_every_place_in_a_read_model_is_listed(sqlite_url: str) -> None:
    fill(sqlite_url, journal_of_events(map(encoded, EVENTS)))
    places = found("--db", make_url(sqlite_url).database)["places"]
    assert {
        ("grants", "representative"),
        ("conventions", "signatory"),
        ("journal", "record/event/data/interested/0"),
    } <= {(each["where"], each["member"]) for each in places}


def test_the_treasurys_tables_beside_the_read_model_are_searched(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = Path(make_url(sqlite_url).database or "").with_name("treasury.db")
    monkeypatch.setenv("ECLUSE_DATABASE_URL", sqlite_url)
    monkeypatch.delenv("ECLUSE_TREASURY_URL", raising=False)
    assert f"sqlite:///{file}" not in _addresses()
    in_files(file.parent)
    assert f"sqlite:///{file}" in _addresses()


def test_a_name_in_a_pes_file_is_found(tmp_path: Path) -> None:
    url = in_files(tmp_path)
    row = a_slip_row(1, file=compress(f"<Nom V='{NAME}'/>".encode("iso-8859-1")))
    at_desk(url, lambda desk: desk.send(row))
    places = found("--db", tmp_path / "treasury.db")["places"]
    assert [("slips", "file")] == [(each["where"], each["member"]) for each in places]


def test_people_read_where_it_was_searched(tmp_path: Path, db: Path) -> None:
    ecluse("replay", written(tmp_path / "events.jsonl", *EVENTS), "--db", db)
    result = ecluse("personal-data", "find", "Nobody Atall", "--db", db, "--lang", "fr")
    assert (0, "") == (result.code, result.err)
    assert "Recherché dans\u00a0: " in result.text
    assert "Rien de ce qui a été parcouru ne le contient." in result.text


@pytest.mark.parametrize("name", ["a#b.db", "a?b.db", "a%20b.db", "é ü.db"])
def test_whatever_a_file_is_called(tmp_path: Path, name: str) -> None:
    ecluse("replay", written(tmp_path / "events.jsonl", *EVENTS), "--db", tmp_path / "ledger.db")
    (tmp_path / "ledger.db").rename(tmp_path / name)
    assert [] != found("--db", tmp_path / name)["places"]
    # SQLite's own two beside it, and no other.
    beside = {each.name.removeprefix(name) for each in tmp_path.iterdir()}
    assert {"events.jsonl", "", "-shm", "-wal"} >= beside


@pytest.mark.parametrize(
    ("content", "why"), [(b"no database", "file is not a database"), (b"", "Nothing was searched")]
)
def test_a_file_that_is_no_database_is_no_answer(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "a.db").write_bytes(content)
    result = ecluse("personal-data", "find", NAME, "--db", tmp_path / "a.db")
    assert (3, "", True) == (result.code, result.text, why in result.err)


def test_a_name_without_a_character_is_refused(db: Path) -> None:
    db.touch()
    result = ecluse("personal-data", "find", "–", "--db", db)
    assert (2, True) == (result.code, "nothing in it can be" in result.err)


def test_the_page_names_every_topic_and_table() -> None:
    page = (ROOT / "docs" / "personal-data.md").read_text(encoding="utf-8")
    names = [*read_catalogue().topics, *(each.name for each in metadata.sorted_tables)]
    assert [] == [each for each in names if f"`{each}`" not in page]
