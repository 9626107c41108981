"""`ecluse treasury`: the process of the treasury, its configuration, its tables made again."""
# ruff: noqa: PLC0415 # Faust, Kafka and a database are imported by whoever uses them

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from events.texts import Translatable, _
from services.cli.commands.roles.processes import LogsAsJson
from services.cli.terminal.logs import log_as_json
from services.cli.terminal.options import AsJson, Command, Group, readable_file
from services.cli.terminal.output import counting, print_json, say

if TYPE_CHECKING:
    from services.runtime.ops.settings import Settings

RESTORED = _(
    "In the tables again: payment orders {orders}, slips {slips}, lines of entries {entries}, "
    "events of returns {events}."
)
EXPORTING, IMPORTING = _("reading the topics"), _("reading the file")
EXPORTED = _("{file}: payment orders {orders}, slips {slips}, accounting entries {entries}.")
IMPORTED = _(
    "{file}: published payment orders {orders}, slips {slips}, accounting entries {entries}."
)

app = typer.Typer(cls=Group, no_args_is_help=True)


@app.callback()
def treasury() -> None:
    """The treasury's side: payment orders on slips, PES files, returns, accounting entries."""


@app.command(cls=Command)
def run(as_json: LogsAsJson = False) -> None:
    """Take payment orders into the treasury's tables and send its messages, until stopped.

    Its tables are in the database of ECLUSE_DATABASE_URL, or at ECLUSE_TREASURY_URL. Kafka is at
    ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092; its topics' names begin with ECLUSE_TOPIC_PREFIX.
    It reads files of the accountant from ECLUSE_TREASURY_RETURNS, and makes slips at the times of
    ECLUSE_TREASURY_SCHEDULE. On ECLUSE_HEALTH_PORT, if set: /healthz, /readyz, /partitions,
    /metrics.
    """
    if as_json:
        log_as_json()
    from services.runtime.ops.settings import Settings
    from services.treasury.process.building import serve
    from services.treasury.settings import TreasurySettings

    serve(Settings(), TreasurySettings())


@app.command(cls=Command)
def restore(as_json: AsJson = False) -> None:
    """Add what the treasury's tables lack from Kafka: the same slips, with the same numbers.

    The events that were made of returns come from the journal of the read model, which must have
    caught up (`ecluse lag`): what it lacks would be published anew where the returns changed.

    Tables that are lost, or of a back-up, in the database of ECLUSE_DATABASE_URL or
    ECLUSE_TREASURY_URL: rows that are known stay. Each slip that was missing counts as sent; what
    the accountant has answered comes back with the files of his answers,
    put into the folder of ECLUSE_TREASURY_RETURNS once more. Drafts are gone. Kafka is at
    ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092; its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    from services.projector.database import make_engine
    from services.runtime.ops.settings import Settings
    from services.treasury.process.restore import Restored
    from services.treasury.process.restore import restore as make_again
    from services.treasury.settings import TreasurySettings
    from services.treasury.store.database import TreasuryStore

    async def restored() -> Restored:
        own = TreasurySettings()
        store, read_model = TreasuryStore.of(own), make_engine(own.url)
        try:
            return await make_again(Settings(), store, read_model)
        finally:
            await read_model.dispose()
            await store.dispose()

    found = asyncio.run(restored())
    if as_json:
        print_json(found._asdict())
    else:
        say(RESTORED.render(found._asdict()))


@app.command("export", cls=Command)
def export_topics(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to; replaced as a whole.")],
    as_json: AsJson = False,
) -> None:
    """Write the topics of payment orders, slips and accounting entries to a file: the back-up.

    `ecluse treasury restore` makes tables of these topics. A file that is there is replaced once
    the new one is whole, and only by one that holds as much. It holds names and whole IBANs. Kafka
    is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092; its topics' names begin with
    ECLUSE_TOPIC_PREFIX.
    """
    from services.treasury.process.topic_copy import export_topics

    _copy(EXPORTING, EXPORTED, export_topics, file, as_json=as_json)


@app.command("import", cls=Command)
def import_topics(
    file: Annotated[Path, readable_file(help_text="What `ecluse treasury export` wrote.")],
    as_json: AsJson = False,
) -> None:
    """Publish what an export holds to new topics of payment orders, slips and accounting entries.

    While nothing of Écluse runs. Run again, an interrupted import goes on. Kafka is at
    ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092; its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    from services.treasury.process.topic_copy import import_topics

    _copy(IMPORTING, IMPORTED, import_topics, file, as_json=as_json)


def _copy(
    label: Translatable,
    done: Translatable,
    work: "Callable[[Settings, Path, Callable[[int], None]], Awaitable[dict[str, int]]]",
    file: Path,
    *,
    as_json: bool,
) -> None:
    """Copy topics to a file, or back, and say how many records."""
    from events.topics import ACCOUNTING_ENTRIES, PAYMENT_ORDERS, SLIPS
    from services.runtime.ops.settings import Settings

    async def copied(progress: Callable[[int], None]) -> dict[str, int]:
        return await work(Settings(), file, progress)

    with counting(label) as progress:
        found = asyncio.run(copied(progress))
    if as_json:
        print_json({"file": str(file), "records": found})
    else:
        orders, slips, entries = (
            found[each] for each in (PAYMENT_ORDERS, SLIPS, ACCOUNTING_ENTRIES)
        )
        say(done.render({"file": str(file), "orders": orders, "slips": slips, "entries": entries}))


@app.command(cls=Command)
def check(
    file: Annotated[
        typer.FileBinaryRead,
        typer.Argument(
            envvar="ECLUSE_TREASURY_FILE",
            metavar="FILE",
            help="YAML, by entity and budget; - is standard input.",
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Judge the accountant's codes and the directory of third parties; exit 1 if anything is wrong.

    Each fault with its line: settings that PES files cannot hold, keys of SIRETs, what stands
    twice, and budgets without IdPost or CodCol, of which no slip is prepared.
    """
    from services.cli.commands.treasury.check import is_without_fault

    if not is_without_fault(file, as_json=as_json):
        raise typer.Exit(1)
