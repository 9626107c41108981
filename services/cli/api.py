"""`ecluse api`: HTTP over the read model, and events in, until it is stopped."""

import typer

from events.sentences import Sentence
from services.cli.logs import log_as_json
from services.cli.options import Bind, Lang, LogsAsJson, Port, chosen_language
from services.cli.texts import UNCHECKED, told
from services.cli.workers import run_worker
from services.runtime.ops.settings import Settings

LISTENING = Sentence(
    "L'API répond à {address}\u00a0; {address}/docs la décrit, {address}/console la montre.",
    "The API answers at {address}; {address}/docs describes it, {address}/console shows it.",
)


def api(
    context: typer.Context,
    bind: Bind = None,
    port: Port = None,
    as_json: LogsAsJson = False,
    lang: Lang = None,
) -> None:
    """Answer questions over HTTP and take events in, until stopped. See /docs there.

    The read model is at ECLUSE_DATABASE_URL, Kafka at ECLUSE_BOOTSTRAP_SERVERS; its topics' names
    begin with ECLUSE_TOPIC_PREFIX. Who may ask: keys (`ecluse api-keys`) and tokens of
    ECLUSE_OIDC_ISSUER; ECLUSE_AUTH=off lets everybody in.
    """
    # Only here: every other verb would wait for a web framework and a database's library.
    from services.api.serving import serve_api  # noqa: PLC0415
    from services.api.settings import ApiSettings  # noqa: PLC0415

    language = chosen_language(context, lang)
    if as_json:
        log_as_json()
    settings = ApiSettings.with_options(bind, port)

    def ready(address: str) -> None:
        if not as_json:
            typer.echo(told(LISTENING.render({"address": address}), language))
            if settings.auth == "off":
                typer.echo(told(UNCHECKED, language))

    run_worker(serve_api(settings, Settings(), ready))
