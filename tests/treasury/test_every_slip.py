"""Property: any slip of orders without faults keeps every rule of the public schemas."""

from dataclasses import replace
from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from events.outbound import PaymentOrderIssued
from services.treasury.domain.plain_text import plain
from services.treasury.domain.slips import PES_AMOUNT_MAX_CENTS, Original, Piece, Slip, SlipType
from services.treasury.pes.accountant import TreasuryConfig
from services.treasury.pes.faults import TOO_MUCH, faults, slip_faults
from services.treasury.pes.writer import write
from tests.builders import IBAN
from tests.treasury.orders import an_order
from tests.treasury.pes_rules import broken
from tests.treasury.pes_slips import A_PERSON, EVERY_SETTING, a_config, a_piece, a_slip

AVENIRS, POSTE, PUBLIC = "37887770800040", "35600000000048", "21590512600011"
CHARACTERS = "aeéèçÀœŒ’“”«»–€&<>\"'.0nc \u00a0\n\u200b\u0301ŁñЖ日&;#"

texts = st.text(CHARACTERS, min_size=1, max_size=60) | st.text(min_size=1, max_size=20)
latin_names = st.text('Aéœ’ -0nc.&<"', min_size=1, max_size=300)
long_names = st.integers(36, 40).map(lambda size: "é" * size) | st.just("Œuvre d’été " * 17)
names = st.just("Lille Avenirs") | latin_names | long_names | latin_names | long_names | texts


def seldom(often: list[Any], seldom: list[Any]) -> st.SearchStrategy[Any]:
    """Mostly what has no fault: else few orders would be written."""
    return st.sampled_from([*often * 8, *seldom])


articles = seldom(["65748", "20422", "6", "6" * 12], ["0", "10222", "x"])
functions = seldom(["61", "0", "9" * 10], [None, "9" * 11])
operations = seldom([None, "489", "1978", "A1z", "9" * 10], ["0", "nc", "RELATIONS-INT"])
cents = st.integers(1, 10**9) | st.sampled_from([1, 99, 100, PES_AMOUNT_MAX_CENTS])
BELGIAN = "BE68539007547034"
accounts = seldom(
    [{"iban": IBAN}, {"iban": IBAN, "bic": "GEBABEBB"}, {"iban": BELGIAN, "bic": "GEBABEBBXXX"}],
    [{"iban": BELGIAN}],
)
references = st.text("abZ09-é ’Œ", min_size=1, max_size=100).filter(str.strip)
acts = st.fixed_dictionaries(
    {"body": st.just("Conseil"), "date": st.dates(date(1900, 1, 1), date(2199, 12, 31))},
    optional={"number": references},
)


@st.composite
def orders(draw: st.DrawFn) -> PaymentOrderIssued:
    amounts = draw(st.lists(cents, min_size=1, max_size=3))
    codes = st.fixed_dictionaries({"article": articles, "function": functions})
    same = draw(codes)
    lines = [
        {"line": {"chapter": "65", **same, "operation": draw(operations)}, "amount_cents": each}
        for each in amounts
    ]
    convention, instalment = draw(references), draw(references)
    more: dict[str, Any] = {
        "convention": convention,
        "instalment": instalment,
        "amount_cents": sum(amounts),
        "lines": [each | {"services": None} for each in lines],
        "beneficiary": {"name": draw(names), "siret": draw(seldom([AVENIRS, POSTE], [PUBLIC]))},
        "bank_account": draw(accounts) | {"holder": draw(names)},
        "title": draw(texts),
        "acts": draw(st.lists(acts, min_size=1, max_size=3)),
    }
    order = an_order("C/advance", **more)
    return msgspec.structs.replace(order, payment_order=f"{convention}/{instalment}")


configs = st.sampled_from(
    [
        a_config(),
        a_config(EVERY_SETTING, {AVENIRS: A_PERSON}),
        a_config({"ModRegl": "05"}, {PUBLIC: {"CatTiers": "25", "NatJur": "09"}}),
    ]
)


@st.composite
def slips(draw: st.DrawFn, config: TreasuryConfig) -> Slip:
    """A slip of those of the drawn orders that have no fault."""
    drawn = draw(st.lists(orders(), min_size=1, max_size=3))
    good = [order for order in drawn if not faults(order, config)]
    event(f"{len(good)} of {len(drawn)} orders without fault")
    assume(good)
    first = draw(st.sampled_from([1, 7, 99_999_990]))
    pieces = [a_piece(order, first + place) for place, order in enumerate(good)]
    slip_type = draw(st.sampled_from(SlipType))
    if slip_type is SlipType.CANCELLATION:
        pieces = [
            replace(_taken_back(draw, each), original=Original(1, 1, 2023)) for each in pieces
        ]
    slip = a_slip(
        *pieces,
        slip_type=slip_type,
        number=draw(st.sampled_from([1, 9_999_999])),
        correction=draw(st.integers(0, 3)),
    )
    assume(not slip_faults(slip))
    return slip


def _taken_back(draw: st.DrawFn, piece: Piece) -> Piece:
    """Payments fill the lines in their order; one at least is not paid."""
    paid = draw(st.integers(0, len(piece.line_cents) - 1))
    return replace(piece, line_cents=(0,) * paid + piece.line_cents[paid:])


@settings(max_examples=40)
@given(data=st.data(), config=configs, program=texts.filter(lambda text: bool(plain(text))))
def test_a_slip_of_orders_without_faults_keeps_every_rule(
    data: st.DataObject, config: TreasuryConfig, program: str
) -> None:
    slip = data.draw(slips(config))
    budget = config.find_budget(slip.budget)
    assert budget is not None
    file = write(slip, config, program)
    assert [] == broken(file.content, is_functional=budget.functional)
    assert file == write(slip, config, program)


@pytest.mark.parametrize("name", ["É" * 38, "É" * 39, "œuvre d’été " * 16 + "et autres", "É" * 200])
@pytest.mark.parametrize(
    "line_cents",
    [(1,), (1,) * 99, (PES_AMOUNT_MAX_CENTS,), (PES_AMOUNT_MAX_CENTS - 98, *(1,) * 98)],
)
def test_the_longest_name_and_the_most_money_are_written(
    name: str, line_cents: tuple[int, ...]
) -> None:
    party = {"name": name, "siret": AVENIRS}
    order = an_order(
        line_cents=line_cents, beneficiary=party, bank_account={"iban": IBAN, "holder": name}
    )
    assert [] == faults(order, a_config())
    assert [] == broken(write(a_slip(a_piece(order)), a_config(), "Écluse").content)


def test_one_cent_more_is_refused_in_words() -> None:
    order = an_order(line_cents=(PES_AMOUNT_MAX_CENTS - 98, *(1,) * 99))
    assert [TOO_MUCH.msgid] == [each.msgid for each in faults(order, a_config())]
