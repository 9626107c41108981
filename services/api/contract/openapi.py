"""The published schemas and examples in the OpenAPI document; of `POST /events`, by type."""

from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from fastapi.openapi.constants import REF_PREFIX

from services.api.contract.published import JOURNAL_RECORD, SENT, answers, examples, schema
from services.api.problems import ProblemDetails

EVENT: Final = "Event"
"""The component that is any event which an application may send."""

PART: Final = "event."
"""Stands before the names of parts of events: the API's own answers have names like them."""

RECORD_PART: Final = "record."
"""The same of the parts of a record of the journal."""

OFFERED_EXAMPLES: Final = {
    "deliberation": ("ecluse.deliberation.adopted.v1", "A deliberation awards a grant"),
    "convention": ("ecluse.convention.signed.v1", "A convention is signed"),
    "payment": ("ecluse.payment.executed.v1", "The treasury paid an order"),
}
"""The examples that the page at /docs offers: their types, and what happens in them."""


def complete(document: dict[str, Any]) -> None:
    """Put into an OpenAPI document what no route of ours returns, and examples of answers."""
    problem = {ProblemDetails.__name__: ProblemDetails.model_json_schema()}
    document["components"]["schemas"].update(problem | schema_components())
    for asked, answer in answers().items():
        method, path = asked.split(" ")
        responses = document["paths"][path][method.lower()]["responses"]
        (good,) = (each for status, each in responses.items() if status.startswith("2"))
        good["content"]["application/json"]["example"] = answer


@cache
def schema_components() -> dict[str, Any]:
    """The schemas of all events that may be sent, and their parts, each once.

    They are those of the folder `schemas/`; one definition under one name, which a test checks.
    """
    found = move_schemas(SENT)
    for name in SENT:
        found[name]["examples"] = [examples()[name]]
    return {EVENT: _any_event(), **found}


def move_schemas(names: Iterable[str]) -> dict[str, Any]:
    """The published schemas of types and their parts, as components of one document."""
    found: dict[str, Any] = {}
    for name in names:
        # Parts of a record have names of events' parts, and other definitions.
        before = RECORD_PART if name == JOURNAL_RECORD else PART
        own = _move_references(schema(name), before)
        for part, definition in own.pop("$defs").items():
            found[before + part] = definition
        own.pop("$schema")  # The dialect is that of the document.
        own.pop("$id")  # It would be the base of the references.
        found[name] = own
    return found


@cache
def events_body() -> dict[str, Any]:
    """The request body of `POST /events`."""
    one = {"schema": {"$ref": REF_PREFIX + EVENT}, "examples": _name_examples()}
    lines = {"schema": {"type": "string", "description": "One event a line."}}
    return {
        "required": True,
        "content": {
            "application/cloudevents+json": one,
            "application/json": one,
            "application/x-ndjson": lines,
        },
    }


def _any_event() -> dict[str, Any]:
    references = {name: REF_PREFIX + name for name in SENT}
    return {
        "title": "An event",
        "description": "A CloudEvent of the contract; its `type` says which of these it is.",
        "oneOf": [{"$ref": reference} for reference in references.values()],
        "discriminator": {"propertyName": "type", "mapping": references},
    }


def _name_examples() -> dict[str, Any]:
    return {
        name: {"summary": summary, "value": examples()[type_]}
        for name, (type_, summary) in OFFERED_EXAMPLES.items()
    }


def _move_references(value: Any, before: str) -> Any:
    """A schema whose references lead to the components of the document."""
    if isinstance(value, list):
        return [_move_references(each, before) for each in value]
    if not isinstance(value, dict):
        return value
    reference = value.get("$ref")
    if isinstance(reference, str):
        return {"$ref": REF_PREFIX + before + reference.rpartition("/")[2]}
    return {name: _move_references(each, before) for name, each in value.items()}
