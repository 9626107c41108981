"""`ecluse api`: HTTP over the read model, and events in, until it is stopped."""

from typing import Annotated

import typer

from services.api.serving import serve_api
from services.api.settings import ApiSettings
from services.cli.logs import log_as_json
from services.cli.options import Lang, LogsAsJson, chosen_language
from services.cli.workers import run_worker
from services.runtime.settings import Settings

Bind = Annotated[
    str | None, typer.Option(metavar="ADDRESS", help="Where to listen; else ECLUSE_API_BIND.")
]
Port = Annotated[
    int | None,
    typer.Option(metavar="PORT", min=0, max=65535, help="0 is any free; else ECLUSE_API_PORT."),
]


def api(
    context: typer.Context,
    bind: Bind = None,
    port: Port = None,
    as_json: LogsAsJson = False,
    lang: Lang = None,
) -> None:
    """Answer questions over HTTP and take events in, until stopped. See /docs there.

    The read model is at ECLUSE_DATABASE_URL, Kafka at ECLUSE_BOOTSTRAP_SERVERS. Who may ask: keys
    (`ecluse api-keys`) and tokens of ECLUSE_OIDC_ISSUER; ECLUSE_AUTH=off lets everybody in.
    """
    chosen_language(context, lang)
    if as_json:
        log_as_json()
    run_worker(serve_api(api_settings(bind, port), Settings(), lambda _address: None))


def api_settings(bind: str | None, port: int | None, **otherwise: object) -> ApiSettings:
    """The settings, with what was said on the command line before what the environment says."""
    said = {"api_bind": bind, "api_port": port, **otherwise}
    return ApiSettings.model_validate({k: v for k, v in said.items() if v is not None})
