"""`ecluse acls`: the rights of deploy/acls.yaml on the cluster."""

import asyncio
from typing import Annotated, Any, Final

import typer

from events.texts import Translatable, _, ngettext, pgettext
from services.cli.terminal.options import AsJson, Command, Group
from services.cli.terminal.output import print_json
from services.cli.terminal.screen import Screen
from services.runtime.kafka import acls as on_cluster
from services.runtime.kafka.acls import Acl, Changes
from services.runtime.kafka.quotas import QuotaDifference, apply_quotas, quota_differences
from services.runtime.ops.settings import Settings

EXIT_DIFFERENT: Final = 1

MISSING = _("{principal} lacks {operation} on {resource} {name}")
SURPLUS = _("{principal} has {operation} on {resource} {name}, and does not need it")
GIVEN = _("{principal}: {operation} on {resource} {name} is given")
TAKEN = _("{principal}: {operation} on {resource} {name} is taken")
QUOTA_DIFFERS = _("{principal}: the quota {name} is {found} instead of {wanted}")
QUOTA_SET = _("{principal}: the quota {name} was {found} and is {wanted}")
UNLIMITED = pgettext("quota", "without limit")
AS_THEY_SHOULD_BE = ngettext(
    "{count} right is as it should be.", "All {count} rights are as they should be."
)
DIFFERENCES = ngettext("{count} difference.", "{count} differences.")

As = Annotated[
    str,
    typer.Option(
        "--as",
        metavar="FORM",
        help="How the cluster names a principal: `User:CN=NAME` where certificates name them.",
    ),
]
USER: Final = "User:NAME"

app = typer.Typer(cls=Group, no_args_is_help=True)


@app.callback()
def acls() -> None:
    """The rights on the cluster of ECLUSE_BOOTSTRAP_SERVERS: what differs, and mending it."""


@app.command(cls=Command)
def diff(form: As = USER, as_json: AsJson = False) -> None:
    """Say which rights and quotas of deploy/acls.yaml differ; exit 1 if there is any.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    names of topics and groups begin with ECLUSE_TOPIC_PREFIX.
    """
    settings, rights = Settings(), on_cluster.read_rights()
    want = on_cluster.wanted(rights, settings, form)
    found = asyncio.run(on_cluster.differences(want, settings))
    quotas = asyncio.run(quota_differences(rights, settings, form))
    if as_json:
        print_json(_as_json(found, "missing", "surplus", quotas))
    else:
        screen = Screen()
        _say(screen, found, MISSING, SURPLUS)
        _say_quotas(screen, quotas, QUOTA_DIFFERS)
        count = len(found.missing) + len(found.surplus) + len(quotas)
        text = DIFFERENCES if count else AS_THEY_SHOULD_BE
        screen.say(text.render(count or len(want)))
    if any(found) or quotas:
        raise typer.Exit(EXIT_DIFFERENT)


@app.command(cls=Command)
def apply(form: As = USER, as_json: AsJson = False) -> None:
    """Give the principals of deploy/acls.yaml their rights and quotas, and take all others.

    Principals that the file does not name keep what they have.

    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    names of topics and groups begin with ECLUSE_TOPIC_PREFIX.
    """
    settings, rights = Settings(), on_cluster.read_rights()
    want = on_cluster.wanted(rights, settings, form)
    done = asyncio.run(on_cluster.apply(want, settings))
    quotas = asyncio.run(apply_quotas(rights, settings, form))
    if as_json:
        print_json(_as_json(done, "given", "taken", quotas))
    else:
        screen = Screen()
        _say(screen, done, GIVEN, TAKEN)
        _say_quotas(screen, quotas, QUOTA_SET)
        screen.say(AS_THEY_SHOULD_BE.render(len(want)))


def _say(screen: Screen, changes: Changes, missing: Translatable, surplus: Translatable) -> None:
    for message, rights in ((missing, changes.missing), (surplus, changes.surplus)):
        for each in rights:
            screen.say(message.render(_row(each)))


def _say_quotas(screen: Screen, quotas: list[QuotaDifference], message: Translatable) -> None:
    for each in quotas:
        limits = {
            key: UNLIMITED if value is None else f"{value:.12g}"
            for key, value in (("found", each.found), ("wanted", each.wanted))
        }
        screen.say(message.render({**each._asdict(), **limits}))


def _as_json(
    changes: Changes, missing: str, surplus: str, quotas: list[QuotaDifference]
) -> dict[str, Any]:
    return {
        "quotas": [each._asdict() for each in quotas],
        missing: [_row(each) for each in changes.missing],
        surplus: [_row(each) for each in changes.surplus],
    }


def _row(acl: Acl) -> dict[str, Any]:
    return {
        "principal": acl.principal,
        "operation": acl.operation.name,
        "resource": acl.resource.name.lower(),
        "pattern": acl.pattern.name.lower(),
        "name": acl.name,
    }
