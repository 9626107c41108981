"""A worker of the ledger that holds a clock to each of its steps.

`python -m bench.kafka.stepwise` takes the arguments of `ecluse`. When it has ended, its last log
line, `steps`, says how many seconds of processor time each step took. What stands between the
steps, the event loop and the network, is what is left of the process's own time.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, Final, NamedTuple

from aiokafka.consumer.fetcher import FetchResult
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.structs import ConsumerRecord

from services.cli.app import main
from services.ledger.application import handle
from services.ledger.application.handle import Ledger
from services.ledger.domain.journal import JournalRecord
from services.ledger.kafka.partition import LedgerProcessor
from services.runtime.kafka import writer

now_s: Final = time.thread_time

Handle = Callable[[LedgerProcessor, ConsumerRecord], None]


class Step(NamedTuple):
    """A function whose time is taken; none of them calls another."""

    owner: Any
    name: str
    step: str
    yields: bool = False


READ: Final = "read: decompress and take apart"
DECODE: Final = "decode"
DECIDE: Final = "decide"
RECORD: Final = "record, hash, encode"
EVOLVE: Final = "change the state, check it"
ROWS: Final = "state rows"
MESSAGES: Final = "messages"
BATCHES: Final = "batches: put together"
COMPRESS: Final = "batches: compress and sum"

STEPS: Final = (
    Step(FetchResult, "getall", READ),
    Step(handle, "decode_record", DECODE),
    Step(handle, "decide", DECIDE),
    Step(handle, "record_of", RECORD),
    Step(JournalRecord, "seal", RECORD),
    Step(handle, "evolve", EVOLVE),
    Step(Ledger, "commit_batch", ROWS),
    Step(LedgerProcessor, "_place_messages", MESSAGES),
    Step(writer, "_batches", BATCHES, yields=True),
    Step(BatchBuilder, "_build", COMPRESS),
)

FIRST: Final = (LedgerProcessor, "handle")
"""What is called for each record, before all steps but the reading."""


def hold_clocks() -> dict[str, float]:
    """Put a clock into each step; what they will show, in seconds."""
    seconds = dict.fromkeys((each.step for each in STEPS), 0.0)
    for each in STEPS:
        clocked = _clocked_steps if each.yields else _clocked
        setattr(each.owner, each.name, clocked(getattr(each.owner, each.name), each.step, seconds))
    owner, name = FIRST
    setattr(owner, name, _resetting(getattr(owner, name), seconds))
    return seconds


def _resetting(handle_: Handle, seconds: dict[str, float]) -> Handle:
    """At the first record all clocks show zero: restoring is not what is looked at."""
    is_first = True

    def handle_from_zero(work: LedgerProcessor, record: ConsumerRecord) -> None:
        nonlocal is_first
        if is_first:
            is_first = False
            seconds.update(dict.fromkeys(seconds, 0.0))
        handle_(work, record)

    return handle_from_zero


def _clocked(call: Callable[..., Any], step: str, seconds: dict[str, float]) -> Callable[..., Any]:
    @wraps(call)
    def clocked(*args: Any, **kwargs: Any) -> Any:
        start_s = now_s()
        result = call(*args, **kwargs)
        seconds[step] += now_s() - start_s
        return result

    return clocked


def _clocked_steps(
    call: Callable[..., Iterator[Any]], step: str, seconds: dict[str, float]
) -> Callable[..., Iterator[Any]]:
    """The same for what is made piece by piece: between two pieces the clock stands still."""

    @wraps(call)
    def clocked(*args: Any) -> Iterator[Any]:
        pieces = call(*args)
        while True:
            start_s = now_s()
            piece = next(pieces, None)
            seconds[step] += now_s() - start_s
            if piece is None:
                return
            yield piece

    return clocked


if __name__ == "__main__":
    taken = hold_clocks()
    try:
        main()
    finally:
        sys.stderr.write(json.dumps({"event": "steps", "seconds": taken}) + "\n")
