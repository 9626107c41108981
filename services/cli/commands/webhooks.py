"""`ecluse webhooks`: addresses to which the API posts outcomes, signed."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from events.texts import Translatable, _, verbatim
from services.api.access.caller import Entities
from services.cli.commands.api_keys import (
    EXIT_USAGE,
    NO_SIRET,
    Data,
    Names,
    command_user,
    instant,
    with_store,
)
from services.cli.terminal.options import COUNT_MAX, AsJson, Command, Group
from services.cli.terminal.output import EXIT_NOT_THERE, exit_with, print_json
from services.cli.terminal.screen import Screen

if TYPE_CHECKING:
    from services.api.access.store import AccessStore
    from services.api.access.webhook_store import Attempt, Webhook, Webhooks
    from services.api.outcomes.feed import Position

KEY_BYTES: Final = 32
EXIT_NOT_TAKEN: Final = 1

ADDED = _("Outcomes are posted to {address} from now on. This secret signs them; it is shown once:")
NOT_THERE = _("No webhook is called {webhook_id}; see `ecluse webhooks list`.")
NO_ENTITY = _("Say whose outcomes: --read, with “all” or SIRETs, several times for several.")
FORBIDDEN = _(
    "{address} may not be posted to: it must be an https address of a public host, without a "
    "password in it. ECLUSE_WEBHOOK_HOSTS names others."
)
TOO_MANY = _("There are {most} webhooks already: remove one.")
REMOVED = _("Nothing more is posted to the webhook {webhook_id}.")
NONE_YET = _("No webhook; `ecluse webhooks add ADDRESS --read all` adds one.")
TAKEN = _("taken ({status}, {duration_ms} ms)")
NOT_TAKEN = _("not taken: {why}")
UP_TO_DATE = _("nothing has failed since the last message that was taken")
FAILING = _("failing since {since}, attempts: {failures}; the next at {again}: {error}")

ItsId = Annotated[str, typer.Argument(metavar="ID", help="As `list` shows it.")]

webhooks_app = typer.Typer(cls=Group, no_args_is_help=True)


@webhooks_app.callback()
def webhooks() -> None:
    """Addresses of applications to which outcomes are posted, signed, each until it is taken."""


@webhooks_app.command("add", cls=Command)
def add_webhook(
    address: Annotated[str, typer.Argument(metavar="URL", help="https, of a public host.")],
    read: Names = None,
    budget: Annotated[
        str | None, typer.Option(metavar="BUDGET", help="The outcomes of this budget only.")
    ] = None,
    from_start: Annotated[
        bool, typer.Option("--from-start", help="All there are, not only those to come.")
    ] = False,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Post outcomes to an address, and show the secret that signs them this once."""
    # Only here, as in `with_store`.
    from services.api.access.webhook_store import WEBHOOKS_MAX, TooManyWebhooks  # noqa: PLC0415
    from services.api.adapters.clock_and_chance import some_bytes  # noqa: PLC0415
    from services.api.outcomes.feed import Position  # noqa: PLC0415
    from services.api.settings import ApiSettings  # noqa: PLC0415
    from services.api.webhooks.delivery import (  # noqa: PLC0415
        Forbidden,
        check_address,
        secret_of,
    )

    try:
        entities = Entities.parse(read or ())
    except ValueError as error:
        exit_with(NO_SIRET.render({"word": error.args[0]}), EXIT_USAGE)
    if not entities:
        exit_with(NO_ENTITY, EXIT_USAGE)
    settings = ApiSettings()
    try:
        check_address(address, settings.allowed_webhook_hosts)
    except Forbidden:
        exit_with(FORBIDDEN.render({"address": address}), EXIT_USAGE)
    position = Position() if from_start else asyncio.run(_end(settings, data))
    secret = secret_of(some_bytes(KEY_BYTES))

    async def add(store: "AccessStore") -> "Webhook":
        return await _open_webhooks(store).add(
            address, secret, entities, command_user(), str(position), budget
        )

    try:
        added = with_store(data, add)
    except TooManyWebhooks:
        exit_with(TOO_MANY.render({"most": WEBHOOKS_MAX}), EXIT_USAGE)
    if as_json:
        print_json({"secret": secret, **_row(added)})
        return
    Screen().say(ADDED.render({"address": address}))
    typer.echo(secret)


@webhooks_app.command("list", cls=Command)
def list_webhooks(data: Data = None, as_json: AsJson = False) -> None:
    """Every webhook, how far it is, and why it fails where it does."""
    found = with_store(data, lambda store: _open_webhooks(store).all())
    if as_json:
        print_json({"webhooks": [_row(each) for each in found]})
        return
    for line in [_line(each) for each in found] or [NONE_YET]:
        Screen().say(line)


@webhooks_app.command("remove", cls=Command)
def remove_webhook(webhook_id: ItsId, data: Data = None, as_json: AsJson = False) -> None:
    """Post nothing more to a webhook's address."""
    if not with_store(data, lambda store: _open_webhooks(store).remove(webhook_id, command_user())):
        exit_with(NOT_THERE.render({"webhook_id": webhook_id}), EXIT_NOT_THERE)
    if as_json:
        print_json({"removed": webhook_id})
    else:
        Screen().say(REMOVED.render({"webhook_id": webhook_id}))


@webhooks_app.command("test", cls=Command)
def try_webhook(webhook_id: ItsId, data: Data = None, as_json: AsJson = False) -> None:
    """Post a message that says nothing, once; exit 1 where the receiver does not take it."""
    from services.api.adapters.clock_and_chance import (  # noqa: PLC0415 # as in `with_store`
        make_unique_name,
        wall_clock,
    )
    from services.api.settings import ApiSettings  # noqa: PLC0415
    from services.api.webhooks.delivery import Deliverer, probe  # noqa: PLC0415

    async def go(store: "AccessStore") -> "Attempt | None":
        webhook = await _open_webhooks(store).find(webhook_id)
        if webhook is None:
            return None
        deliverer = Deliverer(ApiSettings().allowed_webhook_hosts, wall_clock)
        async with deliverer.open_session() as session:
            attempt = await deliverer.attempt(
                session, webhook, probe(make_unique_name(), wall_clock())
            )
        await _open_webhooks(store).note_tried(webhook_id, attempt)
        return attempt

    attempt = with_store(data, go)
    if attempt is None:
        exit_with(NOT_THERE.render({"webhook_id": webhook_id}), EXIT_NOT_THERE)
    if as_json:
        print_json(_attempt_row(attempt))
    else:
        Screen().say(_result(attempt))
    if not attempt.done:
        raise typer.Exit(EXIT_NOT_TAKEN)


@webhooks_app.command("deliveries", cls=Command)
def show_deliveries(
    webhook_id: ItsId,
    last: Annotated[
        int, typer.Option(metavar="N", min=1, max=COUNT_MAX, help="How many at most.")
    ] = 50,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Show the latest attempts, the newest first; 200 are kept."""

    async def go(store: "AccessStore") -> "list[Attempt] | None":
        if await _open_webhooks(store).find(webhook_id) is None:
            return None
        return await _open_webhooks(store).attempts(webhook_id, last)

    found = with_store(data, go)
    if found is None:
        exit_with(NOT_THERE.render({"webhook_id": webhook_id}), EXIT_NOT_THERE)
    if as_json:
        print_json({"deliveries": [_attempt_row(each) for each in found]})
        return
    for each in found:
        facts = {"at": instant(each.at), "id": each.message_id, "result": _result(each)}
        Screen().say(Translatable("{at}  {id}  {result}", facts))


def _open_webhooks(store: "AccessStore") -> "Webhooks":
    from services.api.access.webhook_store import Webhooks  # noqa: PLC0415 # as in `with_store`
    from services.api.adapters.clock_and_chance import wall_clock  # noqa: PLC0415

    return Webhooks(store, wall_clock)


async def _end(settings: Any, data: Path | None) -> "Position":
    """The end of the journal in the read model; its start, where there are no tables yet.

    Raises:
        Unreachable: the read model does not answer.
    """
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 # as in `with_store`

    from services.api.adapters.read_model import begin_reading, open_read_model  # noqa: PLC0415
    from services.api.outcomes.feed import Position, read_end  # noqa: PLC0415
    from services.embedded.api import READ_FILE  # noqa: PLC0415
    from services.projector.database_errors import raising_unreachable  # noqa: PLC0415
    from services.projector.engine import engine_address  # noqa: PLC0415

    engine = open_read_model(settings.url if data is None else f"sqlite:///{data / READ_FILE}")
    try:
        async with raising_unreachable(engine_address(engine)), engine.connect() as connection:
            await begin_reading(connection)
            return await read_end(connection)
    except DBAPIError:
        return Position()
    finally:
        await engine.dispose()


def _line(webhook: "Webhook") -> Translatable:
    state: Translatable = UP_TO_DATE
    if webhook.failures:
        state = FAILING.render(
            {
                "since": instant(webhook.failing_since),
                "failures": webhook.failures,
                "again": instant(webhook.next_attempt_at),
                "error": webhook.last_error,
            }
        )
    whose = ", ".join([*webhook.entities.names(), *([webhook.budget] if webhook.budget else [])])
    facts = {"id": webhook.webhook_id, "address": webhook.address, "whose": whose, "state": state}
    return Translatable("{id}  {address}  ({whose})  {state}", facts)


def _result(attempt: "Attempt") -> Translatable:
    if attempt.done:
        return TAKEN.render({"status": attempt.status, "duration_ms": attempt.duration_ms})
    return NOT_TAKEN.render({"why": verbatim(attempt.error or f"HTTP {attempt.status}")})


def _row(webhook: "Webhook") -> dict[str, Any]:
    return {
        "webhook_id": webhook.webhook_id,
        "address": webhook.address,
        "entities": webhook.entities.names(),
        "budget": webhook.budget,
        "created_at": instant(webhook.created_at),
        "created_by": webhook.created_by,
        "position": webhook.position,
        "failures": webhook.failures,
        "failing_since": instant(webhook.failing_since),
        "next_attempt_at": instant(webhook.next_attempt_at),
        "last_error": webhook.last_error,
    }


def _attempt_row(attempt: "Attempt") -> dict[str, Any]:
    return {
        "message_id": attempt.message_id,
        "at": instant(attempt.at),
        "status": attempt.status,
        "error": attempt.error,
        "duration_ms": attempt.duration_ms,
        "done": attempt.done,
    }
