"""Topics and messages as a page at /docs/events, made of schemas/asyncapi.json; for anybody."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, Final, NamedTuple

from fastapi import APIRouter, Request
from markdown_it import MarkdownIt
from markupsafe import Markup
from starlette.responses import Response

from events.envelope import INBOUND
from events.texts import Translatable, _
from services.api.console.pages import answer, locale_of
from services.api.contract.published import ASYNCAPI, ASYNCAPI_PATH, PATH
from services.api.http.dependencies import Given

router = APIRouter()

Json = Mapping[str, Any]

RECEIVED: Final = _("Écluse reads it.")
SENT: Final = _("Écluse writes it.")
BOTH: Final = _("Écluse writes and reads it; nobody else may write there.")
MARKDOWN: Final = MarkdownIt("commonmark", {"html": False})
DAY_MS: Final = 24 * 3600 * 1000


class Field(NamedTuple):
    """A member of a message's data."""

    name: str
    kind: str
    required: bool
    description: str


class Message(NamedTuple):
    """A type of message as the page shows it."""

    type: str
    name: Translatable | None
    description: str
    schema_href: str | None
    fields: list[Field]
    example: str | None


class Channel(NamedTuple):
    """A topic as the page shows it; descriptions are English, as the document is."""

    name: str
    title: str
    description: str
    direction: Translatable
    key: str
    readers: str
    kept_days: int | None
    """How long its records are kept; None without limit, or as long as a newer one has its key."""

    compacted: bool
    messages: list[Message]


@router.get("/docs/events")
async def page(request: Request, components: Given) -> Response:
    """The page."""
    locale = locale_of(request)
    content = {
        "title": locale.say(_("Topics and messages")),
        "asyncapi_path": ASYNCAPI_PATH,
        "schemas_path": PATH,
        **_content(),
    }
    instant = locale.instant(components.clock())
    return answer(request, locale, "topics.html", content, instant=instant)


@cache
def _content() -> dict[str, Any]:
    document = json.loads(ASYNCAPI.read_bytes())
    first = next(iter(document["channels"].values()))
    return {
        # Rendered from a file of this program, with any HTML in it escaped.
        "body": Markup(MARKDOWN.render(_introduction(document))),  # noqa: S704
        "partitions": first["bindings"]["kafka"]["partitions"],
        "channels": [
            _channel(document, name, channel) for name, channel in document["channels"].items()
        ],
    }


def _introduction(document: Json) -> str:
    """The document's own description, and its servers."""
    servers = (
        f"- `{name}` (`{server['protocol']}`): {server['description']}"
        for name, server in document["servers"].items()
    )
    return "\n".join((document["info"]["description"], *servers))


def _channel(document: Json, name: str, channel: Json) -> Channel:
    config = channel["bindings"]["kafka"]["topicConfiguration"]
    kept_ms = config.get("retention.ms", -1)
    return Channel(
        channel["address"],
        channel["title"],
        channel["description"],
        _direction(document["operations"], name),
        channel["x-key"],
        ", ".join(channel["x-readers"]),
        None if kept_ms == -1 else kept_ms // DAY_MS,
        config["cleanup.policy"] == ["compact"],
        [_message(document["components"], each) for each in channel["messages"]],
    )


def _direction(operations: Json, name: str) -> Translatable:
    received, sent = f"receive-{name}" in operations, f"send-{name}" in operations
    if received and sent:
        return BOTH
    return RECEIVED if received else SENT


def _message(components: Json, name: str) -> Message:
    message = components["messages"][name]
    schema = components["schemas"].get(name)
    names = {each.TYPE: each.NAME for each in INBOUND}
    example = message.get("examples", [{}])[0].get("payload")
    return Message(
        name,
        names.get(name),
        message["description"],
        None if schema is None else f"{PATH}/{name}",
        [] if schema is None else _fields(components["schemas"], schema),
        None if example is None else json.dumps(example, ensure_ascii=False, indent=2),
    )


def _fields(schemas: Json, schema: Json) -> list[Field]:
    """The members of an event's data; those of the record itself, of the journal's."""
    data = _resolved(schemas, schema["properties"].get("data", schema))
    return [
        Field(
            name,
            kind_of(member),
            name in data.get("required", ()),
            str(_resolved(schemas, member).get("description", "")),
        )
        for name, member in data["properties"].items()
    ]


def _resolved(schemas: Json, schema: Json) -> Json:
    reference = schema.get("$ref")
    return schema if reference is None else schemas[reference.rpartition("/")[2]]


def kind_of(schema: Json) -> str:
    """The kind of value that a schema allows, in few words; a part by its name."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition(".")[2])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(kind_of(each) for each in schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(json.dumps(each, ensure_ascii=False) for each in schema["enum"])
    if "const" in schema:
        return json.dumps(schema["const"], ensure_ascii=False)
    if schema.get("type") == "array":
        return f"[{kind_of(schema.get('items', {}))}]"
    kinds = schema.get("type", "any")
    return str(schema.get("format") or (kinds if isinstance(kinds, str) else " | ".join(kinds)))
