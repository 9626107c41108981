"""`ecluse api`: HTTP over the read model, and events in, until it is stopped."""

import typer

from services.cli.logs import log_as_json
from services.cli.options import Bind, Lang, LogsAsJson, Port, chosen_language
from services.cli.workers import run_worker
from services.runtime.settings import Settings


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
    # Only here: every other verb would wait for a web framework and a database's library.
    from services.api.serving import serve_api  # noqa: PLC0415
    from services.api.settings import ApiSettings  # noqa: PLC0415

    chosen_language(context, lang)
    if as_json:
        log_as_json()
    run_worker(serve_api(ApiSettings.said(bind, port), Settings(), lambda _address: None))
