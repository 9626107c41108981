"""Rule 3: the digest is over what an event says, not over how or on whose behalf it is written."""

import copy
import json
import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from events.codec import ReceivedEvent, decode
from events.envelope import INBOUND
from events.strict_json import canonical, drop_nulls
from events.values import UNPRINTED
from tests.builders import Json, a_concurring_act, a_vote, an_award, encoded
from tests.unit.tables.good_input import EACH_TYPE, GOOD_INPUT, Good

each_type = pytest.mark.parametrize("event", EACH_TYPE, ids=lambda event: event["type"])


def read(raw: bytes) -> ReceivedEvent:
    outcome = decode(raw)
    assert isinstance(outcome, ReceivedEvent), outcome.reason
    return outcome


def digest(event: Json) -> bytes:
    return read(encoded(event)).digest


def digest_by_the_rule(raw: bytes) -> bytes:
    """Rule 3 taken at its word, with the standard library."""
    event = json.loads(raw)
    said = {name: event.get(name) for name in ("type", "time", "subject", "data")}
    spelled = json.dumps(
        drop_nulls(said), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return sha256(spelled.encode()).digest()


@pytest.mark.parametrize("row", GOOD_INPUT, ids=lambda row: row.name)
def test_the_digest_is_the_one_of_the_rule(row: Good) -> None:
    assert digest_by_the_rule(row.value) == read(row.value).digest


blanks = st.text(alphabet=" \t\r\n", max_size=2)


@st.composite
def spellings(draw: st.DrawFn, value: Any) -> str:
    """The same JSON value in any order, with any blanks, its internal events escaped or not."""

    def members(parts: list[str], brackets: str) -> str:
        spaced = (draw(blanks) + each + draw(blanks) for each in parts)
        return brackets[0] + ",".join(spaced) + brackets[1]

    match value:
        case dict():
            names = draw(st.permutations(list(value)))
            return members(
                [
                    draw(spellings(name)) + draw(blanks) + ":" + draw(spellings(value[name]))
                    for name in names
                ],
                "{}",
            )
        case list():
            return members([draw(spellings(each)) for each in value], "[]")
        case _:
            return json.dumps(value, ensure_ascii=draw(st.booleans()))


TRACING = {
    "correlationid": st.text(min_size=1, max_size=5),
    "causationid": st.text(min_size=1, max_size=5),
    "traceparent": st.text(min_size=1, max_size=5),
    "comment": st.none() | st.integers() | st.text(max_size=5),
}

readable = st.sampled_from([*EACH_TYPE, an_award(title="Théâtre – 2ᵉ année 😀", interested=["é"])])


@given(readable, st.data())
def test_the_spelling_does_not_count(event: Json, data: st.DataObject) -> None:
    text = data.draw(spellings(event))
    spelled = read((data.draw(blanks) + text + data.draw(blanks)).encode())
    assert digest(event) == spelled.digest
    assert read(encoded(event)).envelope == spelled.envelope


@given(readable, st.data())
def test_line_breaks_never_remain(event: Json, data: st.DataObject) -> None:
    raw = read((data.draw(spellings(event)) + "\r\n").encode()).raw
    assert b"\n" not in raw
    assert b"\r" not in raw
    assert event == json.loads(raw)


@given(readable, st.fixed_dictionaries({}, optional=TRACING))
def test_tracing_and_unknown_attributes_do_not_count(event: Json, tracing: Json) -> None:
    try:
        traced = read(encoded(event | tracing))
    except AssertionError:  # text that no string of the contract may hold
        said = "".join(each for each in tracing.values() if isinstance(each, str))
        assert re.search(f"[{UNPRINTED}]", said)
    else:
        assert digest(event) == traced.digest


def test_who_sent_it_does_not_count() -> None:
    """Identity is budget, source and id: two of these with one content are two events."""
    assert digest(a_vote()) == digest(a_vote(_source="urn:other", _id="other"))


OPTIONAL_PARTS = {
    "chapter": ("function", "operation"),
    "body": ("number",),
    "siret": ("representative",),
    "iban": ("bic",),
    "trigger": ("documents",),
}
"""What a part may leave out, known by a member that it always has."""


def absent_members(event: Json) -> Iterator[tuple[Json, str]]:
    """Each optional member that the event leaves out, with the object where it would stand."""
    yield from ((event, name) for name in ("subject", *TRACING) if name not in event)
    [model] = [each for each in INBOUND if each.TYPE == event["type"]]
    for field in msgspec.structs.fields(model):
        if not field.required and field.name not in event["data"]:
            yield event["data"], field.name
    waiting: list[Any] = [event["data"]]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            for known, optional in OPTIONAL_PARTS.items():
                if known in value:
                    yield from ((value, name) for name in optional if name not in value)
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


@given(readable, st.data())
def test_an_explicit_null_says_what_absence_says(event: Json, data: st.DataObject) -> None:
    with_nulls = copy.deepcopy(event)
    members = list(absent_members(with_nulls))
    chosen = data.draw(st.sets(st.integers(0, len(members) - 1)))
    for parent, name in (members[index] for index in chosen):
        parent[name] = None
    assert digest(event) == digest(with_nulls)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of each string, number and truth below `value`."""
    match value:
        case dict():
            pairs: list[tuple[Any, Any]] = list(value.items())
        case list():
            pairs = list(enumerate(value))
        case _:
            yield path
            return
    for name, each in pairs:
        yield from places(each, (*path, name))


def changed(value: Any) -> list[Any]:
    """Other values of the same kind, of which the contract allows at least one in most places."""
    others = ["2023-01-02", "article", "notification", "evaluation", "on_hold", "37887770800057"]
    others += ["annulled", "all"]
    match value:
        case bool():
            return [not value]
        case int():
            return [value + 1]
        case _:
            return [f"{value}x", "FR7630001007941234567890185", *others]


def put(event: Json, path: tuple[Any, ...], value: Any) -> Json:
    """The event with another value at a path."""
    event = copy.deepcopy(event)
    place: Any = event
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return event


HELD_BY_OTHER_FIELDS = {"budget", "stage", "role", "requires_convention", "kind"}
"""Fields that cannot be changed alone: others must follow, as in `CHANGES`."""


@each_type
def test_any_change_of_data_counts(event: Json) -> None:
    for path in places(event["data"], ("data",)):
        candidates = (put(event, path, value) for value in changed(_at(event, path)))
        others = [
            outcome
            for each in candidates
            if isinstance(outcome := decode(encoded(each)), ReceivedEvent)
        ]
        assert others or path[-1] in HELD_BY_OTHER_FIELDS, f"nothing else is allowed at {path}"
        assert digest(event) not in {each.digest for each in others if each.raw != encoded(event)}


def _at(event: Json, path: tuple[Any, ...]) -> Any:
    value: Any = event
    for step in path:
        value = value[step]
    return value


CHANGES: list[tuple[str, Json]] = [
    ("the time", a_vote(_time="2023-06-01T12:00:01+02:00")),
    ("the offset, for the same instant", a_vote(_time="2023-06-01T10:00:00Z")),
    ("the subject", a_vote(_subject="other")),
    ("the budget", a_vote(budget="21590350100017-01-2023")),
    ("the stage", a_vote(stage="amendment")),
    ("an optional field", a_vote(act={"body": "x", "date": "2023-02-03", "number": "1"})),
    ("the role", a_concurring_act()),
    ("the type", an_award()),
]


@pytest.mark.parametrize("change", [each[1] for each in CHANGES], ids=[each[0] for each in CHANGES])
def test_what_an_event_says_counts(change: Json) -> None:
    assert digest(a_vote()) != digest(change)


def test_a_default_in_words_is_another_content_than_silence() -> None:
    assert digest(an_award()) != digest(an_award(requires_convention=True))


def test_the_order_of_a_list_counts() -> None:
    assert digest(an_award(interested=["A", "B"])) != digest(an_award(interested=["B", "A"]))


CANONICAL: list[tuple[Any, bytes]] = [
    ({"b": 1, "a": [True, None]}, b'{"a":[true,null],"b":1}'),
    ({"é": "–", "z": "é"}, '{"z":"é","é":"–"}'.encode()),
    ({"a": 'say "\\"\n'}, b'{"a":"say \\"\\\\\\"\\n"}'),
    ({"a": {"d": 1, "c": 2**53}}, b'{"a":{"c":9007199254740992,"d":1}}'),
]


@pytest.mark.parametrize(("value", "spelled"), CANONICAL)
def test_canonical_json_has_one_spelling(value: Any, spelled: bytes) -> None:
    assert spelled == canonical(value)


def test_nulls_are_left_out_of_objects_and_kept_in_lists() -> None:
    value = {"a": None, "b": [None, {"c": None, "d": 1}], "e": {"f": None}}
    assert {"b": [None, {"d": 1}], "e": {}} == drop_nulls(value)
