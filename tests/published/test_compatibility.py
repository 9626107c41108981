"""Planted changes of the contract: each break is found where it is, and no harmless one."""

from copy import deepcopy
from typing import Any, Final

import pytest

from services.api.problems import MEDIA_TYPE
from tests.published.addresses import openapi, schemas_of
from tests.published.compatibility import expanded
from tests.published.edits import TEXT, Planted, add
from tests.published.planted import FROM_SENDERS, HARMLESS, ISSUED, VOTE, VOTED, WRITTEN
from tests.published.planted_addresses import (
    API,
    LINES_ANSWERED,
    LINES_ASKED,
    OF_HEADERS,
    TOPICS,
)
from tests.published.released import ANSWERS, Published, breaks, current

NOW: Final = current()
BREAKS: Final = [*FROM_SENDERS, *WRITTEN, *API, *OF_HEADERS, *TOPICS]


def with_it(planted: Planted) -> Published:
    """The contract with a change planted."""
    schemas, topics = dict(NOW.schemas), deepcopy(NOW.topics)
    if planted.name in schemas:
        schemas[planted.name] = deepcopy(schemas[planted.name])
        planted.change(schemas[planted.name])
        assert schemas[planted.name] != NOW.schemas[planted.name], "it is planted"
    else:
        planted.change(topics)
        assert topics != NOW.topics, "it is planted"
    return Published("next", schemas, topics)


def ids(planted: list[Planted]) -> list[Any]:
    return [pytest.param(each, id=each.id) for each in planted]


@pytest.mark.parametrize("planted", ids(BREAKS))
def test_a_break_is_found_where_it_is_and_nothing_beside_it(planted: Planted) -> None:
    assert planted.found is not None
    use, pointer, text = planted.found
    found = breaks(NOW, with_it(planted))
    assert [
        each
        for each in found
        if each.change.pointer == pointer
        and each.change.text.startswith(text)
        and (use is None or each.consequence == use.value.format(release="now"))
    ], [each.sentence for each in found]
    # It is named once for each of whom it hurts, and nothing beside it.
    assert {planted.name} == {each.name for each in found}
    assert len({each.sentence for each in found}) == len(found)


@pytest.mark.parametrize("planted", ids(HARMLESS))
def test_a_harmless_change_is_none(planted: Planted) -> None:
    assert [] == [each.sentence for each in breaks(NOW, with_it(planted))]


def test_rights_and_codes_of_problems_are_read_from_the_api_s_document() -> None:
    document = openapi()
    asked = document["paths"]["/balances/lines"]["get"]
    asked["security"][0]["bearer"] = ["read", "operate"]
    for status, code in (("404", "no_such_thing"), ("403", "all_entities_needed")):
        schema = asked["responses"][status]["content"][MEDIA_TYPE]["schema"]
        codes = schema["properties"]["code"]
        codes["enum"] = [code] if status == "404" else [*codes["enum"], code]
    changed = NOW._replace(schemas={**NOW.schemas, **schemas_of(document)})
    assert {
        (LINES_ASKED, "/right operate", "it is required now"),
        (LINES_ASKED, "/right all_entities_needed", "it is required now"),
        (LINES_ANSWERED, "/404 not_found", "it is not written any more"),
    } == {(each.name, *each.change) for each in breaks(NOW, changed)}


def test_a_type_that_is_gone_is_a_break_and_a_new_one_is_none() -> None:
    fewer = {name: each for name, each in NOW.schemas.items() if name not in {VOTED, ISSUED}}
    less = Published("next", fewer, NOW.topics)
    assert {VOTED, ISSUED} == {each.name for each in breaks(NOW, less)}
    assert [] == breaks(less, NOW)


def test_a_break_is_one_sentence_that_says_who_and_what_to_do() -> None:
    [planted] = [each for each in FROM_SENDERS if each.id == "a value is taken away"]
    [found] = breaks(NOW._replace(version="0.1.0"), with_it(planted))
    assert (
        'ecluse.budget.voted.v1 /data/stage: "amendment" is not allowed any more, so what senders '
        "of 0.1.0 send becomes a dead letter; keep what was allowed, make a new member optional, "
        "or add a new version of the type beside this one."
    ) == found.sentence


def test_two_steps_that_are_harmless_alone_are_compared_with_every_release() -> None:
    """0.2.0 reads one value more, 0.3.0 the same as 0.1.0 again: senders of 0.2.0 are lost."""
    wider = with_it(Planted("", VOTED, add(*VOTE, "stage", "enum", item="closing")))
    assert [] == breaks(NOW, wider)
    assert [] == breaks(NOW, NOW)
    assert [f"{VOTED} /data/stage"] == [
        f"{each.name} {each.change.pointer}" for each in breaks(wider, NOW)
    ]


def test_every_schema_has_a_use() -> None:
    assert set(ANSWERS) <= NOW.schemas.keys()
    for name, schema in NOW.schemas.items():
        assert expanded(schema), name


def test_a_keyword_that_is_not_known_is_not_passed_over() -> None:
    for schema in ({"type": "array", "minContains": 2}, {"anyOf": [TEXT], "maxLength": 2}):
        with pytest.raises(ValueError, match="not known to the comparison"):
            expanded(schema)
