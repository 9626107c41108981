"""Orders and slips that cannot be sent: each fault is a sentence, and the others go on."""

from collections.abc import Sequence
from typing import Any

import pytest

from events.outbound import PaymentOrderIssued
from events.texts import Translatable
from events.treasury import PIECE_NUMBER_MAX, PIECES_MAX, SLIP_NUMBER_MAX
from services.texts.language import Language
from services.texts.translation import translate
from services.treasury.domain.slips import PES_AMOUNT_MAX_CENTS, Slip
from services.treasury.pes import faults as f
from services.treasury.pes.accountant import TreasuryConfig
from services.treasury.pes.writer import write
from tests.builders import BUDGET, IBAN, a_line
from tests.treasury.orders import an_order
from tests.treasury.pes_slips import LILLE, a_config, a_piece, a_slip

PUBLIC = "21590512600011"


def sentences(
    order: PaymentOrderIssued, config: TreasuryConfig, language: Language = Language.EN
) -> list[str]:
    return [translate(each, language) for each in f.faults(order, config)]


def with_lines(*codes: dict[str, Any]) -> PaymentOrderIssued:
    lines = [{"line": a_line() | each, "amount_cents": 100, "services": None} for each in codes]
    return an_order(lines=lines, amount_cents=100 * len(lines))


def to(name: str) -> PaymentOrderIssued:
    return an_order(beneficiary={"name": name, "siret": "37887770800040"})


def into(**account: Any) -> PaymentOrderIssued:
    return an_order(bank_account={"iban": IBAN, "holder": "Lille Avenirs"} | account)


BELGIAN = "BE68539007547034"


ORDERS: list[tuple[PaymentOrderIssued, Sequence[tuple[Translatable, int | None]]]] = [
    (an_order(), []),
    (with_lines({"article": "6574a"}), [(f.BAD_ARTICLE, 1)]),
    (with_lines({"article": "6" * 12}), []),
    (with_lines({"article": "6" * 13}), [(f.BAD_ARTICLE, 1)]),
    (with_lines({"article": "６"}), [(f.BAD_ARTICLE, 1)]),
    (with_lines({}, {"article": "000"}), [(f.BAD_ARTICLE, 2)]),
    (with_lines({"article": "10222"}), [(f.NO_SECTION, 1)]),
    (with_lines({"article": "20422"}), []),
    (with_lines({}, {}, {"article": "20422"}), [(f.TWO_SECTIONS, None)]),
    (with_lines({"article": "20422"}, {}), [(f.TWO_SECTIONS, None)]),
    (with_lines({"function": None}), [(f.NO_FUNCTION, 1)]),
    (with_lines({"function": "6-1"}), [(f.BAD_FUNCTION, 1)]),
    (with_lines({"function": "0" * 10}), []),
    (with_lines({"function": "0" * 11}), [(f.BAD_FUNCTION, 1)]),
    (with_lines({"operation": None}), []),
    (with_lines({"operation": "aZ" + "0" * 8}), []),
    *(
        (with_lines({"operation": code}), [(f.BAD_OPERATION, 1)])
        for code in ("RELATIONS-INT", "A" * 11, "é", "000", "nc", "4 8")
    ),
    (an_order(line_cents=(PES_AMOUNT_MAX_CENTS,)), []),
    (an_order(line_cents=(PES_AMOUNT_MAX_CENTS, 1)), [(f.TOO_MUCH, None)]),
    (to("Œuvre de l’Étoile – Łódź"), []),
    (to("Ένωση"), [(f.BAD_NAME, None)]),
    *((to(name), [(f.NO_NAME, None)]) for name in ("0", "nc", ".", "\u2009", "\u0301")),
    (to("0" * 60), [(f.NO_NAME, None)]),
    (into(holder="日本"), [(f.BAD_HOLDER, None)]),
    (into(holder=" "), [(f.NO_HOLDER, None)]),
    (into(holder="0" * 33), [(f.NO_HOLDER, None)]),
    (into(iban=BELGIAN, bic="GEBABEBB"), []),
    (into(iban=BELGIAN), [(f.NO_BIC, None)]),
    (into(bic="GEBABE0B"), [(f.BAD_BIC, None)]),
    (into(bic="GEBABEBO"), [(f.BAD_BIC, None)]),
    (into(bic="GEBABEBBXXX"), []),
    (an_order(beneficiary={"name": "CCAS", "siret": PUBLIC}), [(f.NO_CATEGORY, None)]),
    (with_lines({"article": "x", "function": None}), [(f.BAD_ARTICLE, 1), (f.NO_FUNCTION, 1)]),
]


@pytest.mark.parametrize(("order", "expected"), ORDERS)
def test_what_the_schema_would_refuse_is_a_fault_of_the_order(
    order: PaymentOrderIssued, expected: Sequence[tuple[Translatable, int | None]]
) -> None:
    found = f.faults(order, a_config())
    assert [(text.msgid, line) for text, line in expected] == [
        (each.msgid, each.facts.get("line")) for each in found
    ]
    # Only an order without faults may be written: the writer would stumble over some.
    assert all("C/advance" in translate(each, Language.EN) for each in found)


def test_a_fault_names_order_and_line_and_says_what_to_do() -> None:
    (said,) = sentences(with_lines({}, {"article": "6574a"}), a_config())
    assert (
        "C/advance, line 2: the article “6574a” is not 1 to 12 digits: cancel the order (answer"
        " “rejected”), and amend the convention"
    ) == said
    (said,) = sentences(with_lines({}, {}, {"article": "20422"}), a_config())
    assert (
        "C/advance: lines 1 and 3 are of different sections, and a piece has one: cancel the"
        " order (answer “rejected”), and share the convention out"
    ) == said
    (said,) = sentences(an_order(line_cents=(PES_AMOUNT_MAX_CENTS + 1,)), a_config())
    assert (
        "C/advance: €1,000,000,000,000.00 is more than a PES file can say (€999,999,999,999.99):"
        " cancel the order (answer “rejected”), and split the instalment"
    ) == said


def test_a_budget_without_codes_sends_nothing() -> None:
    unknown = (
        "C/advance: the file of ECLUSE_TREASURY_FILE has no codes of the accountant for budget"
        f" {BUDGET}: add them"
    )
    assert [unknown] == sentences(an_order(), TreasuryConfig())
    without = TreasuryConfig.model_validate({"entities": {LILLE: {"budgets": {"00": {}}}}})
    missing = [
        f"C/advance: budget {BUDGET} has no {name} in the file of ECLUSE_TREASURY_FILE: ask the"
        " public accountant, and add it"
        for name in ("IdPost", "CodCol")
    ]
    assert missing == sentences(an_order(), without)


def test_a_budget_that_is_not_functional_asks_for_no_function() -> None:
    order = with_lines({"function": None}, {"function": "x"})
    assert [] == sentences(order, a_config({"functional": False}))


def test_a_public_body_that_the_directory_names_is_paid() -> None:
    order = an_order(beneficiary={"name": "CCAS", "siret": PUBLIC})
    named = {PUBLIC: {"CatTiers": "25", "NatJur": "09"}}
    assert [] == sentences(order, a_config(third_parties=named))
    only_addressed = {PUBLIC: {"RefTiers": "T1"}}
    assert 1 == len(sentences(order, a_config(third_parties=only_addressed)))


def test_a_person_has_the_name_of_the_directory() -> None:
    person = {"CatTiers": "01", "NatJur": "01", "Civilite": "Mme", "Nom": "Ikeda", "Prenom": "Rie"}
    assert [] == sentences(to("池田"), a_config(third_parties={"37887770800040": person}))


@pytest.mark.parametrize("name", ["Ένωση", "nc"])
def test_a_body_has_the_name_of_the_directory(name: str) -> None:
    """An amendment names no beneficiary, and an order that is issued again has the same name."""
    directory = {"37887770800040": {"Nom": "Enosi"}}
    (said,) = sentences(to(name), a_config())
    assert said.endswith(
        "as Nom of 37887770800040 under third_parties in the file of ECLUSE_TREASURY_FILE"
    )
    assert [] == sentences(to(name), a_config(third_parties=directory))
    slip = a_slip(a_piece(to(name)))
    assert b'<Nom V="Enosi"/>' in write(slip, a_config(third_parties=directory), "test").content


@pytest.mark.parametrize(
    "account", [{"holder": "日本"}, {"holder": " "}, {"iban": BELGIAN}, {"bic": "GEBABE0B"}]
)
def test_an_account_is_mended_by_a_rejection_and_an_account_behind_it(
    account: dict[str, str],
) -> None:
    """The order keeps its account; rule 21 issues it again with one that comes later."""
    (said,) = sentences(into(**account), a_config())
    assert "cancel the order (answer “rejected”), then have the bank account recorded" in said


def test_no_fault_repeats_an_iban() -> None:
    order = into(iban=BELGIAN, holder="日本", bic=None)
    assert not any(BELGIAN in each for each in sentences(order, a_config()))


def test_a_fault_is_said_in_french_too() -> None:
    (said,) = sentences(with_lines({"article": "x"}), a_config(), Language.FR)
    assert said.startswith(
        "C/advance, ligne 1\u00a0: l'article «\u00a0x\u00a0» doit comporter de 1 à 12"
    )


MOST = an_order(line_cents=(PES_AMOUNT_MAX_CENTS,))


SLIPS: list[tuple[Slip, Sequence[Translatable]]] = [
    (a_slip(a_piece(MOST)), []),
    (a_slip(a_piece(MOST, 1), a_piece(an_order("C/b", (1,)), 2)), [f.SLIP_TOO_MUCH]),
    (a_slip(a_piece(MOST), cumulative_cents=PES_AMOUNT_MAX_CENTS + 1), [f.YEAR_TOO_MUCH]),
    (a_slip(a_piece(an_order()), number=SLIP_NUMBER_MAX), []),
    (a_slip(a_piece(an_order()), number=SLIP_NUMBER_MAX + 1), [f.BAD_SLIP_NUMBER]),
    (a_slip(a_piece(an_order()), number=0), [f.BAD_SLIP_NUMBER]),
    (a_slip(a_piece(an_order(), PIECE_NUMBER_MAX)), []),
    (a_slip(a_piece(an_order(), PIECE_NUMBER_MAX + 1)), [f.BAD_PIECE_NUMBER]),
    (a_slip(a_piece(an_order(), 0)), [f.BAD_PIECE_NUMBER]),
    (a_slip(*[a_piece(an_order())] * PIECES_MAX), []),
    (a_slip(*[a_piece(an_order())] * (PIECES_MAX + 1)), [f.TOO_MANY]),
]


@pytest.mark.parametrize(("slip", "expected"), SLIPS)
def test_what_the_schema_would_refuse_is_a_fault_of_the_slip(
    slip: Slip, expected: Sequence[Translatable]
) -> None:
    found = f.slip_faults(slip)
    assert [each.msgid for each in expected] == [each.msgid for each in found]
    assert all(translate(each, Language.EN).startswith(f"Slip {slip.name}") for each in found)


Codes = tuple[str | None, str | None, bool | None, bool]
"""Function and operation of a line; True of a functional budget; True where a grant is paid."""

FROM_LINE = "No slip can pay from line 65/65748: "
NO_FUNCTION = "the function is missing, and the budget is functional. Award and sign with one."
BAD_FUNCTION = "the function “3A” is not 1 to 10 digits. Vote, award and sign under another code."
BAD_OPERATION = (
    "the operation “O-1” is not 1 to 10 letters or digits that mean something. Vote, award and "
    "sign under another code."
)
LINES: list[tuple[Codes, Sequence[str]]] = [
    (("61", "489", True, True), ()),
    ((None, None, True, True), (NO_FUNCTION,)),
    ((None, None, True, False), ()),
    ((None, None, False, True), ()),
    ((None, None, None, True), ()),
    (("3A", None, True, True), (BAD_FUNCTION,)),
    (("3A", None, None, False), (BAD_FUNCTION,)),
    (("3A", None, False, True), ()),
    (("61", "O-1", True, True), (BAD_OPERATION,)),
    (("3A", "O-1", True, False), (BAD_FUNCTION, BAD_OPERATION)),
    ((None, "O-1", True, True), (NO_FUNCTION, BAD_OPERATION)),
]


@pytest.mark.parametrize(("codes", "expected"), LINES)
def test_codes_that_no_slip_can_take_are_faults_of_the_line(
    codes: Codes, expected: Sequence[str]
) -> None:
    function, operation, functional, is_granted = codes
    found = f.code_faults(
        "65/65748", function, operation, functional=functional, is_granted=is_granted
    )
    assert [FROM_LINE + each for each in expected] == [
        translate(each, Language.EN) for each in found
    ]
