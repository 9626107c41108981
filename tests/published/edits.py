"""A change of the contract in a test: members of a schema put, taken away or added."""

import json
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from tests.builders import Json
from tests.published.released import Use

TEXT: Final = {"type": "string"}


class Planted(NamedTuple):
    """A change, and what must be found of it: by whom, where, in which words."""

    id: str
    name: str
    change: Callable[[Any], object]
    found: tuple[Use | None, str, str] | None = None


def put(*steps: str, **members: Any) -> Callable[[Any], object]:
    """Members of the part of a schema to which the steps lead."""

    def change(schema: Any) -> None:
        for step in steps:
            schema = schema[step]
        schema.update(members)

    return change


def take(*steps: str) -> Callable[[Any], object]:
    def change(schema: Any) -> None:
        for step in steps[:-1]:
            schema = schema[step]
        schema.remove(steps[-1]) if isinstance(schema, list) else schema.pop(steps[-1])

    return change


def both(*changes: Callable[[Any], object]) -> Callable[[Any], object]:
    return lambda schema: [each(schema) for each in changes]


def add(*steps: str, item: Any) -> Callable[[Any], object]:
    def change(schema: Any) -> None:
        for step in steps:
            schema = schema[step]
        schema.append(item)

    return change


def rename(schema: Json) -> None:
    """Another name for a part of it."""
    text = json.dumps(schema).replace('"Act"', '"Decision"').replace("$defs/Act", "$defs/Decision")
    schema.clear()
    schema.update(json.loads(text))


def data(name: str, *more: str) -> tuple[str, ...]:
    return ("$defs", name, "properties", *more)
