"""The schemas and examples of the folder `schemas/`, which stands beside the program."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import events
from events.envelope import ENVELOPES, INBOUND, INTERNAL_EVENTS
from services.texts.translation import Sentence, both

FOLDER: Final = Path(events.__file__).parent.parent / "schemas"
SUFFIX: Final = ".schema.json"
EXAMPLES: Final = FOLDER / "examples" / "one-of-each.ndjson"

ANSWERS: Final = FOLDER / "examples" / "answers.json"

WRITTEN: Final = FOLDER / "examples" / "written.json"

ASYNCAPI: Final = FOLDER / "asyncapi.json"

ASYNCAPI_PATH: Final = "/asyncapi.json"

PATH: Final = "/schemas"

Direction = Literal["in", "internal", "out", "journal"]
"""Events that applications send, and those that only Écluse writes to itself; messages of the
ledger; the record of its journal."""

JOURNAL_RECORD: Final = "ecluse.journal.record.v1"
"""The name of the one schema that is of no event."""

SENT: Final = tuple(each.TYPE for each in INBOUND if each.TYPE not in INTERNAL_EVENTS)
"""The types that applications may send, in the order of a grant's life."""


@dataclass(frozen=True, slots=True)
class Published:
    """A type of the contract."""

    type: str
    direction: Direction
    name: Sentence | None
    """Its name for people; messages of the ledger have none."""
    description: str
    address: str
    """The address of its JSON Schema."""


@cache
def types() -> tuple[Published, ...]:
    """Every type of the contract: those that are read, in the order of a grant's life, first."""
    names = {each.TYPE: both(each.NAME) for each in INBOUND}
    others = sorted(path.name.removesuffix(SUFFIX) for path in FOLDER.glob(f"*{SUFFIX}"))
    return tuple(
        Published(name, _direction(name), names.get(name), description_of(name), f"{PATH}/{name}")
        for name in dict.fromkeys((*ENVELOPES, *others))
    )


def schema_bytes(name: str) -> bytes | None:
    """The JSON Schema of a type as it is published; None where the contract has no such type."""
    if name not in {each.type for each in types()}:
        return None
    return FOLDER.joinpath(name + SUFFIX).read_bytes()


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema of a type of the contract."""
    found: dict[str, Any] = json.loads(FOLDER.joinpath(name + SUFFIX).read_bytes())
    return found


@cache
def examples() -> dict[str, Any]:
    """One event of each type that applications may send, by type."""
    lines = EXAMPLES.read_text(encoding="utf-8").splitlines()
    return {event["type"]: event for event in map(json.loads, lines)}


@cache
def answers() -> dict[str, Any]:
    """Answers of the main addresses of the document, by method and address."""
    found: dict[str, Any] = json.loads(ANSWERS.read_bytes())
    return found


@cache
def examples_written_by_ecluse() -> dict[str, Any]:
    """One message of each type that only Écluse writes, by type."""
    found: dict[str, Any] = json.loads(WRITTEN.read_bytes())
    return found


def _direction(name: str) -> Direction:
    if name in INTERNAL_EVENTS:
        return "internal"
    if name in ENVELOPES:
        return "in"
    return "journal" if name == JOURNAL_RECORD else "out"


def description_of(name: str) -> str:
    """The description of a type: of an event, that of its data."""
    found = schema(name)
    data = found["properties"].get("data", {}).get("$ref", "").rpartition("/")[2]
    return str(found["$defs"].get(data, found)["description"])
