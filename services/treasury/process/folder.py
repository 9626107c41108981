"""The folder in which files of the accountant arrive: taken when they are whole, then moved."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import BinaryIO, Final, Protocol

import structlog

from services.runtime.ops.errors import Unreachable
from services.texts.translation import error_text

DONE: Final = "done"
REFUSED: Final = "refused"
"""Sub-folders for files that were read."""

UNFINISHED: Final = (".part", ".partial", ".tmp", ".filepart", ".crdownload", "~")
"""Ends of names by which programs call files that they are still writing."""

BY: Final = "folder"
"""Who has received a file of the folder."""

log: Final = structlog.stdlib.get_logger("ecluse.treasury")

Version = tuple[int, int, int]
"""What changes while a file is written: its inode, its size in bytes, the time of its change."""


class Outcome(Protocol):
    """The outcome of a file."""

    @property
    def outcome(self) -> str: ...


class FileTaker(Protocol):
    """Takes files of the accountant: `Returns`."""

    async def take(self, stream: BinaryIO, file_name: str, by: str) -> Outcome: ...


@dataclass(slots=True)
class ReturnsFolder:
    """One folder, polled again and again. A file is whole that did not change between two polls.

    Several processes may poll one folder: the same file twice makes nothing twice.
    """

    path: Path
    _seen: dict[str, Version] = field(default_factory=dict)
    _failed: dict[str, Version] = field(default_factory=dict)
    """Files at which our program failed: they stay until somebody changes them, or it starts."""
    _unmoved: dict[str, tuple[Version, str]] = field(default_factory=dict)
    """Files that were read and could not be moved into this sub-folder: that is tried again."""
    _is_listed: bool = False
    """True where the last poll could list the folder."""

    async def poll(self, returns: FileTaker) -> None:
        """Take the whole files that are there, in the order of their names.

        Raises:
            Unreachable: the folder cannot be read, or the database does not answer; what was not
                taken stays.
        """
        self._is_listed = False
        found = dict(self._files())
        self._is_listed = True
        whole = [each for each, version in found.items() if self._seen.get(each) == version]
        self._seen = found
        self._failed = {n: each for n, each in self._failed.items() if found.get(n) == each}
        self._unmoved = {n: each for n, each in self._unmoved.items() if found.get(n) == each[0]}
        for name in whole:
            if name in self._unmoved:
                self._move(name, *self._unmoved[name])
            elif name not in self._failed:
                await self._take(name, found[name], returns)

    @property
    def left(self) -> int | None:
        """The number of files that could not be read through, or not be moved.

        None where nobody knows: before the first poll, and while the folder cannot be read.
        """
        return len(self._failed) + len(self._unmoved) if self._is_listed else None

    def _files(self) -> Iterator[tuple[str, Version]]:
        try:
            listed = sorted(self.path.iterdir())
        except OSError as error:
            raise Unreachable(self.path, error_text(error)) from error
        for each in listed:
            if each.name.startswith(".") or each.name.lower().endswith(UNFINISHED):
                continue
            try:
                status = each.lstat()
            except OSError:
                continue  # Another process has moved it.
            if stat.S_ISREG(status.st_mode):
                yield each.name, _version(status)

    async def _take(self, name: str, version: Version, returns: FileTaker) -> None:
        try:
            with (self.path / name).open("rb") as stream:
                if _version(os.fstat(stream.fileno())) != version:
                    return  # Another one of this name has come, which may not be whole.
                taken = await returns.take(stream, name, BY)
        except FileNotFoundError:
            return  # Another process has moved it.
        except Unreachable:
            raise
        except Exception:
            self._failed[name] = version
            log.exception("return_failed", file=name)
            return
        log.info("return_taken", file=name, outcome=taken.outcome)
        self._move(name, version, DONE if taken.outcome == "taken" else REFUSED)

    def _move(self, name: str, version: Version, target: str) -> None:
        """Move the version that was read; another that has come meanwhile is a file of its own."""
        file = self.path / name
        try:
            with suppress(FileNotFoundError):  # Another process has moved it.
                if _version(file.lstat()) != version:
                    return
            moved = move(file, self.path / target)
        except OSError as error:
            if name not in self._unmoved:
                log.error("return_not_moved", file=name, error=str(error))  # noqa: TRY400
            self._unmoved[name] = version, target
            return
        self._unmoved.pop(name, None)
        log.info("return_moved", file=name, to=target, moved_as=moved)


def _version(status: os.stat_result) -> Version:
    return status.st_ino, status.st_size, status.st_mtime_ns


def move(file: Path, folder: Path) -> str | None:
    """Move a file into a folder, under another name where there is one so called; its new name.

    None where it has gone: another process moved it.

    Raises:
        OSError: the folder is none, or may not be written.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    for name in chain([file.name], (f"{file.stem} ({n}){file.suffix}" for n in count(2))):
        target = folder / name
        try:
            # A rename overwrites what is there: this takes the name first. No hard link: Linux
            # forbids one to a file of another user.
            target.touch(exist_ok=False)
        except FileExistsError:
            continue
        try:
            file.replace(target)
        except OSError as error:
            target.unlink(missing_ok=True)
            if isinstance(error, FileNotFoundError):
                return None
            raise
        return name
    raise AssertionError("numbers have no end")
