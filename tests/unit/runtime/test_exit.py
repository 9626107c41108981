"""How an agent ends: with its process. Each case is a process of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import asyncio
from events.texts import verbatim
from services.runtime.ops.errors import ClusterError
from services.runtime.agents.running import ends_the_process

async def main(how, stopping):
    @ends_the_process("watch", lambda: stopping)
    async def agent():
        if how == "returns":
            return
        if how == "fails":
            raise KeyError("a bug of ours")
        if how == "refused":
            raise ClusterError("there:9092", verbatim("no login"))
        await asyncio.sleep(60)

    task = asyncio.create_task(agent())
    await asyncio.sleep(0)
    if how == "cancelled":
        task.cancel()
    await task
    print("went on", flush=True)

asyncio.run(main({how!r}, {stopping!r}))
"""
ROOT = Path(__file__).resolve().parents[3]


def run(how: str, *, stopping: bool) -> subprocess.CompletedProcess[str]:
    program = PROGRAM.replace("{how!r}", repr(how)).replace("{stopping!r}", repr(stopping))
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("how", ["fails", "cancelled"])
def test_what_ends_an_agent_early_ends_its_process_at_once(how: str) -> None:
    ended = run(how, stopping=False)
    assert (1, "") == (ended.returncode, ended.stdout.partition("went on")[1])
    assert "watch_failed" in ended.stdout + ended.stderr


def test_a_dependency_that_refuses_ends_it_as_it_ends_other_services() -> None:
    ended = run("refused", stopping=False)
    assert 3 == ended.returncode
    assert "there:9092: no login" in ended.stdout + ended.stderr


def test_an_agent_that_is_stopped_in_order_ends_it_without_error() -> None:
    ended = run("cancelled", stopping=True)
    assert (0, "", "") == (ended.returncode, ended.stdout, ended.stderr)


def test_an_agent_that_returns_lets_the_process_go_on() -> None:
    ended = run("returns", stopping=False)
    assert (0, "went on\n") == (ended.returncode, ended.stdout)
