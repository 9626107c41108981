"""Asking the API's reading routes over a read model."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import httpx

from services.api.access.caller import EVERYBODY, Caller, Entities, Scope
from services.api.code_names import OFFICIAL, Names
from tests.api.environment import (
    ALL_KEY,
    CALLERS,
    ROUBAIX,
    HandClock,
    Known,
    a_reader,
    an_app,
    asking,
)
from tests.read_model.filling import EXAMPLES

BUDGET: Final = "21590350100017-00-2023"
YEAR: Final = EXAMPLES / "lille-avenirs-2023.jsonl"
ROUBAIX_KEY: Final = "test-key-of-roubaix"
SENDER_KEY: Final = "test-key-that-only-publishes"
ACCESS: Final = Known(
    {
        **CALLERS,
        ROUBAIX_KEY: Caller(
            "key:roubaix", dict.fromkeys((Scope.READ, Scope.PUBLISH), Entities.parse([ROUBAIX]))
        ),
        SENDER_KEY: Caller("key:sender", {Scope.PUBLISH: EVERYBODY}),
    }
)


def get(
    url: str,
    *paths: str,
    key: str = ALL_KEY,
    language: str = "en",
    clock: HandClock | None = None,
    headers: Mapping[str, str] | None = None,
    names: Names = OFFICIAL,
) -> list[httpx.Response]:
    """The answers to these questions, asked one after the other."""

    async def go() -> list[httpx.Response]:
        app = an_app(a_reader(url), ACCESS, clock=clock)
        app.state.components = replace(app.state.components, names=names)
        async with asking(app, key, language) as client:
            return [await client.get(path, headers=headers) for path in paths]

    return asyncio.run(go())


def items(answer: httpx.Response) -> list[dict[str, Any]]:
    """The rows of a page."""
    assert 200 == answer.status_code, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found
