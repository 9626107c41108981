"""The readers of the quick path: made of pydantic's schemas, where these are understood."""

import copy
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from events import quick
from events.deliberations import DeliberationAdopted
from events.envelope import ENVELOPES, INBOUND, Envelope
from events.parts import EventData
from tests.builders import Json


def bounds(property_: Any) -> dict[str, int]:
    """The limits in the schema of a field, wherever in it they stand."""
    if isinstance(property_, list):
        return {name: bound for each in property_ for name, bound in bounds(each).items()}
    if not isinstance(property_, dict):
        return {}
    here = {name: bound for name, bound in property_.items() if re.match("min|max", name)}
    return bounds(list(property_.values())) | here


def fields(document: Json) -> dict[tuple[str, str], dict[str, int]]:
    """The limits of each field of each part."""
    return {
        (part.partition("_")[0], name): bounds(property_)
        for part, schema in document["$defs"].items()
        for name, property_ in schema["properties"].items()
    }


@pytest.mark.parametrize("data", INBOUND, ids=lambda data: data.TYPE)
def test_msgspec_knows_every_limit_that_pydantic_knows(data: type[EventData]) -> None:
    published = ENVELOPES[data.TYPE].model_json_schema()
    published["$defs"]["Envelope"] = {"properties": published["properties"]}
    assert fields(published) == fields(msgspec.json.schema(Envelope[data]))  # type: ignore[valid-type] # made at run time


NOT_UNDERSTOOD: list[Any] = [
    {"type": "float"},
    {"type": "int", "multiple_of": 5},
    {"type": "str", "strip_whitespace": True},
    {"type": "tuple", "items_schema": [{"type": "int"}, {"type": "int"}]},
    {"type": "default", "schema": {"type": "int"}, "default_factory": list},
    {"type": "chain", "steps": [{"type": "str"}, {"type": "date", "ge": 1, "le": 2, "gt": 1}]},
    {"type": "function-wrap", "function": {"function": len}, "schema": {"type": "str"}},
    {"type": "function-after", "function": {"type": "other"}, "schema": {"type": "str"}},
]
"""Schemas of pydantic that ask for something new."""


@pytest.mark.parametrize("schema", NOT_UNDERSTOOD, ids=lambda schema: schema["type"])
def test_a_new_kind_of_field_is_not_read_unchecked(schema: Any) -> None:
    with pytest.raises(LookupError):
        quick.check_of(schema, {})


def wrapped(schema: Any) -> Any:
    return {"type": "function-plain", "schema": schema}


def with_field(name: str, **members: Any) -> Callable[[Any], Any]:
    def change(schema: Any) -> Any:
        changed = copy.deepcopy(schema)
        changed["schema"]["fields"][name] |= members
        return changed

    return change


CHANGES = {
    "a wrapper": wrapped,
    "an alias": with_field("data", validation_alias="content"),
    "a pattern of an attribute": with_field("id", schema={"type": "str", "pattern": "^x"}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_type_that_is_not_understood_has_no_reader(
    change: Callable[[Any], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pydantic reads it then: more slowly, and as well."""
    data = DeliberationAdopted
    assert quick.reader_of(data) is not None
    model: Any = SimpleNamespace(
        __pydantic_core_schema__=change(ENVELOPES[data.TYPE].__pydantic_core_schema__)
    )
    monkeypatch.setitem(ENVELOPES, data.TYPE, model)
    assert quick.reader_of(data) is None


def test_no_part_of_the_data_has_a_time_or_a_type() -> None:
    """The quick path takes the first member of that name in a record for the envelope's."""
    parts = [part for data in INBOUND for part in msgspec.json.schema(data)["$defs"].values()]
    assert {"time", "type"}.isdisjoint(name for part in parts for name in part["properties"])
