"""Decoding never raises: any bytes are an event, or unreadable with a reason to be followed."""

import copy
import json
import re
from time import process_time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from events.codec import EVENT_BYTES_MAX, ReceivedEvent, decode
from events.envelope import INTERNAL_EVENTS, SourceKind, UntypedEnvelope
from events.unreadable import Reason, Unreadable, explain
from services.texts.translation import both
from tests.builders import SIRET, Json, Scenario, encoded
from tests.unit.events.pointers import names_an_absent_member, resolves
from tests.unit.events.test_quick_path import OPENING
from tests.unit.tables.bad_input import BAD_INPUT
from tests.unit.tables.bad_records import Bad
from tests.unit.tables.good_input import EACH_TYPE, GOOD_INPUT, Good

REASON = re.compile(r"[a-z_]+(: (/.*)?)?", re.DOTALL)
untyped = TypeAdapter(UntypedEnvelope).validate_python
WITHOUT_POINTER = {Reason.BAD_JSON, Reason.TOO_LARGE}

json_leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=2**53 - 1, max_value=2**65)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["2023-02-30", "2023-04-12", "FR76", "1681257600", "a/b", "\0", "ud800"])
)
json_values = st.recursive(
    json_leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def check(raw: bytes, outcome: ReceivedEvent | Unreadable) -> None:
    """What holds for any record without headers."""
    if isinstance(outcome, ReceivedEvent):
        assert b"\n" not in outcome.raw
        assert b"\r" not in outcome.raw
        again = decode(outcome.raw)
        assert isinstance(again, ReceivedEvent)
        assert (outcome.envelope, outcome.raw, outcome.digest) == (
            again.envelope,
            again.raw,
            again.digest,
        )
        return
    assert REASON.fullmatch(outcome.reason)
    assert (outcome.code in WITHOUT_POINTER) == (outcome.pointer is None)
    sentence = both(explain(outcome))
    assert sentence.fr != sentence.en
    if outcome.pointer is None:
        return
    if "…" in outcome.pointer:
        return  # A name too long to be repeated: its beginning says enough.
    document = json.loads(raw, parse_int=str)
    found = resolves(document, outcome.pointer)
    absent = names_an_absent_member(document, outcome.pointer)
    match outcome.code:
        case Reason.MISSING_FIELD:
            assert absent
        case Reason.INVALID_VALUE:  # documents that trigger `reports` needs are absent
            assert found or absent
        case _:
            assert found


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_explained(raw: bytes) -> None:
    check(raw, decode(raw))


@given(json_values)
def test_any_json_is_read_or_explained(value: Any) -> None:
    raw = json.dumps(value).encode()
    check(raw, decode(raw))


@given(st.dictionaries(st.sampled_from(sorted(EACH_TYPE[0])), json_values))
def test_any_envelope_is_read_or_explained(envelope: Json) -> None:
    raw = json.dumps(EACH_TYPE[0] | envelope).encode()
    check(raw, decode(raw))


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every object with a name and list with an index below `value`."""
    match value:
        case dict():
            pairs = list(value.items())
        case list():
            pairs = list(enumerate(value))
        case _:
            return []
    return [place for name, each in pairs for place in [(value, name), *places(each)]]


@st.composite
def changed_events(draw: st.DrawFn) -> Json:
    """A good event in which one to three members are replaced, left out, added or doubled."""
    event = copy.deepcopy(draw(st.sampled_from(EACH_TYPE)))
    for _ in range(draw(st.integers(1, 3))):
        parent, name = draw(st.sampled_from(places(event)))
        match draw(st.sampled_from(["replace", "remove", "add", "double"])):
            case "replace":
                parent[name] = draw(json_values)
            case "remove":
                del parent[name]
            case "add" if isinstance(parent, dict):
                parent[draw(st.text(max_size=5))] = draw(json_values)
            case "double" if isinstance(parent, list):
                parent.append(copy.deepcopy(parent[name]))
        if not event:
            break
    return event


@given(changed_events())
def test_any_changed_event_is_read_or_explained(event: Json) -> None:
    raw = json.dumps(event).encode()
    check(raw, decode(raw))


@st.composite
def damaged_bytes(draw: st.DrawFn) -> bytes:
    """A good event's bytes, some of them lost, replaced or added."""
    raw = encoded(draw(st.sampled_from(EACH_TYPE)))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(raw)))
        end = start + draw(st.integers(0, 4))
        noise = draw(
            st.binary(max_size=3) | st.sampled_from([b"\n", b"\\", b'"', b"{", b"0", b"\\u0000"])
        )
        raw = raw[:start] + noise + raw[end:]
    return raw


@given(damaged_bytes())
def test_any_damaged_event_is_read_or_explained(raw: bytes) -> None:
    check(raw, decode(raw))


header_names = st.sampled_from(
    [
        "content-type",
        "ce_id",
        "ce_source",
        "ce_type",
        "ce_time",
        "ce_",
        "ce_data",
        "x",
        "ce_subject",
    ]
) | st.text(max_size=6)
header_values = st.binary(max_size=20) | st.sampled_from(
    [b"application/cloudevents+json", b"application/json", b"ecluse.budget.voted.v1", b"1.0"]
)


@given(
    st.binary(max_size=50) | st.sampled_from([encoded(each["data"]) for each in EACH_TYPE]),
    st.lists(st.tuples(header_names, header_values), max_size=8),
    st.none() | st.binary(max_size=30),
)
def test_any_headers_and_key_are_read_or_explained(
    value: bytes, headers: list[tuple[str, bytes]], key: bytes | None
) -> None:
    outcome = decode(value, headers, key)
    assert isinstance(outcome, ReceivedEvent) or REASON.fullmatch(outcome.reason)


changed_bytes = changed_events().map(lambda event: json.dumps(event).encode())


@given(st.lists(changed_bytes | damaged_bytes(), max_size=6))
def test_the_ledger_gives_each_of_any_records_an_outcome(values: list[bytes]) -> None:
    scenario = Scenario(*values)
    own = [record for record in scenario.records if record.resumes is None]
    assert len(values) == len(own)
    assert len(values) == sum(scenario.summary()["outcomes"].values())


@pytest.mark.parametrize("row", BAD_INPUT, ids=lambda row: row.name)
def test_the_pointer_of_each_bad_row_can_be_followed(row: Bad) -> None:
    check(row.value, decode(row.value))


@pytest.mark.parametrize("row", GOOD_INPUT, ids=lambda row: row.name)
def test_each_good_row_reads_alike_from_what_is_kept(row: Good) -> None:
    check(row.value, decode(row.value))


def test_a_record_without_a_value_is_unreadable() -> None:
    outcome = decode(None)
    assert isinstance(outcome, Unreadable)
    assert "bad_json" == outcome.reason


@pytest.mark.parametrize("event", EACH_TYPE, ids=lambda event: event["type"])
def test_the_diagnosis_of_an_envelope_finds_no_fault_in_a_known_type(event: Json) -> None:
    """An internal event is diagnosed only where it is not read."""
    if event["type"] in INTERNAL_EVENTS:
        with pytest.raises(ValidationError, match="is not a type of the contract"):
            untyped(event)
    else:
        assert event["type"] == untyped(event).type


def test_a_large_record_without_fault_takes_no_long_look_for_null_characters() -> None:
    """A queue that moves all its elements at each step took 20 s for 1 MiB of small numbers."""
    numbers = b"1," * (EVENT_BYTES_MAX // 2 - 400)
    event = encoded(EACH_TYPE[0])[:-1] + b',"note":"\\\\u0000","numbers":[' + numbers + b"1]}"
    started = process_time()
    assert isinstance(decode(event), ReceivedEvent)
    assert process_time() - started < 5  # a fraction of a second, and 20 s with such a queue


def test_what_the_ledger_wrote_is_not_judged_again_however_it_is_spelled() -> None:
    """It was read from events, in whose day a number may have had other check digits."""
    wrong = encoded(OPENING).replace(SIRET.encode(), b"37887770800041")
    spelled = json.dumps(json.loads(wrong), indent=1).encode()
    plain, other = (decode(raw, source_kind=SourceKind.INTERNAL_EVENTS) for raw in (wrong, spelled))
    assert isinstance(plain, ReceivedEvent)
    assert isinstance(other, ReceivedEvent)
    assert (plain.envelope, plain.digest) == (other.envelope, other.digest)
