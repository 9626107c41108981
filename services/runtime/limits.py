"""Waits with an end: aiokafka's own have none."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from aiokafka.errors import KafkaError

from events.sentences import Sentence
from services.runtime.errors import Unreachable

Result = TypeVar("Result")

NO_ANSWER = Sentence(
    "pas de réponse en {limit_s:g} s. Le serveur Kafka tourne-t-il à {where} ?",
    "no answer in {limit_s:g} s. Is the Kafka broker running at {where}?",
)
FAILED = Sentence("{error}. Adresse : {where}", "{error}. Address: {where}")


async def within(limit_s: float, wait: Awaitable[Result], what: str, where: str) -> Result:
    """What `wait` gives, if it comes within `limit_s` seconds.

    Raises:
        Unreachable: it did not come, or Kafka answered with an error; `what` was being done.
    """
    try:
        return await asyncio.wait_for(wait, limit_s)
    except TimeoutError as error:
        raise Unreachable(what, NO_ANSWER.render({"limit_s": limit_s, "where": where})) from error
    except KafkaError as error:
        facts = {"error": str(error) or type(error).__name__, "where": where}
        raise Unreachable(what, FAILED.render(facts)) from error
