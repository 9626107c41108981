"""The published schemas and examples in the OpenAPI document; of `POST /events`, by type."""

from functools import cache
from typing import Any, Final

from fastapi.openapi.constants import REF_PREFIX

from services.api.contract.published import SENT, answers, examples, schema
from services.api.problems import ProblemDetails

EVENT: Final = "Event"
"""The component that is any event which an application may send."""

PART: Final = "event."
"""Stands before the names of parts of events: the API's own answers have names like them."""

NAMED: Final = {
    "deliberation": ("ecluse.deliberation.adopted.v1", "A deliberation awards a grant"),
    "convention": ("ecluse.convention.signed.v1", "A convention is signed"),
    "payment": ("ecluse.payment.executed.v1", "The treasury paid an order"),
}
"""The examples that the page at /docs offers: their types, and what happens in them."""


def complete(document: dict[str, Any]) -> None:
    """Put into an OpenAPI document what no route of ours returns, and examples of answers."""
    problem = {ProblemDetails.__name__: ProblemDetails.model_json_schema()}
    document["components"]["schemas"].update(problem | components())
    for asked, answer in answers().items():
        method, path = asked.split(" ")
        responses = document["paths"][path][method.lower()]["responses"]
        (good,) = (each for status, each in responses.items() if status.startswith("2"))
        good["content"]["application/json"]["example"] = answer


@cache
def components() -> dict[str, Any]:
    """The schemas of all events that may be sent, and their parts, each once.

    They are those of the folder `schemas/`; one definition under one name, which a test checks.
    """
    found: dict[str, Any] = {EVENT: _any_event()}
    for name in SENT:
        own = _moved(schema(name))
        for part, definition in own.pop("$defs").items():
            found[PART + part] = definition
        own.pop("$schema")  # The dialect of OpenAPI 3.1, which says so itself.
        own.pop("$id")  # It would be the base of the references.
        found[name] = own | {"examples": [examples()[name]]}
    return found


@cache
def events_body() -> dict[str, Any]:
    """The request body of `POST /events`."""
    one = {"schema": {"$ref": REF_PREFIX + EVENT}, "examples": _named_examples()}
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


def _named_examples() -> dict[str, Any]:
    return {
        name: {"summary": summary, "value": examples()[type_]}
        for name, (type_, summary) in NAMED.items()
    }


def _moved(value: Any) -> Any:
    """A schema whose references lead to the components of the document."""
    if isinstance(value, list):
        return [_moved(each) for each in value]
    if not isinstance(value, dict):
        return value
    reference = value.get("$ref")
    if isinstance(reference, str):
        return {"$ref": REF_PREFIX + PART + reference.rpartition("/")[2]}
    return {name: _moved(each) for name, each in value.items()}
