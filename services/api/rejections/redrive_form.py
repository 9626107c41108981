"""Sending a dead letter again from the console, by a form of the list."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from services.api.console.elements import address
from services.api.console.page_context import Name, Sequence64
from services.api.events_in.publishing import CONSOLE, author_of
from services.api.http.dependencies import Given, Now, Operator
from services.api.http.question import FreeText
from services.api.rejections.redrive import name_of_sender, send_again
from services.redrive.sending import Author

router = APIRouter()


@router.post("/console/redrive/{chain}/{sequence}")
async def redrive(
    caller: Operator,
    components: Given,
    now: Now,
    chain: Name,
    sequence: Sequence64,
    reason: Annotated[FreeText, Form()],
) -> Response:
    """Publish a dead letter again; the list shows it as settled once the ledger has decided it."""
    why = reason.replace("\r\n", "\n")
    author = Author(CONSOLE, name_of_sender(caller), now, why, author_of(caller))
    await send_again(caller, components, chain, sequence, author)
    return RedirectResponse(address("troubles", "unreadable", sent=f"{chain}/{sequence}"), 303)
