"""Fields of a form: one for each single value of an event's data, by the schema of its type. Pure.

Lists keep the items that they have: an item whose fields are all left empty is left out. What is
absent is offered where it is one value, or a group of single values.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any, Final

from events.envelope import ENVELOPES
from events.masking import mask
from events.texts import Translatable, _
from services.texts.formats import NotAnAmount, euros, read_euros
from services.texts.language import Language

FIELDS_MAX: Final = 500
"""Fields of one form: whoever reads more loses the thread, and browsers send no more."""

LONG_CHARACTERS: Final = 1000
"""Texts that may be longer than this have several lines."""

CENTS: Final = "_cents"
DAY_FIRST: Final = re.compile(r"([0-9]{1,2})/([0-9]{1,2})/([0-9]{4})")
"""A day as the French write it: browsers without a calendar let it be typed."""

NUMBER: Final = re.compile(r"-?[0-9]{1,16}")
FITTING_MAX: Final = 4_000
"""Characters of a value that may stand in a form, as the contract bounds texts."""

NO_NUMBER = _("“{text}” is no whole number")

Path = tuple[str | int, ...]
"""A place in the data of an event: names of members, and numbers of items from 0."""

Schema = Mapping[str, Any]


class Kind(StrEnum):
    """The kinds of fields."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    DAY = "day"
    EUROS = "euros"
    NUMBER = "number"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Field:
    """A single value of an event's data."""

    path: Path
    kind: Kind
    is_required: bool
    original: Any
    """The value in the data that the form began with; None where it has none."""
    value: str
    """The same as it stands in the form; IBANs in it are masked."""
    choices: tuple[str, ...] = ()
    is_fixed: bool = False
    """True if it is shown, and not asked for."""

    @property
    def name(self) -> str:
        """The field's name in the form: a JSON pointer into the data."""
        return _pointer(self.path)


@dataclass(frozen=True, slots=True)
class Read:
    """The data that somebody filled in."""

    data: dict[str, Any]
    faults: dict[str, Translatable]
    """By the name of a field, what is wrong with it."""
    places: dict[str, str]
    """By its JSON pointer in the data, the place of a member in the form: items may be left out."""

    def field_at(self, pointer: str) -> str:
        """The name of the field for a place of the data; what is absent there has one too."""
        known, rest = pointer, ""
        while known and known not in self.places:
            known, slash, last = known.rpartition("/")
            rest = f"{slash}{last}{rest}"
        return self.places.get(known, "") + rest


def fields_of(
    event_type: str, data: Mapping[str, Any], language: Language, *fixed: str
) -> list[Field]:
    """The fields of an event of this type, filled with this data; `fixed` members stay as they are.

    Raises:
        KeyError: there is no such type.
    """
    schema, parts = _schema(event_type)
    return [
        replace(field, is_fixed=field.path[0] in fixed)
        for field in _SchemaWalk(parts, language).members(schema, data, (), is_there=True)
    ]


def read(
    fields: Sequence[Field],
    data: Mapping[str, Any],
    typed: Mapping[str, str],
    language: Language,
) -> Read:
    """The data with what was typed into these fields, which were made of it."""
    tree: dict[str | int, Any] = {}
    faults: dict[str, Translatable] = {}
    for path in _empty_lists(data, ()):
        _put(tree, path, [])
    for field in fields:
        try:
            value = _value(field, typed.get(field.name), language)
        except NotAnAmount as error:
            faults[field.name] = error.why
            continue
        if value is not None:
            _put(tree, field.path, value)
    places: dict[str, str] = {}
    found = _finish(tree, "", "", places)
    return Read(found or {}, faults, places)


def fitting(event_type: str, data: Any) -> dict[str, Any]:
    """The members of some data that the form of this type can show, by the kinds of its fields.

    Raises:
        KeyError: there is no such type.
    """
    schema, parts = _schema(event_type)
    found = _SchemaWalk(parts, Language.EN).fitting(schema, data)
    return found if isinstance(found, dict) else {}


class _SchemaWalk:
    """A walk through a schema and a value at once."""

    def __init__(self, parts: Mapping[str, Schema], language: Language) -> None:
        self._parts = parts
        self._language = language

    def members(
        self, schema: Schema, value: Mapping[str, Any], path: Path, *, is_there: bool
    ) -> Iterator[Field]:
        """The fields of an object; of one that is not there none is required."""
        for name, member in schema["properties"].items():
            is_required = is_there and name in schema.get("required", ())
            yield from self._fields(member, value.get(name), (*path, name), is_required)

    def _fields(self, schema: Schema, value: Any, path: Path, is_required: bool) -> Iterator[Field]:
        schema = self._resolve(schema, value)
        match schema["type"]:
            case "object" if value is not None:
                yield from self.members(schema, value, path, is_there=True)
            case "object" if all(map(self._is_single, schema["properties"].values())):
                yield from self.members(schema, {}, path, is_there=False)
            case "array":
                for number, item in enumerate(value or ()):
                    yield from self._fields(schema["items"], item, (*path, number), True)
            case "object":
                pass
            case _:
                yield _single(schema, value, path, is_required, self._language)

    def fitting(self, schema: Schema, value: Any) -> Any:
        """The value, as far as the schema has a place of its kind for it; None where it has none.

        A number may be written as a text, and the reverse.
        """
        schema = self._resolve(schema, value)
        match schema["type"], value:
            case "object", dict():
                members = {
                    name: self.fitting(member, value.get(name))
                    for name, member in schema["properties"].items()
                }
                return {name: each for name, each in members.items() if each is not None}
            case "array", list():
                items = [self.fitting(schema["items"], each) for each in value]
                return [each for each in items if each is not None]
            case ("boolean", bool()) | ("integer" | "string", int() | str()):
                return _fitting(schema, value)
            case _:
                return None

    def _is_single(self, schema: Schema) -> bool:
        return self._resolve(schema, None)["type"] not in {"object", "array"}

    def _resolve(self, schema: Schema, value: Any) -> Schema:
        """The schema that a value of a member has: references followed, null left aside."""
        if "anyOf" in schema:
            found = [each for each in schema["anyOf"] if each.get("type") != "null"]
            of_lists = [each for each in found if each.get("type") == "array"]
            schema = of_lists[0] if isinstance(value, list) and of_lists else found[0]
        if "$ref" in schema:
            schema = self._parts[schema["$ref"].rpartition("/")[2]]
        return schema


@cache
def _schema(event_type: str) -> tuple[Schema, Mapping[str, Schema]]:
    """The schema of the data of a type, and its parts by name."""
    whole = ENVELOPES[event_type].model_json_schema()
    parts = whole["$defs"]
    return parts[whole["properties"]["data"]["$ref"].rpartition("/")[2]], parts


def _single(schema: Schema, value: Any, path: Path, is_required: bool, language: Language) -> Field:
    name = next(each for each in reversed(path) if isinstance(each, str))
    choices: tuple[str, ...] = tuple(schema.get("enum", ()))
    if schema["type"] == "boolean":
        choices = ("true", "false")
    if choices:
        kind = Kind.CHOICE
    elif schema["type"] == "integer":
        kind = Kind.EUROS if name.endswith(CENTS) else Kind.NUMBER
    elif schema.get("format") == "date":
        kind = Kind.DAY
    elif schema.get("maxLength", 0) > LONG_CHARACTERS and "pattern" not in schema:
        kind = Kind.LONG_TEXT
    else:
        kind = Kind.TEXT
    return Field(path, kind, is_required, value, _show_value(value, kind, language), choices)


def _fitting(schema: Schema, value: bool | int | str) -> bool | int | str | None:
    """A single value as its schema has it; None where it can be none."""
    if schema["type"] == "boolean":
        return value
    text = str(value)
    if isinstance(value, bool) or len(text) > FITTING_MAX:
        return None
    if schema["type"] == "integer":
        return int(text) if NUMBER.fullmatch(text) else None
    if schema.get("format") == "date":
        try:
            date.fromisoformat(text)
        except ValueError:
            return None
    return text


def _show_value(value: Any, kind: Kind, language: Language) -> str:
    """A value as it stands in a form."""
    if value is None:
        return ""
    if kind is Kind.EUROS:
        return euros(value, language).replace("€", "").strip()
    if isinstance(value, bool):
        return str(value).lower()
    return str(mask(str(value)))


def _value(field: Field, typed: str | None, language: Language) -> Any:
    """The value that somebody gave a field; None where it is left empty.

    What was not changed stays the value that it was: of an IBAN the form shows the ends alone.

    Raises:
        NotAnAmount: it is an amount or a number, and cannot be read.
    """
    text = (typed or "").replace("\r\n", "\n").strip()
    if field.is_fixed or text == field.value.strip():
        return field.original
    if not text:
        return None
    match field.kind:
        case Kind.EUROS:
            return read_euros(text, language)
        case Kind.NUMBER:
            if not (text.isascii() and text.isdigit()):
                raise NotAnAmount(NO_NUMBER.render({"text": text}))
            return int(text)
        case Kind.DAY if day_first := DAY_FIRST.fullmatch(text):
            day, month, year = day_first.groups()
            return f"{year}-{month:0>2}-{day:0>2}"
        case Kind.CHOICE if field.choices == ("true", "false") and text in field.choices:
            return text == "true"
        case _:
            return text


def _empty_lists(value: Any, path: Path) -> Iterator[Path]:
    """The places of lists without items, which have no field."""
    if isinstance(value, Mapping):
        for name, member in value.items():
            yield from _empty_lists(member, (*path, name))
    elif isinstance(value, list):
        if not value:
            yield path
        for number, item in enumerate(value):
            yield from _empty_lists(item, (*path, number))


def _put(tree: dict[str | int, Any], path: Path, value: Any) -> None:
    *parents, last = path
    for each in parents:
        tree = tree.setdefault(each, {})
    tree[last] = value


def _finish(tree: Any, pointer: str, place: str, places: dict[str, str]) -> Any:
    """The data of a tree: what is numbered becomes a list, without gaps."""
    places[pointer] = place
    if not isinstance(tree, dict):
        return tree
    if tree and all(isinstance(each, int) for each in tree):
        return [
            _finish(tree[number], f"{pointer}/{at}", f"{place}/{number}", places)
            for at, number in enumerate(sorted(tree))
        ]
    return {
        name: _finish(member, f"{pointer}/{name}", f"{place}/{name}", places)
        for name, member in tree.items()
    }


def _pointer(path: Path) -> str:
    return "".join(f"/{each}" for each in path)
