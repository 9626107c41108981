"""Waiting for what others do: asked again and again, and never without an end."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

WAIT_S: Final = 60.0
"""How long anything may take on a machine that does much else."""

POLL_S: Final = 0.1
Found = TypeVar("Found")
Result = TypeVar("Result")


def eventually(
    poll: Callable[[], Found | None],
    otherwise: str | Callable[[], str],
    limit_s: float = WAIT_S,
    pause_s: float = POLL_S,
) -> Found:
    """What `poll` gives, once that is something; `otherwise` is what the failure says."""
    until_s = time.monotonic() + limit_s
    while not (found := poll()):
        assert time.monotonic() < until_s, _failure(otherwise, limit_s)
        time.sleep(pause_s)
    return found


async def eventually_async(
    poll: Callable[[], Awaitable[Found | None]],
    otherwise: str | Callable[[], str],
    limit_s: float = WAIT_S,
    pause_s: float = POLL_S,
) -> Found:
    """The same where the answer is awaited."""
    until_s = time.monotonic() + limit_s
    while not (found := await poll()):
        assert time.monotonic() < until_s, _failure(otherwise, limit_s)
        await asyncio.sleep(pause_s)
    return found


def _failure(otherwise: str | Callable[[], str], limit_s: float) -> str:
    text = otherwise if isinstance(otherwise, str) else otherwise()
    return f"{text} after {limit_s:g} s"


def run_apart(doing: Coroutine[object, object, Result]) -> Result:
    """Run it on a loop of its own, in a thread of its own: this one may be in a loop already."""
    with ThreadPoolExecutor(1) as beside:
        return beside.submit(asyncio.run, doing).result()


def run(doing: Coroutine[object, object, Result], timeout_s: float = WAIT_S) -> Result:
    """Run it on a loop of its own, for no longer than that."""

    async def bounded() -> Result:
        return await asyncio.wait_for(doing, timeout_s)

    return asyncio.run(bounded())
