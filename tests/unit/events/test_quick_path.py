"""The quick path and pydantic say the same of any record: the event as read, or what is wrong."""

import copy
import random  # noqa: TID251
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from events import quick
from events.codec import NO_KEY, ReceivedEvent, decode, reread
from events.envelope import INBOUND, LEDGER, Envelope, SourceKind
from events.values import JOURNALLED
from tests.builders import (
    BUDGET,
    NEXT_BUDGET,
    OTHER_IBAN,
    SIRET,
    Json,
    Scenario,
    a_closing,
    a_convention,
    a_deadline,
    a_new_account,
    a_report,
    a_vote,
    an_acknowledgement,
    an_act,
    an_amount,
    an_award,
    an_instalment,
    encoded,
)
from tests.unit.events.test_digest import spellings
from tests.unit.tables.bad_input import BAD_INPUT
from tests.unit.tables.bad_records import Bad
from tests.unit.tables.good_input import EACH_TYPE, GOOD_INPUT, Good


def an_opening() -> Json:
    """The internal event by which the next year's budget takes a convention over."""
    reports = [("activity_report", 2022), ("evaluation", 2023)]
    convention = a_convention(
        obligations=[{"kind": "evaluation", "year": 2023, "due_on": "2024-06-30"}],
        instalments=[
            an_instalment(40, trigger="notification"),
            an_instalment(60, "balance", documents=reports),
        ],
    )
    scenario = Scenario(
        a_vote(), an_award(), convention, a_report(eligible_cost_cents=100), a_closing("all")
    )
    [opening] = scenario.internal_events()
    return opening


FULL: list[Json] = [
    an_award(
        act=an_act(number="2023/40"),
        published_on="2023-04-13",
        interested=["K. Harizi"],
        recused=[],
        stated_total_cents=5,
        requires_convention=False,
        lines=[an_amount(5, services={"E": 2, "J": 3}), an_amount(5, "490")],
        instalments=[an_instalment(10)],
        conditions_year=2022,
        _subject="s",
        _datacontenttype="application/json",
        _correlationid="c",
        _causationid="d",
        _traceparent="t",
    ),
    a_convention(
        bank_account={"iban": "FR7610278027150004578690110", "bic": "CMCIFR2A", "holder": "é"},
        instalments=[an_instalment(documents=[("activity_report", 2022), ("evaluation", 2023)])],
        stated_condition_years=[1900, 2199],
        obligations=[{"kind": "evaluation", "year": 2023, "due_on": "2024-06-30"}],
    ),
    an_acknowledgement("on_hold", reason={"code": "12", "label": "RIB"}),
    a_deadline("parked", event={"source": "s", "id": "i"}),
    a_closing(["C", "D"]),
]
"""Events that leave little out."""

OPENING = an_opening()
EVENTS = [*EACH_TYPE, *FULL, OPENING]

KINDS = list(SourceKind)
KEYS = [None, NO_KEY, BUDGET.encode(), NEXT_BUDGET.encode()]


def reread_outcome(raw: bytes) -> ReceivedEvent | str:
    try:
        return reread(raw)
    except ValueError as error:
        return str(error)


def outcomes(raw: bytes) -> list[object]:
    """A record's outcome at each place, under each key, and in a journal."""
    read = [decode(raw, (), key, source_kind) for key in KEYS for source_kind in KINDS]
    return [*read, reread_outcome(raw)]


def both_say_the_same(
    records: Iterable[bytes], outcome: Callable[[bytes], object] = outcomes
) -> None:
    """The codec with its quick path, and without it."""
    found = [(raw, outcome(raw)) for raw in records]
    with pytest.MonkeyPatch.context() as without:
        without.setattr(quick, "read", lambda *_: None)
        for raw, quickly in found:
            assert outcome(raw) == quickly


def is_read_quickly(event: Json, source_kind: SourceKind = SourceKind.INTERNAL_EVENTS) -> bool:
    return quick.read(encoded(event), source_kind, None) is not None


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["type"])
def test_all_types_are_read_quickly(event: Json) -> None:
    assert is_read_quickly(event)


def test_there_is_an_event_of_each_type() -> None:
    assert {each.TYPE for each in INBOUND} == {each["type"] for each in EVENTS}


def test_check_digits_are_not_asked_again_on_the_quick_path() -> None:
    """Of a journal, and of what the ledger wrote from events that it had read."""
    wrong = encoded(a_new_account()).replace(OTHER_IBAN.encode(), b"FR7630001007941234567890186")
    assert quick.read(wrong, SourceKind.FILE, None) is None
    assert quick.read(wrong, SourceKind.FILE, JOURNALLED) is not None
    opening = encoded(OPENING).replace(SIRET.encode(), b"37887770800041")
    assert quick.read(opening, SourceKind.INTERNAL_EVENTS, None) is not None


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every object with a name and list with an index at or below `value`."""
    pairs: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        pairs = list(value.items())
    elif isinstance(value, list):
        pairs = list(enumerate(value))
    for name, each in pairs:
        yield value, name
        yield from places(each)


OTHERS: list[Any] = [
    *(None, True, False, {}, [], [None], {"a": 1}, 1.5, 1e3, 10.0, "", " ", "\0", "/", "a/b", "x"),
    *(0, -1, 1, 2, 1899, 1900, 2199, 2200, 2**53 - 1, 2**53, 1 - 2**53, -(2**53), 2**63 - 1),
    *(2**63, 2**64, 10**400, "1", "true", "null", "1.0", "all", "none"),
    *("a\x7fb", "a\x85b", "a\u202eb", "a\u061cb", "a\nb", 'a"b', "a\\b", "é", "😀", "ſ"),
    *("x" * size for size in (100, 101, 200, 201, 300, 301, 302, 500, 501, 4000, 4001)),
    *("é" * size for size in (100, 101, 500, 501)),
    *("1899-12-31", "1900-01-01", "2199-12-31", "2200-01-01", "2200-03-01", "2200-03-02"),
    *("2023-02-29", "2024-02-29", "2023-6-1", "20230601", "2023-06-01T00:00:00Z", "1681257600"),
    *("2023-06-01 12:00:00+02:00", "2023-06-01t12:00:00z", "2023-06-01T12:00Z", "2023-W22-4"),
    *("2023-06-01T12:00:00", "2023-06-01T12:00:00+0200", "2023-06-01T12:00:00+02"),
    *("2023-06-01T12:00:00.5Z", "2023-06-01T12:00:00.123456789+02:00", "2023-06-01T24:00:00Z"),
    *("2023-06-01T12:00:00+00:00", "2023-06-01T12:00:60Z", "2023-06-01T12:00:00-00:00"),
    *("2023-06-01T12:00:00+24:00", "2023-06-01T12:00:00+23:59", "0001-01-01T00:00:00+14:00"),
    *("0000-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2023-06-01T12:00:00.123456+02:00"),
    *("37887770800040", "37887770800041", "3788777080004", "378877708000400", "37887770800040 "),
    *("35600000049837", "٣٧٨٨٧٧٧٠٨٠٠٠٤٠", "37887770800040\n"),
    *("FR7610278027150004578690110", "FR7610278027150004578690111", "DE89370400440532013000"),
    *("CMCIFR2A", "CMCI992A", "CMCIFR2AXXX", "cmcifr2a"),
    *(BUDGET, NEXT_BUDGET, "21590350100018-00-2023", "21590350100017-é-2023", BUDGET + "\n"),
    *(each.TYPE for each in INBOUND),
    *(LEDGER, "application/json", "award", "concurring", "reports", "signature", "initial"),
    *("amendment", "parked", "report_due", "payment_due", "rejected", "evaluation", "withdrawn"),
]
"""Values that are right in some place and wrong in others, or wrong by a little."""


def faulty(event: Json) -> Iterator[bytes]:
    """The event with each member replaced, left out, doubled or joined by one that nobody knows."""
    for number, _ in enumerate(places(event)):
        changed = copy.deepcopy(event)
        parent, name = list(places(changed))[number]
        before = parent[name]
        for other in OTHERS:
            parent[name] = other
            yield encoded(changed)
        parent[name] = before
        if isinstance(parent, list):
            parent.append(before)
            yield encoded(changed)
            del parent[:]
        else:
            yield encoded(changed).replace(
                encoded({name: before})[1:-1], 2 * (encoded({name: before})[1:-1] + b",") + b'"x":1'
            )
            parent["type"] = parent.get("type", name)
            yield encoded(changed)
            del parent[name]
        yield encoded(changed)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["type"])
def test_both_say_the_same_of_any_fault(event: Json) -> None:
    def outcome(raw: bytes) -> object:
        return decode(raw, source_kind=SourceKind.INTERNAL_EVENTS)

    both_say_the_same({*faulty(event)}, outcome)


NOISE = [b" ", b"\n", b"\\", b'"', b"{", b"[", b"0", b",", b"\\u0000"]
NUMBER_ENDS = [b".0", b"e0", b"e3", b"E+1", b".", b"_"]


@st.composite
def written_otherwise(draw: st.DrawFn) -> bytes:
    """An event in another spelling, or with bytes lost, replaced or added."""
    event = draw(st.sampled_from(EVENTS))
    names = draw(st.permutations(list(event)))
    raw = encoded({name: event[name] for name in names})
    how = draw(st.sampled_from(["order", "spelling", "bytes", "numbers"]))
    if how == "spelling":
        raw = draw(spellings(event)).encode()
    elif how == "bytes":
        start = draw(st.integers(0, len(raw)))
        noise = draw(st.binary(max_size=3) | st.sampled_from(NOISE))
        raw = raw[:start] + noise + raw[start + draw(st.integers(0, 4)) :]
    elif how == "numbers":
        digits = [at for at, byte in enumerate(raw) if chr(byte).isdigit()]
        behind = draw(st.sampled_from(digits)) + 1
        raw = raw[:behind] + draw(st.sampled_from(NUMBER_ENDS)) + raw[behind:]
    return raw


@settings(max_examples=300)
@given(written_otherwise())
def test_both_say_the_same_of_any_spelling(raw: bytes) -> None:
    both_say_the_same([raw])


@pytest.mark.parametrize("row", [*GOOD_INPUT, *BAD_INPUT], ids=lambda row: row.name)
def test_both_say_the_same_of_each_row(row: Good | Bad) -> None:
    both_say_the_same([row.value])


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event["type"])
@pytest.mark.parametrize("source", ["urn:test", LEDGER])
def test_both_say_the_same_wherever_it_stands(event: Json, source: str) -> None:
    both_say_the_same([encoded(event | {"source": source})])


@pytest.mark.parametrize("time", ["12:00:00+00:00", "12:00:00.123Z", "12:00:00.5+02:00"])
@pytest.mark.parametrize("event", [a_vote, an_award], ids=["vote", "award"])
def test_times_are_read_quickly_in_any_usual_spelling(event: Any, time: str) -> None:
    assert is_read_quickly(event(_time=f"2023-06-01T{time}"))


def test_a_shorter_time_makes_no_room_for_a_blank() -> None:
    """msgspec prints 12:00Z three bytes longer: as long as three blanks somewhere else."""
    raw = encoded(a_vote(_time="2023-06-01T12:00:00Z")).replace(b"12:00:00Z", b"12:00Z")
    both_say_the_same([raw.replace(b'"data":', b'   "data":')])


MORE_MEMBERS = {
    "none": ("", ""),
    "an unknown one": ('"x":1,', ""),
    "a budget": (f'"budget":"{NEXT_BUDGET}",', ""),
    "a type": ("", f'"type":"{OPENING["type"]}",'),
}
"""Members that stand in front of those of the data, and of the envelope."""


@pytest.mark.parametrize("blank", ["", " ", "\n\n"])
@pytest.mark.parametrize("attribute", ["id", "source", "subject"])
@pytest.mark.parametrize("more", MORE_MEMBERS.values(), ids=MORE_MEMBERS)
def test_a_time_in_another_attribute_makes_no_room(
    more: tuple[str, str], attribute: str, blank: str
) -> None:
    """Of one instant with many digits, and of a `time` behind a blank."""
    event = a_vote(_time="2023-06-01T12:00:00Z")
    kept = {name: event[name] for name in event if name not in {attribute, "time"}}
    members = encoded(kept).decode()[1:-1].replace('"data":{', f'"data":{{{more[0]}')
    both_say_the_same(
        f'{{"{attribute}":"2023-06-01T12:00:00.{"0" * digits}Z",{members},{more[1]}'
        f'"time":{blank}"{event["time"]}"}}'.encode()
        for digits in range(80)
    )


SAME_TIMES = [
    *("2023-06-01T12:00:00Z", "2023-06-01t12:00:00z", "2023-06-01T12:00Z"),
    *("2023-06-01T12:00:00+00:00", "2023-06-01T14:00:00.00+02:00"),
    *(f"2023-06-01T12:00:00.{'0' * digits}Z" for digits in range(1, 40)),
]
"""Spellings of one instant."""


def mutated(chance: random.Random, value: Any, share: float) -> str:
    """JSON with members in any order; a share of them behind a blank, doubled or unknown."""
    if isinstance(value, list):
        return f"[{','.join(mutated(chance, each, share) for each in value)}]"
    if not isinstance(value, dict):
        return encoded(value).decode()
    members = []
    for name in chance.sample(list(value), len(value)):
        often = 0.5 if name == "time" else share
        blank = chance.choice(" \n") if chance.random() < often else ""
        members.append(f'"{name}":{blank}{mutated(chance, value[name], share)}')
        if chance.random() < share:
            members.append(f'"{name}":{mutated(chance, value[name], share)}')
        if chance.random() < share:
            time = f'{{"time":"{chance.choice(SAME_TIMES)}"}}'
            unknown = chance.choice([time, '"time"', '{"type":"x"}', "null", "1"])
            members.append(f'"x":{unknown}')
    return f"{{{','.join(members)}}}"


def same_times_everywhere(number: int) -> Iterator[bytes]:
    """Events of which other attributes spell the time too: mutated, with the id in front."""
    chance = random.Random(18)  # The same records at each run.
    for _ in range(number):
        attributes = {
            name: chance.choice(SAME_TIMES)
            for name in ("source", "subject", "correlationid")
            if chance.random() < 0.3
        }
        event = chance.choice(EVENTS) | attributes | {"time": chance.choice(SAME_TIMES)}
        event = {name: event[name] for name in event if name != "id"}
        members = mutated(chance, event, chance.choice([0, 0.01, 0.03]))[1:]
        yield f'{{"id":"{chance.choice(SAME_TIMES)}",{members}'.encode()


def test_both_say_the_same_where_other_attributes_spell_the_time() -> None:
    def outcome(raw: bytes) -> object:
        return decode(raw, source_kind=SourceKind.INTERNAL_EVENTS)

    both_say_the_same(same_times_everywhere(5_000), outcome)


def test_whoever_reads_it_an_event_is_of_one_type() -> None:
    quickly = decode(encoded(a_vote()))
    judged = decode(encoded(a_vote()).replace(b",", b", "))
    assert isinstance(quickly, ReceivedEvent)
    assert isinstance(judged, ReceivedEvent)
    assert [Envelope] * 2 == [type(each.envelope) for each in (quickly, judged)]
    assert quickly.envelope == judged.envelope
