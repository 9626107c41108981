"""The contract over HTTP: schemas, the root, and the events in the OpenAPI document."""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry, Resource

from events.codec import ReceivedEvent, decode
from events.envelope import SourceKind
from services.api.contract.openapi import schema_components
from services.api.contract.published import ASYNCAPI, FOLDER, SENT, examples, schema
from services.api.contract.published import answers as shown_answers
from tests.api.environment import ALL_KEY, an_app, an_empty_read_model, asking
from tests.api.example_answers import answers, treasury_answers
from tests.api.made import Made
from tests.api.reads.answers import YEAR, get
from tests.builders import a_vote, encoded
from tests.read_model.filling import journal_of

OPENAPI_BYTES_MAX = 500_000
"""A tool reads it in one go, and a person waits for /docs."""
BROWSER = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
def app(tmp_path: Any) -> Any:
    return an_app(an_empty_read_model(tmp_path))


def asked(app: Any, path: str, key: str | None = None, **headers: str) -> httpx.Response:
    async def go() -> httpx.Response:
        async with asking(app, key) as client:
            return await client.get(path, headers=headers)

    return asyncio.run(go())


def test_every_schema_is_listed_and_served_without_a_key(app: Any) -> None:
    listed = asked(app, "/schemas").json()
    names = {each["type"] for each in listed}
    suffix = ".schema.json"
    assert {path.name.removesuffix(suffix) for path in FOLDER.glob(f"*{suffix}")} == names
    of_type = {each["type"]: each for each in listed}
    signed = of_type["ecluse.convention.signed.v1"]
    assert {"fr": "Convention signée", "en": "Convention signed"} == signed["name"]
    assert {"in", "internal", "out", "journal"} == {each["direction"] for each in listed}
    assert all(each["description"] for each in listed)
    answer = asked(app, signed["address"])
    assert FOLDER.joinpath("ecluse.convention.signed.v1.schema.json").read_bytes() == answer.content
    assert "application/schema+json" == answer.headers["content-type"]
    assert answer.headers["cache-control"].startswith("public")


def test_a_schema_that_is_known_is_not_sent_again(app: Any) -> None:
    tag = asked(app, "/schemas/ecluse.budget.voted.v1").headers["etag"]
    again = asked(app, "/schemas/ecluse.budget.voted.v1", **{"If-None-Match": tag})
    assert (304, b"") == (again.status_code, again.content)


@pytest.mark.parametrize("name", ["ecluse.nothing.v1", "topics.yaml", "..%2Fpyproject.toml"])
def test_nothing_but_schemas_is_served_there(app: Any, name: str) -> None:
    answer = asked(app, f"/schemas/{name}")
    assert 404 == answer.status_code
    assert answer.json()["code"] in {"type_unknown", "not_found"}


def test_the_root_leads_a_browser_to_the_console_and_tells_a_program_the_addresses(
    app: Any,
) -> None:
    by_browser = asked(app, "/", **BROWSER)
    assert (303, "/console") == (by_browser.status_code, by_browser.headers["location"])
    by_program = asked(app, "/")
    assert 200 == by_program.status_code
    assert "/schemas" == by_program.json()["schemas"]


def test_the_document_knows_each_event_by_its_type(app: Any) -> None:
    document = asked(app, "/openapi.json", ALL_KEY).json()
    assert len(json.dumps(document)) < OPENAPI_BYTES_MAX
    body = document["paths"]["/events"]["post"]["requestBody"]["content"]
    assert {"deliberation", "convention", "payment"} == body["application/json"]["examples"].keys()
    known = document["components"]["schemas"]
    mapping = known["Event"]["discriminator"]["mapping"]
    assert set(SENT) == mapping.keys()
    assert {f"#/components/schemas/{name}" for name in SENT} == set(mapping.values())
    assert not references(document) - {f"#/components/schemas/{name}" for name in known}


def test_the_answers_that_it_shows_are_those_that_are_given(
    app: Any, made_in_files: Made, tmp_path: Path
) -> None:
    """They are written again by `python -m tests.api.example_answers`."""
    found = answers(made_in_files(journal_of(YEAR))) | treasury_answers(tmp_path)
    paths = asked(app, "/openapi.json", ALL_KEY).json()["paths"]
    shown = {
        f"{method.upper()} {path}": content["example"]
        for path, methods in paths.items()
        for method, each in methods.items()
        for status, answer in each["responses"].items()
        if status.startswith("2")
        for content in answer.get("content", {}).values()
        if "example" in content
    }
    assert found == shown


def test_each_answer_of_the_treasury_has_an_example(app: Any) -> None:
    """The file of a slip alone has none: it is no JSON."""
    paths = asked(app, "/openapi.json", ALL_KEY).json()["paths"]
    of_treasury = {
        f"{method.upper()} {path}"
        for path, methods in paths.items()
        if path.startswith("/treasury/")
        for method in methods
    }
    assert {"GET /treasury/slips/{slip_id}/file"} == of_treasury - shown_answers().keys()


def references(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*map(references, value.values()))
    return set[str]().union(*map(references, value)) if isinstance(value, list) else set()


def test_parts_of_one_name_are_the_same_in_all_schemas() -> None:
    """In the document they are one component."""
    parts: dict[str, set[str]] = {}
    for name in SENT:
        for part, definition in schema(name)["$defs"].items():
            parts.setdefault(part, set()).add(json.dumps(definition, sort_keys=True))
    assert [] == [part for part, definitions in parts.items() if len(definitions) > 1]


@pytest.mark.parametrize("name", SENT)
def test_each_type_has_an_example_that_is_read(name: str) -> None:
    event = examples()[name]
    assert isinstance(decode(encoded(event), source_kind=SourceKind.EVENTS), ReceivedEvent)
    check(event)


def test_an_event_of_no_type_or_with_a_fault_fits_none_of_them() -> None:
    for event in (a_vote(_type="ecluse.deadline.passed.v1"), a_vote(stage="final")):
        with pytest.raises(ValidationError):
            check(event)


def check(event: Any) -> None:
    """That the event is one of those of the document."""
    known = {"components": {"schemas": schema_components()}}
    resource = Resource.from_contents({"$schema": Draft202012Validator.META_SCHEMA["$id"], **known})
    registry = Registry().with_resource("urn:document", resource)
    reference = {"$ref": "urn:document#/components/schemas/Event"}
    Draft202012Validator(reference, registry=registry).validate(event)


def test_a_program_gets_the_document_of_the_folder_without_key_and_database() -> None:
    nowhere = "sqlite:////no/such/folder/read-model.db"
    [answer] = get(nowhere, "/asyncapi.json", key="")
    assert (200, ASYNCAPI.read_bytes()) == (answer.status_code, answer.content)
    assert "3.0.0" == json.loads(answer.content)["asyncapi"]
    kept = {"if-none-match": answer.headers["etag"]}
    [again] = get(nowhere, "/asyncapi.json", key="", headers=kept)
    assert 304 == again.status_code
