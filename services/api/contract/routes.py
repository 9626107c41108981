"""GET /, /schemas, /schemas/{type}, /docs: open to all, since they hold what is published."""

import pathlib
from typing import Annotated, Any, Final

import fastapi_offline
from fastapi import APIRouter, FastAPI, Path, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from pydantic import TypeAdapter
from starlette.responses import HTMLResponse

from events.texts import _
from services.api.contract import published
from services.api.contract.published import ASYNCAPI, ASYNCAPI_PATH, PATH, Published
from services.api.http.answering import JSON, UNCHANGED, unchanging
from services.api.http.question import Name
from services.api.http.request_middleware import CONTENT_SECURITY
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
page_router = APIRouter()
"""Of the page /docs."""


@router.get("/", include_in_schema=False)
async def root(request: Request) -> Response:
    """The console to a browser, the addresses to a program."""
    if "text/html" in request.headers.get("accept", ""):
        return RedirectResponse(CONSOLE, 303)
    return JSONResponse(ADDRESSES)


@router.get(
    PATH,
    response_model=list[Published],
    summary="Types of the contract",
    operation_id="listed_schemas_get",
    responses=UNCHANGED,
)
async def list_types(request: Request) -> Response:
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


ASSETS: Final = pathlib.Path(fastapi_offline.__file__).parent / "static"
ASSETS_PATH: Final = "/docs/assets"

DOCS_PAGE: Final = f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Écluse: API</title>
<link rel="icon" href="{ASSETS_PATH}/favicon.png">
<link rel="stylesheet" href="{ASSETS_PATH}/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="{ASSETS_PATH}/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""

DOCS_START: Final = """\
SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis], layout: "BaseLayout", validatorUrl: null});
"""

CONTENT_SECURITY_HERE: Final = (
    f"{CONTENT_SECURITY}; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
)
"""Swagger UI styles its elements one by one, and draws its arrows as data; scripts stay ours."""


@page_router.get("/docs")
async def docs_page() -> HTMLResponse:
    """The OpenAPI document as a page: its assets from our own address, no script inline."""
    return HTMLResponse(DOCS_PAGE, headers={"Content-Security-Policy": CONTENT_SECURITY_HERE})


@page_router.get("/docs/start.js")
async def docs_script() -> Response:
    """Start script: a file of its own, since nothing inline runs."""
    return Response(DOCS_START, media_type="text/javascript")


def mount_assets(app: FastAPI) -> None:
    """Serve what the page is made of, out of the package that keeps it for us."""
    app.mount(ASSETS_PATH, StaticFiles(directory=ASSETS), name="docs-assets")
