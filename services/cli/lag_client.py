"""Asking the watches what they know: each over HTTP, all at once, and none for long."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from http.client import HTTPException
from typing import Any, Final, NamedTuple
from urllib.error import HTTPError, URLError
from urllib.request import OpenerDirector, ProxyHandler, build_opener

import msgspec

from events.sentences import Sentence
from services.api.lag_board import Board, read_board
from services.api.lag_merged import Answer, Lag, lag_of
from services.api.watch_addresses import watch_addresses

ANSWER_S: Final = 3.0
"""How long a watch may be silent: one that is frozen never answers."""

ANSWER_BYTES_MAX: Final = 16_000_000
WATCHES_MAX: Final = 64

SILENT = Sentence("la surveillance ne répond pas ({error})", "no watch answers here ({error})")
NO_WATCH = Sentence(
    "ce qui répond n'est pas une surveillance de cette version ({error})",
    "what answers here is no watch of this version ({error})",
)


class Said(NamedTuple):
    """What came of asking one watch."""

    address: str
    raw: bytes = b""
    board: Board | None = None
    fault: Sentence | None = None
    """Why there is no board."""


class Watches:
    """The watches that are asked; what each last said is remembered.

    Args:
        addresses: where they answer, separated by commas.

    Raises:
        ValueError: one of them is no address, or there are none, or far too many.
    """

    def __init__(self, addresses: str) -> None:
        self.addresses = watch_addresses(addresses)
        if not 0 < len(self.addresses) <= WATCHES_MAX:
            raise ValueError(addresses)
        # A watch is asked where it is: a proxy stands before the rest of the world.
        self._opener = build_opener(ProxyHandler({}))
        self._said: list[Said] = []
        self._last: dict[str, Board] = {}

    def ask(self) -> None:
        """Ask them all at once; who is silent for three seconds does not answer."""
        with ThreadPoolExecutor(len(self.addresses)) as threads:
            self._said = list(threads.map(partial(_ask, self._opener), self.addresses))
        self._last |= {each.address: each.board for each in self._said if each.board is not None}

    @property
    def silent(self) -> list[tuple[str, Sentence]]:
        """Who does not answer, and why."""
        return [(each.address, each.fault) for each in self._said if each.fault is not None]

    @property
    def all_silent(self) -> bool:
        """Whether nobody answers, or nobody was asked yet."""
        return len(self.silent) == len(self._said)

    def lag(self, now: datetime) -> Lag:
        """What they know together; where none says anything of now, what they last said."""
        return lag_of([self._answer(each) for each in self._said], now)

    def for_programs(self, board: Board) -> Any:
        """One watch's answer as it gave it; of several what they come to."""
        if len(self._said) == 1:
            return json.loads(self._said[0].raw)
        return msgspec.to_builtins(board)

    def _answer(self, said: Said) -> Answer:
        error = None if said.fault is None else said.fault.en
        return Answer(said.address, self._last.get(said.address), error)


def _ask(opener: OpenerDirector, address: str) -> Said:
    try:
        with opener.open(f"{address}/lag", timeout=ANSWER_S) as answer:
            raw: bytes = answer.read(ANSWER_BYTES_MAX)
        return Said(address, raw, read_board(raw))
    except HTTPError as error:
        error.close()
        return Said(address, fault=NO_WATCH.render({"error": f"HTTP {error.code}"}))
    except URLError as error:
        return Said(address, fault=SILENT.render({"error": error.reason}))
    except (OSError, HTTPException) as error:  # In the midst of an answer.
        return Said(address, fault=SILENT.render({"error": error}))
    except ValueError as error:
        return Said(address, fault=NO_WATCH.render({"error": error}))
