"""`ecluse database`: the rights of deploy/database-rights.yaml in PostgreSQL."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from events.texts import _, ngettext
from services.cli.terminal.options import AsJson, Command, Group, flag
from services.cli.terminal.output import bad_option, print_json
from services.cli.terminal.screen import Screen

GIVEN = ngettext(
    "The rights of {count} role are as they should be.",
    "The rights of {count} roles are as they should be.",
)
NO_FORM = _(
    "it must hold NAME, else all roles would be one, and no $; no name may have more than {most} "
    "bytes"
)
ONLY_APPLIED = _("it goes with --apply: no password is printed")
NOT_THERE = _(
    "{table} is not there yet, and nobody was given rights on it: run this again once the "
    "projector has made its tables"
)

database_app = typer.Typer(cls=Group, no_args_is_help=True)


@database_app.callback()
def database() -> None:
    """The roles of the database, and their rights."""


@database_app.command("grants", cls=Command)
def grants(
    apply: Annotated[
        bool, flag("--apply", "Give them in the database of ECLUSE_DATABASE_URL.")
    ] = False,
    form: Annotated[
        str,
        typer.Option("--as", metavar="FORM", help="How the server calls a role: `lille_NAME`."),
    ] = "ecluse_NAME",
    passwords: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="A directory with a file for each role, projector for one, that is its password.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the SQL that makes the roles and gives them their rights, or run it with --apply.

    The rights are those of deploy/database-rights.yaml; run again, nothing changes.
    Give them as a superuser, or as the database's owner who may make roles.
    Roles are made without a password; --passwords gives them one.
    """
    from services.projector import database_rights  # noqa: PLC0415 # no other command waits for SQL

    rights = database_rights.read_rights()
    if not database_rights.is_form(rights, form):
        raise bad_option("--as", NO_FORM.render({"most": database_rights.BYTES_MAX}))
    if passwords is not None and not apply:
        raise bad_option("--passwords", ONLY_APPLIED)
    if not apply:
        wanted = database_rights.statements(rights, form)
        if as_json:
            print_json({"statements": wanted})
        else:
            typer.echo("\n".join(f"{each};" for each in ("BEGIN", *wanted, "COMMIT")))
        return
    missing = asyncio.run(_apply(form, passwords))
    if as_json:
        print_json({"roles": list(rights.roles), "missing_tables": missing})
    else:
        screen = Screen()
        for table in missing:
            screen.say(NOT_THERE.render({"table": table}))
        screen.say(GIVEN.render(len(rights.roles)))


async def _apply(form: str, passwords: Path | None) -> list[str]:
    from services.projector.database_errors import raising_unreachable  # noqa: PLC0415
    from services.projector.database_rights import apply, read_rights  # noqa: PLC0415
    from services.projector.engine import engine_address, make_engine  # noqa: PLC0415 # as above
    from services.projector.settings import DatabaseSettings  # noqa: PLC0415

    engine = make_engine(DatabaseSettings().url, limited=False)
    try:
        async with raising_unreachable(engine_address(engine)):
            return await apply(engine, read_rights(), form, passwords)
    finally:
        await engine.dispose()
