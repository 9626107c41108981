"""The console's page of the orders that wait, served by `ecluse api` as an operator starts it."""

import time
from http import HTTPStatus
from pathlib import Path
from typing import Final

import yaml

from bench.asking import Endpoint, a_request, connected
from bench.kafka.console import port_of
from bench.kafka.figures import Figures
from bench.kafka.latency import at_percent
from bench.kafka.processes import BenchFailed, Child, cpu_s, peak_bytes
from bench.kafka.workers import COMMAND
from tests.treasury.orders import a_config

PAGE: Final = "/console/treasury"
WARM_UP: Final = 2
"""Questions that do not count: an operator's API has answered before."""


async def page(url: str, folder: Path, times: int) -> Figures:
    """The milliseconds of the page over these tables, asked for again and again.

    Raises:
        BenchFailed: the API does not answer, or not with the page.
    """
    file = folder / "treasury.yaml"
    config = a_config().model_dump(mode="json", by_alias=True, exclude_defaults=True)
    file.write_text(yaml.safe_dump(config))
    environment = {
        "ECLUSE_DATABASE_URL": url,
        "ECLUSE_TREASURY_FILE": str(file),
        "ECLUSE_AUTH": "off",
        "ECLUSE_API_BIND": "127.0.0.1",
        "ECLUSE_API_PORT": "0",
        "ECLUSE_LOG_LEVEL": "INFO",
        "ECLUSE_LANG": "fr",
    }
    took_ms = []
    with Child([*COMMAND, "api", "--json"], environment) as api:
        endpoint = Endpoint(await port_of(api), "")
        async with connected(endpoint) as connection:
            for number in range(WARM_UP + times):
                if number == WARM_UP:
                    before_s = cpu_s(api.pid)
                began_s = time.perf_counter()
                status, _ = await connection.ask(a_request(endpoint, PAGE))
                took_ms.append(1000 * (time.perf_counter() - began_s))
                if status != HTTPStatus.OK:
                    raise BenchFailed(f"{status} to {PAGE}")
        counted = sorted(took_ms[WARM_UP:])
        return {
            "times": times,
            "p50_ms": at_percent(counted, 50),
            "max_ms": counted[-1],
            "cpu_ms": 1000 * (cpu_s(api.pid) - before_s) / times,
            "peak_bytes": peak_bytes(api.pid),
        }
