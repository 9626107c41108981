"""HTTP client of the watches: all are asked at once, and the last answer of each is kept."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, TypeVar
from urllib.parse import urlsplit

import aiohttp

from events.lag import Board, History, read_board, read_history
from services.lag.document import NO_ANSWER, UNREADABLE, Answer
from services.runtime.ops.http import body_of

ANSWER_S: Final = 3.0
"""Time limit of an answer: a frozen watch never answers."""

BYTES_MAX: Final = 4 * 1024 * 1024

Document = TypeVar("Document", Board, History)


class Watches:
    """The watches at some addresses."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self.addresses = tuple(addresses)
        self._boards: dict[str, Board] = {}
        self._histories: dict[str, History] = {}

    async def ask(self) -> list[Answer]:
        """The lag document of each watch; of one that does not answer, its last."""
        answers = await self._all("/lag", read_board, self._boards)
        return [replace(each, board=self._boards.get(each.address)) for each in answers]

    async def ask_history(self) -> list[History | None]:
        """The last hour of each watch; None where it never gave one."""
        await self._all("/lag/history", read_history, self._histories)
        return [self._histories.get(address) for address in self.addresses]

    async def _all(
        self, path: str, read: Callable[[bytes], Document], kept: dict[str, Document]
    ) -> list[Answer]:
        # A connection for each question: a frozen watch accepts none, or does not answer on it.
        # Proxies of the environment are not used: a watch is asked where it runs.
        limit = aiohttp.ClientTimeout(total=ANSWER_S)
        async with aiohttp.ClientSession(timeout=limit) as session:

            async def ask(address: str) -> Answer:
                raw, error, detail = b"", None, ""
                try:
                    raw = await body_of(session, address + path, BYTES_MAX)
                    kept[address] = read(raw)
                except (aiohttp.ClientError, OSError) as failure:
                    error, detail = NO_ANSWER, _reason(failure)
                except ValueError as failure:
                    error, detail = UNREADABLE, str(failure)
                return Answer(address, None, error, detail, raw)

            return await asyncio.gather(*map(ask, self.addresses))


def _reason(failure: Exception) -> str:
    """The failure in short: `timed out`, or the operating system's reason."""
    if isinstance(failure, TimeoutError):
        return "timed out"
    return str(getattr(failure, "os_error", failure))


def watch_addresses(text: str) -> list[str]:
    """The addresses between the commas, each once, without a `/` at the end.

    Raises:
        ValueError: one of them, which it names, is no address of a server.
    """
    stripped = [each.strip().rstrip("/") for each in text.split(",")]
    found = list(dict.fromkeys(each for each in stripped if each))
    for each in found:
        if not _is_of_a_server(each):
            raise ValueError(each)
    return found


def _is_of_a_server(address: str) -> bool:
    """True if a path may follow it, and it holds neither user nor password."""
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return False
    plain = not set("@?#") & set(address)
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and port != 0 and plain
