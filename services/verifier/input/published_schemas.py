"""The published schemas (schemas/*.json), walked in the order of their fields to the first fault.

A plain reading of what the files say, and of what no JSON Schema can say: that a day exists, that
numbers check, which fields belong together (`field_rules`).
"""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path as File
from typing import Any, Final

from services.verifier.input.field_rules import BELONGING
from services.verifier.input.identifiers import is_french, is_iban, is_siret, names_a_country
from services.verifier.input.strict_json import Path, Unreadable
from services.verifier.records import Json

FOLDER: Final = File(__file__).parents[3] / "schemas"

ENTITY: Final = slice(0, 14)
"""The SIRET in a budget's id."""

FIRST_DAY: Final = date(1900, 1, 1)
LAST_DAY: Final = date(2199, 12, 31)
LAST_DUE_DAY: Final = date(2200, 3, 1)
"""60 days behind any other."""

DUE_DAYS: Final = frozenset({"due_again_on"})

KINDS: Final[Mapping[str, type]] = {"object": dict, "array": list, "string": str, "boolean": bool}


@cache
def schema_of(kind: str) -> Json:
    """The published schema of a type; OSError where there is none."""
    found: Json = json.loads((FOLDER / f"{kind}.schema.json").read_bytes())
    return found


class SchemaWalk:
    """One event held against its schema.

    Args:
        schema: what is published of its type.
        doubts: where to note values of which only a table of banks knows whether they are right.
        checks: whether numbers must check.
    """

    def __init__(self, schema: Json, doubts: list[Path], *, checks: bool) -> None:
        self._schema = schema
        self._parts: Json = schema.get("$defs", {})
        self._doubts = doubts
        self._checks = checks

    def whole(self, event: Json) -> None:
        """The event from its top; Unreadable at the first fault."""
        self._members(self._schema, event, ())

    def _members(self, schema: Json, found: Json, path: Path, part: str = "") -> None:
        """The members of an object, in the order in which they are published."""
        known = schema["properties"]
        for name, rule in known.items():
            if name in found:
                self._value(rule, found[name], (*path, name))
            elif name in schema["required"]:
                raise Unreadable("missing_field", (*path, name))
            belongs = BELONGING.get((part, name))
            if belongs is not None:
                belongs(found, path)
        if schema.get("additionalProperties") is False:
            for name in found:
                if name not in known:
                    raise Unreadable("unknown_field", (*path, name))

    def _value(self, schema: Json, found: Any, path: Path) -> None:
        part = ""
        if "anyOf" in schema:
            schema = _chosen(schema["anyOf"], found)
            if schema.get("type") == "null":
                return
        if "$ref" in schema:
            part = schema["$ref"].rpartition("/")[2]
            schema = self._parts[part]
        if not _is_of_kind(schema, found) or not _is_in_bounds(schema, found):
            raise Unreadable("invalid_value", path)
        if isinstance(found, dict):
            self._members(schema, found, path, part)
        elif isinstance(found, list):
            self._items(schema, found, path)
        elif isinstance(found, str):
            self._text(schema, found, path)

    def _items(self, schema: Json, found: list[Any], path: Path) -> None:
        most = schema.get("maxItems", len(found))
        for number, each in enumerate(found[:most]):
            self._value(schema["items"], each, (*path, number))
        if len(found) > most or len(found) < schema.get("minItems", 0):
            raise Unreadable("invalid_value", path)

    def _text(self, schema: Json, found: str, path: Path) -> None:
        name = path[-1]
        match schema.get("format"):
            case "date":
                is_right = _is_day(found, LAST_DUE_DAY if name in DUE_DAYS else LAST_DAY)
            case "date-time":
                is_right = _is_instant(found)
            case _:
                is_right = not self._checks or self._is_number(name, found, path)
        if not is_right:
            raise Unreadable("invalid_value", path)

    def _is_number(self, name: str | int, found: str, path: Path) -> bool:
        match name:
            case "siret":
                return is_siret(found)
            case "budget" | "partitionkey" | "closed_budget":
                return is_siret(found[ENTITY])
            case "iban":
                if not is_french(found):
                    self._doubts.append(path)
                return is_iban(found)
            case "bic":
                self._doubts.append(path)
                return names_a_country(found)
            case _:
                return True


def _chosen(alternatives: list[Json], found: Any) -> Json:
    """The alternative whose kind the value has; else the first."""
    for each in alternatives:
        kind = each.get("type", "object")  # A part is an object.
        if kind == ("null" if found is None else _kind_of(found)):
            return each
    return alternatives[0]


def _kind_of(found: Any) -> str:
    return next((name for name, kind in KINDS.items() if isinstance(found, kind)), "integer")


def _is_of_kind(schema: Json, found: Any) -> bool:
    if "const" in schema:
        return bool(found == schema["const"])
    if schema["type"] == "integer":
        return isinstance(found, int) and not isinstance(found, bool)
    return isinstance(found, KINDS[schema["type"]])


def _is_in_bounds(schema: Json, found: Any) -> bool:
    """Check a number or a text against its own keywords."""
    if "enum" in schema:
        return found in schema["enum"]
    if isinstance(found, str):
        length, pattern = len(found), schema.get("pattern", "^.*$")
        is_long = schema.get("minLength", 0) <= length <= schema.get("maxLength", length)
        # Python's `$` would let a line break stand behind it.
        return is_long and re.fullmatch(pattern[1:-1], found, re.DOTALL) is not None
    if isinstance(found, int) and not isinstance(found, bool):
        at_least, at_most = schema.get("minimum", found), schema.get("maximum", found)
        # An amount that may take away is never nothing.
        return bool(at_least <= found <= at_most and (found != 0 or at_least >= 0))
    return True


def _is_day(text: str, last: date) -> bool:
    try:
        return FIRST_DAY <= date.fromisoformat(text) <= last
    except ValueError:
        return False


def _is_instant(text: str) -> bool:
    try:
        return datetime.fromisoformat(text.upper()).tzinfo is not None
    except ValueError:
        return False
