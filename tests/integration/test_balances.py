"""`ecluse balances --db`: the same as `replay`, whatever keeps the journal; some lines, a day."""

import json
from pathlib import Path

import pytest

from services.embedded.ledger_process import EventFile
from tests.api.embedded_ledger import in_a_ledger, nothing_more
from tests.api.reads.answers import get, items
from tests.integration.command import EXAMPLE, MIXED, ecluse, written
from tests.read_model.databases import in_a_file
from tests.read_model.filling import fill, journal_of


@pytest.fixture(scope="module", params=["file", "directory", "read model"])
def journal(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The journal of a year with every outcome, and of Lille Avenirs, in each place."""
    folder = tmp_path_factory.mktemp("journal")
    events = written(folder / "mixed.jsonl", *MIXED)
    if request.param == "file":
        return kept(folder / "ledger.db", events)
    if request.param == "directory":
        in_a_ledger(folder, nothing_more, [EventFile(events, events.name)])
        return str(folder)
    url = in_a_file(folder / "read.sqlite")
    fill(url, journal_of(events))
    return f"sqlite:///{folder / 'read.sqlite'}"


def kept(db: Path, *files: Path) -> str:
    assert 0 == ecluse("replay", "--db", db, *files).code
    return str(db)


def test_it_is_what_replay_prints(journal: str, tmp_path: Path) -> None:
    events = written(tmp_path / "mixed.jsonl", *MIXED)
    replayed = json.loads(ecluse("replay", "--json", events).out)
    result = ecluse("balances", "--db", journal, "--json")
    assert (0, replayed) == (result.code, json.loads(result.out))
    assert "Balances of budget" in ecluse("balances", "--db", journal).text
    assert 1 == ecluse("balances", "--db", journal, "--strict").code


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        (("--operation", "489"), "operation=489"),
        (("--chapter", "65", "--function", "61"), "chapter=65&function=61"),
        (("--article", "1"), "article=1"),
        (("--as-of", "2023-06-30"), "effective_on=2023-06-30"),
        (("--as-of", "2023-06-30", "--operation", "490"), "effective_on=2023-06-30&operation=490"),
    ],
)
def test_the_lines_are_those_that_the_api_answers_with(
    options: tuple[str, ...], asked: str, tmp_path: Path
) -> None:
    db = kept(tmp_path / "ledger.db", EXAMPLE)
    read = tmp_path / "read.sqlite"
    fill(in_a_file(read), journal_of(EXAMPLE))
    (answer,) = get(f"sqlite:///{read}", f"/balances/lines?{asked}")
    for place in (db, f"sqlite:///{read}"):
        result = ecluse("balances", "--db", place, *options, "--json")
        assert (0, {"lines": items(answer)}) == (result.code, json.loads(result.out))


def test_people_read_a_table(tmp_path: Path) -> None:
    db = kept(tmp_path / "ledger.db", EXAMPLE)
    result = ecluse("balances", "--db", db, "--operation", "489", COLUMNS="250")
    assert "65/65748/61/489" in result.text
    assert "65/65748/61/490" not in result.text


@pytest.mark.parametrize("asked", [("--chapter", "nope"), ("--as-of", "2000-01-01")])
def test_where_no_line_is_meant_people_are_not_left_without_an_answer(
    asked: tuple[str, str], tmp_path: Path
) -> None:
    db = kept(tmp_path / "ledger.db", EXAMPLE)
    result = ecluse("balances", "--db", db, *asked)
    assert (0, True) == (result.code, "No line has these codes" in result.text)


def test_people_read_operations_by_their_number_and_programs_by_their_text(tmp_path: Path) -> None:
    operations = ["489", "490", "1978"]
    text = ecluse("replay", EXAMPLE, COLUMNS="250").text
    table = text[text.index("Balances of budget") :]
    assert operations == sorted(operations, key=lambda each: table.index(f"/{each} "))
    lines = json.loads(ecluse("replay", "--json", EXAMPLE).out)["lines"]
    assert sorted(operations) == [each["line"]["operation"] for each in lines]


@pytest.mark.parametrize("where", ["sqlite:///{folder}/none.db", "{folder}/none.db"])
def test_where_there_is_no_journal_it_says_so(where: str, tmp_path: Path) -> None:
    result = ecluse("balances", "--db", where.format(folder=tmp_path))
    assert 3 == result.code
    assert "none.db" in result.err
    assert not (tmp_path / "none.db").exists()


def test_a_day_is_a_day(tmp_path: Path) -> None:
    result = ecluse("balances", "--db", tmp_path, "--as-of", "30/06/2023")
    assert 2 == result.code


@pytest.mark.parametrize("command", [("journal", "tail"), ("parked",), ("verify",)])
def test_all_that_read_a_ledger_take_the_directory_of_the_embedded_mode(
    command: tuple[str, ...], tmp_path: Path
) -> None:
    kept(tmp_path / "ledger.db", EXAMPLE)
    assert 0 == ecluse(*command, "--db", tmp_path).code
    url = ecluse(*command, "--db", f"sqlite:///{tmp_path}/ledger.db")
    assert (2, True) == (url.code, "read by `ecluse balances`" in " ".join(url.err.split()))
