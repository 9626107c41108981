"""`ecluse api-keys`: keys for programs and people that ask the API; each is shown once."""

import asyncio
import getpass
import os
import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar
from zoneinfo import ZoneInfo

import typer

from events.texts import Day, Translatable, _, verbatim
from services.api.access.caller import Entities, Scope, is_role_or_type
from services.api.access.keys import ApiKey
from services.cli.terminal.options import COUNT_MAX, AsJson, Command, Group
from services.cli.terminal.output import EXIT_NOT_THERE, exit_with, print_json
from services.cli.terminal.screen import Screen
from services.due.calendar_days import end_of
from services.texts.formats import ZONE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from services.api.access.store import AccessStore

EXIT_USAGE: Final = 2

Result = TypeVar("Result")

MADE = _("This is the key of “{label}”. It will never be shown again:")
REVOKED = _("The key {key_id} opens nothing any more, nor do its sessions.")
NOT_THERE = _("No key in force is called {key_id}; see `ecluse api-keys list`.")
NO_RIGHT = _(
    "A key needs a right: --read, --publish, --operate or --treasury, with “all” or SIRETs."
)
NO_TYPE = _(
    "“{name}” is neither a role (ordonnateur, comptable) nor a type of event that one sends; see "
    "`ecluse schema`."
)
TYPES_WITHOUT_PUBLISH = _("--publish-types goes with --publish.")
NO_LABEL = _("A name has 1 to {most} characters, none of them a line break or another control.")
NO_TIME = _("“{text}” is neither a day (2027-01-31) nor a time from now on (90d, 24h).")
TOO_LATE = _("“{text}” is too late: the last day that a key may end on is {last}.")
PAST = _("“{text}” has passed: choose a later day.")
ROTATED = _("{key_id} gives access until {at}; the new key of “{label}” is {new_id}.")
NO_SIRET = _("“{name}” is neither a SIRET of 14 digits nor “all”.")
NONE_YET = _("No key; `ecluse api-keys create NAME --read all` makes one.")
REVOKED_SINCE = _("revoked")
NEVER_USED = _("never used")
LAST_USED = _("last used {at}")
EXPIRED = _("expired {at}")
EXPIRES = _("{state}, expires {at}")

LAST_DAY: Final = date.max - timedelta(days=1)
"""The last day with an end."""

LABEL_MAX: Final = 200
TIME_FROM_NOW: Final = re.compile(r"(\d{1,5})([dh])")

Names = Annotated[
    list[str] | None,
    typer.Option(metavar="SIRET|all", help="For this entity, several times for several; or all."),
]
Data = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        exists=True,  # Else the database that is not there would be to blame.
        file_okay=False,
        help="Of the embedded mode that keeps its data in this directory.",
    ),
]
Expires = Annotated[
    str | None,
    typer.Option(
        "--expires",
        metavar="DAY|TIME",
        help="Its last day (2027-01-31), or how long it lasts (90d, 24h).",
    ),
]

api_keys_app = typer.Typer(cls=Group, no_args_is_help=True)


@api_keys_app.callback()
def api_keys() -> None:
    """Keys to the API: made, rotated, revoked. At ECLUSE_DATABASE_URL, or ECLUSE_ACCESS_URL."""


@api_keys_app.command("create", cls=Command)
def create_key(
    label: Annotated[str, typer.Argument(metavar="NAME", help="Whose key it is, for people.")],
    read: Names = None,
    publish: Names = None,
    operate: Names = None,
    treasury: Names = None,
    publish_types: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE|TYPE",
            help="Publish these alone: ordonnateur, comptable, or a type; several times for "
            "several.",
        ),
    ] = None,
    expires: Expires = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Make a key, and show it this once."""
    if not (0 < len(label) <= LABEL_MAX and not any(map(_is_control, label))):
        exit_with(NO_LABEL.render({"most": LABEL_MAX}), EXIT_USAGE)
    asked = {
        Scope.READ: read,
        Scope.PUBLISH: publish,
        Scope.OPERATE: operate,
        Scope.TREASURY: treasury,
    }
    try:
        rights = {scope: Entities.parse(names) for scope, names in asked.items() if names}
    except ValueError as error:
        exit_with(NO_SIRET.render({"name": error.args[0]}), EXIT_USAGE)
    if not rights:
        exit_with(NO_RIGHT, EXIT_USAGE)
    types, at = _check_types(publish_types, publish), _end_of(expires)
    key, shown = with_store(
        data, lambda store: store.create(label, rights, command_user(), at, types)
    )
    if as_json:
        print_json({"key": shown, **_row(key)})
        return
    Screen().say(MADE.render({"label": label}))
    typer.echo(shown)


@api_keys_app.command("list", cls=Command)
def list_keys(data: Data = None, as_json: AsJson = False) -> None:
    """Every key there ever was, what it allows, and when it was used last."""
    keys = with_store(data, lambda store: store.keys())
    if as_json:
        print_json({"keys": [_row(key) for key in keys]})
        return
    from services.api.adapters.clock_and_chance import wall_clock  # noqa: PLC0415 # as in with_store

    now = wall_clock()
    for line in [_line(key, now) for key in keys] or [NONE_YET]:
        Screen().say(line)


@api_keys_app.command("rotate", cls=Command)
def rotate_key(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
    overlap: Annotated[
        str, typer.Option(metavar="TIME", help="How long the old key still gives access.")
    ] = "24h",
    expires: Expires = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Make a new key with the name and the rights of another, which ends soon.

    Without --expires the new one lasts as long as the old one was to last.
    """
    both = _time_of(overlap)
    if both is None:
        exit_with(NO_TIME.render({"text": overlap}), EXIT_USAGE)
    at = _end_of(expires)
    rotated = with_store(data, lambda store: store.rotate(key_id, command_user(), both, at))
    if rotated is None:
        exit_with(NOT_THERE.render({"key_id": key_id}), EXIT_NOT_THERE)
    old, new, shown = rotated
    if as_json:
        print_json({"key": shown, **_row(new), "replaces": _row(old)})
        return
    facts = {"key_id": key_id, "at": _moment(old.expires_at), "new_id": new.key_id}
    Screen().say(ROTATED.render({**facts, "label": _escape_controls(new.label)}))
    Screen().say(MADE.render({"label": _escape_controls(new.label)}))
    typer.echo(shown)


@api_keys_app.command("revoke", cls=Command)
def revoke_key(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")],
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Have a key open nothing any more, from now on."""
    if not with_store(data, lambda store: store.revoke(key_id, command_user())):
        exit_with(NOT_THERE.render({"key_id": key_id}), EXIT_NOT_THERE)
    if as_json:
        print_json({"revoked": key_id})
    else:
        Screen().say(REVOKED.render({"key_id": key_id}))


@api_keys_app.command("audit", cls=Command)
def show_audit(
    last: Annotated[
        int, typer.Option(metavar="N", min=1, max=COUNT_MAX, help="How many lines.")
    ] = 50,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show the latest lines of the audit trail, the newest first."""
    lines = with_store(data, lambda store: store.audit_lines(last))
    rows = [{**line._mapping, "at": instant(line.at)} for line in lines]  # noqa: SLF001
    if as_json:
        print_json({"audit": rows})
        return
    for row in rows:
        line = "{number}  {at}  {actor}  {action}  {subject}".format_map(row)
        Screen().say(verbatim(_escape_controls(line)))


def with_store(data: Path | None, what: "Callable[[AccessStore], Awaitable[Result]]") -> Result:
    """Do something with the database of keys, of the settings or of an embedded directory."""
    # Only here: every other command would wait for a database's library.
    from services.api.access import store as access_store  # noqa: PLC0415
    from services.api.adapters.clock_and_chance import wall_clock  # noqa: PLC0415

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


def _check_types(names: list[str] | None, publish: list[str] | None) -> list[str] | None:
    """The roles and types that a key sends alone; None where all were meant."""
    if not names:
        return None
    if not publish:
        exit_with(TYPES_WITHOUT_PUBLISH, EXIT_USAGE)
    for name in names:
        if not is_role_or_type(name):
            exit_with(NO_TYPE.render({"name": name}), EXIT_USAGE)
    return names


def _end_of(expires: str | None) -> datetime | None:
    """The instant at which a key ends that lasts so long: of a day, its end in France."""
    if expires is None:
        return None
    from services.api.adapters.clock_and_chance import wall_clock  # noqa: PLC0415 # as in with_store

    now, time = wall_clock(), _time_of(expires)
    try:
        ends = end_of(date.fromisoformat(expires)) if time is None else now + time
    except OverflowError:
        facts = {"text": expires, "last": Day(LAST_DAY.isoformat())}
        exit_with(TOO_LATE.render(facts), EXIT_USAGE)
    except ValueError:
        exit_with(NO_TIME.render({"text": expires}), EXIT_USAGE)
    if ends <= now:
        exit_with(PAST.render({"text": expires}), EXIT_USAGE)
    return ends


def _time_of(text: str) -> timedelta | None:
    """`90d`, `24h`; None where it is written otherwise."""
    found = TIME_FROM_NOW.fullmatch(text)
    if found is None:
        return None
    count = int(found[1])
    return timedelta(days=count) if found[2] == "d" else timedelta(hours=count)


def _escape_controls(label: str) -> str:
    """A label on one line: keys that were made before labels were checked may hold controls."""
    return "".join(ascii(each)[1:-1] if _is_control(each) else each for each in label)


def _is_control(character: str) -> bool:
    """True of line breaks, other controls, and what changes the direction of writing."""
    return unicodedata.category(character).startswith("C")


def command_user() -> str:
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
        "publish_types": key.publish_types,
        "created_at": instant(key.created_at),
        "created_by": key.created_by,
        "expires_at": instant(key.expires_at),
        "revoked_at": instant(key.revoked_at),
        "last_used_at": instant(key.last_used_at),
    }


def instant(at: datetime | None) -> str | None:
    """An instant for programs, in UTC."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _moment(at: datetime | None) -> Translatable | None:
    """`31/01/2027 à 14:05`, `2027-01-31 at 14:05`, on the clocks of France."""
    if at is None:
        return None
    local = at.astimezone(ZoneInfo(ZONE))
    facts = {"day": Day(local.date().isoformat()), "clock": f"{local:%H:%M}"}
    return _("{day} at {clock}").render(facts)


def _line(key: ApiKey, now: datetime) -> Translatable:
    rights = "; ".join(f"{scope}: {', '.join(each.names())}" for scope, each in key.rights.items())
    if key.publish_types is not None:
        rights += f"; publish-types: {', '.join(key.publish_types)}"
    facts = {"id": key.key_id, "label": _escape_controls(key.label), "rights": rights}
    return Translatable("{id}  {label}  ({rights})  {state}", {**facts, "state": _state(key, now)})


def _state(key: ApiKey, now: datetime) -> Translatable:
    if key.revoked_at is not None:
        return REVOKED_SINCE
    at = _moment(key.expires_at)
    if key.has_expired(now):
        return EXPIRED.render({"at": at})
    used = NEVER_USED
    if key.last_used_at is not None:
        used = LAST_USED.render({"at": _moment(key.last_used_at)})
    return used if at is None else EXPIRES.render({"state": used, "at": at})
