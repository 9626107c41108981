"""Requests to a running `ecluse dev` from another terminal, by files in its private folder.

Files, since the path of a socket may have 107 bytes only. One file says what runs; a request is an
empty file, `ledger.kill`, which is removed once it was obeyed.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, NamedTuple

from events.texts import Translatable, _
from services.runtime.ops.errors import Stop

PREFIX: Final = "ecluse-dev-"
"""The beginning of the name of a folder of `ecluse dev`."""

BOARD: Final = "parts.json"
REQUESTS: Final = "requests"

NO_STACK: Final = _("no `ecluse dev` runs here")
SEVERAL_STACKS: Final = _("several run: name the folder of one by --folder ({folders})")


class Action(StrEnum):
    """Requests about one part."""

    KILL = "kill"
    """SIGKILL: as a power cut ends it."""
    TERMINATE = "terminate"
    """SIGTERM: it ends in order."""
    START = "start"


class Request(NamedTuple):
    """A request that was taken."""

    action: Action
    name: str


@dataclass(frozen=True, slots=True)
class Part:
    """A process of the stack."""

    name: str
    pid: int | None
    code: int | None
    """Its exit code, a signal as a negative number; None while it runs."""
    probe: str
    """Its readiness probe; of the broker its address."""


@dataclass(frozen=True, slots=True)
class Board:
    """The stack as another terminal sees it."""

    pid: int
    """Of `ecluse dev` itself."""
    keeps_going: bool
    """True if it lives on where a part of it ends."""
    parts: tuple[Part, ...]

    def part(self, name: str) -> Part:
        """The part of this name."""
        return next(each for each in self.parts if each.name == name)


# ------------------------------------------------------------------ in `ecluse dev`
def prepare(folder: Path) -> None:
    """Make room for requests."""
    (folder / REQUESTS).mkdir()


def write_board(folder: Path, board: Board) -> None:
    """Say what runs; a reader sees the file whole."""
    written = folder / f"{BOARD}.new"
    written.write_text(json.dumps(asdict(board)), encoding="utf-8")
    written.replace(folder / BOARD)


def taken_requests(folder: Path) -> Iterator[Request]:
    """The requests that have come, oldest name first; each is given once."""
    for path in sorted((folder / REQUESTS).iterdir()):
        name, _dot, action = path.name.rpartition(".")
        if action in set(Action):
            yield Request(Action(action), name)
        path.unlink()


# ------------------------------------------------------------------ in another terminal
def find(folder: Path | None) -> Path:
    """The folder of the stack that runs; Stop where there is none, or several."""
    named = [folder] if folder is not None else _folders()
    found = [each for each in named if _runs(each)]
    if not found:
        raise Stop("ecluse dev", NO_STACK)
    if len(found) > 1:
        raise Stop("ecluse dev", SEVERAL_STACKS.render({"folders": tuple(map(str, found))}))
    return found[0]


def read_board(folder: Path) -> Board:
    """What runs there; Stop where the stack has ended meanwhile."""
    try:
        found = json.loads((folder / BOARD).read_text(encoding="utf-8"))
    except OSError as error:
        raise Stop("ecluse dev", NO_STACK) from error
    parts = tuple(Part(**each) for each in found.pop("parts"))
    return Board(**found, parts=parts)


def request(folder: Path, action: Action, name: str) -> Path:
    """Ask for something; the file that is there until it is done."""
    path = folder / REQUESTS / f"{name}.{action}"
    path.touch()
    return path


def _folders() -> list[Path]:
    return sorted(Path(tempfile.gettempdir()).glob(f"{PREFIX}*"))


def _runs(folder: Path) -> bool:
    """True if this user's `ecluse dev` runs there: one that was killed leaves its folder."""
    try:
        os.kill(read_board(folder).pid, 0)
    except (OSError, Stop):
        return False
    return True


def ended_text(code: int) -> Translatable:
    """`exit code 1`, `signal 9`."""
    return (_("signal {code}") if code < 0 else _("exit code {code}")).render({"code": abs(code)})
