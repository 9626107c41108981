"""A comparison of JSON Schemas: is every document of one understood by the other?

It knows the keywords that our schemas use. Where it cannot show that a change is harmless it calls
it a break: conditions (`if`, `oneOf`, `not`), patterns and formats must stay as they are.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from jsonschema import Draft202012Validator

from tests.builders import Json

ANNOTATIONS: Final = frozenset(
    {"$comment", "$defs", "$id", "$schema", "components", "deprecated", "description", "example"}
    | {"examples", "title"}
)
CONDITIONS: Final = ("allOf", "oneOf", "not", "if", "then", "else", "patternProperties")
"""What a document must meet besides; compared as a whole."""

UPPER: Final = {
    "maxLength": "the longest text",
    "maximum": "the largest number",
    "exclusiveMaximum": "the bound above",
    "maxItems": "the longest list",
    "maxProperties": "the most members",
}
LOWER: Final = {
    "minLength": "the shortest text",
    "minimum": "the smallest number",
    "exclusiveMinimum": "the bound below",
    "minItems": "the shortest list",
    "minProperties": "the fewest members",
}
AS_IT_WAS: Final = {
    "pattern": "the pattern",
    "format": "the format",
    "multipleOf": "the step",
    "uniqueItems": "that items differ",
    "contains": "what a list contains",
    "propertyNames": "the names of members",
    "dependentRequired": "what goes together",
}
KNOWN: Final = frozenset(
    {*ANNOTATIONS, *CONDITIONS, *UPPER, *LOWER, *AS_IT_WAS}
    | {"type", "const", "enum", "anyOf", "properties", "required", "additionalProperties"}
    | {"items", "default", "discriminator"}
)
TYPES: Final = ("array", "boolean", "integer", "null", "number", "object", "string")


class Change(NamedTuple):
    """A change by which a document is not understood."""

    pointer: str
    """Where in a document, as a JSON pointer; `*` is every item of a list."""

    text: str


def expanded(schema: Json) -> Json:
    """A schema without references; what it says to people alone is left out.

    Raises:
        ValueError: it has a keyword that is not known here.
    """
    found: Json = _expanded(schema, schema)
    return found


def _expanded(schema: Any, root: Json) -> Any:
    if isinstance(schema, bool):
        return schema
    if reference := schema.get("$ref"):
        found: Any = root
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        schema = found | {name: each for name, each in schema.items() if name != "$ref"}
        return _expanded(schema, root)
    if unknown := schema.keys() - KNOWN:
        raise ValueError(f"not known to the comparison: {sorted(unknown)}")
    if "anyOf" in schema and (beside := schema.keys() - ANNOTATIONS - {"anyOf", "default"}):
        raise ValueError(f"not known to the comparison beside `anyOf`: {sorted(beside)}")
    return {
        name: _below(name, each, root)
        for name, each in schema.items()
        if name not in ANNOTATIONS and name != "discriminator"
    }


def _below(name: str, value: Any, root: Json) -> Any:
    if name in {"properties", "patternProperties"}:
        return {member: _expanded(each, root) for member, each in value.items()}
    if name in {"allOf", "anyOf", "oneOf"}:
        return [_expanded(each, root) for each in value]
    if name in {"items", "additionalProperties", "not", "if", "then", "else"}:
        return _expanded(value, root)
    return value


def closed(schema: Any) -> Any:
    """An expanded schema of what a program writes: no member but those that it names."""
    return _with_objects(schema, {"additionalProperties": False})


def opened(schema: Any) -> Any:
    """An expanded schema of what a reader understands who passes over members unknown to it."""
    return _with_objects(schema, {"additionalProperties": True})


def _with_objects(schema: Any, change: Json) -> Any:
    if isinstance(schema, bool):
        return schema
    changed = dict(schema)
    if "properties" in schema:
        if isinstance(schema.get("additionalProperties", True), bool):
            changed |= change
        changed["properties"] = {
            name: _with_objects(each, change) for name, each in schema["properties"].items()
        }
    if "anyOf" in schema:
        changed["anyOf"] = [_with_objects(each, change) for each in schema["anyOf"]]
    if "items" in schema:
        changed["items"] = _with_objects(schema["items"], change)
    return changed


class Comparison:
    """Documents of one schema, read by another; both expanded. One of the two is the older."""

    def __init__(self, *, reader_is_new: bool) -> None:
        self._reader_is_new = reader_is_new

    def changes(self, written: Any, read: Any, at: str = "") -> Iterator[Change]:
        """What `read` does not allow of what `written` does."""
        if written == read or read is True or written is False:
            return
        written = {} if written is True else written
        if read is False:
            yield Change(at, self._either("it is not read any more", "it is written, and was not"))
        elif "anyOf" in written:
            for each in written["anyOf"]:
                yield from self.changes(_without(written, "anyOf") | each, read, at)
        elif "anyOf" in read:
            yield from self._by_alternatives(written, read, at)
        else:
            yield from self._conditions(written, read, at)
            yield from self._values(written, read, at)

    def _either(self, narrower: str, wider: str) -> str:
        """The text of a change, by who is the newer: the reader, or the writer."""
        return narrower if self._reader_is_new else wider

    def _was(self, what: str, written: Any, read: Any) -> str:
        before, now = (written, read) if self._reader_is_new else (read, written)
        shown = (
            "not limited" if each is None else json.dumps(each, ensure_ascii=False)
            for each in (before, now)
        )
        return "{what} was {}, and is {}".format(*shown, what=what)

    def _by_alternatives(self, written: Json, read: Json, at: str) -> Iterator[Change]:
        found = [
            list(self.changes(written, _without(read, "anyOf") | each, at))
            for each in read["anyOf"]
        ]
        if all(found):
            # That which it comes nearest to: a change deep inside rather than of its type.
            yield from min(found, key=lambda each: (-max(len(c.pointer) for c in each), len(each)))

    def _conditions(self, written: Json, read: Json, at: str) -> Iterator[Change]:
        for name in CONDITIONS:
            if name in read and read[name] != written.get(name):
                yield Change(at, f"the condition `{name}` changed")

    def _values(self, written: Json, read: Json, at: str) -> Iterator[Change]:
        values = _values_of(written)
        if values is not None:
            allowed = Draft202012Validator(_without(read, *CONDITIONS))
            for each in values:
                if not allowed.is_valid(each):
                    shown = json.dumps(each, ensure_ascii=False)
                    text = self._either(f"{shown} is not allowed any more", f"{shown} is new")
                    yield Change(at, text)
            return
        if (only := _values_of(read)) is not None:
            yield Change(at, self._was("what is allowed", None, only))
            return
        kinds, others = _types_of(written), _types_of(read)
        if more := [each for each in kinds if each not in others]:
            shown = " or ".join(more)
            text = self._either(f"{shown} is not allowed any more", f"{shown} is new")
            yield Change(at, text)
            return
        yield from self._bounds(written, read, at)
        if "array" in kinds:
            items = written.get("items", True), read.get("items", True)
            yield from self.changes(*items, f"{at}/*")
        if "object" in kinds:
            yield from self._members(written, read, at)

    def _bounds(self, written: Json, read: Json, at: str) -> Iterator[Change]:
        for name, what in UPPER.items():
            bound, other = read.get(name), written.get(name)
            if bound is not None and (other is None or other > bound):
                yield Change(at, self._was(what, other, bound))
        for name, what in LOWER.items():
            bound, other = read.get(name), written.get(name)
            if bound is not None and (other is None or other < bound):
                yield Change(at, self._was(what, other, bound))
        for name, what in AS_IT_WAS.items():
            if name in read and read[name] != written.get(name):
                yield Change(at, self._was(what, written.get(name), read[name]))

    def _members(self, written: Json, read: Json, at: str) -> Iterator[Change]:
        ours, theirs = written.get("properties", {}), read.get("properties", {})
        required = frozenset(written.get("required", ()))
        for name in read.get("required", ()):
            if name not in required and (name in ours or self._reader_is_new):
                text = self._either("it is required now", "it may be missing")
                yield Change(_at(at, name), text)
        others = written.get("additionalProperties", True), read.get("additionalProperties", True)
        for name, member in ours.items():
            below = _at(at, name)
            yield from self.changes(member, theirs.get(name, others[1]), below)
            if name in theirs and name not in required:
                yield from self._default(member, theirs[name], below)
        for name, member in theirs.items():
            if name in ours:
                continue
            if not self._reader_is_new:
                yield Change(_at(at, name), "it is not written any more")
            elif any(self.changes(others[0], member)):
                yield Change(_at(at, name), "it was passed over, and has a meaning now")
        yield from self.changes(*others, f"{at}/(any other member)")

    def _default(self, written: Any, read: Any, at: str) -> Iterator[Change]:
        before, now = written.get("default"), read.get("default")
        if before != now:
            yield Change(at, self._was("what it means that it is missing", before, now))


def _at(pointer: str, name: str) -> str:
    return f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"


def _without(schema: Json, *names: str) -> Json:
    return {name: each for name, each in schema.items() if name not in names}


def _values_of(schema: Mapping[str, Any]) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    found: list[Any] | None = schema.get("enum")
    return found


def _types_of(schema: Mapping[str, Any]) -> list[str]:
    kinds = schema.get("type", [*TYPES])
    found = [kinds] if isinstance(kinds, str) else list(kinds)
    return [*found, "integer"] if "number" in found and "integer" not in found else found
