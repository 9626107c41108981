"""The verifier reads events by the published schemas, by itself, and finds what the codec finds."""

import copy
import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException
from stdnum.fr import siret

from events.codec import BYTES_MAX, NO_KEY, ReceivedEvent, decode
from events.envelope import INBOUND, INTERNAL_EVENTS, SourceKind
from services.verifier.input import validation
from services.verifier.input.field_rules import is_iban, is_siret
from tests.builders import Json, encoded
from tests.read_model.filling import golden
from tests.unit.events.kafka_messages import Message, binary, structured
from tests.unit.events.test_kafka_modes import DATA, HEADERS, KEYS, VALUES, VOTE
from tests.unit.tables.bad_input import BAD_INPUT
from tests.unit.tables.bad_records import Bad
from tests.unit.tables.good_input import EACH_TYPE, GOOD_INPUT, Good

source_kinds = pytest.mark.parametrize(
    "source_kind", [SourceKind.EVENTS, SourceKind.INTERNAL_EVENTS], ids=lambda each: each.value
)


def read(message: Message, source_kind: SourceKind) -> validation.Read:
    at_internal_events = source_kind is SourceKind.INTERNAL_EVENTS
    value, headers, key = message
    return validation.read(
        value, headers, key or b"", BYTES_MAX[source_kind], at_internal_events=at_internal_events
    )


def agree(message: Message, source_kind: SourceKind) -> None:
    """Both say the same of a record of Kafka, but where only a table of banks can tell."""
    value, headers, key = message
    theirs = decode(value, headers, key or NO_KEY, source_kind)
    ours = read(message, source_kind)
    if isinstance(theirs, ReceivedEvent):
        assert (None, json.loads(theirs.raw)) == (ours.reason, ours.event)
    else:
        assert theirs.reason == ours.reason or theirs.reason in ours.doubts
        assert ours.reason is None or ours.event is None


def message_of(value: bytes) -> Message:
    """A record in structured mode under the key of its budget, where it has one."""
    try:
        key = str(json.loads(value)["data"]["budget"]).encode()
    except (ValueError, TypeError, LookupError, RecursionError):
        key = b"nobody"
    return Message(value, [], key)


def test_the_types_that_are_read_are_those_of_the_contract() -> None:
    assert {each.TYPE for each in INBOUND} == validation.INBOUND
    assert INTERNAL_EVENTS == validation.INTERNAL_EVENTS


@source_kinds
@pytest.mark.parametrize("row", [*BAD_INPUT, *GOOD_INPUT], ids=lambda row: row.name)
def test_each_row_of_the_tables_is_read_alike(row: Bad | Good, source_kind: SourceKind) -> None:
    agree(message_of(row.value), source_kind)


@source_kinds
def test_both_modes_and_all_keys_are_read_alike(source_kind: SourceKind) -> None:
    for event in EACH_TYPE:
        agree(structured(event), source_kind)
        agree(binary(event), source_kind)
    for _, value, _ in VALUES:
        agree(VOTE._replace(value=value), source_kind)
    for _, headers, _ in HEADERS:
        agree(Message(DATA, headers, VOTE.key), source_kind)
    for _, key, _ in KEYS:
        agree(VOTE._replace(key=key), source_kind)
    for over in (0, 1):
        headroom = BYTES_MAX[source_kind] + over - len(_one_document(VOTE))
        agree(VOTE._replace(value=VOTE.value + b" " * headroom), source_kind)


def _one_document(message: Message) -> bytes:
    received = decode(*message)
    assert isinstance(received, ReceivedEvent)
    return received.raw


EVENTS: Final = [
    *EACH_TYPE,
    *(json.loads(row.value) for row in GOOD_INPUT if len(row.value) < 5_000),
    *(
        event
        for raw in golden("year-end-2023")
        if (event := json.loads(raw)["event"]) and event["type"] in INTERNAL_EVENTS
    ),
]
INSTEAD: Final[Sequence[Any]] = [
    *(None, True, False, 0, 1, -1, 1.0, 2**53 - 1, 2**53, 2**70, [], {}, [1], {"a": 1}),
    *("", "x", "x" * 101, "é" * 301, "a/b", "a\n", "\n", "a\0b", "\ud83d", "\u0663" * 14),
    *("all", "none", "initial", "amendment", "reports", "signature", "award", "concurring"),
    *("1.0", "application/json", "urn:ecluse:ledger", "21590350100017", "35600000012346"),
    *("2023-02-29", "2024-02-29", "1899-12-31", "2200-01-01", "2200-03-02"),
    *("2023-06-01T12:00:00Z", "2023-06-01t12:00:00.1234567890+23:59", "2023-06-01T24:00:00Z"),
    *("2023-06-01T23:59:60Z", "2023-06-01T12:00:00-00:00", "2023-06-01T12:00:00+24:00"),
    *("FR1420041010050500013M02606", "GB82WEST12345698765432", "PSSTFRPP", "PSST12PP"),
]
NAMES: Final = ("zz", "a/b~c", "y" * 70, "due_on", "documents", "lines", "amount_cents", "event")


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every member and item: what holds it, and under which name or number."""
    children = value.items() if isinstance(value, dict) else enumerate(value)
    for name, each in list(children):
        yield value, name
        if isinstance(each, dict | list):
            yield from places(each)


@st.composite
def spoilt(draw: st.DrawFn) -> Json:
    """An event in which some things were changed, taken away, repeated or added."""
    event: Json = copy.deepcopy(draw(st.sampled_from(EVENTS)))
    for _ in range(draw(st.integers(1, 3))):
        holder, name = draw(st.sampled_from([*places(event)] or [(event, "id")]))
        match draw(st.sampled_from(("change", "change", "take", "more"))):
            case "take":
                holder.pop(name, None) if isinstance(holder, dict) else holder.pop(name)
            case "more" if isinstance(holder, list):
                holder.append(copy.deepcopy(holder[name]))
            case "more":
                holder[draw(st.sampled_from(NAMES))] = draw(st.sampled_from(INSTEAD))
            case _:
                holder[name] = copy.deepcopy(draw(st.sampled_from(INSTEAD)))
    return event


@given(spoilt(), st.booleans(), st.sampled_from((SourceKind.EVENTS, SourceKind.INTERNAL_EVENTS)))
def test_whatever_is_done_to_an_event_is_read_alike(
    event: Json, escaped: bool, source_kind: SourceKind
) -> None:
    value = json.dumps(event, ensure_ascii=escaped).encode(errors="surrogatepass")
    agree(message_of(value), source_kind)


@given(
    st.binary(max_size=8),
    st.integers(0, 400),
    st.integers(0, 8),
    st.sampled_from((b"1" * 309, b"9" * 4_301, b"1e308", b"1e309", b"0e999", b"-0", b"1.0")),
)
@example(b"", 0, 0, b"1")
def test_whatever_is_done_to_its_bytes_is_read_alike(
    put: bytes, at: int, without: int, number: bytes
) -> None:
    raw = encoded(EVENTS[0])
    for value in (raw[:at] + put + raw[at + without :], raw[:-1] + b',"n":' + number + b"}"):
        agree(message_of(value), SourceKind.EVENTS)


@given(st.sampled_from(("FR", "MC", "DE")), st.from_regex(r"\A[0-9]{10}[0-9A-Z]{11}\Z"))
def test_an_account_is_right_as_the_library_of_banks_has_it(country: str, account: str) -> None:
    for key in range(100):
        bban = f"{account}{key:02}" if country != "DE" else f"{int(account, 36) % 10**18:018}"
        digits = "".join(str(int(each, 36)) for each in f"{bban}{country}00")
        for check in {98 - int(digits) % 97, key}:
            iban = f"{country}{check:02}{bban}"
            assert _is_right(iban) == is_iban(iban), iban


@pytest.mark.parametrize("check", ["00", "01", "99"])
def test_check_digits_that_no_bank_computes_are_wrong(check: str) -> None:
    """ISO 7064 computes 02 to 98: 99 is as good as 02 by the sum alone, and yet wrong."""
    accounts = [f"{each:018}" for each in range(97)]
    assert not any(is_iban(f"DE{check}{account}") for account in accounts)


def _is_right(iban: str) -> bool:
    try:
        IBAN(iban, validate_bban=iban[:2] in {"FR", "MC"})
    except SchwiftyException:
        return False
    return True


@given(st.from_regex(r"\A(356000000[0-9]{5}|[0-9]{14})\Z"))
def test_a_siret_is_right_as_the_library_of_numbers_has_it(start: str) -> None:
    for last in range(10):
        number = f"{start[:13]}{last}"
        assert siret.is_valid(number) == is_siret(number)
