"""The folder in which files of the accountant arrive."""

import asyncio
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pytest

from events.texts import verbatim
from services.runtime.ops.errors import Unreachable
from services.treasury.process.folder import ReturnsFolder


@dataclass
class Outcome:
    outcome: str


@dataclass
class Reader:
    """Refuses what does not begin as XML, and notes what it was given."""

    away: bool = False
    fails: bool = False
    read: list[tuple[str, bytes]] = field(default_factory=list)

    async def take(self, stream: BinaryIO, file_name: str, by: str) -> Outcome:
        assert "folder" == by
        if self.away:
            raise Unreachable("the database", verbatim("no answer"))
        content = stream.read()
        self.read.append((file_name, content))
        if self.fails:
            raise KeyError("a bug of ours")
        return Outcome("taken" if content.startswith(b"<") else "refused")


def polls(folder: ReturnsFolder, reader: Reader, times: int = 2) -> None:
    for _unused in range(times):
        asyncio.run(folder.poll(reader))


def inside(folder: Path) -> dict[str, bytes]:
    return {
        str(each.relative_to(folder)): each.read_bytes()
        for each in sorted(folder.rglob("*"))
        if each.is_file()
    }


def test_whole_files_are_taken_once_and_moved_by_what_became_of_them(tmp_path: Path) -> None:
    (tmp_path / "good.xml").write_bytes(b"<a/>")
    (tmp_path / "bad.xml").write_bytes(b"{}")
    (tmp_path / "empty.xml").write_bytes(b"")
    reader = Reader()
    polls(ReturnsFolder(tmp_path), reader, 4)
    assert [("bad.xml", b"{}"), ("empty.xml", b""), ("good.xml", b"<a/>")] == reader.read
    assert {
        "done/good.xml": b"<a/>",
        "refused/bad.xml": b"{}",
        "refused/empty.xml": b"",
    } == inside(tmp_path)


def test_a_file_that_grows_is_left_until_it_has_stopped(tmp_path: Path) -> None:
    folder, reader, file = ReturnsFolder(tmp_path), Reader(), tmp_path / "r.xml"
    for content in (b"<a", b"<a>", b"<a></a>"):
        file.write_bytes(content)
        polls(folder, reader, 1)
    assert [] == reader.read
    polls(folder, reader, 1)
    assert [("r.xml", b"<a></a>")] == reader.read


@pytest.mark.parametrize("name", [".r.xml", "r.xml.part", "r.xml.PART", "r.tmp", "r.xml~"])
def test_names_of_files_that_are_being_written_are_passed_over(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"<a/>")
    reader = Reader()
    polls(ReturnsFolder(tmp_path), reader, 3)
    assert ([], {name: b"<a/>"}) == (reader.read, inside(tmp_path))


def test_what_is_no_file_is_passed_over(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "r.xml").write_bytes(b"<a/>")
    watched = tmp_path / "watched"
    (watched / "folder.xml").mkdir(parents=True)
    (watched / "link.xml").symlink_to(elsewhere / "r.xml")
    os.mkfifo(watched / "pipe.xml")
    reader = Reader()
    polls(ReturnsFolder(watched), reader)
    assert [] == reader.read


def test_no_file_is_ever_overwritten(tmp_path: Path) -> None:
    folder, reader = ReturnsFolder(tmp_path), Reader()
    for content in (b"<a/>", b"<b/>", b"<c/>"):
        (tmp_path / "r.xml").write_bytes(content)
        polls(folder, reader)
    assert {
        "done/r.xml": b"<a/>",
        "done/r (2).xml": b"<b/>",
        "done/r (3).xml": b"<c/>",
    } == inside(tmp_path)


def test_without_its_database_a_file_stays_and_is_taken_later(tmp_path: Path) -> None:
    (tmp_path / "r.xml").write_bytes(b"<a/>")
    folder, reader = ReturnsFolder(tmp_path), Reader(away=True)
    with pytest.raises(Unreachable):
        polls(folder, reader)
    assert {"r.xml": b"<a/>"} == inside(tmp_path)
    reader.away = False
    polls(folder, reader, 1)
    assert {"done/r.xml": b"<a/>"} == inside(tmp_path)


def test_a_file_at_which_our_program_fails_stays_and_the_others_are_taken(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"<a/>")
    folder, reader = ReturnsFolder(tmp_path), Reader(fails=True)
    polls(folder, reader)
    reader.fails = False
    (tmp_path / "b.xml").write_bytes(b"<b/>")
    polls(folder, reader, 3)
    assert {"a.xml": b"<a/>", "done/b.xml": b"<b/>"} == inside(tmp_path)
    (tmp_path / "a.xml").write_bytes(b"<a></a>")
    polls(folder, reader)
    assert {"done/a.xml": b"<a></a>", "done/b.xml": b"<b/>"} == inside(tmp_path)


@pytest.mark.parametrize("by_rename", [True, False])
def test_a_return_that_comes_while_one_of_its_name_is_taken_is_taken_too(
    by_rename: bool, tmp_path: Path
) -> None:
    file, new = tmp_path / "retour.xml", tmp_path / ".new"
    file.write_bytes(b"<first/>")

    class OvertakenReader(Reader):
        async def take(self, stream: BinaryIO, file_name: str, by: str) -> Outcome:
            taken = await Reader.take(self, stream, file_name, by)
            if len(self.read) == 1:
                new.write_bytes(b"<a-second/>")
                if by_rename:
                    new.replace(file)
                else:
                    file.write_bytes(new.read_bytes())
                    new.unlink()
            return taken

    reader = OvertakenReader()
    polls(ReturnsFolder(tmp_path), reader, 4)
    assert [("retour.xml", b"<first/>"), ("retour.xml", b"<a-second/>")] == reader.read
    assert {"done/retour.xml": b"<a-second/>"} == inside(tmp_path)


def test_a_file_that_was_replaced_since_it_was_listed_waits_for_the_next_poll(
    tmp_path: Path,
) -> None:
    for name in ("a.xml", "b.xml"):
        (tmp_path / name).write_bytes(b"<a/>")

    class ReplacingReader(Reader):
        async def take(self, stream: BinaryIO, file_name: str, by: str) -> Outcome:
            if file_name == "a.xml":
                (tmp_path / "b.xml").write_bytes(b"<not whole")
            return await Reader.take(self, stream, file_name, by)

    reader = ReplacingReader()
    polls(ReturnsFolder(tmp_path), reader)
    assert [("a.xml", b"<a/>")] == reader.read


def test_while_a_folder_is_away_nobody_knows_what_is_left_in_it(tmp_path: Path) -> None:
    folder, reader, left = ReturnsFolder(tmp_path / "share"), Reader(), []
    left.append(folder.left)
    with pytest.raises(Unreachable, match=r"share: .*No such file"):
        polls(folder, reader, 1)
    folder.path.mkdir()
    polls(folder, reader, 1)
    left.append(folder.left)
    folder.path.rmdir()
    with pytest.raises(Unreachable):
        polls(folder, reader, 1)
    left.append(folder.left)
    assert [None, 0, None] == left


def test_a_file_that_cannot_be_moved_is_taken_once_and_moved_later(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"<a/>")
    (tmp_path / "done").symlink_to("a disk that is away")
    folder, reader = ReturnsFolder(tmp_path), Reader()
    polls(folder, reader, 4)
    assert 1 == folder.left
    (tmp_path / "done").unlink()
    polls(folder, reader, 1)
    assert {"done/a.xml": b"<a/>"} == inside(tmp_path)
    assert ([("a.xml", b"<a/>")], 0) == (reader.read, folder.left)


def test_a_file_is_moved_where_hard_links_are_forbidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Linux forbids them to a file of another user (fs.protected_hardlinks)."""

    def forbidden(*_: object) -> None:
        raise PermissionError("Operation not permitted")

    monkeypatch.setattr(os, "link", forbidden)
    (tmp_path / "a.xml").write_bytes(b"<a/>")
    polls(ReturnsFolder(tmp_path), Reader())
    assert {"done/a.xml": b"<a/>"} == inside(tmp_path)


def test_files_that_were_left_count_until_somebody_has_seen_to_them(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(b"<a/>")
    folder = ReturnsFolder(tmp_path)
    polls(folder, Reader(fails=True), 3)
    assert 1 == folder.left
    (tmp_path / "a.xml").unlink()
    polls(folder, Reader(), 1)
    assert 0 == folder.left
