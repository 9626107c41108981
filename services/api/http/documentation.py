"""The OpenAPI document as a page at /docs: its assets from our own address, no script inline."""

from pathlib import Path
from typing import Final

import fastapi_offline
from fastapi import APIRouter, FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.responses import HTMLResponse, Response

from services.api.http.request_middleware import CONTENT_SECURITY

ASSETS: Final = Path(fastapi_offline.__file__).parent / "static"
ASSETS_PATH: Final = "/docs/assets"

PAGE: Final = f"""\
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

START: Final = """\
SwaggerUIBundle({url: "/openapi.json", dom_id: "#swagger-ui", deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis], layout: "BaseLayout", validatorUrl: null});
"""

CONTENT_SECURITY_HERE: Final = (
    f"{CONTENT_SECURITY}; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
)
"""Swagger UI styles its elements one by one, and draws its arrows as data; scripts stay ours."""

router = APIRouter()


@router.get("/docs")
async def page() -> HTMLResponse:
    """The page."""
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": CONTENT_SECURITY_HERE})


@router.get("/docs/start.js")
async def start() -> Response:
    """Start script: a file of its own, since nothing inline runs."""
    return Response(START, media_type="text/javascript")


def mount_assets(app: FastAPI) -> None:
    """Serve what the page is made of, out of the package that keeps it for us."""
    app.mount(ASSETS_PATH, StaticFiles(directory=ASSETS), name="docs-assets")
