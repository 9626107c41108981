"""Somebody who sends events by hand, at the console over a ledger in this process."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from typing import Final

import httpx

from services.api.access.caller import Caller, Entities, Scope
from services.api.adapters.read_model import open_read_model
from services.runtime.kafka.publishing import Message
from tests.api.embedded_ledger import a_ledger
from tests.api.environment import (
    ALL_KEY,
    CALLERS,
    ROUBAIX,
    KeptAudit,
    Known,
    an_app,
    asking,
)
from tests.builders import (
    BUDGET,
    Json,
    a_convention,
    a_vote,
    an_award,
    an_instalment,
    encoded,
)

ROUBAIX_KEY: Final = "test-key-of-roubaix"
ACCESS: Final = Known(
    {
        **CALLERS,
        ROUBAIX_KEY: Caller(
            "key:roubaix", dict.fromkeys(Scope, Entities.parse([ROUBAIX])), "Roubaix"
        ),
    }
)
PAGE: Final = {"accept": "text/html"}
YEAR: Final = [
    a_vote(),
    an_award(),
    a_convention(
        instalments=[
            an_instalment(60_000),
            an_instalment(40_000, "balance", documents=[("activity_report", 2022)]),
        ]
    ),
]
TAKEN: Final = f"/console/send/acknowledgement/{BUDGET}/C/advance"
PAID: Final = f"/console/send/payment/{BUDGET}/C/advance"
RECEIVED: Final = f"/console/send/document/{BUDGET}/C"
HIDDEN: Final = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')
VALUE: Final = re.compile(r'name="(/[^"]*)" value="([^"]*)"')

Client = httpx.AsyncClient


@asynccontextmanager
async def visiting(
    folder: Path, *events: Json, key: str = ALL_KEY, language: str = "en"
) -> AsyncGenerator[tuple[Client, KeptAudit]]:
    """Somebody at the console over a ledger in this process, which has decided these events."""
    audit = KeptAudit()
    async with a_ledger(folder) as ledger:
        await ledger.publish([Message(b"", encoded(each)) for each in events])
        model = open_read_model(f"sqlite:///{folder / 'read.db'}")
        app = an_app(model, ACCESS, ledger, audit)
        async with asking(app, key, language) as client:
            client.headers.update(PAGE)
            client.follow_redirects = True
            yield client, audit


def hidden(answer: httpx.Response) -> dict[str, str]:
    """The hidden fields of the last form on a page."""
    form = answer.text.rpartition("<form")[2]
    return {name: unescape(value) for name, value in HIDDEN.findall(form)}


def main(answer: httpx.Response) -> str:
    """The words of a page."""
    text = answer.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text)).split())


async def checked(client: Client, path: str, **typed: str) -> httpx.Response:
    fields = {f"/{name.replace('__', '/')}": text for name, text in typed.items()}
    return await client.post(path, data=fields)


async def pressed(client: Client, path: str, shown: httpx.Response) -> httpx.Response:
    """The button that sends what is shown."""
    return await client.post(path, data=hidden(shown) | {"step": "send"})
