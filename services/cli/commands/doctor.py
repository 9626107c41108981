"""`ecluse doctor` and `ecluse config`: a deployment examined, and the settings that it has."""
# ruff: noqa: PLC0415 # the examination knows all services: no other command waits for them
# ruff: noqa: PLC0415 # the models are those of all services: no other command waits for them

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from events.texts import Translatable, _, ngettext, pgettext
from services.cli.terminal.options import USER, As, AsJson, Command, Group, flag
from services.cli.terminal.output import bad_option, print_json, show_spinner
from services.cli.terminal.screen import Screen
from services.texts.translation import both, translate

if TYPE_CHECKING:
    from services.doctor.judge import Finding


EXIT_TROUBLE: Final = 1

EXAMINING: Final = _("examining")
NO_ROLE: Final = _("one of {roles}")
LINE: Final = _("{state} {name}: {text}")
LINE_WHERE: Final = _("{state} {name}, {where}: {text}")
TROUBLES: Final = ngettext("{count} thing to do.", "{count} things to do.")
UNKNOWN: Final = ngettext("{count} thing is not known.", "{count} things are not known.")
ALL_WELL: Final = _("Nothing needs a person.")
KNOWN_WELL: Final = ngettext(
    "Nothing that is known needs a person; {count} thing is not known.",
    "Nothing that is known needs a person; {count} things are not known.",
)

STATES: Final = {
    "ok": _("OK"),
    "trouble": pgettext("check", "TO DO"),
    "unknown": pgettext("check", "NOT KNOWN"),
}
PARTS: Final = {
    "settings": _("Settings"),
    "kafka": _("Kafka"),
    "ledger": _("Ledger"),
    "consumers": _("Consumers"),
    "databases": _("Databases"),
    "certificates": _("Certificates"),
}
NAMES: Final = {
    "broker": _("broker"),
    "certificate": _("certificate"),
    "clock": _("clock"),
    "consumer": _("consumer"),
    "database": _("database"),
    "disk": _("disk"),
    "limits": _("time-outs"),
    "partition": _("state and journal"),
    "replicas": _("replicas"),
    "rights": _("rights"),
    "schema": _("schema"),
    "settings": _("settings"),
    "standby": _("standby"),
    "topics": _("topics"),
    "transactions": _("transactions"),
    "version": _("version"),
}
"""The checks by their names in the output for programs."""


def doctor(
    role: Annotated[
        str | None,
        typer.Option(
            metavar="ROLE",
            help="Try what ledger, projector, watch, api, treasury, publisher or auditor needs.",
        ),
    ] = None,
    before_start: Annotated[
        bool, flag("--before-start", "The services do not run yet: neither groups nor tables.")
    ] = False,
    form: As = USER,
    as_json: AsJson = False,
) -> None:
    """Examine Kafka, ledger, databases, certificates and settings; exit 1 if a person is needed.

    It writes nothing. Run it with the settings of the services; with --role as that service, by its
    own login, and its rights are tried; without, those of all are compared, as an operator.
    Kafka is at ECLUSE_BOOTSTRAP_SERVERS, else localhost:9092;
    its topics' names begin with ECLUSE_TOPIC_PREFIX. The read model is at ECLUSE_DATABASE_URL.
    """
    from services.doctor.examination import examine
    from services.doctor.judge import State, count
    from services.doctor.scope import USES

    if role is not None and role not in USES:
        raise bad_option("--role", NO_ROLE.render({"roles": ", ".join(USES)}))
    with show_spinner(EXAMINING):
        # Not on uvloop: it closes no loop whose connections by TLS have only just been closed.
        checks = asyncio.run(examine(role, before_start=before_start, form=form))
    troubles, unknown = count(checks, State.TROUBLE), count(checks, State.UNKNOWN)
    if as_json:
        rows = [_row(each) for each in checks]
        print_json({"role": role, "troubles": troubles, "unknown": unknown, "checks": rows})
    else:
        screen = Screen()
        _show(screen, checks)
        for line in conclusion(troubles, unknown):
            screen.say(line)
    if troubles:
        raise typer.Exit(EXIT_TROUBLE)


def conclusion(troubles: int, unknown: int) -> list[Translatable]:
    """The last lines: what is to be done, and what is not known, which is never well."""
    if not troubles:
        return [KNOWN_WELL.render(unknown) if unknown else ALL_WELL]
    return [*([UNKNOWN.render(unknown)] if unknown else []), TROUBLES.render(troubles)]


def _show(screen: Screen, checks: Sequence["Finding"]) -> None:
    """A line for each check, under the part that it is of."""
    part = None
    width = max(len(translate(each, screen.language)) for each in STATES.values())
    for each in checks:
        if each.part != part:
            part = each.part
            screen.say(PARTS[part])
        state = translate(STATES[each.state], screen.language).ljust(width)
        facts: dict[str, Any] = {"state": f"  {state}", "name": NAMES[each.name], "text": each.text}
        line = LINE if each.where is None else LINE_WHERE
        screen.say(line.render(facts | {"where": each.where}))


def _row(check: "Finding") -> dict[str, Any]:
    return {
        "part": check.part,
        "check": check.name,
        "state": check.state,
        "where": check.where,
        "message": asdict(both(check.text)),
    }


OF_FILE: Final = _("the file {file}")

SOURCES: Final = {
    "environment": _("environment"),
    "default": _("default"),
}

config_app = typer.Typer(cls=Group, no_args_is_help=True)


@config_app.callback()
def config() -> None:
    """The settings, as this environment has them."""


@config_app.command("show", cls=Command)
def show(as_json: AsJson = False) -> None:
    """List every setting with its value and its source: environment, file or default.

    Passwords and other secrets are not shown. What contradicts itself `ecluse doctor` says.
    """
    from services.doctor.variables import variables

    found = variables()
    if as_json:
        print_json({"settings": [each._asdict() for each in found]})
        return
    screen = Screen()
    table = screen.table("settings", ("setting", "value", "source", "roles"))
    for each in found:
        source = OF_FILE.render({"file": each.file}) if each.file else SOURCES[each.source]
        screen.add(table, each.name, each.value or "", source, each.roles)
    screen.show(table)
