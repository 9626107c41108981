"""How an agent ends: with its process, before Faust acks what the agent has not finished."""

import os
import sys
from collections.abc import Awaitable, Callable
from functools import wraps
from threading import Timer
from typing import Final, NoReturn, ParamSpec

import structlog

EXIT_FAILED: Final = 1

Arguments = ParamSpec("Arguments")


def ends_the_process(
    is_stopping: Callable[[], bool],
) -> Callable[[Callable[Arguments, Awaitable[None]]], Callable[Arguments, Awaitable[None]]]:
    """Let nothing escape from a coroutine: whatever ends it early ends the process at once.

    Faust acks the record at which an agent fails or is cancelled, and goes on behind it. The exit
    code is 0 where the process was asked to stop, else 1: then a supervisor starts it again, and
    its table is made anew.
    """

    def decorate(
        body: Callable[Arguments, Awaitable[None]],
    ) -> Callable[Arguments, Awaitable[None]]:
        @wraps(body)
        async def whole(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
            try:
                await body(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 # CancelledError is the case in point.
                stopping = is_stopping()
                if not stopping:
                    structlog.get_logger().error("watch_failed", exc_info=error)
                _leave(0 if stopping else EXIT_FAILED)

        return whole

    return decorate


def leave_after(limit_s: float, code: int) -> None:
    """End the process in `limit_s` seconds, whatever it waits for then; unless it ended before."""
    timer = Timer(limit_s, _leave, (code,))
    timer.daemon = True
    timer.start()


def _leave(code: int) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
