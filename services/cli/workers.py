"""Running a coroutine as a process: the event loop, and what its ends mean to who started it.

A module of its own, since it imports aiokafka, for which commands on files need not wait.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import structlog
import uvloop
from aiokafka.errors import KafkaError

from events.texts import _
from services.runtime.kafka.writer import FencedError, WriterFailed
from services.runtime.ops.errors import ClusterError, Stop
from services.runtime.processing.cycle_collection import collect_rarely
from services.runtime.processing.failure_tracker import GaveUp

Result = TypeVar("Result")

FENCED = _(
    "another process has taken {error}: this one is not the owner any more, and stops. Of two that "
    "do the same, stop one; of two workers, give each a name of its own (--instance, "
    "ECLUSE_INSTANCE). Then start it again"
)
GAVE_UP = _(
    "nothing came through for too long ({error}). Do Kafka and the database answer? Then start "
    "again"
)


def run_worker(work: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end, on uvloop; Stop where the cluster cannot be reached or trusted."""
    log = structlog.stdlib.get_logger("ecluse")
    collect_rarely()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.get_loop().set_exception_handler(_report_loop_error)
            return runner.run(work)
    except FencedError as error:
        log.critical("worker_fenced", transactional_id=str(error))
        raise ClusterError("Écluse", FENCED.render({"error": error})) from error
    except (GaveUp, WriterFailed) as error:
        log.critical("worker_gave_up", error=str(error))
        raise ClusterError("Écluse", GAVE_UP.render({"error": error})) from error
    except Stop as error:
        log.critical("worker_cannot_go_on", error=str(error))
        raise


def _report_loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log an error that nobody awaited; of one of the world, no more than that it was.

    aiokafka tells one failure to every future and task that it keeps, and asyncpg to some. Whoever
    waits for one of them has its result: the others are not lost, and no reason to wake anyone.
    """
    error = context.get("exception")
    log = structlog.stdlib.get_logger("ecluse")
    if isinstance(error, KafkaError):
        log.info("kafka_error_unretrieved", error=repr(error))
    elif type(error).__module__.startswith("asyncpg."):  # Most commands do without that library.
        log.info("database_error_unretrieved", error=repr(error))
    else:
        loop.default_exception_handler(context)
