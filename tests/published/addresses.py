"""The API's addresses as schemas: of what may be asked of each, and of what it answers.

The rights that an address needs stand among what is asked, the codes of its problems among what it
answers: a right more is one that old callers lack, a code less is one that they wait for.
"""

from typing import Any, Final

from services.api.access.caller import Scope
from services.api.adapters.read_model import open_read_model
from services.api.contract.openapi import PART
from services.api.problems import MEDIA_TYPE
from tests.api.environment import an_app
from tests.builders import Json

EVENT: Final = "#/components/schemas/Event"
"""Any event: the schemas of the types are compared one by one."""

OF_EVENTS: Final = (PART, "ecluse.")
"""Beginnings of the names of components that are published by type."""

ANYTHING: Final[Json] = {}
ASKED: Final = " asked"
ANSWERED: Final = " answered"


def openapi() -> Json:
    """The API's OpenAPI document without the schemas of events."""
    found: Json = an_app(open_read_model("sqlite://")).openapi()
    components = {
        name: schema
        for name, schema in found["components"]["schemas"].items()
        if not name.startswith(OF_EVENTS) and name != EVENT.rpartition("/")[2]
    }
    return found | {"components": {"schemas": components}}


def schemas_of(document: Json) -> dict[str, Json]:
    """By address, with its method: a schema of its parameters and body, one of its answers."""
    found: dict[str, Json] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            name = f"{method.upper()} {path}"
            shared = {"components": document["components"]}
            found[name + ASKED] = _asked(operation) | shared
            found[name + ANSWERED] = _answered(operation) | shared
    found[f"any problem{ANSWERED}"] = document["components"]["schemas"]["ProblemDetails"]
    return found


def _object(members: Json, required: list[str]) -> Json:
    return {
        "type": "object",
        "properties": members,
        "required": required,
        "additionalProperties": False,
    }


def _asked(operation: Json) -> Json:
    parameters = {f"{each['in']} {each['name']}": each for each in operation.get("parameters", ())}
    members = {name: each["schema"] for name, each in parameters.items()}
    required = [name for name, each in parameters.items() if each["required"]]
    body = operation.get("requestBody", {"content": {}})
    # Which of the media types is sent is the client's choice: none may go.
    members |= {kind: _schema(each) for kind, each in body["content"].items()}
    if body.get("required") and len(body["content"]) == 1:
        required += body["content"]
    scopes = {
        scope
        for each in operation.get("security", ())
        for names in each.values()
        for scope in names
    }
    # Of rights that no scope names, such as that for all entities, the code speaks alone.
    needed = scopes | {code for status, code in _codes(operation) if status == "403"}
    members |= dict.fromkeys((f"right {each}" for each in needed | {*Scope}), ANYTHING)
    return _object(members, required + [f"right {each}" for each in sorted(needed)])


def _answered(operation: Json) -> Json:
    members = {
        f"{status} {kind}": _schema(content)
        for status, answer in operation["responses"].items()
        if status.startswith("2")
        for kind, content in answer.get("content", {}).items()
    }
    members |= {f"{status} {code}": ANYTHING for status, code in _codes(operation)}
    return _object(members, list(members))


def _codes(operation: Json) -> list[tuple[str, str]]:
    """The problems of an address, by status and code."""
    return [
        (status, code)
        for status, answer in operation["responses"].items()
        if (problem := answer.get("content", {}).get(MEDIA_TYPE))
        for code in problem["schema"]["properties"]["code"]["enum"]
    ]


def _schema(content: Json) -> Any:
    found = content.get("schema", True)
    return True if found == {"$ref": EVENT} else found
