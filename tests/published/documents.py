"""Documents that a schema allows, drawn at random: small ones, with every member at times."""

import re
from typing import Any, Final

from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.published.compatibility import CONDITIONS

LONGEST: Final = 3
"""Items of a list, and characters of a text beyond the shortest one, at most."""

SMALL: Final = 100
Drawn = st.SearchStrategy[Any]


def documents(schema: Any) -> Drawn:
    """Documents of an expanded schema."""
    if isinstance(schema, bool) or not schema:
        return st.none() | st.booleans() | st.integers() | st.text(max_size=LONGEST)
    drawn = _drawn(schema)
    if any(name in schema for name in CONDITIONS):
        drawn = drawn.filter(Draft202012Validator(schema).is_valid)
    return drawn


def _drawn(schema: dict[str, Any]) -> Drawn:
    if "anyOf" in schema:
        return st.one_of([documents(each) for each in schema["anyOf"]])
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kinds = schema.get("type", "object" if "properties" in schema else "null")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return st.one_of([OF_TYPE[kind](schema) for kind in kinds])


def _text(schema: dict[str, Any]) -> Drawn:
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength", SMALL)
    pattern = schema.get("pattern")
    if schema.get("format") == "date":
        return st.dates().map(str).filter(lambda day: re.search(pattern or "", day))
    if pattern is not None:
        found = st.from_regex(re.compile(pattern), fullmatch=True)
        return found.filter(lambda text: shortest <= len(text) <= longest)
    return st.text(min_size=shortest, max_size=min(longest, shortest + LONGEST))


def _list(schema: dict[str, Any]) -> Drawn:
    shortest = schema.get("minItems", 0)
    longest = min(schema.get("maxItems", SMALL), shortest + 1)
    return st.lists(documents(schema.get("items", True)), min_size=shortest, max_size=longest)


def _object(schema: dict[str, Any]) -> Drawn:
    members = {name: documents(each) for name, each in schema.get("properties", {}).items()}
    required = {name: members.pop(name) for name in schema.get("required", ()) if name in members}
    return st.fixed_dictionaries(required, optional=members)


def _number(schema: dict[str, Any]) -> Drawn:
    return st.integers(schema.get("minimum", -SMALL), schema.get("maximum"))


OF_TYPE: Final = {
    "array": _list,
    "boolean": lambda _schema: st.booleans(),
    "integer": _number,
    "null": lambda _schema: st.none(),
    "number": _number,
    "object": _object,
    "string": _text,
}
