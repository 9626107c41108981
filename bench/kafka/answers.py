"""The API's answers a second, over a few connections that each ask one question after the other.

`python -m bench.kafka.answers` reads a question from standard input and prints the answer.
"""

import asyncio
import json
import sys
from collections.abc import Collection
from typing import Any, Final

import uvloop

from bench import world
from bench.asking import Answered, Endpoint, a_request, asked
from bench.kafka.latency import at_percent
from bench.kafka.processes import cpu_s

CONNECTIONS: Final = 8

GRANT: Final = "/budgets/{budget}/grants/{grant}"
MIX: Final = {
    "a budget's balances by line": "/balances/lines?budget={budget}",
    "a budget's payment orders": "/payment-orders?budget={budget}",
    "a grant, whole": GRANT,
    "an event's outcome": "/events/{event}?budget={budget}",
}
"""What is asked, each as often as the others."""

APART: Final = {
    "read": [path for path in MIX.values() if path != GRANT],
    "grant": [GRANT],
    "trace": ["/trace/{convention}?budget={budget}"],
}
"""What is asked by itself: simple reads, grants, traces."""


def requests_of(endpoint: Endpoint, budgets: int, paths: Collection[str]) -> list[bytes]:
    """The questions of all budgets, taking turns."""
    return [
        a_request(
            endpoint,
            path.format(
                budget=world.budget_id(number),
                grant=f"GRANT-{number % world.CONVENTIONS_OF_A_BUDGET:03d}",
                event=f"convention-{number % world.CONVENTIONS_OF_A_BUDGET}",
                convention=f"CONV-{number % world.CONVENTIONS_OF_A_BUDGET:03d}",
            ),
        )
        for number in range(budgets)
        for path in paths
    ]


async def measure(question: dict[str, Any]) -> dict[str, Any]:
    """Ask for so many seconds."""
    endpoint = Endpoint(question["port"], question["key"])
    requests = requests_of(endpoint, question["budgets"], MIX.values())
    await asked(endpoint, requests, CONNECTIONS, question["warm_up_s"])
    answers = await asked(endpoint, requests, CONNECTIONS, question["asked_s"])
    return {
        "connections": CONNECTIONS,
        "reads": len(answers),
        "reads_per_s": len(answers) / question["asked_s"],
        **_percents(answers),
        "each": {
            name: _percents([each for each in answers if each.question % len(MIX) == number])
            for number, name in enumerate(MIX)
        },
        "apart": {name: await _apart(question, paths) for name, paths in APART.items()},
    }


async def _apart(question: dict[str, Any], paths: Collection[str]) -> dict[str, float]:
    """Answers to questions of one kind, with the processor time that the API had for each."""
    endpoint = Endpoint(question["port"], question["key"])
    requests = requests_of(endpoint, question["budgets"], paths)
    limit_s = question["asked_s"] / len(APART)
    await asked(endpoint, requests, CONNECTIONS, question["warm_up_s"] / len(APART))
    before_s = cpu_s(question["process"])
    answers = await asked(endpoint, requests, CONNECTIONS, limit_s)
    return {
        "reads_per_s": len(answers) / limit_s,
        "cpu_ms": 1000 * (cpu_s(question["process"]) - before_s) / len(answers),
        **_percents(answers),
    }


def _percents(answers: list[Answered]) -> dict[str, float]:
    took_ms = sorted(1000 * each.took_s for each in answers)
    return {"p50_ms": at_percent(took_ms, 50), "p99_ms": at_percent(took_ms, 99)}


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(measure(json.load(sys.stdin)))), flush=True)
