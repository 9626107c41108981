"""Source files that change under a database: what may happen to them, and what stops the replay."""

from pathlib import Path

import pytest

from tests.builders import a_convention, a_payment, a_vote, an_award, encoded
from tests.integration.command import CommandResult, ecluse

YEAR = [encoded(event) for event in (a_vote(), an_award(), a_convention(), a_payment(7))]

pytestmark = pytest.mark.fault


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path / "year.jsonl", YEAR)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def written(file: Path, lines: list[bytes]) -> Path:
    file.write_bytes(b"".join(line + b"\n" for line in lines))
    return file


def replayed(file: Path | str, db: Path, given: bytes = b"") -> CommandResult:
    return ecluse("replay", file, "--db", db, "--json", given=given, ECLUSE_LOG_LEVEL="ERROR")


def journal(db: Path) -> bytes:
    return ecluse("journal", "tail", "--db", db, "-n", 99, "--json").out


def stopped(result: CommandResult, db: Path, before: bytes) -> str:
    """The sentence of a replay that stopped and wrote nothing."""
    assert (3, b"") == (result.code, result.out)
    assert before == journal(db)
    assert result.err.startswith("Stopped: ")
    assert 1 == result.err.count("\n"), "one sentence, no traceback"
    return result.err


def test_a_file_read_to_its_end_is_not_read_again(file: Path, db: Path) -> None:
    first = replayed(file, db)
    before = journal(db)
    assert first == replayed(file, db)
    assert before == journal(db)


def test_a_file_that_grew_at_its_end_is_read_on(file: Path, db: Path) -> None:
    written(file, YEAR[:2])
    replayed(file, db)
    grown = replayed(written(file, YEAR), db)
    assert replayed(file, db.with_name("other.db")) == grown
    assert 4 == journal(db).count(b"\n")


@pytest.mark.parametrize("read", [1, 2, 3])
def test_a_last_line_that_was_edited_is_named(file: Path, db: Path, read: int) -> None:
    written(file, [b"", *YEAR[:read]])
    replayed(file, db)
    before = journal(db)
    edited = [*YEAR[: read - 1], encoded(a_payment(8)), *YEAR[read:]]
    message = stopped(replayed(written(file, [b"", *edited]), db), db, before)
    assert f"{file}: line {read + 1}: it is not the line that was read there before." in message


def test_a_file_that_was_cut_is_named(file: Path, db: Path) -> None:
    replayed(file, db)
    before = journal(db)
    message = stopped(replayed(written(file, YEAR[:2]), db), db, before)
    assert f"{file}: 2 lines, but 4 were read from it before: it was cut." in message


def test_a_line_that_was_read_while_it_was_written_is_read_whole_later(
    file: Path, db: Path
) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    assert (
        '"accepted":3,"duplicate":0,"refused":0,"parked":0,"dead_letter":1'
        in replayed(file, db).text
    )
    file.write_bytes(whole)
    assert (
        '"accepted":4,"duplicate":0,"refused":0,"parked":0,"dead_letter":1'
        in replayed(file, db).text
    )
    again = replayed(file, db)
    assert '"events":5' in again.text


def test_an_empty_file_says_nothing_of_others_with_its_name(file: Path, db: Path) -> None:
    """An empty daily export is ordinary; the log names it."""
    first = replayed(file, db)
    args = ("replay", written(file, []), "--db", db, "--json")
    result = ecluse(*args, ECLUSE_LOG_LEVEL="WARNING")
    assert first.text == result.text
    assert '"event": "file_empty"' in result.err


def test_a_line_that_was_read_and_then_replaced_is_named(file: Path, db: Path) -> None:
    """What was once a broken line there excuses nothing."""
    whole = encoded(a_payment(7))
    three = b"".join(line + b"\n" for line in YEAR[:3])
    file.write_bytes(three + whole[:50])
    replayed(file, db)
    file.write_bytes(three + whole)
    replayed(file, db)
    before = journal(db)
    file.write_bytes(three + encoded(a_payment(8, _id="another")))
    message = stopped(replayed(file, db), db, before)
    assert "line 4: it is not the line that was read there before" in message


def test_a_broken_line_that_became_another_is_named(file: Path, db: Path) -> None:
    three = b"".join(line + b"\n" for line in YEAR[:3])
    file.write_bytes(three + b'{"another":"thing"}\n')
    replayed(file, db)
    before = journal(db)
    file.write_bytes(three + encoded(a_payment(8)) + b"\n")
    stopped(replayed(file, db), db, before)


def test_a_last_line_of_spaces_may_grow(file: Path, db: Path) -> None:
    three = b"".join(line + b"\n" for line in YEAR[:3])
    file.write_bytes(three + b"  ")
    replayed(file, db)
    file.write_bytes(three + b"  " + YEAR[3] + b"\n")
    assert '"accepted":4' in replayed(file, db).text


def test_nothing_on_standard_input_is_nothing_to_do(file: Path, db: Path) -> None:
    first = replayed("-", db, file.read_bytes())
    assert first == replayed("-", db, b"")


def test_a_file_that_was_moved_is_known_again(file: Path, db: Path) -> None:
    first = replayed(file, db)
    folder = file.parent / "elsewhere"
    folder.mkdir()
    assert first == replayed(file.rename(folder / file.name), db)


def test_a_file_under_another_name_is_another_source_of_the_same_events(
    file: Path, db: Path
) -> None:
    first = replayed(file, db)
    renamed = replayed(file.rename(file.with_name("copy.jsonl")), db)
    assert '"duplicate":4' in renamed.text
    assert first.text.split('"lines"')[1].split('"heads"')[0] in renamed.text


def test_a_file_with_another_first_line_is_another_source(file: Path, db: Path) -> None:
    replayed(file, db)
    other = replayed(written(file, [encoded(a_payment(8)), *YEAR]), db)
    assert '"events":9,"outcomes":{"accepted":5,"duplicate":4,' in other.text


def test_standard_input_is_resumed_where_it_stopped(file: Path, db: Path) -> None:
    given = file.read_bytes()
    replayed("-", db, b"".join(given.splitlines(keepends=True)[:2]))
    assert replayed(file, db.with_name("other.db")) == replayed("-", db, given)
    before = journal(db)
    cut = replayed("-", db, given.splitlines(keepends=True)[0])
    assert "-: 1 lines, but 4 were read from it before" in stopped(cut, db, before)


def test_a_stopped_replay_goes_on_once_the_file_is_back(file: Path, db: Path) -> None:
    written(file, YEAR[:3])
    replayed(file, db)
    assert 3 == replayed(written(file, YEAR[:2]), db).code
    assert replayed(written(file, YEAR), db) == replayed(file, db.with_name("other.db"))


def test_the_second_file_of_a_run_may_stop_it_when_the_first_is_kept(file: Path, db: Path) -> None:
    replayed(file, db)
    written(file, YEAR[:2])
    more = written(file.with_name("more.jsonl"), [encoded(a_payment(9))])
    result = ecluse("replay", more, file, "--db", db, ECLUSE_LOG_LEVEL="ERROR")
    assert (3, 5) == (result.code, journal(db).count(b"\n"))
