"""`ecluse treasury`: the process of the treasury, its configuration, its tables made again."""
# ruff: noqa: PLC0415 # Faust, Kafka and a database are imported by whoever uses them

import asyncio
from dataclasses import asdict
from typing import Annotated, BinaryIO, Final

import typer

from events.texts import _, ngettext
from services.cli.commands.processes import LogsAsJson
from services.cli.terminal.logs import log_as_json
from services.cli.terminal.options import AsJson, Command, Group
from services.cli.terminal.output import display_name, print_json, say
from services.texts.translation import both, error_text

WITHOUT_FAULT: Final = _("{file}: {budgets}, {third_parties}; it has no fault.")
FAULTS: Final = ngettext("{file}: {count} fault.", "{file}: {count} faults.")
BUDGETS: Final = ngettext("{count} budget", "{count} budgets")
THIRD_PARTIES: Final = ngettext(
    "{count} third party in the directory", "{count} third parties in the directory"
)
RESTORED = _(
    "In the tables again: payment orders {orders}, slips {slips}, lines of entries {entries}, "
    "events of returns {events}."
)

treasury_app = typer.Typer(cls=Group, no_args_is_help=True)


@treasury_app.callback()
def treasury() -> None:
    """The treasury's side: payment orders on slips, PES files, returns, accounting entries."""


@treasury_app.command("run", cls=Command)
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


@treasury_app.command("restore", cls=Command)
def restore(as_json: AsJson = False) -> None:
    """Add what the treasury's tables lack from Kafka: the same slips, with the same numbers.

    The events that were made of returns, and the orders that a new topic lacks, come from the
    journal of the read model, which must have caught up (`ecluse lag`): an event that it lacks
    would be published anew where the returns changed.

    Tables that are lost, or of a back-up, in the database of ECLUSE_DATABASE_URL or
    ECLUSE_TREASURY_URL: rows that are known stay. Each slip that was missing counts as sent; what
    the accountant has answered comes back with the files of his answers,
    put into the folder of ECLUSE_TREASURY_RETURNS once more. Drafts are gone. Kafka is at
    ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092; its topics' names begin with ECLUSE_TOPIC_PREFIX.
    """
    from services.projector.engine import make_engine
    from services.runtime.ops.settings import Settings
    from services.treasury.process.restore import RestoreCounts
    from services.treasury.process.restore import restore as make_again
    from services.treasury.settings import TreasurySettings
    from services.treasury.store.database import TreasuryStore

    async def restore_tables() -> RestoreCounts:
        own = TreasurySettings()
        store, read_model = TreasuryStore.build(own), make_engine(own.url)
        try:
            return await make_again(Settings(), store, read_model)
        finally:
            await read_model.dispose()
            await store.dispose()

    found = asyncio.run(restore_tables())
    if as_json:
        print_json(found._asdict())
    else:
        say(RESTORED.render(found._asdict()))


@treasury_app.command("check", cls=Command)
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
    if not _is_without_fault(file, as_json=as_json):
        raise typer.Exit(1)


def _is_without_fault(file: BinaryIO, *, as_json: bool) -> bool:
    """True where nothing is to be mended; else each fault is printed."""
    from services.treasury.pes.accountant import FileFault, judge

    name = display_name(file)
    try:
        config, faults = judge(file.read().decode())
    except UnicodeDecodeError as error:
        config, faults = None, [FileFault(None, "", error_text(error))]
    budgets = 0 if config is None else len(config.budgets)
    third_parties = 0 if config is None else len(config.third_parties)
    if as_json:
        rows = [
            {"line": each.line, "pointer": each.pointer, "message": asdict(both(each.text))}
            for each in faults
        ]
        print_json({"budgets": budgets, "third_parties": third_parties, "faults": rows})
        return not faults
    for each in faults:
        say(each.sentence)
    if faults:
        say(FAULTS.render(len(faults), file=name))
    else:
        counts = {
            "budgets": BUDGETS.render(budgets),
            "third_parties": THIRD_PARTIES.render(third_parties),
        }
        say(WITHOUT_FAULT.render({"file": name, **counts}))
    return not faults
