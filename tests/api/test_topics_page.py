"""Topics and messages as a page and for programs: for anybody, without database and script."""

import json
import re
from html import unescape
from typing import Final

import httpx
import pytest

from events.envelope import INBOUND
from services.api.contract.published import ASYNCAPI, types
from services.api.contract.topics_page import kind_of
from services.runtime.kafka.topic_catalogue import read_catalogue
from services.texts.language import Language
from services.texts.translation import translate
from tests import silence
from tests.api.reads.answers import get
from tests.builders import Json

no_logs = silence.no_logs

NOWHERE: Final = "sqlite:////no/such/folder/read-model.db"
HREF: Final = re.compile(r'href="([^"]+)"')


def page(language: str = "en") -> httpx.Response:
    [found] = get(
        NOWHERE, "/docs/events", key="", language=language, headers={"accept": "text/html"}
    )
    return found


@pytest.mark.parametrize("language", ["fr", "en"])
def test_anybody_reads_every_topic_and_every_type(language: str) -> None:
    answer = page(language)
    assert 200 == answer.status_code
    text = unescape(answer.text)
    assert [] == [name for name in read_catalogue().topics if f'id="{name}"' not in text]
    assert [] == [each.type for each in types() if f"<code>{each.type}</code>" not in text]
    names = [translate(each.NAME, Language(language)) for each in INBOUND]
    assert [] == [name for name in names if f"– {name}</summary>" not in text]
    assert f'<html lang="{language}">' in text
    assert 1 == text.count("<h1")


def test_the_page_needs_no_script_and_nothing_from_elsewhere() -> None:
    text = page().text
    assert "<script" not in text
    assert [] == [each for each in HREF.findall(text) if not each.startswith(("/", "#", "?"))]


def test_every_link_of_the_page_leads_somewhere() -> None:
    text = page().text
    hrefs = sorted(set(HREF.findall(text)))
    assert [] == [each for each in hrefs if each[0] == "#" and f'id="{each[1:]}"' not in text]
    schemas = [each for each in hrefs if each.startswith(("/schemas", "/asyncapi"))]
    assert len(types()) + 2 == len(schemas)
    assert {200} == {answer.status_code for answer in get(NOWHERE, *schemas, key="")}


def test_no_whole_iban_stands_on_the_page() -> None:
    assert "FR7610278027150004578690110" in ASYNCAPI.read_text("utf-8")
    assert "FR7610278027150004578690110" not in page().text


def test_a_program_gets_the_document_of_the_folder_without_a_key() -> None:
    [answer] = get(NOWHERE, "/asyncapi.json", key="")
    assert (200, ASYNCAPI.read_bytes()) == (answer.status_code, answer.content)
    assert "3.0.0" == json.loads(answer.content)["asyncapi"]
    kept = {"if-none-match": answer.headers["etag"]}
    [again] = get(NOWHERE, "/asyncapi.json", key="", headers=kept)
    assert 304 == again.status_code


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"$ref": "#/components/schemas/event.Act"}, "Act"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string | null"),
        ({"enum": ["initial", "amendment"], "type": "string"}, '"initial" | "amendment"'),
        ({"const": "1.0"}, '"1.0"'),
        ({"type": "array", "items": {"$ref": "#/components/schemas/event.Act"}}, "[Act]"),
        ({"type": "string", "format": "date"}, "date"),
        ({"type": ["object", "null"]}, "object | null"),
        ({}, "any"),
    ],
)
def test_a_value_is_named_in_few_words(schema: Json, kind: str) -> None:
    assert kind == kind_of(schema)
