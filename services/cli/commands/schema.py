"""`ecluse schema`: the JSON Schema of an event or a message, and an example of it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Final

import typer

import events
from events.envelope import INBOUND
from events.texts import Translatable, _
from services.cli.terminal.options import AsJson, decode_option, flag
from services.cli.terminal.output import EXIT_NOT_THERE, bad_option, exit_with, print_json, say
from services.texts.translation import both

FOLDER: Final = Path(events.__file__).parent.parent / "schemas"
SUFFIX: Final = ".schema.json"
PREFIX, VERSION = "ecluse.", ".v1"
"""The beginning and the end of a type's name, which a person need not type."""

EXAMPLES: Final = frozenset({".jsonl", ".ndjson"})

WRITTEN: Final[Mapping[str, Translatable]] = {
    "ecluse.commitment-entry.recorded.v1": _("Commitment entry recorded"),
    "ecluse.payment-order.issued.v1": _("Payment order issued"),
    "ecluse.payment-order.cancelled.v1": _("Payment order cancelled"),
    "ecluse.balance.updated.v1": _("Balance updated"),
    "ecluse.event.refused.v1": _("Event refused"),
    "ecluse.event.parked.v1": _("Event parked"),
    "ecluse.event.unreadable.v1": _("Unreadable record"),
    "ecluse.journal.record.v1": _("Record of the journal"),
    "ecluse.slip.issued.v1": _("Slip issued"),
    "ecluse.slip.cancelled.v1": _("Slip cancelled"),
    "ecluse.accounting-entry.recorded.v1": _("Accounting entry recorded"),
}
"""Types that the ledger and the treasury write, with their names."""

READ_TYPES: Final = _("Events that the ledger reads")
WRITTEN_TYPES: Final = _("What the ledger and the treasury write")
UNKNOWN_TYPE: Final = _("{type}: `ecluse schema` lists the types that there are")
NO_EXAMPLE: Final = _("{type}: no example of it is published (schemas/examples).")
WITHOUT_TYPE: Final = _("it goes with a type")


def types() -> Iterator[str]:
    """The types that have a schema."""
    return (path.name.removesuffix(SUFFIX) for path in sorted(FOLDER.glob(f"*{SUFFIX}")))


def schema(
    of: Annotated[
        str | None,
        typer.Argument(
            metavar="[TYPE]",
            help="As `convention.signed` or `ecluse.convention.signed.v1`; none lists them.",
            callback=decode_option,
            autocompletion=lambda incomplete: list(_complete(incomplete)),
        ),
    ] = None,
    example: Annotated[
        bool, flag("--example", "An event of this type, as it may be sent.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print the JSON Schema of a type of event or message; without one, list the types."""
    if of is None:
        if example:
            raise bad_option("--example", WITHOUT_TYPE)
        _list(as_json=as_json)
        return
    name = of if of in types() else f"{PREFIX}{of}{VERSION}"
    if name not in types():
        raise bad_option("TYPE", UNKNOWN_TYPE.render({"type": of}))
    found = _example(name) if example else json.loads(_file(name).read_text(encoding="utf-8"))
    if as_json:
        print_json(found)
    else:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))


def _complete(incomplete: str) -> Iterator[str]:
    """Short names, unless the beginning is that of a long one."""
    return types() if incomplete.startswith(PREFIX) else map(_short, types())


def _short(name: str) -> str:
    return name.removeprefix(PREFIX).removesuffix(VERSION)


def _list(*, as_json: bool) -> None:
    read = {each.TYPE: each.NAME for each in INBOUND}
    if as_json:
        rows = [
            {"type": name, "direction": direction, "name": asdict(both(text))}
            for direction, names in (("in", read), ("out", WRITTEN))
            for name, text in names.items()
        ]
        print_json({"schemas": rows})
        return
    width = max(map(len, types()))
    for title, names in ((READ_TYPES, read), (WRITTEN_TYPES, WRITTEN)):
        say(title)
        for name, text in names.items():
            say(Translatable("  {type}  {name}", {"type": name.ljust(width), "name": text}))


def _file(name: str) -> Path:
    return FOLDER / f"{name}{SUFFIX}"


def _example(name: str) -> Any:
    """The first event of a type among the published examples."""
    files = sorted(FOLDER.joinpath("examples").iterdir())
    for file in (each for each in files if each.suffix in EXAMPLES):
        for line in file.read_text(encoding="utf-8").splitlines():
            event = json.loads(line)
            if event["type"] == name:
                return event
    return exit_with(NO_EXAMPLE.render({"type": name}), EXIT_NOT_THERE)
