"""`ecluse serve --embedded`: all of Écluse in one process, for a small town without Kafka."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Final

import typer

from events.texts import _
from services.cli.options import AsJson, Bind, Lang, Port, chosen_language
from services.cli.output import print_json, progress
from services.cli.texts import REPLAYING, UNCHECKED
from services.cli.workers import run_worker
from services.texts.translation import translate

EXIT_USAGE: Final = 2

EMBEDDED_ONLY = _("Say --embedded: with Kafka, each role has its verb (ledger, projector, api).")
LISTENING = _(
    "Écluse runs on this machine. Open {address}/console (Ctrl-C stops it; its data stays in "
    "{data})."
)
KEY_NEEDED = _("To enter you need a key: ecluse api-keys create NAME --read all --data {data}")


def serve(
    context: typer.Context,
    embedded: Annotated[
        bool, typer.Option("--embedded", metavar="", help="Without Kafka: the only way so far.")
    ] = False,
    data: Annotated[
        Path,
        typer.Option(
            metavar="DIR", envvar="ECLUSE_DATA", help="Where ledger, read model and keys are kept."
        ),
    ] = Path("ecluse-data"),
    load: Annotated[
        list[typer.FileBinaryRead] | None,
        typer.Option(
            metavar="FILE", help="Events to decide first; what was read is not read again."
        ),
    ] = None,
    bind: Bind = None,
    port: Port = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Decide events, keep them in a directory, and serve API and console, until stopped.

    Who may ask: keys (`ecluse api-keys … --data DIR`) and tokens of ECLUSE_OIDC_ISSUER;
    ECLUSE_AUTH=off lets everybody in.
    """
    # Only here: every other verb would wait for a web framework and a database's library.
    from services.api.settings import ApiSettings  # noqa: PLC0415
    from services.embedded.api import ToLoad, serve_embedded  # noqa: PLC0415

    language = chosen_language(context, lang)
    if not embedded:
        typer.echo(translate(EMBEDDED_ONLY, language), err=True)
        raise typer.Exit(EXIT_USAGE)
    settings = ApiSettings.with_options(bind, port)

    def ready(address: str) -> None:
        if as_json:
            print_json({"address": address, "data": str(data), "auth": settings.auth})
            sys.stdout.flush()  # Whoever waits for it reads a pipe.
            return
        facts = {"address": address, "data": data}
        typer.echo(translate(LISTENING.render(facts), language))
        other = UNCHECKED if settings.auth == "off" else KEY_NEEDED.render(facts)
        typer.echo(translate(other, language))

    streams = load or []
    files = [ToLoad(Path(stream.name), Path(stream.name).name) for stream in streams]
    with ExitStack() as shown:
        handled = shown.enter_context(progress(translate(REPLAYING, language), streams))

        def listening(address: str) -> None:
            shown.close()  # The bar goes before the address is printed.
            ready(address)

        run_worker(serve_embedded(settings, data, files, listening, handled))
