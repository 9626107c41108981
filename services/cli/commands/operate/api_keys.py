"""`ecluse api-keys`: keys for programs and people that ask the API; each is shown once."""

import asyncio
import getpass
import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import typer

from events.texts import Translatable, _, verbatim
from services.api.access.caller import Entities, Scope
from services.api.access.keys import ApiKey
from services.cli.terminal.options import AsJson, Group, Verb
from services.cli.terminal.output import EXIT_NOT_THERE, leave, print_json
from services.cli.terminal.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from services.api.access.store import AccessStore

EXIT_USAGE: Final = 2

Result = TypeVar("Result")

MADE = _("This is the key of “{label}”. It will never be shown again:")
REVOKED = _("The key {key_id} opens nothing any more, nor do its sessions.")
NOT_THERE = _("No key in force is called {key_id}; see `ecluse api-keys list`.")
NO_RIGHT = _("A key needs a right: --read, --publish or --operate, with “all” or SIRETs.")
NO_SIRET = _("“{word}” is neither a SIRET of 14 digits nor “all”.")
NONE_YET = _("No key; `ecluse api-keys create NAME --read all` makes one.")
REVOKED_SINCE = _("revoked")
NEVER_USED = _("never used")
LAST_USED = _("last used {at}")

Names = Annotated[
    list[str] | None,
    typer.Option(metavar="SIRET|all", help="For this entity, several times for several; or all."),
]
Data = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Of the embedded mode that keeps its data in this directory."),
]

app = typer.Typer(cls=Group, no_args_is_help=True)


@app.callback()
def api_keys() -> None:
    """Keys to the API: made, listed, revoked. At ECLUSE_DATABASE_URL, or ECLUSE_ACCESS_URL."""


@app.command("create", cls=Verb)
def create_key(
    label: Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is, for people.")],
    read: Names = None,
    publish: Names = None,
    operate: Names = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Make a key, and show it this once."""
    asked = {Scope.READ: read, Scope.PUBLISH: publish, Scope.OPERATE: operate}
    try:
        rights = {scope: Entities.of(names) for scope, names in asked.items() if names}
    except ValueError as error:
        leave(NO_SIRET.render({"word": error.args[0]}), EXIT_USAGE)
    if not rights:
        leave(NO_RIGHT, EXIT_USAGE)
    key, shown = _with_store(data, lambda store: store.create(label, rights, _who()))
    if as_json:
        print_json({"key": shown, **_row(key)})
        return
    Screen().say(MADE.render({"label": label}))
    typer.echo(shown)


@app.command("list", cls=Verb)
def list_keys(data: Data = None, as_json: AsJson = False) -> None:
    """Every key there ever was, what it allows, and when it was used last."""
    keys = _with_store(data, lambda store: store.keys())
    if as_json:
        print_json({"keys": [_row(key) for key in keys]})
        return
    for line in map(_line, keys) if keys else [NONE_YET]:
        Screen().say(line)


@app.command("revoke", cls=Verb)
def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Have a key open nothing any more, from now on."""
    if not _with_store(data, lambda store: store.revoke(key_id, _who())):
        leave(NOT_THERE.render({"key_id": key_id}), EXIT_NOT_THERE)
    if as_json:
        print_json({"revoked": key_id})
    else:
        Screen().say(REVOKED.render({"key_id": key_id}))


@app.command("audit", cls=Verb)
def show_audit(
    last: Annotated[int, typer.Option(metavar="N", min=1, help="How many lines.")] = 50,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show the latest lines of the audit trail, the newest first."""
    lines = _with_store(data, lambda store: store.audit_lines(last))
    rows = [{**line._mapping, "at": _instant(line.at)} for line in lines]  # noqa: SLF001
    if as_json:
        print_json({"audit": rows})
        return
    for row in rows:
        line = "{number}  {at}  {actor}  {action}  {subject}".format_map(row)
        Screen().say(verbatim(line))


def _with_store(data: Path | None, what: "Callable[[AccessStore], Awaitable[Result]]") -> Result:
    # Only here: every other verb would wait for a database's library.
    from services.api.access import store as access_store  # noqa: PLC0415
    from services.api.adapters.clock import wall_clock  # noqa: PLC0415

    async def go() -> Result:
        if data is not None:
            address = f"sqlite:///{data / access_store.ACCESS_FILE}"
        else:
            from services.api.settings import ApiSettings  # noqa: PLC0415 # as above

            settings = ApiSettings()
            address = access_store.access_address(settings.url, settings.access)
        store = access_store.AccessStore(address, wall_clock)
        try:
            await store.prepare()
            return await what(store)
        finally:
            await store.dispose()

    return asyncio.run(go())


def _who() -> str:
    """The person who runs the command, for the audit trail."""
    try:
        return f"cli:{getpass.getuser()}"
    except (KeyError, OSError, ImportError):
        return f"cli:{os.getuid()}"


def _row(key: ApiKey) -> dict[str, Any]:
    return {
        "key_id": key.key_id,
        "label": key.label,
        "rights": {scope.value: entities.names() for scope, entities in key.rights.items()},
        "created_at": _instant(key.created_at),
        "created_by": key.created_by,
        "revoked_at": _instant(key.revoked_at),
        "last_used_at": _instant(key.last_used_at),
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _line(key: ApiKey) -> Translatable:
    rights = "; ".join(f"{scope}: {', '.join(each.names())}" for scope, each in key.rights.items())
    state = LAST_USED.render({"at": _instant(key.last_used_at)})
    if key.revoked_at is not None:
        state = REVOKED_SINCE
    elif key.last_used_at is None:
        state = NEVER_USED
    facts = {"id": key.key_id, "label": key.label, "rights": rights, "state": state}
    return Translatable("{id}  {label}  ({rights})  {state}", facts)
