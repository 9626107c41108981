"""A ledger whose codec is wrong buries what is readable, or says another reason: that is found."""

from typing import Any, NamedTuple

import pytest
from schwifty.exceptions import InvalidChecksumDigits

from events import codec, strict_json, values
from tests.builders import Json, a_convention, a_payment, a_vote, an_award
from tests.verifier.memory_cluster import MemoryCluster


def no_account(*_: Any, **_more: Any) -> None:
    raise InvalidChecksumDigits


class Fault(NamedTuple):
    """What is wrong in the codec, in its place; the event that shows it."""

    name: str
    where: Any
    attribute: str
    instead: Any
    event: Json


FAULTS = [
    Fault(
        "JSON may be one level deep", strict_json, "NESTING_MAX", 1, a_vote(_comment={"a": ["b"]})
    ),
    Fault("no account is right", values, "IBAN", no_account, a_convention()),
    Fault("no SIRET is right", values, "_siret_is_valid", lambda _siret: False, an_award()),
    Fault("it points elsewhere", codec, "pointer_of", lambda _tokens: "/here", a_payment(0)),
    Fault("what is missing is called wrong", codec, "_PYDANTIC_REASONS", {}, a_vote(stage=...)),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: each.name)
def test_a_fault_of_the_ledgers_codec_is_found(
    fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [] == MemoryCluster().tell([fault.event]).codes()
    monkeypatch.setattr(fault.where, fault.attribute, fault.instead)
    assert ["dead_letter_though_readable"] == MemoryCluster().tell([fault.event]).codes()
