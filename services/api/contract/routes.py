"""GET /schemas, /schemas/{type} and /: open to all, since they hold what is published anyway."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import TypeAdapter

from events.texts import _
from services.api.contract import published
from services.api.contract.published import ASYNCAPI, ASYNCAPI_PATH, PATH, Published
from services.api.http.answering import JSON, UNCHANGED, unchanging
from services.api.http.question import Name
from services.api.problems import CONSOLE, NOT_FOUND, Problem, problems

SCHEMA_JSON: Final = "application/schema+json"

TYPE_UNKNOWN: Final = NOT_FOUND._replace(
    code="type_unknown",
    detail=_("The contract has no such type."),
    advice=_("Take one that /schemas lists."),
)

ADDRESSES: Final = {
    "console": CONSOLE,
    "api": "/docs",
    "openapi": "/openapi.json",
    "schemas": PATH,
    "asyncapi": ASYNCAPI_PATH,
    "events": "/events",
    "health": "/healthz",
}
"""Addresses that the root names."""

TYPES: Final = TypeAdapter(tuple[Published, ...])

SCHEMA: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {SCHEMA_JSON: {"schema": {"type": "object"}}}}
}

ASYNCAPI_JSON: Final = "application/vnd.aai.asyncapi+json;version=3.0.0"
"""Media type of the document, by the AsyncAPI specification."""

router = APIRouter(tags=["contract"])


@router.get("/", include_in_schema=False)
async def root(request: Request) -> Response:
    """The console to a browser, the addresses to a program."""
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(CONSOLE, 303)
    return JSONResponse(ADDRESSES)


@router.get(
    PATH, response_model=list[Published], summary="Types of the contract", responses=UNCHANGED
)
async def listed(request: Request) -> Response:
    """Every type of the contract, with the address of its JSON Schema. No key is needed."""
    return unchanging(request, TYPES.dump_json(published.types()), JSON)


@router.get(
    PATH + "/{type}",
    summary="The JSON Schema of a type",
    responses=SCHEMA | UNCHANGED | problems(TYPE_UNKNOWN),
    response_class=Response,
)
async def schema(
    request: Request,
    name: Annotated[Name, Path(alias="type", examples=["ecluse.convention.signed.v1"])],
) -> Response:
    """The JSON Schema of one type, as the folder `schemas/` has it. No key is needed."""
    found = published.schema_bytes(name)
    if found is None:
        raise Problem(TYPE_UNKNOWN)
    return unchanging(request, found, SCHEMA_JSON)


@router.get(
    ASYNCAPI_PATH,
    summary="Topics and messages on Kafka",
    responses={200: {"content": {ASYNCAPI_JSON: {"schema": {"type": "object"}}}}, **UNCHANGED},
    response_class=Response,
)
async def asyncapi(request: Request) -> Response:
    """The AsyncAPI document, as the folder `schemas/` has it. No key is needed."""
    return unchanging(request, ASYNCAPI.read_bytes(), ASYNCAPI_JSON)
