"""Exports of a journal: whatever is damaged on the way is found, wherever one stops one goes on."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ledger.application.handle import ChainEnd
from services.ledger.application.ports import StoreError
from services.ledger.files.exports import Chains, Export, ExportFile, Stream, read_export
from services.ledger.files.imports import prove
from tests.golden.record import HERE as GOLDEN

JOURNAL: Final = (GOLDEN / "hard-year-2023.journal.jsonl").read_bytes().splitlines()
YEARS: Final = (GOLDEN / "year-end-2023.journal.jsonl").read_bytes().splitlines()


def quiet(_count: int) -> None:
    """Nobody waits."""


def kept(folder: Path, lines: list[bytes]) -> Path:
    file = folder / "export.jsonl"
    file.write_bytes(b"".join(line + b"\n" for line in lines))
    return file


def read(file: Path) -> dict[str, ChainEnd]:
    chains = Chains()
    for _ in read_export(file, chains, quiet):
        pass
    return chains.ends


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exports")


def hashed(line: bytes) -> int:
    """Where the part of a record ends of which a hash is taken: behind it stand hash and source."""
    return line.rindex(b',"hash":"')


@pytest.mark.parametrize("lines", [JOURNAL, YEARS], ids=["hard-year", "year-end"])
def test_a_whole_export_ends_where_its_records_say(folder: Path, lines: list[bytes]) -> None:
    rows = [json.loads(line) for line in lines]
    ends = {row["budget"]: ChainEnd(row["sequence"], row["hash"]) for row in rows}
    assert ends == read(kept(folder, lines))


@given(data=st.data())
def test_a_byte_that_was_changed_is_found_at_its_line(folder: Path, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(JOURNAL) - 1), "line")
    line = bytearray(JOURNAL[number])
    place = data.draw(st.integers(0, hashed(JOURNAL[number]) - 1), "byte")
    line[place] = data.draw(st.sampled_from(sorted({*range(256)} - {line[place]})), "becomes")
    damaged = [*JOURNAL[:number], bytes(line), *JOURNAL[number + 1 :]]
    with pytest.raises(StoreError, match=rf"export\.jsonl:{number + 1}: "):
        read(kept(folder, damaged))


Damage = Callable[[list[bytes], int], list[bytes]]


def removed(lines: list[bytes], at: int) -> list[bytes]:
    return lines[:at] + lines[at + 1 :]


def repeated(lines: list[bytes], at: int) -> list[bytes]:
    return [*lines[: at + 1], *lines[at:]]


def swapped(lines: list[bytes], at: int) -> list[bytes]:
    """With the next record of the same chain."""
    chain = json.loads(lines[at])["budget"]
    later = next(
        each for each in range(at + 1, len(lines)) if json.loads(lines[each])["budget"] == chain
    )
    turned = lines.copy()
    turned[at], turned[later] = turned[later], turned[at]
    return turned


@pytest.mark.parametrize("damage", [removed, repeated, swapped])
@given(at=st.integers(0, 40))
def test_a_record_out_of_its_place_is_found(folder: Path, damage: Damage, at: int) -> None:
    with pytest.raises(StoreError, match=r"it does not follow|does not follow"):
        read(kept(folder, damage(JOURNAL, at)))


def test_what_is_missing_at_the_end_is_not_known_to_the_file_alone(folder: Path) -> None:
    """So heads are compared: with the journal, or with those kept elsewhere."""
    whole, cut = read(kept(folder, JOURNAL)), read(kept(folder, JOURNAL[:-1]))
    assert whole != cut
    with pytest.raises(StoreError, match=r"that journal has gone on"):
        prove(kept(folder, JOURNAL[:-1]), whole, "the cluster", quiet)


def exported(file: Path, lines: list[bytes]) -> int:
    with ExportFile(file, quiet) as sink:
        export = Export(sink, quiet)
        for number, line in enumerate(lines):
            export.take(line, f"record {number}", json.loads(line)["budget"])
        export.end(None)
    return export.written


@settings(max_examples=25)  # each brings three files to the disk
@given(data=st.data())
def test_an_export_cut_anywhere_goes_on_to_the_same_bytes(
    folder: Path, data: st.DataObject
) -> None:
    file = kept(folder, YEARS)
    whole = file.read_bytes()
    file.write_bytes(whole[: data.draw(st.integers(0, len(whole)), "bytes")])
    there = file.read_bytes().count(b"\n")
    assert len(YEARS) - there == exported(file, YEARS)
    assert whole == file.read_bytes()
    assert 0 == exported(file, YEARS)
    assert whole == file.read_bytes()


def test_an_export_of_another_journal_is_left_as_it_is(folder: Path) -> None:
    """Both journals are of one budget; new chains of the second stand before it."""
    year = {json.loads(line)["budget"] for line in YEARS} & {
        json.loads(line)["budget"] for line in JOURNAL
    }
    assert year, "the histories share a budget"
    file = kept(folder, JOURNAL)
    before = file.read_bytes()
    with pytest.raises(StoreError, match=r"comes from another journal|ends at number"):
        exported(file, YEARS)
    assert before == file.read_bytes()


def test_an_export_that_is_ahead_of_its_journal_is_kept(folder: Path) -> None:
    file = kept(folder, JOURNAL)
    before = file.read_bytes()
    with pytest.raises(StoreError, match="the journal lost its end"):
        exported(file, JOURNAL[:-4])
    assert before == file.read_bytes()


def test_a_record_under_another_name_is_named() -> None:
    with (GOLDEN / "hard-year-2023.journal.jsonl").open("rb") as stream:
        export = Export(Stream(stream), quiet)
        with pytest.raises(StoreError, match=r"here: a record of 2159\S+ stands there under"):
            export.take(JOURNAL[0], "here", "another")


def test_only_one_process_writes_to_a_file(folder: Path) -> None:
    file = folder / "shared.jsonl"
    with (
        ExportFile(file, quiet),
        pytest.raises(StoreError, match="another process writes to it"),
    ):
        ExportFile(file, quiet)
    assert 49 == exported(file, JOURNAL)
